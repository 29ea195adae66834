package samlxml

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/crewjam/saml"
)

// An Outgoing is a Response to be written. Exactly one of Assertion and a
// status other than Success goes out.
type Outgoing struct {
	ID, Issuer, Destination, InResponseTo string
	IssueInstant                          time.Time
	Status                                Status
	Assertion                             *saml.Assertion // nil for an error

	SignResponse, SignAssertion bool
	Encrypt                     *Encryption // nil for an assertion in clear
}

// An Encryption says for whom and how an assertion is encrypted.
type Encryption struct {
	Certificate *x509.Certificate // with an RSA key
	Method      string            // AES256GCM, AES128GCM, or a CBC method where an app insists
	Transport   Transport         // of the key
}

// errUnsigned guards against an assertion that nothing vouches for.
var errUnsigned = errors.New("samlxml: neither the response nor the assertion would be signed")

// WriteResponse writes a Response in canonical form: valid against the schema,
// signed as asked by s, the assertion signed before it is encrypted.
func (s Signer) WriteResponse(o *Outgoing) ([]byte, error) {
	if !o.SignResponse && !(o.SignAssertion && o.Assertion != nil) {
		return nil, errUnsigned
	}
	assertion, err := s.assertion(o)
	if err != nil {
		return nil, err
	}
	head, tail := o.envelope(assertion)
	if !o.SignResponse {
		return []byte(head + tail), nil
	}
	whole, err := s.signed(o.ID, head, tail)
	return []byte(whole), err
}

// envelope writes the Response around an assertion, cut where a signature goes.
func (o *Outgoing) envelope(assertion string) (head, tail string) {
	var w writer
	w.open("samlp:Response", "xmlns:samlp", nsProtocol, "Destination", o.Destination, "ID", o.ID,
		"InResponseTo", o.InResponseTo, "IssueInstant", Time(o.IssueInstant), "Version", "2.0")
	w.leaf("saml:Issuer", o.Issuer, "xmlns:saml", nsAssertion)
	head = w.String()
	w = writer{}
	w.status(o.Status)
	w.raw(assertion)
	w.close("samlp:Response")
	return head, w.String()
}

// assertion writes the assertion, signed and encrypted as asked.
func (s Signer) assertion(o *Outgoing) (string, error) {
	if o.Assertion == nil {
		return "", nil
	}
	head, tail := writeAssertion(o.Assertion)
	whole := head + tail
	if o.SignAssertion {
		var err error
		if whole, err = s.signed(o.Assertion.ID, head, tail); err != nil {
			return "", err
		}
	}
	if o.Encrypt == nil {
		return whole, nil
	}
	return o.Encrypt.wrap(whole)
}

// writeAssertion writes an Assertion, cut after Issuer. Attribute values carry
// no xsi:type: the schema does not ask for it, and a prefix used only in a
// value is what exclusive canonicalisation loses.
func writeAssertion(a *saml.Assertion) (head, tail string) {
	var w writer
	w.open("saml:Assertion", "xmlns:saml", nsAssertion, "ID", a.ID, "IssueInstant", Time(a.IssueInstant), "Version", "2.0")
	w.leaf("saml:Issuer", a.Issuer.Value)
	head = w.String()
	w = writer{}
	w.subject(a.Subject)
	w.conditions(a.Conditions)
	for _, s := range a.AuthnStatements {
		w.authn(s)
	}
	for _, s := range a.AttributeStatements {
		w.attributes(s)
	}
	w.close("saml:Assertion")
	return head, w.String()
}

func (w *writer) subject(s *saml.Subject) {
	w.open("saml:Subject")
	if n := s.NameID; n != nil {
		w.leaf("saml:NameID", n.Value, "Format", n.Format, "NameQualifier", n.NameQualifier,
			"SPNameQualifier", n.SPNameQualifier)
	}
	for _, c := range s.SubjectConfirmations {
		d := c.SubjectConfirmationData
		w.open("saml:SubjectConfirmation", "Method", c.Method)
		w.leaf("saml:SubjectConfirmationData", "", "InResponseTo", d.InResponseTo,
			"NotOnOrAfter", Time(d.NotOnOrAfter), "Recipient", d.Recipient)
		w.close("saml:SubjectConfirmation")
	}
	w.close("saml:Subject")
}

func (w *writer) conditions(c *saml.Conditions) {
	w.open("saml:Conditions", "NotBefore", Time(c.NotBefore), "NotOnOrAfter", Time(c.NotOnOrAfter))
	for _, r := range c.AudienceRestrictions {
		w.open("saml:AudienceRestriction")
		w.leaf("saml:Audience", r.Audience.Value)
		w.close("saml:AudienceRestriction")
	}
	w.close("saml:Conditions")
}

func (w *writer) authn(s saml.AuthnStatement) {
	var until time.Time
	if s.SessionNotOnOrAfter != nil {
		until = *s.SessionNotOnOrAfter
	}
	w.open("saml:AuthnStatement", "AuthnInstant", Time(s.AuthnInstant), "SessionIndex", s.SessionIndex,
		"SessionNotOnOrAfter", Time(until))
	w.open("saml:AuthnContext")
	if ref := s.AuthnContext.AuthnContextClassRef; ref != nil {
		w.leaf("saml:AuthnContextClassRef", ref.Value)
	}
	w.close("saml:AuthnContext")
	w.close("saml:AuthnStatement")
}

// attributes writes a statement, or nothing: an empty one is invalid.
func (w *writer) attributes(s saml.AttributeStatement) {
	if len(s.Attributes) == 0 {
		return
	}
	w.open("saml:AttributeStatement")
	for _, a := range s.Attributes {
		w.open("saml:Attribute", "FriendlyName", a.FriendlyName, "Name", a.Name, "NameFormat", a.NameFormat)
		for _, v := range a.Values {
			w.leaf("saml:AttributeValue", v.Value)
		}
		w.close("saml:Attribute")
	}
	w.close("saml:AttributeStatement")
}
