package openid_test

import (
	"net/url"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// thirdPartyLogin is the module of a login that begins elsewhere (OpenID Connect Core
// section 4).
var thirdPartyLogin = []module{{"oidcc-third-party-initiated-login", startedElsewhere}}

func startedElsewhere(t *testing.T, e *exam) {
	r := e.register(t, func(r *rp) { r.asked["initiate_login_uri"] = r.home + "/start" })
	v := e.visitor(t)
	asked := url.Values{"login_hint": {e.alice.Email}, "target_link_uri": {r.home + "/inbox"}}
	p := v.walk(t, v.Open(t, e.meta.Issuer+"/start/"+r.id+"?"+asked.Encode()), r.home+"/start")
	if !harness.Leads(r.home + "/start")(p) {
		t.Fatalf("the start ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	asked.Set("iss", e.meta.Issuer)
	if got := p.URL.Query(); got.Encode() != asked.Encode() {
		t.Errorf("the app is asked %v, want %v", got, asked)
	}
	r.signIn(t, v, set("login_hint", p.URL.Query().Get("login_hint")))
	elsewhere := url.Values{"target_link_uri": {"https://other.example.com/"}}
	if p := v.Open(t, e.meta.Issuer+"/start/"+r.id+"?"+elsewhere.Encode()); p.Redirects() || p.Status < 400 {
		t.Errorf("a link to elsewhere is answered %d, to %s", p.Status, p.URL)
	}
}
