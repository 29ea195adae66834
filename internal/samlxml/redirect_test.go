package samlxml_test

import (
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const authnRequest = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-11-23T12:00:00Z" Destination="https://idp.example/sso" ForceAuthn="1" IsPassive="false" AssertionConsumerServiceIndex="2"><saml:Issuer>https://sp.example</saml:Issuer><saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject><samlp:NameIDPolicy Format="urn:f" SPNameQualifier="q" AllowCreate="true"/><samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef><saml:AuthnContextClassRef>urn:b</saml:AuthnContextClassRef></samlp:RequestedAuthnContext><samlp:Scoping><samlp:IDPList><samlp:IDPEntry ProviderID="https://idp.example"/></samlp:IDPList></samlp:Scoping></samlp:AuthnRequest>`

func TestParseAuthnRequest(t *testing.T) {
	r, err := samlxml.ParseAuthnRequest([]byte(authnRequest))
	if err != nil {
		t.Fatal(err)
	}
	if r.ID != "_1" || r.Issuer != "https://sp.example" || !r.ForceAuthn || r.IsPassive || r.ACSIndex != "2" || !r.IssueInstant.Equal(now) ||
		r.NameIDFormat != "urn:f" || r.SPNameQualifier != "q" || r.SubjectNameID != "bob" || r.Comparison != "exact" ||
		strings.Join(r.Contexts, " ") != "urn:a urn:b" || len(r.IDPs) != 1 || r.HasSignature() {
		t.Errorf("request %+v", r)
	}
	if err := r.Verify(idpCerts()); !errors.Is(err, samlxml.ErrNoSignature) {
		t.Errorf("unsigned: %v", err)
	}
}

func TestSignElement(t *testing.T) {
	doc, err := samlxml.Parse([]byte(authnRequest), samlxml.Messages())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := keys().ec.SignElement(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	r, err := samlxml.ParseAuthnRequest([]byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify([]*x509.Certificate{keys().idp.Certificate, keys().ec.Certificate}); err != nil || r.Issuer != "https://sp.example" {
		t.Errorf("%v, request %+v", err, r)
	}
	if err := r.Verify(idpCerts()); !errors.Is(err, samlxml.ErrNoSignature) {
		t.Errorf("what was verified still has a signature: %v", err)
	}
}

func TestRedirect(t *testing.T) {
	for name, signer := range map[string]samlxml.Signer{"RSA": keys().idp, "ECDSA": keys().ec} {
		to, err := samlxml.RedirectURL("https://idp.example/sso?a=b", "SAMLRequest", []byte(authnRequest), "x&y=1 +", &signer)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		r, err := samlxml.ParseRedirect(u.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Message) != authnRequest || r.RelayState != "x&y=1 +" || !r.Signed || r.IsResponse {
			t.Errorf("%s: %+v", name, r)
		}
		if err := r.VerifySignature([]*x509.Certificate{keys().other.Certificate, signer.Certificate}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.VerifySignature([]*x509.Certificate{keys().other.Certificate}); err == nil {
			t.Errorf("%s: verified with another key", name)
		}
		// Re-encoded, it is another text: + for %20.
		again, err := samlxml.ParseRedirect(strings.Replace(u.RawQuery, "1+%2B", "1%20%2B", 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.VerifySignature([]*x509.Certificate{signer.Certificate}); !errors.Is(err, samlxml.ErrSignature) {
			t.Errorf("%s, re-encoded: %v", name, err)
		}
	}
}

func TestRedirectUnsigned(t *testing.T) {
	to, err := samlxml.RedirectURL("https://idp.example/sso", "SAMLResponse", []byte("<a/>"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(to, "?")
	r, err := samlxml.ParseRedirect(query)
	if err != nil || !r.IsResponse || r.Signed {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := r.VerifySignature(idpCerts()); !errors.Is(err, samlxml.ErrNoSignature) {
		t.Errorf("error %v", err)
	}
	for _, bad := range []string{"", "RelayState=x", query + "&SAMLRequest=x", query + "&" + query, "SAMLRequest=%zz", "SAMLRequest=!!", "SAMLRequest=AAAA", query + "&SAMLEncoding=urn:x"} {
		if _, err := samlxml.ParseRedirect(bad); !errors.Is(err, samlxml.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
