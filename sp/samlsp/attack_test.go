package samlsp_test

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const mallory = "mallory-000"

// TestAttacks holds sign-in through a provider to every attack on responses.
func TestAttacks(t *testing.T) {
	r := newRig(t, nil)
	req, memo := r.depart(r.p)
	m := samlattack.New(t, r.write(trusted(), r.response(req.ID)), trusted(), subject, mallory)
	for _, a := range append(append(m.Attacks(), m.Claims()...), m.Solicited()...) {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if got, err := r.arrive(r.p, memo, []byte(a.Doc)); !errors.Is(err, sp.ErrInvalid) && !errors.Is(err, sp.ErrRefused) {
				t.Errorf("%+v, %v: %s", got, err, a.Doc)
			}
		})
	}
	if _, err := r.arrive(r.p, memo, []byte(m.Good())); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
	if _, err := r.arrive(r.p, memo, []byte(m.Good())); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("replayed: %v", err)
	}
}

// TestUnsolicitedAttacks holds sign-in that begins at the provider to them.
func TestUnsolicitedAttacks(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["IDPInit"] = "true" })
	m := samlattack.New(t, r.write(trusted(), r.response("")), trusted(), subject, mallory)
	for _, a := range append(m.Attacks(), m.Claims()...) {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if got, err := r.arrive(r.p, nil, []byte(a.Doc)); !errors.Is(err, sp.ErrInvalid) && !errors.Is(err, sp.ErrRefused) {
				t.Errorf("%+v, %v: %s", got, err, a.Doc)
			}
		})
	}
	stolen := r.write(trusted(), r.response("_stolen"))
	if _, err := r.arrive(r.p, nil, stolen); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("an answer to a request, brought as if there was none: %v", err)
	}
	if _, err := r.arrive(r.p, nil, []byte(m.Good())); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
}

// TestMixUp: the answer of one provider is none to the request that another got,
// though both belong to the pool and both sign well.
func TestMixUp(t *testing.T) {
	r := newRig(t, nil)
	other := r.provider("Other", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = metadata("https://other.example", signers()[1])
	})
	req, memo := r.depart(r.p)
	o := r.response(req.ID)
	o.Issuer, o.Assertion.Issuer.Value = "https://other.example", "https://other.example"
	o.Assertion.Subject.NameID.NameQualifier = "https://other.example"
	theirs := r.write(signers()[1], o)
	for name, attempt := range map[string]struct {
		provider *userpool.Provider
		raw      []byte
	}{
		"the other's answer to Corp's request":      {r.p, theirs},
		"the other's answer, brought as its own":    {other, theirs},
		"Corp's name, the other's key":              {r.p, r.write(signers()[1], r.response(req.ID))},
		"Corp's answer, brought as the other's":     {other, r.write(trusted(), r.response(req.ID))},
		"the other's name, Corp's key":              {r.p, r.write(trusted(), o)},
		"the other's name, Corp's key, brought so":  {other, r.write(trusted(), o)},
		"Corp's name, the other's key, brought so ": {other, r.write(signers()[1], r.response(req.ID))},
	} {
		if got, err := r.arrive(attempt.provider, memo, attempt.raw); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// encrypted is a Response with an encrypted assertion for the pool.
func (r *rig) encrypted(signer samlxml.Signer, id, method string, response bool) string {
	r.t.Helper()
	cert := must[*x509.Certificate](r.t)(r.EncryptionCertificate(r.t.Context(), poolID))
	o := r.response(id)
	o.SignResponse, o.Encrypt = response, &samlxml.Encryption{Certificate: cert, Method: method}
	return string(r.write(signer, o))
}

// TestEncryptionAttacks: all failures to decrypt look alike from outside, CBC is
// read nowhere without its setting nor in a Response that is not signed, and
// encryption stands in for no signature.
func TestEncryptionAttacks(t *testing.T) {
	r := newRig(t, nil)
	req, memo := r.depart(r.p)
	value := regexp.MustCompile(`<xenc:CipherValue>([^<]*)</xenc:CipherValue>`)
	doc := r.encrypted(trusted(), req.ID, samlxml.AES256GCM, false) // only the assertion inside is signed
	values := value.FindAllStringSubmatch(doc, -1)
	tampered := func(i int, change func([]byte) []byte) string {
		raw, err := base64.StdEncoding.DecodeString(values[i][1])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(doc, values[i][1], base64.StdEncoding.EncodeToString(change(raw)), 1)
	}
	flip := func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw }
	short := func(raw []byte) []byte { return raw[:len(raw)/2] }
	for name, attack := range map[string]string{
		"key changed":            tampered(0, flip),
		"key cut":                tampered(0, short),
		"text changed":           tampered(1, flip),
		"text cut":               tampered(1, short),
		"text of one byte":       tampered(1, func([]byte) []byte { return []byte{0} }),
		"AES-CBC":                strings.Replace(doc, samlxml.AES256GCM, samlxml.AES256CBC, 1),
		"PKCS#1 v1.5":            strings.Replace(doc, "xmlenc#rsa-oaep-mgf1p", "xmlenc#rsa-1_5", 1),
		"unknown key transport":  strings.Replace(doc, "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "urn:x", 1),
		"no key":                 regexp.MustCompile(`(?s)<xenc:EncryptedKey>.*</xenc:EncryptedKey>`).ReplaceAllString(doc, ""),
		"no text":                strings.Replace(doc, values[1][1], "", 1),
		"content of another IdP": strings.Replace(doc, idpEntity, "https://other.example", 1),
		"content of a stranger":  r.encrypted(signers()[2], req.ID, samlxml.AES256GCM, false),
		"a stranger's response":  r.encrypted(signers()[2], req.ID, samlxml.AES256GCM, true),
	} {
		if got, err := r.arrive(r.p, memo, []byte(attack)); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	cbc := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.CBC = true })
	asked, at := cbc.depart(cbc.p)
	for _, method := range []string{samlxml.AES128CBC, samlxml.AES256CBC} {
		if got, err := r.arrive(r.p, memo, []byte(r.encrypted(trusted(), req.ID, method, true))); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s without the setting: %+v, %v", method, got, err)
		}
		if got, err := cbc.arrive(cbc.p, at, []byte(cbc.encrypted(trusted(), asked.ID, method, false))); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("%s in a response that is not signed: %+v, %v", method, got, err)
		}
	}
	if _, err := r.arrive(r.p, memo, []byte(r.encrypted(trusted(), req.ID, samlxml.AES256GCM, true))); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
}

