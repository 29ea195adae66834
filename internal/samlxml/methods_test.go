package samlxml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const sha512Digest = "http://www.w3.org/2001/04/xmlenc#sha512"

var p384 = sync.OnceValue(func() samlxml.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return newSigner(key)
})

// signers are one of each method, and of an unusual digest.
func signers() map[string]samlxml.Signer {
	all := map[string]samlxml.Signer{"P-384 by default": p384()}
	add := func(s samlxml.Signer, methods ...string) {
		for _, m := range methods {
			s.Method = m
			all[path.Base(m)] = s
		}
	}
	add(keys().idp, samlxml.RSASHA256, samlxml.RSASHA384, samlxml.RSASHA512)
	add(keys().ec, samlxml.ECDSASHA256)
	add(p384(), samlxml.ECDSASHA384, samlxml.ECDSASHA512)
	odd := keys().idp
	odd.Digest = sha512Digest
	all["rsa-sha256 over SHA-512"] = odd
	return all
}

// TestMethods has each method verified by us and by xmlsec1.
func TestMethods(t *testing.T) {
	for name, s := range signers() {
		t.Run(name, func(t *testing.T) {
			o := outgoing()
			o.SignResponse = true
			raw := write(t, s, o)
			if s.Method != "" && !strings.Contains(string(raw), s.Method) || s.Digest != "" && !strings.Contains(string(raw), s.Digest) {
				t.Errorf("signed with another method: %s", raw)
			}
			r, err := samlxml.VerifyResponse(raw, []*x509.Certificate{s.Certificate}, now)
			if err != nil {
				t.Fatal(err)
			}
			checkAlice(t, r)
			dir := t.TempDir()
			doc, cert := file(t, dir, "response.xml", raw), file(t, dir, "cert.pem", certPEM(s))
			xmlsecVerify(t, cert, "/*/*[local-name()='Signature']", doc)
		})
	}
}

