package samlxml

import (
	"strings"

	"github.com/beevik/etree"
)

// soapBody returns the one protocol message of a SOAP envelope (Bindings 3.2), which may
// be signed at its own root alone. Errors match ErrMalformed or ErrTooLarge.
func soapBody(raw []byte, tag string) (*etree.Element, error) {
	doc, err := Parse(raw, Messages())
	if err != nil {
		return nil, err
	}
	envelope := doc.Root()
	if !is(envelope, nsSOAP, "Envelope") {
		return nil, malformed("root is %q, not an Envelope", envelope.Tag)
	}
	if err := only(envelope, "Header", "Body"); err != nil {
		return nil, err
	}
	body, err := mustChild(envelope, nsSOAP, "Body")
	if err != nil {
		return nil, err
	}
	if err := only(body, tag); err != nil {
		return nil, err
	}
	if hasText(envelope) || hasText(body) {
		return nil, malformed("text beside the message")
	}
	if err := understood(envelope); err != nil {
		return nil, err
	}
	el, err := mustChild(body, nsProtocol, tag)
	if err != nil {
		return nil, err
	}
	return el, noStrays(envelope, el)
}

// understood refuses header blocks that must not be passed over, for none means anything
// here (SOAP 1.1, 4.2.3).
func understood(envelope *etree.Element) error {
	header, err := child(envelope, nsSOAP, "Header")
	if header == nil || err != nil {
		return err
	}
	for _, block := range header.ChildElements() {
		for _, a := range block.Attr {
			if a.Key == "mustUnderstand" && a.Value != "0" && a.Value != "false" {
				return malformed("header %q must be understood", block.Tag)
			}
		}
	}
	return nil
}

// hasText reports whether an element has text of its own that is more than white space.
func hasText(el *etree.Element) bool {
	for _, c := range el.Child {
		if text, ok := c.(*etree.CharData); ok && strings.TrimSpace(text.Data) != "" {
			return true
		}
	}
	return false
}

// inEnvelope puts a message into a SOAP envelope.
func inEnvelope(message string) []byte { return envelope("", message) }

// envelope is inEnvelope with header blocks, which may be empty.
func envelope(header, message string) []byte {
	var w writer
	w.open("soap:Envelope", "xmlns:soap", nsSOAP)
	if header != "" {
		w.open("soap:Header")
		w.raw(header)
		w.close("soap:Header")
	}
	w.open("soap:Body")
	w.raw(message)
	w.close("soap:Body")
	w.close("soap:Envelope")
	return []byte(w.String())
}

// WriteFault writes a SOAP fault of the sender's making.
func WriteFault(text string) []byte {
	var w writer
	w.open("soap:Fault")
	w.leaf("faultcode", "soap:Client")
	w.leaf("faultstring", text)
	w.close("soap:Fault")
	return inEnvelope(w.String())
}

// LogoutBySOAP reads a LogoutRequest that its sender brings itself, without a browser.
func LogoutBySOAP(raw []byte) (*Logout, error) {
	el, err := soapBody(raw, "LogoutRequest")
	if err != nil {
		return nil, err
	}
	l := &Logout{Request: &LogoutRequest{root: el}}
	l.verify = l.enveloped
	return l, l.Request.decode()
}

// LogoutAnswerBySOAP reads the LogoutResponse that a LogoutRequest by SOAP is answered
// with.
func LogoutAnswerBySOAP(raw []byte) (*Logout, error) {
	el, err := soapBody(raw, "LogoutResponse")
	if err != nil {
		return nil, err
	}
	l := &Logout{Response: &LogoutResponse{root: el}}
	l.verify = l.enveloped
	return l, l.Response.decode()
}

// LogoutSOAP writes a signed message of single logout for the other side of a connection.
func (s Signer) LogoutSOAP(m LogoutMessage, location string) ([]byte, error) {
	m.address(location)
	head, tail := m.write()
	signed, err := s.signed(m.id(), head, tail)
	if err != nil {
		return nil, err
	}
	return inEnvelope(signed), nil
}
