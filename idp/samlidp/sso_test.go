package samlidp_test

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

func ptr[T any](v T) *T { return &v }

// request builds the app's request and changes it before it is signed.
func (r *rig) request(t testing.TB, binding string, change func(*saml.AuthnRequest)) *saml.AuthnRequest {
	t.Helper()
	req, err := r.sp.MakeAuthenticationRequest(r.sp.GetSSOBindingLocation(binding), binding, saml.HTTPPostBinding)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	return req
}

// ask sends the app's request by redirect, signed, and returns the last page.
func (r *rig) ask(t testing.TB, change func(*saml.AuthnRequest)) (page, string) {
	t.Helper()
	req := r.request(t, saml.HTTPRedirectBinding, change)
	u, err := req.Redirect("relay-1", r.sp)
	if err != nil {
		t.Fatal(err)
	}
	return r.get(t, r.h.SSOURL(poolID)+"?"+u.RawQuery), req.ID // whatever Destination claims
}

// post sends it by POST, with the signature in the XML.
func (r *rig) post(t testing.TB, change func(*saml.AuthnRequest)) (page, string) {
	t.Helper()
	req := r.request(t, saml.HTTPPostBinding, change)
	req.Signature = nil
	if err := r.sp.SignAuthnRequest(req); err != nil {
		t.Fatal(err)
	}
	return r.postElement(t, req.Element()), req.ID
}

func (r *rig) postElement(t testing.TB, el *etree.Element) page {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(el)
	raw, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return r.postRaw(t, raw)
}

func (r *rig) postRaw(t testing.TB, raw []byte) page {
	t.Helper()
	res, err := r.browser.PostForm(r.h.SSOURL(poolID), url.Values{
		"SAMLRequest": {base64.StdEncoding.EncodeToString(raw)}, "RelayState": {"relay-1"}})
	return r.read(t, res, err)
}

// accept has the app consume a page's response as crewjam does.
func (r *rig) accept(t testing.TB, p page, requestID string) *saml.Assertion {
	t.Helper()
	a, err := r.sp.ParseXMLResponse(p.xml(t), []string{requestID}, r.sp.AcsURL)
	if err != nil {
		var detail *saml.InvalidResponseError
		if errors.As(err, &detail) {
			err = detail.PrivateErr
		}
		t.Fatalf("the app refuses: %v\n%s", err, p.xml(t))
	}
	return a
}

func TestSignIn(t *testing.T) {
	sign := func(response, assertion bool) func(*samlidp.Spec) {
		return func(s *samlidp.Spec) { s.SignResponse, s.SignAssertion = &response, &assertion }
	}
	encrypt := func(s *samlidp.Spec) { s.EncryptAssertion = ptr(true) }
	for name, change := range map[string]func(*samlidp.Spec){
		"assertion signed": nil, "response signed": sign(true, false), "both signed": sign(true, true), "encrypted": encrypt,
	} {
		for binding, send := range map[string]func(*rig, testing.TB, func(*saml.AuthnRequest)) (page, string){
			"redirect": (*rig).ask, "post": (*rig).post,
		} {
			t.Run(name+" "+binding, func(t *testing.T) {
				r := newRig(t, change)
				p, id := send(r, t, nil)
				if p.action != spACS || p.relay != "relay-1" {
					t.Errorf("action %q, RelayState %q", p.action, p.relay)
				}
				a := r.accept(t, p, id)
				if got := a.Subject.NameID; got.Format != string(saml.PersistentNameIDFormat) || len(got.Value) != 32 {
					t.Errorf("NameID %+v", got)
				}
				if r.gate.logins != 1 {
					t.Errorf("%d logins", r.gate.logins)
				}
			})
		}
	}
}

