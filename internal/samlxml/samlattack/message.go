package samlattack

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// An Attack is one hostile message.
type Attack struct {
	Class string // one of Classes
	Name  string
	Doc   string // XML
}

// A Message is a genuine message to attack. Its signed element is its root, or
// the assertion in it.
type Message struct {
	Trusted       samlxml.Signer // whose signature the consumer trusts
	Genuine, Evil string         // a text of the message, and what the attacker would have there

	t     testing.TB
	whole string // without any signature
	id    string // of the element that is signed
}

var (
	signaturePart = regexp.MustCompile(`(?s)<(?:\w+:)?Signature .*?</(?:\w+:)?Signature>`)
	assertionPart = regexp.MustCompile(`(?s)<saml:Assertion.*</saml:Assertion>`)
	idPart        = regexp.MustCompile(` ID="([^"]+)"`)
)

// New takes a message that was signed by trusted, or not yet. genuine is a text
// that occurs in its signed element.
func New(t testing.TB, raw []byte, trusted samlxml.Signer, genuine, evil string) *Message {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(signaturePart.ReplaceAllString(string(raw), "")); err != nil {
		t.Fatal(err)
	}
	whole, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	m := &Message{Trusted: trusted, Genuine: genuine, Evil: evil, t: t, whole: string(whole)}
	signed := m.whole
	if a := assertionPart.FindString(m.whole); a != "" {
		signed = a
	}
	m.id = idPart.FindStringSubmatch(signed)[1]
	if !strings.Contains(signed, genuine) {
		t.Fatalf("no %q in %s", genuine, signed)
	}
	return m
}

// Stranger is a signer that nobody trusts. It takes a while to make, once.
var Stranger = sync.OnceValue(func() samlxml.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stranger"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return samlxml.Signer{Key: key, Certificate: cert}
})

// Good is the genuine message, signed.
func (m *Message) Good() string { return m.Signed() }

// Signed is the message with texts replaced before its issuer signed it: what a
// careless or hostile issuer could send. Each old text must occur.
func (m *Message) Signed(replace ...string) string {
	m.t.Helper()
	return m.sign(Seal{}, m.replaced(m.whole, replace...))
}

// replaced replaces pairs of texts, and insists that each occurs.
func (m *Message) replaced(doc string, replace ...string) string {
	m.t.Helper()
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(doc, replace[i]) {
			m.t.Fatalf("nothing to replace: %q in %s", replace[i], doc)
		}
		doc = strings.ReplaceAll(doc, replace[i], replace[i+1])
	}
	return doc
}

// once is replaced for the first occurrence of one text.
func (m *Message) once(doc, old, new string) string {
	m.t.Helper()
	if !strings.Contains(doc, old) {
		m.t.Fatalf("nothing to replace: %q in %s", old, doc)
	}
	return strings.Replace(doc, old, new, 1)
}

// edit replaces what a pattern matches, before the issuer signs.
func (m *Message) edit(pattern, with string) string {
	m.t.Helper()
	re := regexp.MustCompile(pattern)
	if !re.MatchString(m.whole) {
		m.t.Fatalf("nothing matches %q in %s", pattern, m.whole)
	}
	return m.sign(Seal{}, re.ReplaceAllString(m.whole, with))
}

// A Seal is how to sign; each zero field is as it should be.
type Seal struct {
	Key                                    crypto.Signer
	Certificate                            *x509.Certificate // in KeyInfo
	Method, Canonical, Digest              string
	Hash, DigestHash                       crypto.Hash
	URI                                    string // of the Reference
	Transforms, AfterDigest, InsideSigInfo string // raw markup: instead of the transforms, after the reference's digest, at the end of SignedInfo
	NoKeyInfo                              bool
	DigestOver                             *string // what the digest is taken of
}

