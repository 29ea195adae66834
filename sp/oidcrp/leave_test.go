package oidcrp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// signsOut has who signs out here sign out at the provider.
func signsOut(p *userpool.Provider) *userpool.Provider {
	p.Settings.OIDC.SignOut = true
	return p
}

// TestLeave: who came with an ID token is signed out with it, at the address that the
// issuer publishes, where the setting says so.
func TestLeave(t *testing.T) {
	w := newWorld(t)
	w.metadata["end_session_endpoint"], w.answers["/userinfo"] = w.URL+"/out?tenant=1", `{"sub":"alice"}`
	if a, err := w.signIn(w.provider(userpool.ProviderOIDC, nil), sp.Ask{}); err != nil || a.Session != nil {
		t.Errorf("kept without the setting: %+v, %v", a, err)
	}
	p := signsOut(w.provider(userpool.ProviderOIDC, nil))
	a, err := w.signIn(p, sp.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.upstream.Leave(t.Context(), p, a.Session, "the-ticket")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(out.Address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasPrefix(out.Address, w.URL+"/out?") || q.Get("tenant") != "1" || q.Get("state") != "the-ticket" || q.Get("client_id") != clientID ||
		q.Get("post_logout_redirect_uri") != "https://pools.example/eu-1_a/oauth2/idpsignout" || strings.Count(q.Get("id_token_hint"), ".") != 2 {
		t.Errorf("sent to %s", out.Address)
	}
	if out, err := w.upstream.Leave(t.Context(), w.provider(userpool.ProviderOIDC, nil), a.Session, "x"); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("the setting is off since: %+v, %v", out, err)
	}
	w.claims = map[string]any{"long": strings.Repeat("x", 4000)}
	if a, err = w.signIn(p, sp.Ask{}); err != nil || len(a.Session) > 4<<10 {
		t.Fatalf("%d bytes kept, %v", len(a.Session), err)
	}
	if out, err = w.upstream.Leave(t.Context(), p, a.Session, "x"); err != nil || strings.Contains(out.Address, "id_token_hint") {
		t.Errorf("an ID token that is too long: %+v, %v", out, err)
	}
}

// TestNowhereToLeave: an issuer without a proper address signs nobody out, nor does
// another one than the person came from.
func TestNowhereToLeave(t *testing.T) {
	for _, published := range []any{nil, "javascript:alert(1)", "/relative"} {
		w := newWorld(t)
		w.metadata["end_session_endpoint"] = published
		p := signsOut(w.provider(userpool.ProviderOIDC, nil))
		if _, err := w.upstream.Leave(t.Context(), p, []byte(`{"Issuer":"`+w.URL+`"}`), "x"); !errors.Is(err, sp.ErrUnusable) {
			t.Errorf("%v: %v", published, err)
		}
		w.metadata["end_session_endpoint"] = w.URL + "/out"
	}
	w := newWorld(t)
	w.metadata["end_session_endpoint"] = w.URL + "/out"
	p := signsOut(w.provider(userpool.ProviderOIDC, nil))
	if _, err := w.upstream.Leave(t.Context(), p, []byte(`{"Issuer":"https://other.example"}`), "x"); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("another issuer's session: %v", err)
	}
}
