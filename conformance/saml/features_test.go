package saml_test

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	mailAttribute   = "urn:oid:0.9.2342.19200300.100.1.3"
	groupsAttribute = "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"

	classPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
	classUnknown  = "urn:example:strong"
	nameFormats   = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
	nameFormats11 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
)

// relayState has what must be escaped. By Redirect node-saml signs it in one
// spelling and sends another, and crewjam/saml does not escape it at all.
const relayState = "/a?b=c&d=ü%25"

// A room is a client with the app that it is in our pool, and a browser that
// keeps its session with us from feature to feature.
type room struct {
	f       *harness.Fixture
	c       *client
	id      string // of the app
	browser *harness.Browser
}

// A visit is what a browser saw of a sign-in.
type visit struct {
	answer
	logins int
	saml   string // XML of the last response on the way
}

// visit walks from an address to the client's last page.
func (r *room) visit(t *testing.T, b *harness.Browser, address string) visit {
	t.Helper()
	var v visit
	p := b.Walk(t, address, &r.f.Alice, func(p *harness.Page) bool {
		if f := p.Form("SAMLResponse"); f != nil {
			v.saml = message(t, f)
		}
		if p.Form("password") != nil {
			v.logins++
		}
		return false
	})
	v.answer = r.c.answer(t, p)
	return v
}

// signIn signs in with the browser that has a session, or soon has.
func (r *room) signIn(t *testing.T, a ask) visit {
	t.Helper()
	r.forget(t)
	return r.visit(t, r.browser, r.c.login(a))
}

// forget ends the client's own session, and leaves ours.
func (r *room) forget(t *testing.T) {
	t.Helper()
	if r.c.name == "mod_auth_mellon" {
		r.browser.Open(t, r.c.url+"/mellon/invalidate?ReturnTo="+url.QueryEscape(r.c.url+"/"))
		return
	}
	r.browser.Open(t, r.c.url+"/forget")
}

// wantAlice checks that a visit ended well, and as whom.
func (r *room) wantAlice(t *testing.T, v visit) {
	t.Helper()
	name := regexp.QuoteMeta(r.f.Alice.Email)
	if strings.HasSuffix(v.Format, "transient") {
		name = `_[0-9a-f]{40}`
	}
	if v.Error != "" || v.Mail != r.f.Alice.Email || !regexp.MustCompile("^"+name+"$").MatchString(v.User) {
		t.Fatalf("not alice: %+v\n%s", v.answer, v.saml)
	}
}

// update changes the app.
func (r *room) update(t *testing.T, change map[string]any) {
	t.Helper()
	change["UserPoolId"], change["ApplicationId"] = r.f.PoolID, r.id
	r.f.Poolhouse(t, "UpdateSamlApplication", change, new(any))
}

// with signs in while the app is set otherwise.
func (r *room) with(t *testing.T, change, back map[string]any) visit {
	t.Helper()
	r.update(t, change)
	defer r.update(t, back)
	v := r.signIn(t, ask{})
	r.wantAlice(t, v)
	return v
}

func testSignIn(t *testing.T, r *room) {
	v := r.signIn(t, ask{relay: "relay-1"})
	r.wantAlice(t, v)
	if v.logins != 1 || v.Relay != "relay-1" {
		t.Errorf("%d sign-in pages, RelayState %q", v.logins, v.Relay)
	}
}

func testSignInPost(t *testing.T, r *room) {
	v := r.signIn(t, ask{post: true, relay: relayState})
	r.wantAlice(t, v)
	if v.Relay != relayState {
		t.Errorf("RelayState %q", v.Relay)
	}
}

func testInitiated(t *testing.T, r *room) {
	r.forget(t)
	relay := "from-here"
	if r.c.name == "mod_auth_mellon" { // where it goes
		relay = r.c.url + "/secret/index.html?rs=from-here"
	}
	v := r.visit(t, r.browser, r.f.URL+"/"+r.f.PoolID+"/saml/init/"+r.id+"?"+url.Values{"RelayState": {relay}}.Encode())
	r.wantAlice(t, v)
	if v.Relay != "from-here" || strings.Contains(v.saml, "InResponseTo") {
		t.Errorf("RelayState %q in %s", v.Relay, v.saml)
	}
}

func testSingleSignOn(t *testing.T, r *room) {
	v := r.signIn(t, ask{})
	r.wantAlice(t, v)
	if v.logins != 0 {
		t.Errorf("%d sign-in pages", v.logins)
	}
}

func testValues(t *testing.T, r *room) {
	v := r.signIn(t, ask{})
	slices.Sort(v.Groups)
	if !slices.Equal(v.Groups, []string{"ops", "staff"}) {
		t.Errorf("groups %q", v.Groups)
	}
}

