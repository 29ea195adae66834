package samlidp_test

import (
	"crypto/ecdsa"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// TestSignatureAlgorithm signs as the application is set, by a key whose
// certificate our metadata shows before the first sign-in.
func TestSignatureAlgorithm(t *testing.T) {
	for name, uri := range map[string]string{"rsa-sha512": samlxml.RSASHA512, "ecdsa-sha256": samlxml.ECDSASHA256, "ecdsa-sha384": samlxml.ECDSASHA384} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) {
				s.SignResponse, s.Settings = ptr(true), &samlidp.Settings{SignatureAlgorithm: name}
			})
			known := r.certs(t)
			p, _ := r.ask(t, nil)
			if got := strings.Count(string(p.xml(t)), uri); got != 2 {
				t.Errorf("%d signatures by %s in %s", got, name, p.xml(t))
			}
			if _, err := samlxml.VerifyResponse(p.xml(t), known, clock.Now()); err != nil {
				t.Error(err)
			}
			refusal, _ := r.ask(t, func(q *saml.AuthnRequest) { q.NameIDPolicy.Format = ptr("urn:nobody") })
			if !strings.Contains(string(refusal.xml(t)), uri) {
				t.Error("a refusal is signed by another method")
			}
		})
	}
}

const algorithmList = `<Extensions xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport">` +
	`<alg:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>SIGNING</Extensions>`

// TestAlgorithmsOfMetadata signs as the app's metadata asks. A list that begins with
// ECDSA makes no key where RSA will do: the app would not know it.
func TestAlgorithmsOfMetadata(t *testing.T) {
	for name, tt := range map[string]struct {
		list []string
		want string
		ec   bool
	}{
		"first known":        {[]string{"urn:unknown", samlxml.RSASHA384, samlxml.RSASHA256}, samlxml.RSASHA384, false},
		"ECDSA or RSA":       {[]string{samlxml.ECDSASHA256, samlxml.RSASHA256}, samlxml.RSASHA256, false},
		"nothing but ECDSA":  {[]string{samlxml.ECDSASHA256}, samlxml.ECDSASHA256, true},
		"nothing that we do": {[]string{"http://www.w3.org/2000/09/xmldsig#rsa-sha1"}, samlxml.RSASHA256, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) {
				var list strings.Builder
				for _, m := range tt.list {
					list.WriteString(`<alg:SigningMethod Algorithm="` + m + `"/>`)
				}
				ext := strings.Replace(algorithmList, "SIGNING", list.String(), 1)
				at := strings.Index(*s.MetadataXML, "<SPSSODescriptor")
				*s.MetadataXML = (*s.MetadataXML)[:at] + ext + (*s.MetadataXML)[at:]
			})
			p, _ := r.ask(t, nil)
			if x := string(p.xml(t)); !strings.Contains(x, tt.want) || !strings.Contains(x, "#sha512") {
				t.Errorf("signed otherwise: %s", x)
			}
			r.verified(t, p)
			for _, c := range r.certs(t) {
				if _, ec := c.PublicKey.(*ecdsa.PublicKey); ec && !tt.ec {
					t.Error("the pool has got an ECDSA key")
				}
			}
		})
	}
}