func TestRedirectMethods(t *testing.T) {
	for name, s := range signers() {
		t.Run(name, func(t *testing.T) {
			u, err := samlxml.RedirectURL("https://sp.example/slo", "SAMLResponse", []byte("<a/>"), "relay", &s)
			if err != nil {
				t.Fatal(err)
			}
			_, query, _ := strings.Cut(u, "?")
			in, err := samlxml.ParseRedirect(query)
			if err != nil {
				t.Fatal(err)
			}
			if err := in.VerifySignature([]*x509.Certificate{s.Certificate}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMethodMustFitKey holds signers to keys of the method's own kind.
func TestMethodMustFitKey(t *testing.T) {
	for name, change := range map[string]func(*samlxml.Signer){
		"ECDSA with an RSA key":  func(s *samlxml.Signer) { s.Method = samlxml.ECDSASHA256 },
		"RSA with a P-256 key":   func(s *samlxml.Signer) { *s = keys().ec; s.Method = samlxml.RSASHA256 },
		"a method that is SHA-1": func(s *samlxml.Signer) { s.Method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" },
		"a digest that is SHA-1": func(s *samlxml.Signer) { s.Digest = "http://www.w3.org/2000/09/xmldsig#sha1" },
	} {
		s := keys().idp
		change(&s)
		if _, err := s.WriteResponse(outgoing()); !errors.Is(err, samlxml.ErrAlgorithm) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

const (
	oaep11    = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
	oaepMGF1p = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	digest256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	mgf256    = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
)

func TestTransports(t *testing.T) {
	for _, m := range []samlxml.EncryptionMethod{
		{Algorithm: oaepMGF1p},
		{Algorithm: oaepMGF1p, Digest: digest256},
		{Algorithm: oaep11},
		{Algorithm: oaep11, Digest: digest256, MGF: mgf256},
		{Algorithm: oaep11, Digest: sha512Digest, MGF: mgf256},
	} {
		transport, ok := samlxml.TransportOf(m)
		if !ok {
			t.Fatalf("%+v is not known", m)
		}
		o := outgoing()
		o.SignResponse = true
		o.Encrypt = &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: samlxml.AES256GCM, Transport: transport}
		raw := write(t, keys().idp, o)
		if !strings.Contains(string(raw), m.Algorithm) || m.MGF != "" && !strings.Contains(string(raw), m.MGF) {
			t.Errorf("%+v is not what was written: %s", m, raw)
		}
		r, err := reader(keys().sp).Read(raw, now)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		checkAlice(t, r)
	}
}

func TestTransportsRefused(t *testing.T) {
	for _, m := range []samlxml.EncryptionMethod{
		{Algorithm: "http://www.w3.org/2001/04/xmlenc#rsa-1_5"},
		{Algorithm: samlxml.AES256GCM},
		{Algorithm: oaepMGF1p, MGF: mgf256},
		{Algorithm: oaep11, Digest: "http://www.w3.org/2001/04/xmldsig-more#md5"},
	} {
		if _, ok := samlxml.TransportOf(m); ok {
			t.Errorf("%+v would be used", m)
		}
	}
}

// TestAlgorithmSupport reads what a role lists in place of what its entity lists.
func TestAlgorithmSupport(t *testing.T) {
	list := func(tag, algorithm string) string {
		return `<md:Extensions xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport"><alg:` + tag + ` Algorithm="` + algorithm + `"/></md:Extensions>`
	}
	doc := `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example">` +
		strings.Replace(list("SigningMethod", samlxml.RSASHA512), `</md:Ext`, `<alg:DigestMethod Algorithm="`+sha512Digest+`"/></md:Ext`, 1) +
		`<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + list("SigningMethod", samlxml.ECDSASHA256) +
		`<md:KeyDescriptor use="encryption"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` +
		base64.StdEncoding.EncodeToString(keys().sp.Certificate.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
		`<md:EncryptionMethod Algorithm="` + oaep11 + `"><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="` + digest256 + `"/>` +
		`<x:MGF xmlns:x="http://www.w3.org/2009/xmlenc11#" Algorithm="` + mgf256 + `"/></md:EncryptionMethod></md:KeyDescriptor>` +
		`<md:AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs"/>` +
		`</md:SPSSODescriptor></md:EntityDescriptor>`
	m, err := samlxml.ParseSPMetadata([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Algorithms.Signature, []string{samlxml.ECDSASHA256}) || !slices.Equal(m.Algorithms.Digest, []string{sha512Digest}) {
		t.Errorf("algorithms %+v", m.Algorithms)
	}
	want := samlxml.EncryptionMethod{Algorithm: oaep11, Digest: digest256, MGF: mgf256}
	if len(m.Encryption) != 1 || !slices.Equal(m.Encryption[0].Methods, []samlxml.EncryptionMethod{want}) {
		t.Errorf("encryption %+v", m.Encryption)
	}
}

// TestOddCertificate reads the key of a certificate that crypto/x509 refuses for its
// negative serial number, and passes over what holds no key.
func TestOddCertificate(t *testing.T) {
	der := slices.Clone(keys().idp.Certificate.Raw)
	serial, err := hex.DecodeString("a003020102020101") // [0] version 3, serial 1
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(der), string(serial))
	if at < 0 {
		t.Fatal("no serial number where it should be")
	}
	der[at+len(serial)-1] = 0xff // -1
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Fatal("crypto/x509 reads it, so the test shows nothing")
	}
	one := base64.StdEncoding.EncodeToString(keys().idp.Certificate.Raw)
	for name, change := range map[string]string{"negative serial": base64.StdEncoding.EncodeToString(der)} {
		doc := strings.ReplaceAll(strings.ReplaceAll(idpMetadata, "CERT2", one), "CERT", change)
		m, err := samlxml.ParseIDPMetadata([]byte(doc))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := samlxml.VerifyResponse(write(t, keys().idp, outgoing()), m.Certificates, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
