package samlxml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// keys are costly to make; every test shares them.
var keys = sync.OnceValue(func() (k struct{ idp, other, sp, ec samlxml.Signer }) {
	k.idp, k.other, k.sp = newSigner(newRSA()), newSigner(newRSA()), newSigner(newRSA())
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	k.ec = newSigner(ec)
	return k
})

func newRSA() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// newSigner makes a certificate that expired long ago: dates must not matter.
func newSigner(key crypto.Signer) samlxml.Signer {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.AddDate(-2, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return samlxml.Signer{Key: key, Certificate: cert}
}

func idpCerts() []*x509.Certificate { return []*x509.Certificate{keys().idp.Certificate} }

// outgoing is a complete sign-in of alice.
func outgoing() *samlxml.Outgoing {
	until := now.Add(8 * time.Hour)
	return &samlxml.Outgoing{
		ID: "_response", Issuer: "https://idp.example/saml/metadata", Destination: "https://sp.example/acs",
		InResponseTo: "_request", IssueInstant: now, Status: samlxml.Status{Code: saml.StatusSuccess},
		SignAssertion: true,
		Assertion: &saml.Assertion{
			ID: "_assertion", IssueInstant: now, Issuer: saml.Issuer{Value: "https://idp.example/saml/metadata"},
			Subject: &saml.Subject{
				NameID: &saml.NameID{Format: string(saml.EmailAddressNameIDFormat), Value: "alice@example.org"},
				SubjectConfirmations: []saml.SubjectConfirmation{{Method: samlxml.Bearer,
					SubjectConfirmationData: &saml.SubjectConfirmationData{Recipient: "https://sp.example/acs",
						InResponseTo: "_request", NotOnOrAfter: now.Add(5 * time.Minute)}}},
			},
			Conditions: &saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(5 * time.Minute),
				AudienceRestrictions: []saml.AudienceRestriction{{Audience: saml.Audience{Value: "https://sp.example"}}}},
			AuthnStatements: []saml.AuthnStatement{{AuthnInstant: now.Add(-time.Minute), SessionIndex: "s1",
				SessionNotOnOrAfter: &until, AuthnContext: saml.AuthnContext{
					AuthnContextClassRef: &saml.AuthnContextClassRef{Value: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"}}}},
			AttributeStatements: []saml.AttributeStatement{{Attributes: []saml.Attribute{{Name: "groups",
				Values: []saml.AttributeValue{{Value: "staff"}, {Value: `R&D <"x'> ` + "\r\t"}}}}}},
		},
	}
}

func write(t testing.TB, s samlxml.Signer, o *samlxml.Outgoing) []byte {
	t.Helper()
	raw, err := s.WriteResponse(o)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestRoundTrip(t *testing.T) {
	tests := []struct {
		name     string
		signer   samlxml.Signer
		response bool
	}{
		{"assertion signed", keys().idp, false},
		{"both signed", keys().idp, true},
		{"ECDSA", keys().ec, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := outgoing()
			o.SignResponse = tt.response
			raw := write(t, tt.signer, o)
			certs := []*x509.Certificate{keys().other.Certificate, tt.signer.Certificate}
			r, err := samlxml.VerifyResponse(raw, certs, now)
			if err != nil {
				t.Fatalf("%v\n%s", err, raw)
			}
			if r.ResponseSigned != tt.response || !r.AssertionSigned || r.SignedBy != tt.signer.Certificate {
				t.Errorf("signed: response %v, assertion %v", r.ResponseSigned, r.AssertionSigned)
			}
			checkAlice(t, r)
		})
	}
}

func checkAlice(t *testing.T, r *samlxml.Response) {
	t.Helper()
	a := r.Assertion
	if r.Issuer != "https://idp.example/saml/metadata" || r.InResponseTo != "_request" {
		t.Errorf("issuer %q, in response to %q", r.Issuer, r.InResponseTo)
	}
	if a.Subject.NameID.Value != "alice@example.org" || len(r.Audiences) != 1 || r.Audiences[0][0] != "https://sp.example" {
		t.Errorf("name %q, audiences %q", a.Subject.NameID.Value, r.Audiences)
	}
	values := a.AttributeStatements[0].Attributes[0].Values
	if len(values) != 2 || values[1].Value != `R&D <"x'> `+"\r\t" {
		t.Errorf("attribute values %+v", values)
	}
	s := a.AuthnStatements[0]
	if s.SessionIndex != "s1" || !s.SessionNotOnOrAfter.Equal(now.Add(8*time.Hour)) {
		t.Errorf("authn statement %+v", s)
	}
}

func TestErrorStatus(t *testing.T) {
	o := outgoing()
	o.Assertion, o.SignResponse = nil, true
	o.Status = samlxml.Status{Code: saml.StatusResponder, Second: saml.StatusNoPassive, Message: "nobody signed in"}
	r, err := samlxml.VerifyResponse(write(t, keys().idp, o), idpCerts(), now)
	if !errors.Is(err, samlxml.ErrStatus) || r.Status != o.Status {
		t.Errorf("error %v, response %+v", err, r)
	}
	o.SignResponse = false
	if _, err := keys().idp.WriteResponse(o); err == nil {
		t.Error("an unsigned error response was written")
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		name   string
		change func(*samlxml.Outgoing)
		want   error
	}{
		{"skew within bounds", func(o *samlxml.Outgoing) {
			o.IssueInstant = now.Add(2 * time.Minute)
			o.Assertion.Conditions.NotBefore = now.Add(2 * time.Minute)
		}, nil},
		{"issued in the future", func(o *samlxml.Outgoing) { o.IssueInstant = now.Add(4 * time.Minute) }, samlxml.ErrNotYetValid},
		{"conditions later", func(o *samlxml.Outgoing) { o.Assertion.Conditions.NotBefore = now.Add(4 * time.Minute) }, samlxml.ErrNotYetValid},
		{"conditions over", func(o *samlxml.Outgoing) { o.Assertion.Conditions.NotOnOrAfter = now.Add(-3 * time.Minute) }, samlxml.ErrExpired},
		{"confirmation over", func(o *samlxml.Outgoing) {
			o.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = now.Add(-4 * time.Minute)
		}, samlxml.ErrExpired},
		{"confirmation without an end", func(o *samlxml.Outgoing) {
			o.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = time.Time{}
		}, samlxml.ErrMalformed},
		{"not a bearer", func(o *samlxml.Outgoing) {
			o.Assertion.Subject.SubjectConfirmations[0].Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
		}, samlxml.ErrMalformed},
		{"session over", func(o *samlxml.Outgoing) {
			over := now.Add(-time.Hour)
			o.Assertion.AuthnStatements[0].SessionNotOnOrAfter = &over
		}, samlxml.ErrExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := outgoing()
			tt.change(o)
			_, err := samlxml.VerifyResponse(write(t, keys().idp, o), idpCerts(), now)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}
