package samlxml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// A Signer signs with a key and names its certificate in KeyInfo. Without a
// Method it is RSA-SHA256, ECDSA-SHA256 on P-256, or ECDSA-SHA384 on P-384.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	Method      string // one that CanSign reports, fitting the key; may be empty
	Digest      string // of what is signed, one that CanDigest reports; empty for the method's own
}

// method returns the signature method and the URI it goes by.
func (s Signer) method() (uri string, m method, err error) {
	if uri = s.Method; uri == "" {
		if uri, err = methodFor(s.Key.Public()); err != nil {
			return "", method{}, err
		}
	}
	m, ok := methods[uri]
	if !ok {
		return "", method{}, fmt.Errorf("%w: signature method %q", ErrAlgorithm, uri)
	}
	if s.Digest != "" {
		if !CanDigest(s.Digest) {
			return "", method{}, fmt.Errorf("%w: digest method %q", ErrAlgorithm, s.Digest)
		}
		m.digest = s.Digest
	}
	return uri, m, usable(m, s.Key.Public())
}

// NewID returns a fresh ID: "_" and 160 random bits in hex.
func NewID() string {
	raw := make([]byte, 20)
	rand.Read(raw)
	return "_" + hex.EncodeToString(raw)
}

// Time formats t for a message, in UTC and whole milliseconds.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999Z")
}

// signed returns the canonical element head+tail with its signature in between.
// id is the element's ID.
func (s Signer) signed(id, head, tail string) (string, error) {
	uri, m, err := s.method()
	if err != nil {
		return "", err
	}
	h := digestURIs[m.digest].New()
	h.Write([]byte(head))
	h.Write([]byte(tail))
	sig, err := s.signature(signedInfo(uri, m.digest, id, h.Sum(nil)))
	if err != nil {
		return "", err
	}
	return head + sig + tail, nil
}

// signature writes a Signature with that body of SignedInfo.
func (s Signer) signature(body string) (string, error) {
	// SignedInfo is canonicalised on its own and therefore declares ds itself;
	// inside Signature the declaration would stand on the parent.
	value, err := s.Sign([]byte(`<ds:SignedInfo xmlns:ds="` + nsSignature + `">` + body))
	if err != nil {
		return "", err
	}
	var w writer
	w.open("ds:Signature", "xmlns:ds", nsSignature)
	w.raw("<ds:SignedInfo>" + body)
	w.leaf("ds:SignatureValue", base64.StdEncoding.EncodeToString(value))
	if s.Certificate != nil {
		w.open("ds:KeyInfo")
		w.open("ds:X509Data")
		w.leaf("ds:X509Certificate", base64.StdEncoding.EncodeToString(s.Certificate.Raw))
		w.close("ds:X509Data")
		w.close("ds:KeyInfo")
	}
	w.close("ds:Signature")
	return w.String(), nil
}

// signedInfo writes what stands in SignedInfo, and its end tag.
func signedInfo(algorithm, digestMethod, id string, digest []byte) string {
	var w writer
	empty := func(tag, algorithm string) { w.leaf(tag, "", "Algorithm", algorithm) }
	empty("ds:CanonicalizationMethod", algExclusive)
	empty("ds:SignatureMethod", algorithm)
	w.open("ds:Reference", "URI", "#"+id)
	w.open("ds:Transforms")
	empty("ds:Transform", algEnveloped)
	empty("ds:Transform", algExclusive)
	w.close("ds:Transforms")
	empty("ds:DigestMethod", digestMethod)
	w.leaf("ds:DigestValue", base64.StdEncoding.EncodeToString(digest))
	w.close("ds:Reference")
	w.close("ds:SignedInfo")
	return w.String()
}

// Sign returns the signature value over message, in the form of XML signatures
// and of the redirect binding.
func (s Signer) Sign(message []byte) ([]byte, error) {
	_, m, err := s.method()
	if err != nil {
		return nil, err
	}
	h := m.hash.New()
	h.Write(message)
	value, err := s.Key.Sign(rand.Reader, h.Sum(nil), m.hash)
	if err != nil {
		return nil, fmt.Errorf("samlxml: sign: %w", err)
	}
	if key, ok := s.Key.Public().(*ecdsa.PublicKey); ok {
		return rawECDSA(key, value)
	}
	return value, nil
}

// SignElement returns the canonical form of el with a signature put in after
// its Issuer, or first where it has none. It is for whatever this package does
// not write itself, such as requests that crewjam builds and metadata.
func (s Signer) SignElement(el *etree.Element) (string, error) {
	id := attr(el, "ID")
	if !idSyntax.MatchString(id) {
		return "", malformed("ID %q", id)
	}
	whole := canonical(el, nil, nil)
	at := strings.Index(whole, ">") + 1
	if first := el.ChildElements(); len(first) > 0 && is(first[0], nsAssertion, "Issuer") {
		end := "</" + first[0].FullTag() + ">"
		at = strings.Index(whole, end) + len(end)
	}
	return s.signed(id, whole[:at], whole[at:])
}
