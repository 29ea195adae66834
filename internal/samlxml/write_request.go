package samlxml

import (
	"time"

	"github.com/crewjam/saml"
)

// An OutgoingRequest is an AuthnRequest to be written (Core 3.4.1).
type OutgoingRequest struct {
	ID, Issuer, Destination string
	IssueInstant            time.Time
	ACS                     string // where the answer is to be posted
	ForceAuthn              bool
	NameID                  NameIDPolicy
	Contexts                []string // AuthnContextClassRefs, one of which must hold exactly
}

// A NameIDPolicy says how the user is to be named. The zero value asks for nothing.
type NameIDPolicy struct {
	Create bool   // a name may be made for the purpose
	Format string // empty for any
}

// Write writes the request without a signature.
func (o *OutgoingRequest) Write() []byte {
	head, tail := o.parts()
	return []byte(head + tail)
}

// WriteRequest writes the request with a signature in it, for the POST binding.
func (s Signer) WriteRequest(o *OutgoingRequest) ([]byte, error) {
	head, tail := o.parts()
	whole, err := s.signed(o.ID, head, tail)
	return []byte(whole), err
}

// parts writes the request in canonical form, cut where a signature goes.
func (o *OutgoingRequest) parts() (head, tail string) {
	var w writer
	w.open("samlp:AuthnRequest", "xmlns:samlp", nsProtocol, "AssertionConsumerServiceURL", o.ACS, "Destination", o.Destination,
		"ForceAuthn", whether(o.ForceAuthn), "ID", o.ID, "IssueInstant", Time(o.IssueInstant), "ProtocolBinding", saml.HTTPPostBinding,
		"Version", "2.0")
	w.leaf("saml:Issuer", o.Issuer, "xmlns:saml", nsAssertion)
	head = w.String()
	w = writer{}
	if o.NameID != (NameIDPolicy{}) {
		w.leaf("samlp:NameIDPolicy", "", "AllowCreate", whether(o.NameID.Create), "Format", o.NameID.Format)
	}
	if len(o.Contexts) > 0 {
		w.open("samlp:RequestedAuthnContext", "Comparison", "exact")
		for _, class := range o.Contexts {
			w.leaf("saml:AuthnContextClassRef", class, "xmlns:saml", nsAssertion)
		}
		w.close("samlp:RequestedAuthnContext")
	}
	w.close("samlp:AuthnRequest")
	return head, w.String()
}

// whether is the value of an attribute that is left out where it is false.
func whether(b bool) string {
	if b {
		return "true"
	}
	return ""
}
