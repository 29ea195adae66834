package openid_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// rpInitiatedLogout are the modules of the plan for OpenID Connect RP-Initiated
// Logout 1.0.
var rpInitiatedLogout = []module{
	{"oidcc-rp-initiated-logout-discovery-endpoint-verification", discovers("end_session_endpoint")},
	{"oidcc-rp-initiated-logout", loggedOut(nil)},
	{"oidcc-rp-initiated-logout-no-state", loggedOut(drop("state"))},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", notRedirected(func(_ *testing.T, k *tokens, v url.Values) {
		v.Set("post_logout_redirect_uri", k.home+"/elsewhere")
	})},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", notRedirected(func(_ *testing.T, k *tokens, v url.Values) {
		v.Set("post_logout_redirect_uri", k.goodbye+"?foo=bar")
	})},
	{"oidcc-rp-initiated-logout-no-id-token-hint", notRedirected(func(_ *testing.T, _ *tokens, v url.Values) { v.Del("id_token_hint") })},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", notRedirected(unsignedHint)},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", notRedirected(foreignHint)},
	{"oidcc-rp-initiated-logout-no-params", signedOut("state", "post_logout_redirect_uri", "id_token_hint")},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", signedOut("state", "post_logout_redirect_uri")},
	{"oidcc-rp-initiated-logout-only-state", signedOut("post_logout_redirect_uri", "id_token_hint")},
}

// discovers wants members in the discovery document, and those that are flags set.
func discovers(members ...string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		var doc map[string]any
		e.fetch(t, http.MethodGet, e.issuer()+"/.well-known/openid-configuration", nil).decode(t, &doc)
		checkMetadata(t, doc)
		for _, m := range members {
			if v := doc[m]; v == nil || v == false {
				t.Errorf("%s is %v", m, v)
			}
		}
	}
}

// logout is a logout request of the relying party.
func (k *tokens) logout() url.Values {
	return url.Values{"id_token_hint": {k.ID.raw}, "post_logout_redirect_uri": {k.goodbye}, "state": {rand.Text()}}
}

// leave opens the logout endpoint, and says yes where it asks.
func (k *tokens) leave(t *testing.T, v *visitor, request url.Values) *harness.Page {
	t.Helper()
	return v.walk(t, v.Open(t, k.meta.EndSession+"?"+request.Encode()), k.home)
}

// loggedOut wants the browser back at the relying party, and the session gone.
func loggedOut(change param) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		v := e.visitor(t)
		k := e.register(t).signIn(t, v)
		request := k.logout()
		if change != nil {
			change(request)
		}
		p := k.leave(t, v, request)
		if !harness.Leads(k.goodbye)(p) || strings.Join(p.URL.Query()["state"], " ") != request.Get("state") || p.URL.Query().Has("state") != request.Has("state") {
			t.Fatalf("the logout ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
		}
		k.flow(set("prompt", "none")).fails(t, v, "login_required", "interaction_required")
	}
}

// signedOut wants the session gone, and a page of the provider that says so.
func signedOut(without ...string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		v := e.visitor(t)
		k := e.register(t).signIn(t, v)
		request := k.logout()
		for _, name := range without {
			request.Del(name)
		}
		if p := k.leave(t, v, request); p.Redirects() || p.Status != http.StatusOK {
			t.Fatalf("the logout ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
		}
		k.flow(set("prompt", "none")).fails(t, v, "login_required", "interaction_required")
	}
}

// notRedirected wants that no address of the relying party is reached.
func notRedirected(change func(*testing.T, *tokens, url.Values)) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		v := e.visitor(t)
		k := e.register(t).signIn(t, v)
		request := k.logout()
		change(t, k, request)
		if p := k.leave(t, v, request); p.Redirects() {
			t.Fatalf("the logout leads to %s", p.URL)
		}
		for _, p := range v.seen {
			if harness.Leads(k.goodbye)(p) || formTo(p, k.goodbye) != nil {
				t.Errorf("the logout leads to %s", p.URL)
			}
		}
	}
}

// unsignedHint has the hint say alg none.
func unsignedHint(_ *testing.T, k *tokens, v url.Values) {
	parts := strings.Split(k.ID.raw, ".")
	v.Set("id_token_hint", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+parts[1]+".")
}

// foreignHint has the hint signed by another key, under the id of the right one.
func foreignHint(t *testing.T, k *tokens, v url.Values) {
	t.Helper()
	foreign := rsaKey(t, "RS256")
	foreign.id = k.ID.kid
	v.Set("id_token_hint", foreign.signed(t, "", k.ID.claims))
}
