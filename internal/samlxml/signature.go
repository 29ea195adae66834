package samlxml

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
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
	m, err := checkForm(el, sig, sha1)
	if err != nil {
		return nil, nil, err
	}
	failure := fmt.Errorf("%w: no certificate to verify with", ErrSignature)
	for _, cert := range certs {
		verified, err := verifyWith(el, m, cert)
		if err == nil {
			return verified, cert, nil
		}
		failure = err
	}
	return nil, nil, failure
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

// checkForm holds a Signature to the one form that SAML allows (Core 5.4).
func checkForm(el, sig *etree.Element, sha1 bool) (method, error) {
	var none method
	if err := only(sig, "SignedInfo", "SignatureValue", "KeyInfo"); err != nil {
		return none, signatureForm(err)
	}
	info, err := mustChild(sig, nsSignature, "SignedInfo")
	if err != nil {
		return none, signatureForm(err)
	}
	if _, err := mustChild(sig, nsSignature, "SignatureValue"); err != nil {
		return none, signatureForm(err)
	}
	if err := only(info, "CanonicalizationMethod", "SignatureMethod", "Reference"); err != nil {
		return none, signatureForm(err)
	}
	if err := wantAlgorithm(info, "CanonicalizationMethod", algExclusive); err != nil {
		return none, err
	}
	m, err := signatureMethod(info, sha1)
	if err != nil {
		return none, err
	}
	return m, checkReference(el, info, sha1)
}

func signatureForm(err error) error { return fmt.Errorf("%w: %w", ErrSignature, err) }

func wantAlgorithm(parent *etree.Element, tag, want string) error {
	c, err := mustChild(parent, nsSignature, tag)
	if err != nil {
		return signatureForm(err)
	}
	if got := attr(c, "Algorithm"); got != want {
		return fmt.Errorf("%w: %s %q", ErrAlgorithm, tag, got)
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

func checkReference(el, info *etree.Element, sha1 bool) error {
	ref, err := mustChild(info, nsSignature, "Reference")
	if err != nil {
		return signatureForm(err)
	}
	id := attr(el, "ID")
	if !idSyntax.MatchString(id) || attr(ref, "URI") != "#"+id {
		return fmt.Errorf("%w: reference %q is not to its parent %q", ErrSignature, attr(ref, "URI"), id)
	}
	if err := only(ref, "Transforms", "DigestMethod", "DigestValue"); err != nil {
		return signatureForm(err)
	}
	digest, err := mustChild(ref, nsSignature, "DigestMethod")
	if err != nil {
		return signatureForm(err)
	}
	known := CanDigest(attr(digest, "Algorithm")) || sha1 && attr(digest, "Algorithm") == algSHA1
	if !known || len(digest.ChildElements()) > 0 {
		return fmt.Errorf("%w: digest method %q", ErrAlgorithm, attr(digest, "Algorithm"))
	}
	value, err := mustChild(ref, nsSignature, "DigestValue")
	if err != nil {
		return signatureForm(err)
	}
	if _, err := text(value); err != nil {
		return signatureForm(err)
	}
	return checkTransforms(ref)
}

// checkTransforms wants the enveloped transform and then exclusive
// canonicalisation, whose prefix list is the only parameter allowed.
func checkTransforms(ref *etree.Element) error {
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
		if !is(c, nsExclusive, "InclusiveNamespaces") || len(c.ChildElements()) > 0 {
			return fmt.Errorf("%w: parameter %q of a transform", ErrAlgorithm, c.Tag)
		}
	}
	return nil
}

// verifyWith lets goxmldsig verify a copy of el with one certificate.
func verifyWith(el *etree.Element, m method, cert *x509.Certificate) (*etree.Element, error) {
	if err := usable(m, cert.PublicKey); err != nil {
		return nil, err
	}
	detached, err := detach(el)
	if err != nil {
		return nil, signatureForm(err)
	}
	if err := prepare(detached, cert); err != nil {
		return nil, err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(cert.NotBefore) // dates are metadata's business
	verified, err := ctx.Validate(detached)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if verified == nil || verified.Tag != el.Tag || attr(verified, "ID") != attr(el, "ID") {
		return nil, fmt.Errorf("%w: another element was verified", ErrSignature)
	}
	return verified, nil
}

// detach copies el out of its document, with the namespaces in scope.
func detach(el *etree.Element) (*etree.Element, error) {
	ctx, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(ctx, el)
}

// prepare changes the unsigned parts of a Signature into what goxmldsig reads:
// no KeyInfo, so that it takes our certificate; the value without white space,
// and for ECDSA in ASN.1 rather than r||s.
func prepare(el *etree.Element, cert *x509.Certificate) error {
	sig, err := signatureOf(el)
	if err != nil {
		return err
	}
	for _, info := range children(sig, nsSignature, "KeyInfo") {
		sig.RemoveChild(info)
	}
	value, err := mustChild(sig, nsSignature, "SignatureValue")
	if err != nil {
		return signatureForm(err)
	}
	encoded, err := text(value)
	if err != nil {
		return signatureForm(err)
	}
	raw, err := base64.StdEncoding.DecodeString(noSpace(encoded))
	if err != nil || len(raw) == 0 {
		return fmt.Errorf("%w: signature value is not base64", ErrSignature)
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); ok {
		if raw, err = derECDSA(key, raw); err != nil {
			return err
		}
	}
	value.SetText(base64.StdEncoding.EncodeToString(raw))
	return nil
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
