package samlxml

import (
	"crypto/rsa"
	"crypto/x509"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// A Policy says what its reader accepts of a peer.
type Policy struct {
	Certificates []*x509.Certificate // one of which must have signed
	Keys         []*rsa.PrivateKey   // assertions encrypted to one of them are read
	Skew         time.Duration       // tolerance of clocks, in either direction

	SHA1 bool // signatures with RSA and SHA-1 count
	CBC  bool // AES-CBC is decrypted, inside a signed Response
}

// VerifyResponse reads a Response whose assertion is in clear, with the default
// tolerance of clocks; see Policy.Read.
func VerifyResponse(raw []byte, certs []*x509.Certificate, now time.Time) (*Response, error) {
	return (&Policy{Certificates: certs, Skew: Skew}).Read(raw, now)
}

// Read parses and verifies a Response that holds exactly one assertion. The Response
// or its assertion must be signed, and every signature present must verify. Left
// to the caller: who the issuer should be, Recipient, Destination, Audiences,
// InResponseTo and replay.
//
// A Response of another status returns the Response and ErrStatus, if it was
// signed. An encrypted assertion is ErrEncrypted without Keys. With them a failure
// to decrypt is ErrDecrypt, whatever its cause; and only what authenticates itself,
// AES-GCM, is decrypted for a stranger, before any signature was seen.
func (p *Policy) Read(raw []byte, now time.Time) (*Response, error) {
	doc, err := Parse(raw, Messages())
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if !is(root, nsProtocol, "Response") {
		return nil, malformed("root is %q, not a Response", root.Tag)
	}
	signable := append([]*etree.Element{root}, children(root, nsAssertion, "Assertion")...)
	if err := noStrays(root, signable...); err != nil {
		return nil, err
	}
	r := &Response{}
	verified, cert, err := verify(root, p.Certificates, p.SHA1)
	switch {
	case err == nil:
		root, r.SignedBy, r.ResponseSigned = verified, cert, true
	case !isUnsigned(err):
		return nil, err
	}
	if err := r.header(root); err != nil {
		return nil, err
	}
	if r.Status.Code != saml.StatusSuccess {
		return r.refused()
	}
	if err := r.decrypt(root, p); err != nil {
		return nil, err
	}
	if err := r.assertion(root, p); err != nil {
		return nil, err
	}
	return r, r.current(now, p.Skew)
}

// decrypt puts an encrypted assertion in clear.
func (r *Response) decrypt(root *etree.Element, p *Policy) error {
	el, err := child(root, nsAssertion, "EncryptedAssertion")
	if el == nil || err != nil {
		return err
	}
	if len(children(root, nsAssertion, "Assertion")) > 0 {
		return malformed("an assertion beside the encrypted one")
	}
	if len(p.Keys) == 0 {
		return ErrEncrypted
	}
	plain, err := decryptAssertion(el, p.Keys, p.CBC && r.ResponseSigned)
	if err != nil {
		return err
	}
	root.RemoveChild(el)
	root.AddChild(plain)
	r.Encrypted = true
	return nil
}
