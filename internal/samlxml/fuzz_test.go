package samlxml_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<a xmlns:b="u" ID="1"><b:c d="e">f<![CDATA[g]]></b:c></a>`))
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Add(write(f, keys().idp, outgoing()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := samlxml.Parse(raw, samlxml.Messages())
		if err != nil {
			return
		}
		again, err := doc.WriteToBytes()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) <= samlxml.Messages().Bytes { // escaping can make it longer
			if _, err := samlxml.Parse(again, samlxml.Messages()); err != nil {
				t.Errorf("%q was written as %q: %v", raw, again, err)
			}
		}
	})
}

// FuzzVerifyResponse holds that whatever is accepted says what was signed.
func FuzzVerifyResponse(f *testing.F) {
	both := outgoing()
	both.SignResponse = true
	f.Add(write(f, keys().idp, outgoing()))
	f.Add(write(f, keys().idp, both))
	certs := []*x509.Certificate{keys().idp.Certificate}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := samlxml.VerifyResponse(raw, certs, now)
		if err != nil {
			return
		}
		a := r.Assertion
		if a.Subject.NameID.Value != "alice@example.org" || r.Audiences[0][0] != "https://sp.example" || a.ID != "_assertion" {
			t.Errorf("accepted: %s", raw)
		}
	})
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte{3, 0})
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if out, err := samlxml.Inflate(raw, 1000); err == nil && len(out) > 1000 {
			t.Errorf("%d bytes", len(out))
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(spMetadata))
	f.Add([]byte(idpMetadata))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := samlxml.ParseIDPMetadata(raw); err == nil && (m.EntityID == "" || len(m.Certificates) == 0) {
			t.Errorf("accepted %q", raw)
		}
		if m, err := samlxml.ParseSPMetadata(raw); err == nil && (m.Entity.EntityID == "" || len(m.Entity.SPSSODescriptors) != 1) {
			t.Errorf("accepted %q", raw)
		}
	})
}

func FuzzRedirect(f *testing.F) {
	f.Add("SAMLRequest=AwA%3D&RelayState=a&SigAlg=b&Signature=c")
	f.Fuzz(func(t *testing.T, query string) {
		r, err := samlxml.ParseRedirect(query)
		if err == nil && r.VerifySignature(idpCerts()) == nil {
			t.Errorf("accepted %q", query)
		}
	})
}

func FuzzAuthnRequest(f *testing.F) {
	f.Add([]byte(authnRequest))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := samlxml.ParseAuthnRequest(raw); err == nil && (r.Issuer == "" || r.ID == "" || r.IssueInstant.IsZero()) {
			t.Errorf("accepted %q", raw)
		}
	})
}
