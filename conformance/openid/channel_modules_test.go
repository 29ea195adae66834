package openid_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// backChannel and frontChannel are the modules of their plans.
var (
	backChannel = []module{
		{"oidcc-backchannel-logout-discovery-endpoint-verification", discovers("backchannel_logout_supported", "backchannel_logout_session_supported", "end_session_endpoint")},
		{"oidcc-backchannel-rp-initiated-logout", backChannelLogout},
	}
	frontChannel = []module{
		{"oidcc-frontchannel-logout-discovery-endpoint-verification", discovers("frontchannel_logout_supported", "frontchannel_logout_session_supported", "end_session_endpoint")},
		{"oidcc-frontchannel-rp-initiated-logout", frontChannelLogout},
	}
)

// backChannelLogout wants a logout token at the relying party, and at another one
// that the browser is signed in to.
func backChannelLogout(t *testing.T, e *exam) {
	listening := func(r *rp) {
		r.asked["backchannel_logout_uri"], r.asked["backchannel_logout_session_required"] = r.home+"/backchannel", true
	}
	v := e.visitor(t)
	other := e.register(t, listening).signIn(t, v)
	k := e.register(t, listening).signIn(t, v)
	request := k.logout()
	if p := k.leave(t, v, request); !harness.Leads(k.goodbye)(p) || p.URL.Query().Get("state") != request.Get("state") {
		t.Fatalf("the logout ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	for _, told := range []*tokens{k, other} {
		told.toldToLeave(t)
	}
	k.flow(set("prompt", "none")).fails(t, v, "login_required", "interaction_required")
}

// toldToLeave waits for the logout token and checks it (OpenID Connect Back-Channel
// Logout 1.0 section 2.6).
func (k *tokens) toldToLeave(t *testing.T) {
	t.Helper()
	visits := k.await(t, k.home+"/backchannel")
	if len(visits) != 1 || visits[0].Method != "POST" || visits[0].Kind != "application/x-www-form-urlencoded" {
		t.Fatalf("the app was told %v", visits)
	}
	token := idToken{raw: visits[0].Form.Get("logout_token")}
	header := k.open(t, token.raw, k.idAlg, &token.claims)
	if typ := header.ExtraHeaders["typ"]; typ != "logout+jwt" {
		t.Errorf("typ %v", typ)
	}
	token.same(t, "iss", k.meta.Issuer)
	token.same(t, "aud", k.id)
	token.same(t, "sid", k.ID.claims["sid"])
	token.same(t, "sub", k.ID.claims["sub"])
	if k.ID.claims["sid"] == nil || token.claims["jti"] == nil || token.claims["nonce"] != nil {
		t.Errorf("logout token %v for %v", token.claims, k.ID.claims)
	}
	if iat, exp := token.time(t, "iat"), token.time(t, "exp"); time.Since(iat) > time.Minute || exp.Before(time.Now()) || exp.Sub(iat) > 3*time.Minute {
		t.Errorf("iat %v, exp %v", iat, exp)
	}
	events, _ := token.claims["events"].(map[string]any)
	if event, ok := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any); !ok || len(event) != 0 || len(events) != 1 {
		t.Errorf("events %v", events)
	}
}

// await waits until an address of an app was visited.
func (a *apps) await(t *testing.T, address string) (v []visit) {
	t.Helper()
	harness.Until(t, 10*time.Second, func() string { return "somebody comes to " + address }, func() bool {
		v = a.visits(address)
		return len(v) > 0
	})
	return v
}

// frontChannelLogout wants the page of the logout to load the relying party's address,
// with iss and sid, before the browser goes back to it.
func frontChannelLogout(t *testing.T, e *exam) {
	v := e.visitor(t)
	k := e.register(t, func(r *rp) {
		r.asked["frontchannel_logout_uri"], r.asked["frontchannel_logout_session_required"] = r.home+"/frontchannel", true
	}).signIn(t, v)
	request := k.logout()
	p := k.leave(t, v, request)
	if !harness.Leads(k.goodbye)(p) && formTo(p, k.goodbye) == nil || p.URL.Query().Get("state") != request.Get("state") {
		t.Fatalf("the logout ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	visits := k.visits(k.home + "/frontchannel")
	if len(visits) != 1 || visits[0].Method != "GET" {
		t.Fatalf("the app was told %v", visits)
	}
	want := url.Values{"iss": {k.meta.Issuer}, "sid": {k.ID.text("sid")}}
	if got := visits[0].Query; got.Encode() != want.Encode() || want.Get("sid") == "" {
		t.Errorf("the app was told %v, want %v", got, want)
	}
	k.flow(set("prompt", "none")).fails(t, v, "login_required", "interaction_required")
}

// text is a claim that is a string, else empty.
func (id *idToken) text(claim string) string {
	s, _ := id.claims[claim].(string)
	return s
}
