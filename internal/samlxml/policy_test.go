package samlxml_test

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
)

func reader(keys ...samlxml.Signer) *samlxml.Policy {
	p := &samlxml.Policy{Certificates: idpCerts(), Skew: samlxml.Skew}
	for _, k := range keys {
		p.Keys = append(p.Keys, k.Key.(*rsa.PrivateKey))
	}
	return p
}

func encrypted(t testing.TB, method string, change func(*samlxml.Outgoing)) []byte {
	t.Helper()
	o := outgoing()
	o.SignResponse = true
	o.Encrypt = &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: method}
	if change != nil {
		change(o)
	}
	return write(t, keys().idp, o)
}

func TestEncrypted(t *testing.T) {
	for _, method := range []string{samlxml.AES128GCM, samlxml.AES256GCM} {
		raw := encrypted(t, method, nil)
		if _, err := reader().Read(raw, now); !errors.Is(err, samlxml.ErrEncrypted) {
			t.Errorf("without a key: %v", err)
		}
		if _, err := reader(keys().other).Read(raw, now); !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("with another key: %v", err)
		}
		r, err := reader(keys().other, keys().sp).Read(raw, now)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Encrypted {
			t.Error("not said to be encrypted")
		}
		checkAlice(t, r)
	}
}

// TestCBC is read only where it is asked for, and only inside a signed Response: its
// padding is an oracle for whoever may ask.
func TestCBC(t *testing.T) {
	lax := reader(keys().sp)
	lax.CBC = true
	for _, method := range []string{samlxml.AES128CBC, samlxml.AES256CBC} {
		raw := encrypted(t, method, nil)
		if _, err := reader(keys().sp).Read(raw, now); !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("without the setting: %v", err)
		}
		r, err := lax.Read(raw, now)
		if err != nil {
			t.Fatal(err)
		}
		checkAlice(t, r)
		unsigned := encrypted(t, method, func(o *samlxml.Outgoing) { o.SignResponse = false })
		if _, err := lax.Read(unsigned, now); !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("in a Response without signature: %v", err)
		}
	}
}

// TestEncryptionIsNoSignature: anybody can encrypt to a public key.
func TestEncryptionIsNoSignature(t *testing.T) {
	inner := func(o *samlxml.Outgoing) { o.SignResponse = false }
	r, err := reader(keys().sp).Read(encrypted(t, samlxml.AES256GCM, inner), now)
	if err != nil || !r.AssertionSigned || r.ResponseSigned {
		t.Errorf("signed inside: %+v, %v", r, err)
	}
	signed := string(encrypted(t, samlxml.AES256GCM, func(o *samlxml.Outgoing) { o.SignAssertion = false }))
	stripped := signaturePart.ReplaceAllString(signed, "")
	if _, err := reader(keys().sp).Read([]byte(stripped), now); !errors.Is(err, samlxml.ErrNoSignature) {
		t.Errorf("signed nowhere: %v", err)
	}
	foreign := outgoing()
	foreign.Encrypt = &samlxml.Encryption{Certificate: keys().sp.Certificate, Method: samlxml.AES256GCM}
	if _, err := reader(keys().sp).Read(write(t, keys().other, foreign), now); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("signed by a stranger: %v", err)
	}
}