// signs tries one choice of what is signed.
func (r *room) signs(t *testing.T, response, assertion bool) {
	t.Helper()
	v := r.with(t, map[string]any{"SignResponse": response, "SignAssertion": assertion}, map[string]any{"SignResponse": true, "SignAssertion": true})
	outside, inside, _ := strings.Cut(v.saml, "<saml:Assertion")
	if strings.Contains(outside, "<ds:Signature") != response || strings.Contains(inside, "<ds:Signature") != assertion {
		t.Errorf("signed otherwise: %s", v.saml)
	}
}

func testResponseSigned(t *testing.T, r *room)  { r.signs(t, true, false) }
func testAssertionSigned(t *testing.T, r *room) { r.signs(t, false, true) }
func testBothSigned(t *testing.T, r *room)      { r.signs(t, true, true) }

// algorithm tries a setting of the app, and looks for its mark in the response.
func (r *room) algorithm(t *testing.T, change, back map[string]any, mark string) {
	t.Helper()
	if v := r.with(t, change, back); !strings.Contains(v.saml, mark) {
		t.Errorf("no %q in %s", mark, v.saml)
	}
}

func (r *room) signature(t *testing.T, algorithm string) {
	t.Helper()
	settings := func(a string) map[string]any {
		return map[string]any{"Settings": map[string]any{"SignatureAlgorithm": a}}
	}
	r.algorithm(t, settings(algorithm), settings("rsa-sha256"), "#"+algorithm)
}

func testSHA512(t *testing.T, r *room) { r.signature(t, "rsa-sha512") }
func testECDSA(t *testing.T, r *room)  { r.signature(t, "ecdsa-sha256") }

func (r *room) encryption(t *testing.T, algorithm string) {
	t.Helper()
	r.algorithm(t, map[string]any{"EncryptAssertion": true, "Settings": map[string]any{"EncryptionAlgorithm": algorithm}},
		map[string]any{"EncryptAssertion": false}, "#"+algorithm)
}

func testAES256(t *testing.T, r *room) { r.encryption(t, "aes256-gcm") }
func testAES128(t *testing.T, r *room) { r.encryption(t, "aes128-gcm") }

// testBrokenRedirect changes what the client signed.
func testBrokenRedirect(t *testing.T, r *room) {
	r.forget(t)
	p := r.browser.Walk(t, r.c.login(ask{relay: "abc"}), nil, harness.Leads(r.f.URL+"/"))
	q := p.URL.Query()
	if q.Get("Signature") == "" {
		t.Fatalf("the client does not sign: %s", p.URL)
	}
	q.Set("RelayState", "changed")
	p.URL.RawQuery = q.Encode()
	r.refused(t, r.browser.Open(t, p.URL.String()))
}

func testBrokenPost(t *testing.T, r *room) {
	r.forget(t)
	p := r.browser.Walk(t, r.c.login(ask{post: true}), nil, func(p *harness.Page) bool { return p.Form("SAMLRequest") != nil })
	f := p.Form("SAMLRequest")
	xml := message(t, f)
	if !strings.Contains(xml, "SignatureValue") {
		t.Fatalf("the client does not sign: %s", xml)
	}
	changed := strings.Replace(xml, ` Version="2.0"`, ` ForceAuthn="false" Version="2.0"`, 1)
	f.Fields.Set("SAMLRequest", base64.StdEncoding.EncodeToString([]byte(changed)))
	r.refused(t, r.browser.Submit(t, p, *f))
}

// refused wants a page of ours, and nothing for the app.
func (r *room) refused(t *testing.T, p *harness.Page) {
	t.Helper()
	if p.Status != 400 || p.Form("SAMLResponse") != nil {
		t.Errorf("answered %d: %s", p.Status, p.Body)
	}
}

func testPersistent(t *testing.T, r *room) {
	first, second := r.signIn(t, ask{nameID: nameFormats + "persistent"}), r.signIn(t, ask{nameID: nameFormats + "persistent"})
	if first.User == "" || first.User != second.User || first.Format != nameFormats+"persistent" || strings.Contains(first.User, "alice") {
		t.Errorf("%+v, then %+v", first.answer, second.answer)
	}
}

func testEmail(t *testing.T, r *room) {
	v := r.signIn(t, ask{nameID: nameFormats11 + "emailAddress"})
	r.wantAlice(t, v)
	if v.Format != nameFormats11+"emailAddress" {
		t.Errorf("format %q", v.Format)
	}
}

// told wants the client to have been told why there is no sign-in. node-saml shows
// the message alone, so the status is looked up on the way.
func (r *room) told(t *testing.T, v visit, status string) {
	t.Helper()
	if v.User != "" || !strings.Contains(v.saml, ":status:"+status+`"`) || v.Error == "" {
		t.Errorf("answer %+v\n%s", v.answer, v.saml)
	}
}