func TestAssertion(t *testing.T) {
	r := newRig(t, nil)
	r.ask(t, nil) // signs in
	clock.Advance(10 * time.Minute)
	p, id := r.ask(t, nil)
	out := r.verified(t, p)
	a := out.Assertion
	now := clock.Now().Truncate(time.Millisecond)
	if out.ResponseSigned || !out.AssertionSigned || out.Destination != spACS || out.InResponseTo != id {
		t.Errorf("response %+v", out)
	}
	c := a.Subject.SubjectConfirmations
	if len(c) != 1 || c[0].Method != samlxml.Bearer {
		t.Fatalf("confirmations %+v", c)
	}
	d := c[0].SubjectConfirmationData
	if d.Recipient != spACS || d.InResponseTo != id || !d.NotBefore.IsZero() || !d.NotOnOrAfter.Equal(now.Add(5*time.Minute)) || d.Address != "" {
		t.Errorf("confirmation %+v", d)
	}
	if !slices.Equal(out.Audiences[0], []string{spEntity}) || !a.Conditions.NotOnOrAfter.Equal(now.Add(5*time.Minute)) {
		t.Errorf("audiences %q, conditions %+v", out.Audiences, a.Conditions)
	}
	s := a.AuthnStatements[0]
	if !s.AuthnInstant.Equal(now.Add(-10*time.Minute)) || !s.SessionNotOnOrAfter.Equal(now.Add(50*time.Minute)) || s.SessionIndex == "" {
		t.Errorf("statement %+v", s)
	}
	if got := s.AuthnContext.AuthnContextClassRef.Value; got != "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport" {
		t.Errorf("class %q", got)
	}
	if n := a.Subject.NameID; n.NameQualifier != r.h.EntityID(poolID) || n.SPNameQualifier != spEntity {
		t.Errorf("name %+v", n)
	}
}

func TestPersistentNames(t *testing.T) {
	r := newRig(t, nil)
	name := func() string {
		p, _ := r.ask(t, nil)
		return r.verified(t, p).Assertion.Subject.NameID.Value
	}
	first := name()
	r.browser = newBrowser(t)
	if second := name(); second != first {
		t.Errorf("another sign-in, another name: %s, %s", first, second)
	}
	if err := r.db.SAML().DeleteApplication(t.Context(), poolID, r.app.ID); err != nil {
		t.Fatal(err)
	}
	r.sp.EntityID = "https://other.example"
	_, err := r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("Other"), MetadataXML: r.spMetadata(t)})
	if err != nil {
		t.Fatal(err)
	}
	if other := name(); other == first {
		t.Error("two apps know the user by the same name")
	}
}

func TestNamesAndAttributes(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		s.NameIDFormat = ptr("emailAddress")
		s.Attributes = []samlidp.Attribute{
			{Name: "groups", NameFormat: "urn:f", Value: "groups"}, {Name: "groups", NameFormat: "urn:f", Value: `"everybody"`},
			{Name: "name", Value: "name"}, {Name: "gone", Value: "custom:none"}, {Name: "user", Value: "username"},
		}
	})
	p, _ := r.ask(t, nil)
	a := r.verified(t, p).Assertion
	if n := a.Subject.NameID; n.Value != "alice@example.org" || n.Format != string(saml.EmailAddressNameIDFormat) || n.NameQualifier != "" {
		t.Errorf("name %+v", n)
	}
	got := map[string][]string{}
	for _, at := range a.AttributeStatements[0].Attributes {
		for _, v := range at.Values {
			got[at.Name] = append(got[at.Name], v.Value)
		}
	}
	if len(got) != 3 || !slices.Equal(got["groups"], []string{"ops", "staff", "everybody"}) ||
		!slices.Equal(got["name"], []string{`Alice <"&'>`}) || !slices.Equal(got["user"], []string{"alice"}) {
		t.Errorf("attributes %q", got)
	}
}