// TestDecryptionFailsOneWay holds that each broken cipher text is the same error, and
// that none panics.
func TestDecryptionFailsOneWay(t *testing.T) {
	raw := string(encrypted(t, samlxml.AES256GCM, func(o *samlxml.Outgoing) { o.SignResponse = false }))
	values := regexp.MustCompile(`<xenc:CipherValue>([^<]*)</xenc:CipherValue>`).FindAllStringSubmatch(raw, -1)
	flip := func(s string) string {
		b, _ := base64.StdEncoding.DecodeString(s)
		b[len(b)-1] ^= 1
		return base64.StdEncoding.EncodeToString(b)
	}
	key, text := values[0][1], values[1][1]
	for name, doc := range map[string]string{
		"key flipped":    strings.Replace(raw, key, flip(key), 1),
		"key empty":      strings.Replace(raw, key, "", 1),
		"key short":      strings.Replace(raw, key, key[:8], 1),
		"text flipped":   strings.Replace(raw, text, flip(text), 1),
		"text empty":     strings.Replace(raw, text, "", 1),
		"text short":     strings.Replace(raw, text, text[:8], 1),
		"text no base64": strings.Replace(raw, text, "%", 1),
		"other method":   strings.Replace(raw, samlxml.AES256GCM, samlxml.AES128GCM, 1),
		"CBC":            strings.Replace(raw, samlxml.AES256GCM, samlxml.AES256CBC, 1),
		"3DES":           strings.Replace(raw, samlxml.AES256GCM, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc", 1),
		"PKCS #1 v1.5":   strings.Replace(raw, "xmlenc#rsa-oaep-mgf1p", "xmlenc#rsa-1_5", 1),
		"two keys":       strings.Replace(raw, "<xenc:EncryptedKey>", "<xenc:EncryptedKey></xenc:EncryptedKey><xenc:EncryptedKey>", 1),
		"no data":        regexp.MustCompile(`<xenc:EncryptedData.*</xenc:EncryptedData>`).ReplaceAllString(raw, ""),
	} {
		if _, err := reader(keys().sp).Read([]byte(doc), now); !errors.Is(err, samlxml.ErrDecrypt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSHA1OptIn reads a document that really is signed with SHA-1.
func TestSHA1OptIn(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	raw := []byte(p.put(signedBy(t, p.stripped, dsig.RSASHA1SignatureMethod)))
	if _, err := reader().Read(raw, now); !errors.Is(err, samlxml.ErrAlgorithm) {
		t.Errorf("without the setting: %v", err)
	}
	lax := reader()
	lax.SHA1 = true
	r, err := lax.Read(raw, now)
	if err != nil {
		t.Fatal(err)
	}
	checkAlice(t, r)
}

// signedBy signs an element with the provider's key, by goxmldsig.
func signedBy(t *testing.T, element, method string) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(element); err != nil {
		t.Fatal(err)
	}
	ctx, err := dsig.NewSigningContext(keys().idp.Key, [][]byte{keys().idp.Certificate.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := ctx.SetSignatureMethod(method); err != nil {
		t.Fatal(err)
	}
	signed, err := ctx.SignEnveloped(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	out := etree.NewDocument()
	out.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	out.SetRoot(signed)
	text, err := out.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSkewIsSettable(t *testing.T) {
	late := outgoing()
	late.Assertion.Conditions.NotOnOrAfter = now.Add(-4 * time.Minute)
	p := reader()
	if _, err := p.Read(write(t, keys().idp, late), now); !errors.Is(err, samlxml.ErrExpired) {
		t.Errorf("3 minutes: %v", err)
	}
	p.Skew = 5 * time.Minute
	if _, err := p.Read(write(t, keys().idp, late), now); err != nil {
		t.Errorf("5 minutes: %v", err)
	}
}

// TestOddValueIsLeftOut: a structure in an attribute does not shut its user out.
func TestOddValueIsLeftOut(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	odd := strings.Replace(p.stripped, "<saml:AttributeValue>staff", `<saml:AttributeValue><x:a xmlns:x="urn:x">evil</x:a>staff`, 1)
	r, err := reader().Read([]byte(p.put(signedBy(t, odd, dsig.RSASHA256SignatureMethod))), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Assertion.AttributeStatements[0].Attributes[0].Values; len(got) != 1 {
		t.Errorf("values %+v", got)
	}
}

// TestEncryptedSubject: a name that is encrypted inside what was signed is read with a
// key of ours, and with nothing else; it stands beside no other name.
func TestEncryptedSubject(t *testing.T) {
	name := regexp.MustCompile(`<saml:NameID[^>]*>[^<]*</saml:NameID>`)
	raw := string(write(t, keys().idp, outgoing()))
	clear := name.FindString(raw)
	if clear == "" {
		t.Fatal(raw)
	}
	m := samlattack.New(t, []byte(raw), keys().idp, "alice", "mallory")
	sealed := encryptedID(t, `<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Format="f">alice-sealed</NameID>`)
	doc := m.Signed(clear, sealed)
	r, err := reader(keys().other, keys().sp).Read([]byte(doc), now)
	if err != nil || r.Assertion.Subject.NameID.Value != "alice-sealed" || r.Assertion.Subject.NameID.Format != "f" {
		t.Fatalf("%+v, %v", r, err)
	}
	for what, tt := range map[string]struct {
		doc  string
		by   *samlxml.Policy
		want error
	}{
		"no key":        {doc, reader(), samlxml.ErrEncrypted},
		"another key":   {doc, reader(keys().other), samlxml.ErrDecrypt},
		"beside a name": {m.Signed(clear, clear+sealed), reader(keys().sp), samlxml.ErrMalformed},
		"no name":       {m.Signed(clear, encryptedID(t, `<x/>`)), reader(keys().sp), samlxml.ErrDecrypt},
		"twice":         {m.Signed(clear, sealed+sealed), reader(keys().sp), samlxml.ErrMalformed},
		"swapped":       {strings.Replace(doc, sealed, encryptedID(t, `<NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">mallory</NameID>`), 1), reader(keys().sp), samlxml.ErrSignature},
	} {
		if r, err := tt.by.Read([]byte(tt.doc), now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
}