func testInvalidNameID(t *testing.T, r *room) {
	r.told(t, r.signIn(t, ask{nameID: "urn:x"}), "InvalidNameIDPolicy")
}

func testContext(t *testing.T, r *room) {
	v := r.signIn(t, ask{class: classPassword})
	r.wantAlice(t, v)
	if v.Class != classPassword {
		t.Errorf("class %q", v.Class)
	}
}

func testNoContext(t *testing.T, r *room) {
	r.told(t, r.signIn(t, ask{class: classUnknown}), "NoAuthnContext")
}

func testNoPassive(t *testing.T, r *room) {
	v := r.visit(t, harness.NewBrowser(t, nil), r.c.login(ask{passive: true}))
	r.told(t, v, "NoPassive")
	if v.logins != 0 {
		t.Error("a passive request was answered with a page")
	}
}

func testPassive(t *testing.T, r *room) {
	v := r.signIn(t, ask{passive: true})
	r.wantAlice(t, v)
}

func testForceAuthn(t *testing.T, r *room) {
	before := r.signIn(t, ask{})
	v := r.signIn(t, ask{force: true})
	r.wantAlice(t, v)
	if v.logins != 1 || v.At == before.At {
		t.Errorf("%d sign-in pages, AuthnInstant %s, before %s", v.logins, v.At, before.At)
	}
}

// logout signs out at the client, which asks us, and holds that our session is over.
func (r *room) logout(t *testing.T, query string) {
	t.Helper()
	r.wantAlice(t, r.signIn(t, ask{}))
	address := r.c.url + "/logout?" + query
	if r.c.name == "mod_auth_mellon" {
		address = r.c.url + "/mellon/logout?ReturnTo=" + url.QueryEscape(r.c.url+"/index.html")
	}
	if v := r.visit(t, r.browser, address); v.LoggedOut != statusSuccess || v.User != "" {
		t.Fatalf("%+v", v.answer)
	}
	if v := r.signIn(t, ask{}); v.logins != 1 {
		t.Errorf("%d sign-in pages after the sign-out", v.logins)
	}
}

func testLogoutRedirect(t *testing.T, r *room) { r.logout(t, "binding=redirect") }
func testLogoutPost(t *testing.T, r *room)     { r.logout(t, "binding=post") }

func testLogoutSOAP(t *testing.T, r *room) { r.logout(t, "binding=soap") }

// testLogoutOurs signs out at our side, which asks the client.
func testLogoutOurs(t *testing.T, r *room) {
	r.wantAlice(t, r.signIn(t, ask{}))
	r.browser.Walk(t, r.f.URL+"/"+r.f.PoolID+"/logout?"+url.Values{"client_id": {r.f.ClientID}, "logout_uri": {"http://localhost/goodbye"}}.Encode(),
		nil, harness.Leads("http://localhost/goodbye"))
	who := "/who"
	if r.c.name == "mod_auth_mellon" {
		who = "/index.html"
	}
	if a := r.c.answer(t, r.browser.Open(t, r.c.url+who)); a.User != "" {
		t.Errorf("still signed in at the app: %+v", a)
	}
}

// testLogoutOursSOAP does so past the browser.
func testLogoutOursSOAP(t *testing.T, r *room) {
	r.update(t, map[string]any{"Settings": map[string]any{"LogoutBySoap": true}})
	testLogoutOurs(t, r)
	r.update(t, map[string]any{"Settings": map[string]any{}})
}

// registerCurve registers an app that gets ECDSA signatures, which puts a key on
// a curve into our metadata.
func registerCurve(t *testing.T, f *harness.Fixture) {
	t.Helper()
	app := f.SAMLApplication(t, "curve", `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:example:curve">`+
		`<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`+
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://localhost/acs" index="0"/>`+
		`</SPSSODescriptor></EntityDescriptor>`, false)
	f.Poolhouse(t, "UpdateSamlApplication", map[string]any{"UserPoolId": f.PoolID, "ApplicationId": app.Application.ApplicationId,
		"Settings": map[string]any{"SignatureAlgorithm": "ecdsa-sha256"}}, new(any))
}

func joinGroups(t *testing.T, f *harness.Fixture, username string, groups ...string) {
	t.Helper()
	api := f.Root().IDP
	for _, g := range groups {
		if _, err := api.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String(g)}); err != nil {
			t.Fatal(err)
		}
		_, err := api.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: &f.PoolID, GroupName: &g, Username: &username})
		if err != nil {
			t.Fatal(err)
		}
	}
}
