package samlxml

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// idSyntax is what we accept as an ID: it must be usable in "#ID".
var idSyntax = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,255}$`)

// Verify verifies the enveloped signature of el, an element of a document that
// Parse returned. It returns the element that was read back from the verified
// bytes, without its Signature: use nothing else of the document. Only the keys
// of certs count, whatever KeyInfo says; their validity dates do not, because
// metadata is what vouches for them (Kantara IIP-MD12).
//
// Without a Signature the error is ErrNoSignature. A Signature of any but the
// plain form (a direct child of el, one Reference to el's own ID, enveloped and
// exclusive canonicalisation) is refused with ErrSignature or ErrAlgorithm.
func Verify(el *etree.Element, certs []*x509.Certificate) (*etree.Element, *x509.Certificate, error) {
	return verify(el, certs, false)
}

// verify is Verify. With sha1, signatures and digests of SHA-1 count too.
func verify(el *etree.Element, certs []*x509.Certificate, sha1 bool) (*etree.Element, *x509.Certificate, error) {
	sig, err := signatureOf(el)
	if err != nil {
		return nil, nil, err
	}
	f := &form{sha1: sha1}
	cert, err := f.sealed(el, sig, certs)
	if err != nil {
		return nil, nil, err
	}
	verified, err := f.referenced(el, sig)
	return verified, cert, err
}

// sealed verifies that one of certs signed SignedInfo, which f is read from. What it says
// of el is still to be compared.
func (f *form) sealed(el, sig *etree.Element, certs []*x509.Certificate) (*x509.Certificate, error) {
	if err := (&form{sha1: f.sha1}).read(el, sig); err != nil { // before any work on its behalf
		return nil, err
	}
	info, err := mustChild(sig, nsSignature, "SignedInfo")
	if err != nil {
		return nil, signatureForm(err)
	}
	signed := canonical(info, nil, nil)
	if err := f.reread(el, signed); err != nil {
		return nil, err
	}
	return f.signer(sig, signed, certs)
}

// signatureOf returns the one Signature that is a direct child of el.
func signatureOf(el *etree.Element) (*etree.Element, error) {
	switch found := children(el, nsSignature, "Signature"); len(found) {
	case 0:
		return nil, ErrNoSignature
	case 1:
		return found[0], nil
	default:
		return nil, fmt.Errorf("%w: %d signatures in %s", ErrSignature, len(found), el.Tag)
	}
}

// A form is what a Signature says of itself.
type form struct {
	sha1 bool // may be used

	method   method
	digest   crypto.Hash
	value    []byte   // of the digest
	prefixes []string // of exclusive canonicalisation
}

// read holds a Signature to the one form that SAML allows (Core 5.4).
func (f *form) read(el, sig *etree.Element) error {
	if err := onlyIn(sig, nsSignature, "SignedInfo", "SignatureValue", "KeyInfo"); err != nil {
		return signatureForm(err)
	}
	info, err := mustChild(sig, nsSignature, "SignedInfo")
	if err != nil {
		return signatureForm(err)
	}
	return f.info(el, info)
}

// reread reads SignedInfo once more, from the very bytes that were signed.
func (f *form) reread(el *etree.Element, signed string) error {
	doc, err := Parse([]byte(signed), parsedBefore())
	if err != nil {
		return signatureForm(err)
	}
	return f.info(el, doc.Root())
}

func (f *form) info(el, info *etree.Element) (err error) {
	if err := onlyIn(info, nsSignature, "CanonicalizationMethod", "SignatureMethod", "Reference"); err != nil {
		return signatureForm(err)
	}
	if err := wantCanonicalization(info); err != nil {
		return err
	}
	if f.method, err = signatureMethod(info, f.sha1); err != nil {
		return err
	}
	return f.reference(el, info)
}

func signatureForm(err error) error { return fmt.Errorf("%w: %w", ErrSignature, err) }

// wantCanonicalization wants exclusive canonicalisation of SignedInfo, with no
// parameters.
func wantCanonicalization(info *etree.Element) error {
	c, err := mustChild(info, nsSignature, "CanonicalizationMethod")
	if err != nil {
		return signatureForm(err)
	}
	if got := attr(c, "Algorithm"); got != algExclusive || len(c.ChildElements()) > 0 {
		return fmt.Errorf("%w: canonicalisation %q", ErrAlgorithm, got)
	}
	return nil
}

func signatureMethod(info *etree.Element, sha1 bool) (method, error) {
	el, err := mustChild(info, nsSignature, "SignatureMethod")
	if err != nil {
		return method{}, signatureForm(err)
	}
	m, ok := methodOfName(attr(el, "Algorithm"), sha1)
	if !ok || len(el.ChildElements()) > 0 {
		return method{}, fmt.Errorf("%w: signature method %q", ErrAlgorithm, attr(el, "Algorithm"))
	}
	return m, nil
}

// reference reads the Reference, which must be to el itself.
func (f *form) reference(el, info *etree.Element) error {
	ref, err := mustChild(info, nsSignature, "Reference")
	if err != nil {
		return signatureForm(err)
	}
	id := attr(el, "ID")
	if !idSyntax.MatchString(id) || attr(ref, "URI") != "#"+id {
		return fmt.Errorf("%w: reference %q is not to its parent %q", ErrSignature, attr(ref, "URI"), id)
	}
	if err := onlyIn(ref, nsSignature, "Transforms", "DigestMethod", "DigestValue"); err != nil {
		return signatureForm(err)
	}
	digest, err := mustChild(ref, nsSignature, "DigestMethod")
	if err != nil {
		return signatureForm(err)
	}
	hash, ok := digestURIs[attr(digest, "Algorithm")]
	if f.sha1 && attr(digest, "Algorithm") == algSHA1 {
		hash, ok = crypto.SHA1, true
	}
	if !ok || len(digest.ChildElements()) > 0 {
		return fmt.Errorf("%w: digest method %q", ErrAlgorithm, attr(digest, "Algorithm"))
	}
	f.digest = hash
	if f.value, err = base64Of(ref, "DigestValue"); err != nil {
		return err
	}
	return f.transforms(ref)
}

// transforms wants the enveloped transform and then exclusive canonicalisation,
// whose prefix list is the only parameter allowed.
func (f *form) transforms(ref *etree.Element) error {
	all, err := mustChild(ref, nsSignature, "Transforms")
	if err != nil {
		return signatureForm(err)
	}
	list := all.ChildElements()
	if len(list) != 2 || len(children(all, nsSignature, "Transform")) != 2 {
		return fmt.Errorf("%w: %d transforms", ErrAlgorithm, len(list))
	}
	if attr(list[0], "Algorithm") != algEnveloped || len(list[0].ChildElements()) > 0 {
		return fmt.Errorf("%w: first transform %q", ErrAlgorithm, attr(list[0], "Algorithm"))
	}
	if attr(list[1], "Algorithm") != algExclusive {
		return fmt.Errorf("%w: second transform %q", ErrAlgorithm, attr(list[1], "Algorithm"))
	}
	for _, c := range list[1].ChildElements() {
		if !is(c, nsExclusive, "InclusiveNamespaces") || len(c.ChildElements()) > 0 || f.prefixes != nil {
			return fmt.Errorf("%w: parameter %q of a transform", ErrAlgorithm, c.Tag)
		}
		f.prefixes = strings.Fields(attr(c, "PrefixList"))
	}
	if limit := Messages().Prefixes; len(f.prefixes) > limit { // each is looked at for each element
		return tooLarge("prefixes of a transform", limit)
	}
	return nil
}

// base64Of reads a child that holds base64, laid out or not.
func base64Of(parent *etree.Element, tag string) ([]byte, error) {
	el, err := mustChild(parent, nsSignature, tag)
	if err != nil {
		return nil, signatureForm(err)
	}
	encoded, err := text(el)
	if err != nil {
		return nil, signatureForm(err)
	}
	raw, err := base64.StdEncoding.DecodeString(noSpace(encoded))
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("%w: %s is not base64", ErrSignature, tag)
	}
	return raw, nil
}

// signer returns the certificate whose key made the signature over signed.
func (f *form) signer(sig *etree.Element, signed string, certs []*x509.Certificate) (*x509.Certificate, error) {
	value, err := base64Of(sig, "SignatureValue")
	if err != nil {
		return nil, err
	}
	failure := fmt.Errorf("%w: no certificate to verify with", ErrSignature)
	for _, cert := range certs {
		err := verifyRaw(f.method, cert.PublicKey, []byte(signed), value)
		if err == nil {
			return cert, nil
		}
		failure = err
	}
	return nil, failure
}

// referenced compares the digest of el without its signature, and parses the
// bytes that it was taken of.
func (f *form) referenced(el, sig *etree.Element) (*etree.Element, error) {
	content := []byte(canonical(el, sig, f.prefixes))
	h := f.digest.New()
	h.Write(content)
	if !bytes.Equal(h.Sum(nil), f.value) {
		return nil, fmt.Errorf("%w: digest differs", ErrSignature)
	}
	doc, err := Parse(content, parsedBefore())
	if err != nil {
		return nil, signatureForm(err)
	}
	return doc.Root(), nil
}

// noStrays refuses a document with a Signature anywhere but directly in one of
// the elements that may be signed, or an assertion anywhere but directly in the
// root: nothing may lie about that another reader could take for the real one.
func noStrays(root *etree.Element, signable ...*etree.Element) error {
	return walk(root, func(el *etree.Element) error {
		switch el.Tag {
		case "Signature":
			if !slices.Contains(signable, el.Parent()) {
				return fmt.Errorf("%w: a signature inside %s", ErrSignature, el.Parent().Tag)
			}
		case "Assertion", "EncryptedAssertion":
			if el != root && el.Parent() != root {
				return malformed("an assertion inside %s", el.Parent().Tag)
			}
		}
		return nil
	})
}

// isUnsigned reports whether err only says that there was no signature.
func isUnsigned(err error) bool { return errors.Is(err, ErrNoSignature) }
