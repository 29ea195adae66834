package sts_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sts"
)

// newKey returns a private key in PEM and a certificate to encrypt to it.
func newKey(t testing.TB) (string, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: start, NotAfter: start}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), cert
}

// encrypted is a Response whose signed assertion is encrypted to cert.
func (i *idp) encrypted(t testing.TB, c *claim, now time.Time, cert *x509.Certificate) string {
	t.Helper()
	a := new(saml.Assertion)
	if err := xml.Unmarshal([]byte(c.xml(now)), a); err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(i.cert)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := samlxml.Signer{Key: i.key, Certificate: own}.WriteResponse(&samlxml.Outgoing{ID: samlxml.NewID(), Issuer: c.issuer, Destination: c.recipient,
		IssueInstant: now, Status: samlxml.Status{Code: saml.StatusSuccess}, Assertion: a, SignAssertion: true,
		Encrypt: &samlxml.Encryption{Certificate: cert, Method: samlxml.AES256GCM}})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEncryptedAssertions(t *testing.T) {
	e := newSAMLEnv(t, `{"Effect":"Allow","Principal":{"Federated":"`+providerARN+`"},"Action":"sts:AssumeRoleWithSAML"}`)
	first, firstCert := newKey(t)
	second, secondCert := newKey(t)
	_, strangers := newKey(t)
	redeem := func(cert *x509.Certificate) error {
		c := e.claim()
		_, err := e.redeem(idps()[0].encrypted(t, c, e.now(), cert), nil)
		return err
	}
	wantFault(t, redeem(firstCert), sts.ErrInvalidToken, "Could not parse the SAML response")
	allowed := sts.EncryptionAllowed
	for _, key := range []string{first, second} {
		if err := e.ChangeSAMLProvider(e.ctx, providerARN, sts.SAMLChange{Encryption: &allowed, AddKey: &key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, cert := range []*x509.Certificate{firstCert, secondCert} {
		if err := redeem(cert); err != nil {
			t.Error(err)
		}
	}
	wantFault(t, redeem(strangers), sts.ErrInvalidToken, "Could not parse the SAML response")
	if _, err := e.redeem(idps()[0].response(t, e.claim(), e.now()), nil); err != nil {
		t.Errorf("in clear, where both are allowed: %v", err)
	}
	forged := e.claim()
	_, err := e.redeem(idps()[1].encrypted(t, forged, e.now(), firstCert), nil)
	wantFault(t, err, sts.ErrInvalidToken, "Response signature invalid")

	required := sts.EncryptionRequired
	if err := e.ChangeSAMLProvider(e.ctx, providerARN, sts.SAMLChange{Encryption: &required}); err != nil {
		t.Fatal(err)
	}
	_, err = e.redeem(idps()[0].response(t, e.claim(), e.now()), nil)
	wantFault(t, err, sts.ErrInvalidToken, "must be encrypted")
	once := idps()[0].encrypted(t, e.claim(), e.now(), secondCert)
	if _, err := e.redeem(once, nil); err != nil {
		t.Error(err)
	}
	_, err = e.redeem(once, nil)
	wantFault(t, err, sts.ErrInvalidToken, "used before")
}

// An assertion may be addressed to the provider's own endpoint, and to no other's.
func TestProvidersOwnEndpoint(t *testing.T) {
	e := newSAMLEnv(t, `{"Effect":"Allow","Principal":{"Federated":"`+providerARN+`"},"Action":"sts:AssumeRoleWithSAML","Condition":{"StringLike":{"saml:aud":"*/saml/acs/*"}}}`)
	if _, err := e.CreateSAMLProvider(e.ctx, "other", idps()[1].metadata(), nil); err != nil {
		t.Fatal(err)
	}
	corp, err := e.SAMLProvider(e.ctx, providerARN)
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.SAMLProvider(e.ctx, strings.Replace(providerARN, "corp", "other", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"https://signin.aws.amazon.com", "https://us-east-1.signin.aws.amazon.com", publicURL} {
		c := e.claim()
		c.recipient = base + "/saml/acs/" + corp.ID
		got, err := e.redeem(idps()[0].response(t, c, e.now()), nil)
		if err != nil || got.Audience != c.recipient {
			t.Errorf("%s: %v %v", base, got, err)
		}
		c = e.claim()
		c.recipient = base + "/saml/acs/" + other.ID
		_, err = e.redeem(idps()[0].response(t, c, e.now()), nil)
		wantFault(t, err, sts.ErrInvalidToken, "Response does not contain the required audience")
	}
}

// Metadata that says how long it is good for is good that long.
func TestStaleMetadata(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	until := strings.Replace(idps()[0].metadata(), "entityID=", `validUntil="`+stamp(start.Add(time.Hour))+`" entityID=`, 1)
	if err := e.UpdateSAMLProvider(e.ctx, providerARN, until); err != nil {
		t.Fatal(err)
	}
	if _, err := e.redeem(idps()[0].response(t, e.claim(), e.now()), nil); err != nil {
		t.Error(err)
	}
	e.advance(time.Hour)
	_, err := e.redeem(idps()[0].response(t, e.claim(), e.now()), nil)
	wantFault(t, err, sts.ErrInvalidToken, "Response signature invalid")
}

// During a change of certificates both count.
func TestSeveralCertificates(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	one := idps()[0].metadata()
	key := func(text string) string {
		return text[strings.Index(text, "<KeyDescriptor") : strings.Index(text, "</KeyDescriptor>")+len("</KeyDescriptor>")]
	}
	both := strings.Replace(one, key(one), key(one)+key(idps()[1].metadata()), 1)
	if err := e.UpdateSAMLProvider(e.ctx, providerARN, both); err != nil {
		t.Fatal(err)
	}
	for i, p := range idps() {
		if _, err := e.redeem(p.response(t, e.claim(), e.now()), nil); err != nil {
			t.Errorf("certificate %d: %v", i, err)
		}
	}
}

// Who did not sign in is refused on the word of the provider, if that is signed.
func TestSAMLSignInRefused(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	own, err := x509.ParseCertificate(idps()[0].cert)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := samlxml.Signer{Key: idps()[0].key, Certificate: own}.WriteResponse(&samlxml.Outgoing{ID: samlxml.NewID(), Issuer: entityID, Destination: awsSAML,
		IssueInstant: e.now(), Status: samlxml.Status{Code: saml.StatusResponder}, SignResponse: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.redeem(string(raw), nil)
	wantFault(t, err, sts.ErrIDPRejected, "reported that authentication failed")
}

// Of two attributes that stand for one condition key the first counts.
func TestOneAttributeForAKey(t *testing.T) {
	const names = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	e := newSAMLEnv(t, `{"Effect":"Allow","Principal":{"Federated":"`+providerARN+`"},"Action":"sts:AssumeRoleWithSAML","Condition":{"ForAnyValue:StringEquals":{"saml:name":"admin"}}}`)
	for i, list := range [][][2]string{{{names, "ann"}, {"urn:oid:2.5.4.41", "admin"}}, {{"urn:oid:2.5.4.41", "admin"}, {names, "ann"}}} {
		c := e.claim()
		c.attributes = append(c.attributes, list...)
		if _, err := e.redeem(idps()[0].response(t, c, e.now()), nil); (err == nil) != (i == 1) {
			t.Errorf("order %d: %v", i, err)
		}
	}
}