// TestRefusals lists what an app is told of, in a signed Response.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name        string
		change      func(*saml.AuthnRequest)
		top, second string
	}{
		{"IsPassive, nobody signed in", func(q *saml.AuthnRequest) { q.IsPassive = ptr(true) }, saml.StatusResponder, saml.StatusNoPassive},
		{"IsPassive and ForceAuthn", func(q *saml.AuthnRequest) { q.IsPassive, q.ForceAuthn = ptr(true), ptr(true) }, saml.StatusResponder, saml.StatusNoPassive},
		{"odd NameID format", func(q *saml.AuthnRequest) { q.NameIDPolicy.Format = ptr("urn:x") }, saml.StatusRequester, saml.StatusInvalidNameIDPolicy},
		{"format not configured", func(q *saml.AuthnRequest) { q.NameIDPolicy.Format = ptr(string(saml.EmailAddressNameIDFormat)) }, saml.StatusRequester, saml.StatusInvalidNameIDPolicy},
		{"name for another app", func(q *saml.AuthnRequest) { q.NameIDPolicy.SPNameQualifier = ptr("https://x") }, saml.StatusRequester, saml.StatusInvalidNameIDPolicy},
		{"unknown context", func(q *saml.AuthnRequest) {
			q.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: "urn:x"}
		}, saml.StatusResponder, saml.StatusNoAuthnContext},
		{"second factor wanted", func(q *saml.AuthnRequest) {
			q.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "minimum", AuthnContextClassRef: "https://refeds.org/profile/mfa"}
		}, saml.StatusResponder, saml.StatusNoAuthnContext},
		{"old", func(q *saml.AuthnRequest) { q.IssueInstant = clock.Now().Add(-181 * time.Second) }, saml.StatusRequester, saml.StatusRequestDenied},
		{"from the future", func(q *saml.AuthnRequest) { q.IssueInstant = clock.Now().Add(181 * time.Second) }, saml.StatusRequester, saml.StatusRequestDenied},
		{"other destination", func(q *saml.AuthnRequest) { q.Destination = "https://elsewhere.example/sso" }, saml.StatusRequester, saml.StatusRequestDenied},
		{"PAOS wanted", func(q *saml.AuthnRequest) { q.ProtocolBinding = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS" }, saml.StatusRequester, saml.StatusUnsupportedBinding},
		{"SAML 1.1", func(q *saml.AuthnRequest) { q.Version = "1.1" }, saml.StatusVersionMismatch, ""},
		{"about somebody else", func(q *saml.AuthnRequest) {
			q.Subject = &saml.Subject{NameID: &saml.NameID{Value: "bob"}}
		}, saml.StatusResponder, saml.StatusUnknownPrincipal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			p, id := r.ask(t, tt.change)
			out, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now())
			if !errors.Is(err, samlxml.ErrStatus) {
				t.Fatalf("error %v", err)
			}
			if out.Status.Code != tt.top || out.Status.Second != tt.second || out.InResponseTo != id || !out.ResponseSigned {
				t.Errorf("response %+v", out)
			}
			if p.action != spACS || p.relay != "relay-1" {
				t.Errorf("action %q, RelayState %q", p.action, p.relay)
			}
		})
	}
}

func TestWithinSkew(t *testing.T) {
	r := newRig(t, nil)
	for _, age := range []time.Duration{-179 * time.Second, 179 * time.Second} {
		p, id := r.ask(t, func(q *saml.AuthnRequest) { q.IssueInstant = clock.Now().Add(age) })
		r.accept(t, p, id)
	}
}

func TestContexts(t *testing.T) {
	r := newRig(t, nil)
	r.gate.methods = []string{"pwd", "otp"}
	const password = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
	for comparison, want := range map[string]string{
		"exact": password, "minimum": "https://refeds.org/profile/mfa", "better": "https://refeds.org/profile/mfa", "maximum": password,
	} {
		p, _ := r.ask(t, func(q *saml.AuthnRequest) {
			q.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: comparison, AuthnContextClassRef: password}
		})
		got := r.verified(t, p).Assertion.AuthnStatements[0].AuthnContext.AuthnContextClassRef.Value
		if got != want {
			t.Errorf("%s: stated %q, want %q", comparison, got, want)
		}
	}
}

// TestImpossibleContext: nobody is asked to sign in for what cannot work.
func TestImpossibleContext(t *testing.T) {
	r := newRig(t, nil)
	r.ask(t, func(q *saml.AuthnRequest) {
		q.RequestedAuthnContext = &saml.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: "urn:x"}
	})
	if r.gate.logins != 0 {
		t.Errorf("%d logins", r.gate.logins)
	}
}

func TestForceAuthn(t *testing.T) {
	r := newRig(t, nil)
	r.ask(t, nil)
	clock.Advance(time.Minute)
	p, id := r.ask(t, func(q *saml.AuthnRequest) { q.ForceAuthn = ptr(true) })
	if r.gate.logins != 2 {
		t.Errorf("%d logins, want 2", r.gate.logins)
	}
	if got := r.accept(t, p, id).AuthnStatements[0].AuthnInstant; !got.Equal(clock.Now().Truncate(time.Millisecond)) {
		t.Errorf("AuthnInstant %s is not the fresh one", got)
	}
	if p, id = r.ask(t, func(q *saml.AuthnRequest) { q.IsPassive = ptr(true) }); r.gate.logins != 2 {
		t.Error("a passive request asked the user")
	}
	r.accept(t, p, id)
}