// TestQueriesByRSA: the query of a message is signed by RSA where the app lists it, even
// if documents are by ECDSA: some that list both check ECDSA in documents alone. What an
// application is set to counts more.
func TestQueriesByRSA(t *testing.T) {
	for name, tt := range map[string]struct {
		list          []string
		set           string
		documents, by string
	}{
		"both":              {[]string{samlxml.ECDSASHA256, samlxml.RSASHA384}, "", samlxml.ECDSASHA256, samlxml.RSASHA384},
		"nothing but ECDSA": {[]string{samlxml.ECDSASHA256}, "", samlxml.ECDSASHA256, samlxml.ECDSASHA256},
		"set to ECDSA":      {[]string{samlxml.ECDSASHA256, samlxml.RSASHA384}, "ecdsa-sha384", samlxml.ECDSASHA384, samlxml.ECDSASHA384},
		"no list":           {nil, "", samlxml.RSASHA256, samlxml.RSASHA256},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLogoutRig(t)
			var list strings.Builder
			for _, m := range tt.list {
				list.WriteString(`<alg:SigningMethod Algorithm="` + m + `"/>`)
			}
			a := r.app("wiki", samlidp.Persistent, strings.Replace(algorithmList, "SIGNING", list.String(), 1), sloEndpoint(redirectBinding, "https://wiki.example/slo", ""))
			service := &samlidp.Service{Store: r.db.SAML(), Keys: r.h.Keys, Issuer: r.h.Issuer, Now: clock.Now, Log: r.h.Log}
			for _, method := range []string{"ecdsa-sha256", tt.set} { // the first for the pool to have the key
				_, err := service.Update(t.Context(), poolID, a.id, samlidp.Spec{Settings: &samlidp.Settings{SignatureAlgorithm: method}})
				r.must(err)
			}
			r.certs = (&rig{Server: r.Server}).certs(t)
			p := r.person("alice")
			if at := p.get("/" + string(poolID) + "/saml/init/" + string(a.id)); !strings.Contains(string(at.xml(t)), tt.documents) {
				t.Errorf("documents: %s", at.xml(t))
			}
			at := p.get(p.leaving(p.follow(p.get("/test/start"))).Go)
			p.arrived(at, a, "/slo")
			if to, err := url.Parse(at.header.Get("Location")); err != nil || to.Query().Get("SigAlg") != tt.by {
				t.Errorf("query by %s, %v", to.Query().Get("SigAlg"), err)
			}
		})
	}
}

// TestEncryptionChoice encrypts by what metadata and settings say together.
func TestEncryptionChoice(t *testing.T) {
	oaep := `<EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep"></EncryptionMethod>`
	cbcOnly := func(s *samlidp.Spec) {
		*s.MetadataXML = strings.ReplaceAll(*s.MetadataXML, samlxml.AES128GCM, samlxml.AES128CBC)
	}
	noKey := func(s *samlidp.Spec) {
		*s.MetadataXML = strings.ReplaceAll(*s.MetadataXML, `use="encryption"`, `use="signing"`)
	}
	for _, tt := range []struct {
		name    string
		change  func(*samlidp.Spec)
		want    string // in the response
		warning string
	}{
		{"offered", func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{EncryptIfOffered: true} }, samlxml.AES128GCM, ""},
		{"not offered", func(s *samlidp.Spec) { noKey(s); s.Settings = &samlidp.Settings{EncryptIfOffered: true} }, "<saml:Assertion", ""},
		{"CBC offered", func(s *samlidp.Spec) { cbcOnly(s); s.Settings = &samlidp.Settings{EncryptIfOffered: true} }, "<saml:Assertion", "not encrypted"},
		{"CBC set", func(s *samlidp.Spec) {
			cbcOnly(s)
			s.EncryptAssertion, s.Settings = ptr(true), &samlidp.Settings{EncryptionAlgorithm: "aes256-cbc"}
		}, samlxml.AES256CBC, "CBC"},
		{"better key transport", func(s *samlidp.Spec) {
			s.EncryptAssertion = ptr(true)
			at := strings.Index(*s.MetadataXML, "<EncryptionMethod")
			*s.MetadataXML = (*s.MetadataXML)[:at] + oaep + (*s.MetadataXML)[at:]
		}, "xmlenc11#rsa-oaep", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.change)
			p, _ := r.ask(t, nil)
			if !strings.Contains(string(p.xml(t)), tt.want) {
				t.Errorf("no %s in %s", tt.want, p.xml(t))
			}
			warned := r.apps.Warnings(r.app)
			if (tt.warning != "") != slices.ContainsFunc(warned, func(w string) bool { return strings.Contains(w, tt.warning) && tt.warning != "" }) {
				t.Errorf("warnings %q", warned)
			}
		})
	}
}
