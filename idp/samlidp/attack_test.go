package samlidp_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
)

// appSigner is the app's key, whose signatures are trusted.
func appSigner() samlxml.Signer {
	key, cert := spKey()
	return samlxml.Signer{Key: key, Certificate: cert}
}

// asked is a request of the app about alice, signed or not: what to attack.
func (r *rig) asked(t *testing.T) *samlattack.Message {
	t.Helper()
	req := r.request(t, saml.HTTPPostBinding, func(q *saml.AuthnRequest) {
		q.Subject = &saml.Subject{NameID: &saml.NameID{Value: "alice@example.org"}}
	})
	req.Signature = nil
	doc := etree.NewDocument()
	doc.SetRoot(req.Element())
	raw, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return samlattack.New(t, raw, appSigner(), "alice@example.org", "mallory@example.org")
}

// unanswered holds that a request got no response at all.
func unanswered(t *testing.T, p page) {
	t.Helper()
	if p.status < 400 || p.status >= 500 || p.saml64 != "" {
		t.Errorf("status %d: %s", p.status, p.body)
	}
}

func emailNames(s *samlidp.Spec) { s.NameIDFormat = ptr("emailAddress") }

// TestAttacks holds the sign-in endpoint to every attack on signed requests.
func TestAttacks(t *testing.T) {
	r := newRig(t, emailNames)
	m := r.asked(t)
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) { unanswered(t, r.postRaw(t, []byte(a.Doc))) })
	}
	if p := r.postRaw(t, []byte(m.Good())); p.saml64 == "" {
		t.Errorf("the message that the attacks differ from: %d %s", p.status, p.body)
	}
	unanswered(t, r.postRaw(t, []byte(m.Good()))) // replayed
}

// TestQueryAttacks does so for requests by redirect.
func TestQueryAttacks(t *testing.T) {
	r := newRig(t, nil)
	u, err := r.request(t, saml.HTTPRedirectBinding, nil).Redirect("relay-1", r.sp)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range samlattack.NewQuery(t, u.RawQuery).Attacks() {
		t.Run(a.Name, func(t *testing.T) { unanswered(t, r.get(t, r.h.SSOURL(poolID)+"?"+a.Doc)) })
	}
	if p := r.get(t, r.h.SSOURL(poolID)+"?"+u.RawQuery); p.saml64 == "" {
		t.Errorf("the query that the attacks differ from: %d %s", p.status, p.body)
	}
	unanswered(t, r.get(t, r.h.SSOURL(poolID)+"?"+u.RawQuery)) // replayed
}

// TestSignatureInXMLDoesNotCountForRedirects: only the query's does (Bindings
// 3.4.4.1).
func TestSignatureInXMLDoesNotCountForRedirects(t *testing.T) {
	r := newRig(t, emailNames)
	to, err := samlxml.RedirectURL(r.h.SSOURL(poolID), "SAMLRequest", []byte(r.asked(t).Good()), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	unanswered(t, r.get(t, to))
}

// TestRequestOfAnotherApp: one app's key does not sign for another, and a request
// for one pool is not good for another.
func TestRequestOfAnotherApp(t *testing.T) {
	r := newRig(t, emailNames)
	m := r.asked(t)
	for name, doc := range map[string]string{
		"another app's name":   m.Signed(">"+spEntity+"<", ">https://other.example<"),
		"another's endpoint":   m.Signed(spACS, "https://other.example/acs"),
		"a script as endpoint": m.Signed(spACS, "javascript:alert(1)"),
		"no destination":       m.Signed(` Destination="`+r.h.SSOURL(poolID)+`"`, ""),
	} {
		t.Run(name, func(t *testing.T) { unanswered(t, r.postRaw(t, []byte(doc))) })
	}
	for name, replace := range map[string][]string{
		"a sibling pool's destination": {string(poolID) + "/saml/sso", "us-east-1_Other0001/saml/sso"},
		"about somebody else":          {">alice@example.org<", ">bob@example.org<"},
		"about nobody":                 {">alice@example.org</saml:NameID>", "></saml:NameID>"},
	} {
		t.Run(name, func(t *testing.T) {
			p := r.postRaw(t, []byte(r.asked(t).Signed(replace...)))
			if _, err := samlxml.VerifyResponse(p.xml(t), r.certs(t), clock.Now()); err == nil {
				t.Errorf("answered: %s", p.xml(t))
			}
		})
	}
}

// TestHugePost: what is too long is refused unread.
func TestHugePost(t *testing.T) {
	r := newRig(t, nil)
	res, err := r.browser.PostForm(r.h.SSOURL(poolID), url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(make([]byte, 800<<10))}})
	if p := r.read(t, res, err); p.status != http.StatusRequestEntityTooLarge && p.status != http.StatusBadRequest {
		t.Errorf("status %d", p.status)
	}
}