// TestLogoutAttacks holds the logout endpoint to every attack on signed messages,
// by both bindings.
func TestLogoutAttacks(t *testing.T) {
	r := newRig(t, signsOut)
	ask := func(binding string) *samlxml.Sending {
		return must[*samlxml.Sending](t)(trusted().SendLogout(r.ask(&saml.NameID{Value: subject}), binding, logoutURL, "relay"))
	}
	out := ask(saml.HTTPPostBinding)
	raw := must[[]byte](t)(samlxml.DecodePost(out.Form.Get("SAMLRequest")))
	m := samlattack.New(t, raw, trusted(), subject, mallory)
	post := func(doc string) error {
		_, err := r.bring("", url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(doc))}})
		return err
	}
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if err := post(a.Doc); !errors.Is(err, sp.ErrInvalid) {
				t.Errorf("%v: %s", err, a.Doc)
			}
		})
	}
	if err := post(m.Good()); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
	u := must[*url.URL](t)(url.Parse(ask(saml.HTTPRedirectBinding).Address))
	for _, a := range samlattack.NewQuery(t, u.RawQuery).Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if _, err := r.bring("?"+a.Doc, nil); !errors.Is(err, sp.ErrInvalid) {
				t.Errorf("%v: %s", err, a.Doc)
			}
		})
	}
	if _, err := r.bring("?"+u.RawQuery, nil); err != nil {
		t.Errorf("the query that the attacks differ from: %v", err)
	}
	leave := must[*sp.Departure](t)(r.Leave(t.Context(), r.p, must[*sp.Arrival](t)(r.signIn(r.p, nil)).Session, "ticket"))
	asked := r.as(leave, must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))).Request.ID
	answer := must[*samlxml.Sending](t)(trusted().SendLogout(r.answer(asked), saml.HTTPPostBinding, logoutURL, "ticket"))
	m = samlattack.New(t, must[[]byte](t)(samlxml.DecodePost(answer.Form.Get("SAMLResponse"))), trusted(), idpEntity, "https://evil.example")
	for _, a := range m.Attacks() {
		t.Run("answer/"+a.Class+"/"+a.Name, func(t *testing.T) {
			if l, err := r.bring("", url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(a.Doc))}}); !errors.Is(err, sp.ErrInvalid) {
				t.Errorf("%+v %v: %s", l, err, a.Doc)
			}
		})
	}
	if l, err := r.bring("", url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(m.Good()))}}); err != nil || !l.Done {
		t.Errorf("the answer that the attacks differ from: %+v %v", l, err)
	}
}
