package samlxml

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1" // #nosec: the standard's name for a provider, not a signature
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

const nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/"

// An artifact of type 4 is a type, an index, the SHA-1 of its issuer's name, and a
// random handle (Bindings 3.6.4).
const (
	artifactHead   = "\x00\x04\x00\x00"
	artifactHandle = 20
	artifactSize   = len(artifactHead) + sha1.Size + artifactHandle
)

// NewArtifact returns a fresh artifact of an issuer.
func NewArtifact(issuer string) string {
	source := sha1.Sum([]byte(issuer)) // #nosec
	handle := make([]byte, artifactHandle)
	rand.Read(handle)
	return base64.StdEncoding.EncodeToString(append(append([]byte(artifactHead), source[:]...), handle...))
}

// IsArtifact reports whether a text is an artifact of that issuer.
func IsArtifact(artifact, issuer string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(artifact)
	source := sha1.Sum([]byte(issuer)) // #nosec
	return err == nil && len(raw) == artifactSize && bytes.HasPrefix(raw, append([]byte(artifactHead), source[:]...))
}

// An ArtifactResolve is a request for the message behind an artifact; all of it is what
// the sender claims until Verify (Core 3.5.1).
type ArtifactResolve struct {
	ID, Version, Destination, Issuer, Artifact string
	IssueInstant                               time.Time

	root *etree.Element
}

// ParseArtifactResolve reads a SOAP envelope with an ArtifactResolve. Errors match
// ErrMalformed or ErrTooLarge.
func ParseArtifactResolve(raw []byte) (*ArtifactResolve, error) {
	el, err := soapBody(raw, "ArtifactResolve")
	if err != nil {
		return nil, err
	}
	r := &ArtifactResolve{root: el}
	return r, r.decode()
}

// Verify verifies the signature with certs and reads the request again, from the bytes
// that were verified.
func (r *ArtifactResolve) Verify(certs []*x509.Certificate) error {
	verified, _, err := Verify(r.root, certs)
	if err != nil {
		return err
	}
	*r = ArtifactResolve{root: verified}
	return r.decode()
}

func (r *ArtifactResolve) decode() (err error) {
	el := r.root
	if err := only(el, "Issuer", "Signature", "Extensions", "Artifact"); err != nil {
		return err
	}
	r.ID, r.Version, r.Destination = attr(el, "ID"), attr(el, "Version"), attr(el, "Destination")
	if !idSyntax.MatchString(r.ID) || r.Version != "2.0" {
		return malformed("request version %q, ID %q", r.Version, r.ID)
	}
	if r.IssueInstant, err = mustInstant(el, "IssueInstant"); err != nil {
		return err
	}
	if r.Issuer, err = issuer(el); err != nil {
		return err
	}
	artifact, err := mustChild(el, nsProtocol, "Artifact")
	if err != nil {
		return err
	}
	r.Artifact, err = text(artifact)
	return err
}

// WriteArtifactResponse writes a SOAP envelope with a signed ArtifactResponse around a
// Response that WriteResponse wrote; nil says that there is none (Core 3.5.3).
func (s Signer) WriteArtifactResponse(issuer, inResponseTo string, now time.Time, response []byte) ([]byte, error) {
	var w writer
	w.open("samlp:ArtifactResponse", "xmlns:samlp", nsProtocol, "ID", NewID(), "InResponseTo", inResponseTo,
		"IssueInstant", Time(now), "Version", "2.0")
	w.leaf("saml:Issuer", issuer, "xmlns:saml", nsAssertion)
	w.open("samlp:Status")
	w.leaf("samlp:StatusCode", "", "Value", saml.StatusSuccess)
	w.close("samlp:Status")
	w.raw(string(response))
	w.close("samlp:ArtifactResponse")
	// The Response declares again what is declared around it: read it to write it in
	// canonical form.
	doc, err := Parse([]byte(w.String()), Metadata())
	if err != nil {
		return nil, err
	}
	signed, err := s.SignElement(doc.Root())
	if err != nil {
		return nil, err
	}
	return inEnvelope(signed), nil
}
