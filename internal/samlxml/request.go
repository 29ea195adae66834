package samlxml

import (
	"crypto/x509"
	"time"

	"github.com/beevik/etree"
)

// An AuthnRequest is a sign-in request as it was parsed; all of it is what the
// sender claims until a signature was verified (Core 3.4.1).
type AuthnRequest struct {
	ID, Version, Destination, Issuer string
	IssueInstant                     time.Time
	ForceAuthn, IsPassive            bool

	ACSURL, ACSIndex string // where to answer; must be looked up in metadata
	ProtocolBinding  string

	NameIDFormat, SPNameQualifier string // of NameIDPolicy; empty where absent
	NoCreate                      bool   // AllowCreate is given, and is false
	AttributeIndex                string // of the AttributeConsumingService; empty where absent

	Contexts   []string // AuthnContextClassRefs asked for, the preferred first
	Comparison string   // exact, minimum, maximum or better
	OddContext bool     // a context is asked for by declaration, which we have none of

	SubjectNameID string   // the user it should be; empty if anybody
	OddSubject    bool     // a subject that is no plain NameID
	IDPs          []string // entity IDs of Scoping's IDPList

	root *etree.Element
}

// ParseAuthnRequest parses an AuthnRequest. ID, Version, IssueInstant and Issuer
// are present in what it returns; nothing else was judged.
func ParseAuthnRequest(raw []byte) (*AuthnRequest, error) {
	doc, err := Parse(raw, Messages())
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if !is(root, nsProtocol, "AuthnRequest") {
		return nil, malformed("root is %q, not an AuthnRequest", root.Tag)
	}
	if err := noStrays(root, root); err != nil {
		return nil, err
	}
	r := &AuthnRequest{root: root}
	return r, r.decode()
}

// HasSignature reports whether the request carries a signature in its XML.
func (r *AuthnRequest) HasSignature() bool {
	return len(children(r.root, nsSignature, "Signature")) > 0
}

// Verify verifies the signature in the XML with certs and reads the request
// again, from the bytes that were verified.
func (r *AuthnRequest) Verify(certs []*x509.Certificate) error {
	verified, _, err := Verify(r.root, certs)
	if err != nil {
		return err
	}
	*r = AuthnRequest{root: verified}
	return r.decode()
}

func (r *AuthnRequest) decode() error {
	el := r.root
	if err := only(el, "Issuer", "Signature", "Extensions", "Subject", "NameIDPolicy", "Conditions",
		"RequestedAuthnContext", "Scoping"); err != nil {
		return err
	}
	r.ID, r.Version, r.Destination = attr(el, "ID"), attr(el, "Version"), attr(el, "Destination")
	r.ForceAuthn, r.IsPassive = isTrue(attr(el, "ForceAuthn")), isTrue(attr(el, "IsPassive"))
	r.ACSURL, r.ACSIndex = attr(el, "AssertionConsumerServiceURL"), attr(el, "AssertionConsumerServiceIndex")
	r.ProtocolBinding, r.AttributeIndex = attr(el, "ProtocolBinding"), attr(el, "AttributeConsumingServiceIndex")
	if !idSyntax.MatchString(r.ID) || r.Version == "" {
		return malformed("request version %q, ID %q", r.Version, r.ID)
	}
	var err error
	if r.IssueInstant, err = mustInstant(el, "IssueInstant"); err != nil {
		return err
	}
	if r.Issuer, err = issuer(el); err != nil {
		return err
	}
	policy, err := child(el, nsProtocol, "NameIDPolicy")
	if err != nil {
		return err
	}
	if policy != nil {
		r.NameIDFormat, r.SPNameQualifier = attr(policy, "Format"), attr(policy, "SPNameQualifier")
		r.NoCreate = isFalse(attr(policy, "AllowCreate"))
	}
	if err := r.contexts(); err != nil {
		return err
	}
	if err := r.subject(); err != nil {
		return err
	}
	return r.scoping()
}

func (r *AuthnRequest) contexts() error {
	el, err := child(r.root, nsProtocol, "RequestedAuthnContext")
	if el == nil || err != nil {
		return err
	}
	r.Comparison = attr(el, "Comparison")
	if r.Comparison == "" {
		r.Comparison = "exact"
	}
	for _, ref := range children(el, nsAssertion, "AuthnContextClassRef") {
		value, err := text(ref)
		if err != nil {
			return err
		}
		r.Contexts = append(r.Contexts, value)
	}
	r.OddContext = len(r.Contexts) == 0
	return nil
}

func (r *AuthnRequest) subject() error {
	el, err := child(r.root, nsAssertion, "Subject")
	if el == nil || err != nil {
		return err
	}
	name, err := decodeNameID(el)
	if err != nil {
		return err
	}
	if name == nil || name.Value == "" {
		r.OddSubject = true
		return nil
	}
	r.SubjectNameID = name.Value
	return nil
}

func (r *AuthnRequest) scoping() error {
	scoping, err := child(r.root, nsProtocol, "Scoping")
	if scoping == nil || err != nil {
		return err
	}
	list, err := child(scoping, nsProtocol, "IDPList")
	if list == nil || err != nil {
		return err
	}
	for _, entry := range children(list, nsProtocol, "IDPEntry") {
		r.IDPs = append(r.IDPs, attr(entry, "ProviderID"))
	}
	return nil
}
