package samlxml

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// A Logout is a message of single logout as a browser brought it. Exactly one of
// Request and Response is set. Until Verify returned nil, both it and RelayState may
// come from anybody.
type Logout struct {
	Request    *LogoutRequest
	Response   *LogoutResponse
	RelayState string

	verify func(*Policy) error
}

// LogoutByRedirect reads a message of the HTTP-Redirect binding from the raw query of
// a request.
func LogoutByRedirect(rawQuery string) (*Logout, error) {
	in, err := ParseRedirect(rawQuery)
	if err != nil {
		return nil, err
	}
	l := &Logout{RelayState: in.RelayState}
	// A signature in the XML counts for nothing here (Bindings 3.4.4.1).
	l.verify = func(p *Policy) error { return in.verify(p.Certificates, p.SHA1) }
	return l, l.parse(in.Message, in.IsResponse)
}

// LogoutByPost reads a message of the HTTP-POST binding from a form.
func LogoutByPost(form url.Values) (*Logout, error) {
	requests, responses := form["SAMLRequest"], form["SAMLResponse"]
	if len(requests)+len(responses) != 1 || len(form["RelayState"]) > 1 {
		return nil, malformed("one of SAMLRequest and SAMLResponse is needed, once")
	}
	raw, err := DecodePost(form.Get("SAMLRequest") + form.Get("SAMLResponse"))
	if err != nil {
		return nil, err
	}
	l := &Logout{RelayState: form.Get("RelayState")}
	l.verify = l.enveloped
	return l, l.parse(raw, len(responses) == 1)
}

func (l *Logout) parse(raw []byte, isResponse bool) (err error) {
	if isResponse {
		l.Response, err = ParseLogoutResponse(raw)
	} else {
		l.Request, err = ParseLogoutRequest(raw)
	}
	return err
}

// Envelope is that of the message.
func (l *Logout) Envelope() Envelope {
	if l.Response != nil {
		return l.Response.Envelope
	}
	return l.Request.Envelope
}

// Verify verifies the signature as the binding has it, with any of certs: those of
// the Issuer. What is in the message afterwards is what was signed. Without a
// signature it returns ErrNoSignature.
func (l *Logout) Verify(certs []*x509.Certificate) error {
	return l.VerifyBy(&Policy{Certificates: certs})
}

// VerifyBy is Verify for a peer of whom the reader accepts what p says.
func (l *Logout) VerifyBy(p *Policy) error {
	claimed := l.Envelope()
	if err := l.verify(p); err != nil {
		return err
	}
	if l.Envelope() != claimed {
		return fmt.Errorf("%w: another message was signed", ErrSignature)
	}
	return nil
}

// enveloped verifies the signature in the XML, and reads the message again from the
// bytes that were verified.
func (l *Logout) enveloped(p *Policy) error {
	if l.Response != nil {
		root, _, err := verify(l.Response.root, p.Certificates, p.SHA1)
		if err != nil {
			return err
		}
		*l.Response = LogoutResponse{root: root}
		return l.Response.decode()
	}
	root, _, err := verify(l.Request.root, p.Certificates, p.SHA1)
	if err != nil {
		return err
	}
	*l.Request = LogoutRequest{root: root}
	return l.Request.decode()
}

// ErrDestination is of a message that was meant for somebody else.
var ErrDestination = errors.New("samlxml: the message is meant for another destination")

// Current judges a verified message by its Destination, which has to be there and be
// destination to the letter (Bindings 3.4.5.2 and 3.5.5.2), and by its times: it is
// good for Skew, and clocks may differ by skew. Whether it came before is for the
// caller: remember ID until Until.
func (l *Logout) Current(destination string, now time.Time, skew time.Duration) error {
	e := l.Envelope()
	if e.Destination != destination {
		return fmt.Errorf("%w: %q", ErrDestination, e.Destination)
	}
	if err := within(e.IssueInstant, l.ends(), now, skew); err != nil {
		return err
	}
	return within(time.Time{}, e.IssueInstant.Add(Skew), now, skew)
}

// Until is when the message cannot be accepted any more.
func (l *Logout) Until(skew time.Duration) time.Time {
	return l.Envelope().IssueInstant.Add(Skew + skew)
}

func (l *Logout) ends() time.Time {
	if l.Request == nil {
		return time.Time{}
	}
	return l.Request.NotOnOrAfter
}