const (
	dsNS       = "http://www.w3.org/2000/09/xmldsig#"
	exclusive  = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped  = dsNS + "enveloped-signature"
	sha256URI  = "http://www.w3.org/2001/04/xmlenc#sha256"
	transforms = `<ds:Transform Algorithm="` + enveloped + `"></ds:Transform><ds:Transform Algorithm="` + exclusive + `"></ds:Transform>`
)

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// sign puts a signature into the element of doc that bears the message's ID.
func (m *Message) sign(s Seal, doc string) string {
	m.t.Helper()
	el := m.element(doc)
	at := strings.Index(el, "</saml:Issuer>")
	if at < 0 {
		at = strings.Index(el, ">") + 1 // an attack without Issuer
	} else {
		at += len("</saml:Issuer>")
	}
	return strings.Replace(doc, el, el[:at]+m.signature(s, el)+el[at:], 1)
}

// element returns the text of the element of doc that bears the message's ID.
func (m *Message) element(doc string) string {
	m.t.Helper()
	if a := assertionPart.FindString(doc); a != "" {
		return a
	}
	if root := regexp.MustCompile(`(?s)^<(\S+).*</\S+>$`).FindString(doc); root != "" {
		return root
	}
	m.t.Fatalf("no element to sign in %s", doc)
	return ""
}

// signature writes a Signature over content.
func (m *Message) signature(s Seal, content string) string {
	m.t.Helper()
	key := or(s.Key, m.Trusted.Key)
	method := samlxml.RSASHA256
	if _, ok := key.Public().(*ecdsa.PublicKey); ok {
		method = samlxml.ECDSASHA256
	}
	if s.DigestOver != nil {
		content = *s.DigestOver
	}
	digest := sum(or(s.DigestHash, crypto.SHA256), canonical(content))
	inner := `<ds:CanonicalizationMethod Algorithm="` + or(s.Canonical, exclusive) + `"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + or(s.Method, method) + `"></ds:SignatureMethod>` +
		`<ds:Reference URI="` + or(s.URI, "#"+m.id) + `"><ds:Transforms>` + or(s.Transforms, transforms) + `</ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + or(s.Digest, sha256URI) + `"></ds:DigestMethod><ds:DigestValue>` +
		base64.StdEncoding.EncodeToString(digest) + `</ds:DigestValue>` + s.AfterDigest + `</ds:Reference>` + s.InsideSigInfo + `</ds:SignedInfo>`
	hash := or(s.Hash, crypto.SHA256)
	value, err := key.Sign(rand.Reader, sum(hash, `<ds:SignedInfo xmlns:ds="`+dsNS+`">`+inner), hash)
	if err != nil {
		m.t.Fatal(err)
	}
	return wrap(inner, xmlValue(key, value), m.keyInfo(s))
}

// canonical is the canonical form of an element, or of what is none itself.
func canonical(el string) string {
	doc := etree.NewDocument()
	if doc.ReadFromString(el) != nil || doc.Root() == nil {
		return el
	}
	out, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(doc.Root())
	if err != nil {
		return el
	}
	return string(out)
}

func wrap(info string, value []byte, keyInfo string) string {
	return `<ds:Signature xmlns:ds="` + dsNS + `"><ds:SignedInfo>` + info + `<ds:SignatureValue>` +
		base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue>` + keyInfo + `</ds:Signature>`
}

func (m *Message) keyInfo(s Seal) string {
	if s.NoKeyInfo {
		return ""
	}
	cert := or(s.Certificate, m.Trusted.Certificate)
	return `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(cert.Raw) +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

func sum(hash crypto.Hash, text string) []byte {
	h := hash.New()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// xmlValue is a signature in the form of XML: for ECDSA on P-256, r||s.
func xmlValue(key crypto.Signer, value []byte) []byte {
	var v struct{ R, S *big.Int }
	if _, ok := key.Public().(*ecdsa.PublicKey); !ok {
		return value
	}
	if _, err := asn1.Unmarshal(value, &v); err != nil {
		panic(err)
	}
	out := make([]byte, 64)
	v.R.FillBytes(out[:32])
	v.S.FillBytes(out[32:])
	return out
}
