package samlxml

import (
	"encoding/base64"
	"fmt"
	"net/url"

	"github.com/crewjam/saml"
)

// A LogoutMessage is a LogoutRequest or a LogoutResponse.
type LogoutMessage interface {
	// parameter is the name of the form field or query parameter that carries it.
	parameter() string
	// write returns the canonical message, cut where a signature goes.
	write() (head, tail string)
	id() string
	// address sets Destination.
	address(to string)
}

func (r *LogoutRequest) parameter() string  { return "SAMLRequest" }
func (r *LogoutResponse) parameter() string { return "SAMLResponse" }

func (e *Envelope) id() string        { return e.ID }
func (e *Envelope) address(to string) { e.Destination = to }

func (r *LogoutRequest) write() (head, tail string) {
	var w writer
	w.open("samlp:LogoutRequest", "xmlns:samlp", nsProtocol, "Destination", r.Destination, "ID", r.ID,
		"IssueInstant", Time(r.IssueInstant), "NotOnOrAfter", Time(r.NotOnOrAfter), "Reason", r.Reason, "Version", "2.0")
	w.leaf("saml:Issuer", r.Issuer, "xmlns:saml", nsAssertion)
	head = w.String()
	w = writer{}
	w.leaf("saml:NameID", r.NameID.Value, "xmlns:saml", nsAssertion, "Format", r.NameID.Format,
		"NameQualifier", r.NameID.NameQualifier, "SPNameQualifier", r.NameID.SPNameQualifier, "SPProvidedID", r.NameID.SPProvidedID)
	for _, index := range r.SessionIndexes {
		w.leaf("samlp:SessionIndex", index)
	}
	w.close("samlp:LogoutRequest")
	return head, w.String()
}

func (r *LogoutResponse) write() (head, tail string) {
	var w writer
	w.open("samlp:LogoutResponse", "xmlns:samlp", nsProtocol, "Destination", r.Destination, "ID", r.ID,
		"InResponseTo", r.InResponseTo, "IssueInstant", Time(r.IssueInstant), "Version", "2.0")
	w.leaf("saml:Issuer", r.Issuer, "xmlns:saml", nsAssertion)
	head = w.String()
	w = writer{}
	w.status(r.Status)
	w.close("samlp:LogoutResponse")
	return head, w.String()
}

// status writes a Status, as any response has one.
func (w *writer) status(s Status) {
	w.open("samlp:Status")
	w.open("samlp:StatusCode", "Value", s.Code)
	if s.Second != "" {
		w.leaf("samlp:StatusCode", "", "Value", s.Second)
	}
	w.close("samlp:StatusCode")
	if s.Message != "" {
		w.leaf("samlp:StatusMessage", s.Message)
	}
	w.close("samlp:Status")
}

// A Sending is a message on its way by the browser.
type Sending struct {
	Address string
	Form    url.Values // posted to Address; nil where the browser follows the address
}

// SendLogout addresses a message to location and signs it as a binding wants it: in
// the query by HTTP-Redirect, in the XML by HTTP-POST. Any other binding is refused
// with ErrMetadata.
func (s Signer) SendLogout(m LogoutMessage, binding, location, relayState string) (*Sending, error) {
	m.address(location)
	head, tail := m.write()
	switch binding {
	case saml.HTTPRedirectBinding:
		to, err := RedirectURL(location, m.parameter(), []byte(head+tail), relayState, &s)
		return &Sending{Address: to}, err
	case saml.HTTPPostBinding:
		whole, err := s.signed(m.id(), head, tail)
		form := url.Values{m.parameter(): {base64.StdEncoding.EncodeToString([]byte(whole))}}
		if relayState != "" {
			form.Set("RelayState", relayState)
		}
		return &Sending{Address: location, Form: form}, err
	}
	return nil, fmt.Errorf("%w: logout by %q", ErrMetadata, binding)
}