func TestTransientOnRequest(t *testing.T) {
	r := newRig(t, nil)
	seen := map[string]bool{}
	for range 2 {
		p, _ := r.ask(t, func(q *saml.AuthnRequest) { q.NameIDPolicy.Format = ptr(string(saml.TransientNameIDFormat)) })
		n := r.verified(t, p).Assertion.Subject.NameID
		if n.Format != string(saml.TransientNameIDFormat) || seen[n.Value] {
			t.Errorf("name %+v", n)
		}
		seen[n.Value] = true
	}
}

func TestIDPInitiated(t *testing.T) {
	r := newRig(t, nil)
	p := r.get(t, r.apps.InitiateURL(r.app)+"?RelayState="+url.QueryEscape(`/a?b="><script>`))
	out := r.verified(t, p)
	if out.InResponseTo != "" || out.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo != "" {
		t.Errorf("in response to %q", out.InResponseTo)
	}
	if p.relay != `/a?b="><script>` || strings.Contains(p.body, `"><script>`) {
		t.Errorf("RelayState %q", p.relay)
	}
	r.sp.AllowIDPInitiated = true
	r.accept(t, p, "")
	if p := r.get(t, r.URL+"/"+string(poolID)+"/saml/init/nothere"); p.status != http.StatusNotFound {
		t.Errorf("unknown app: %d", p.status)
	}
}

func TestDisabledUser(t *testing.T) {
	r := newRig(t, nil)
	r.ask(t, nil)
	_, err := r.db.Userpool(nil).UpdateUser(t.Context(), poolID, "alice", func(u *userpool.User) error {
		u.Enabled = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := r.ask(t, nil)
	out, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now())
	if !errors.Is(err, samlxml.ErrStatus) || out.Status.Second != saml.StatusAuthnFailed {
		t.Errorf("response %+v, error %v", out, err)
	}
}

// TestEncryptedIsOurs decrypts with our own reader.
func TestEncryptedIsOurs(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) { s.EncryptAssertion = ptr(true) })
	p, _ := r.ask(t, nil)
	if strings.Contains(string(p.xml(t)), "sub-alice") || !strings.Contains(string(p.xml(t)), samlxml.AES128GCM) {
		t.Error("not encrypted as the metadata asks")
	}
	key, _ := spKey()
	out, err := (&samlxml.Policy{Certificates: r.certs(t), Keys: []*rsa.PrivateKey{key.(*rsa.PrivateKey)}}).Read(p.xml(t), clock.Now())
	if err != nil || !out.AssertionSigned {
		t.Errorf("%+v, %v", out, err)
	}
}

// crossSite is a browser's way of posting from one site to another: cookies that
// are SameSite=Lax, all of ours, stay behind.
type crossSite struct{}

func (crossSite) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		r = r.Clone(r.Context())
		r.Header.Del("Cookie")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestPostFindsTheSession: a request that another site posts is answered in the
// session that the browser has, though its cookie does not come along.
func TestPostFindsTheSession(t *testing.T) {
	r := newRig(t, nil)
	r.browser.Transport = crossSite{}
	passive := func(q *saml.AuthnRequest) { q.IsPassive = ptr(true) }
	p, _ := r.post(t, passive)
	out, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now())
	if !errors.Is(err, samlxml.ErrStatus) || out.Status.Second != saml.StatusNoPassive || r.gate.logins != 0 {
		t.Errorf("%+v, %v after %d logins", out, err, r.gate.logins)
	}
	for i, change := range []func(*saml.AuthnRequest){nil, nil, passive} {
		p, id := r.post(t, change)
		r.accept(t, p, id)
		if r.gate.logins != 1 || p.relay != "relay-1" {
			t.Errorf("request %d: %d logins, RelayState %q", i, r.gate.logins, p.relay)
		}
	}
}
