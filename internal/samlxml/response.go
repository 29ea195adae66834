package samlxml

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// Skew is how far a peer's clock may be off, in either direction.
const Skew = 3 * time.Minute

// A Status is what a Response says of its outcome (Core 3.2.2).
type Status struct {
	Code    string // top level
	Second  string // second level, may be empty
	Message string // may be empty
}

// A Response is a Response whose signature was verified. Unless ResponseSigned
// is true, Destination, InResponseTo and Status were not covered by the
// signature; the Assertion always was.
type Response struct {
	ID, Issuer, Destination, InResponseTo string
	IssueInstant                          time.Time
	Status                                Status

	Assertion *saml.Assertion // from the verified bytes; its Subject.NameID may be nil
	Audiences [][]string      // of each AudienceRestriction; every one must name the reader

	SignedBy                        *x509.Certificate
	ResponseSigned, AssertionSigned bool
	Encrypted                       bool // the assertion was
}

// DecodePost decodes the value of a SAMLResponse or SAMLRequest form field, at
// most 100 000 characters of base64 with or without line breaks.
func DecodePost(value string) ([]byte, error) {
	if limit := Messages().Bytes; len(value) > limit {
		return nil, tooLarge("characters", limit)
	}
	raw, err := base64.StdEncoding.DecodeString(noSpace(value))
	if err != nil {
		return nil, malformed("not base64")
	}
	return raw, nil
}

func (r *Response) refused() (*Response, error) {
	if !r.ResponseSigned {
		return nil, ErrNoSignature
	}
	return r, fmt.Errorf("%w: %s %s", ErrStatus, r.Status.Code, r.Status.Second)
}

// header reads what stands in the Response itself.
func (r *Response) header(root *etree.Element) (err error) {
	if err := only(root, "Issuer", "Signature", "Extensions", "Status", "Assertion", "EncryptedAssertion"); err != nil {
		return err
	}
	r.ID, r.Destination, r.InResponseTo = attr(root, "ID"), attr(root, "Destination"), attr(root, "InResponseTo")
	if v := attr(root, "Version"); v != "2.0" || r.ID == "" {
		return malformed("response version %q, ID %q", v, r.ID)
	}
	if r.IssueInstant, err = mustInstant(root, "IssueInstant"); err != nil {
		return err
	}
	if len(children(root, nsAssertion, "Issuer")) > 0 { // optional unless signed (Profiles 4.1.4.2)
		if r.Issuer, err = issuer(root); err != nil {
			return err
		}
	}
	status, err := mustChild(root, nsProtocol, "Status")
	if err != nil {
		return err
	}
	r.Status, err = decodeStatus(status)
	return err
}

func decodeStatus(el *etree.Element) (Status, error) {
	var s Status
	code, err := mustChild(el, nsProtocol, "StatusCode")
	if err != nil {
		return s, err
	}
	s.Code = attr(code, "Value")
	second, err := child(code, nsProtocol, "StatusCode")
	if err != nil {
		return s, err
	}
	if second != nil {
		s.Second = attr(second, "Value")
	}
	message, err := child(el, nsProtocol, "StatusMessage")
	if message == nil || err != nil {
		return s, err
	}
	s.Message, err = text(message)
	return s, err
}

// assertion verifies and decodes the only assertion of root.
func (r *Response) assertion(root *etree.Element, p *Policy) error {
	el, err := mustChild(root, nsAssertion, "Assertion")
	if err != nil {
		return err
	}
	verified, cert, err := verify(el, p.Certificates, p.SHA1)
	switch {
	case err == nil:
		el, r.AssertionSigned = verified, true
		if r.SignedBy == nil {
			r.SignedBy = cert
		}
	case !isUnsigned(err) || !r.ResponseSigned:
		return err
	}
	if r.Assertion, err = decodeAssertion(el, p); err != nil {
		return err
	}
	if r.Issuer == "" {
		r.Issuer = r.Assertion.Issuer.Value
	}
	if r.Issuer != r.Assertion.Issuer.Value {
		return malformed("response by %q holds an assertion by %q", r.Issuer, r.Assertion.Issuer.Value)
	}
	conditions, err := mustChild(el, nsAssertion, "Conditions")
	if err != nil {
		return err
	}
	r.Audiences, err = audiences(conditions)
	return err
}

// current judges the times of the Response and its assertion. At least one
// bearer confirmation has to be current; which one is used is up to the caller.
func (r *Response) current(now time.Time, skew time.Duration) error {
	a := r.Assertion
	if r.IssueInstant.After(now.Add(skew)) || a.IssueInstant.After(now.Add(skew)) {
		return fmt.Errorf("%w: issued in the future", ErrNotYetValid)
	}
	if err := within(a.Conditions.NotBefore, a.Conditions.NotOnOrAfter, now, skew); err != nil {
		return err
	}
	for _, s := range a.AuthnStatements {
		if s.SessionNotOnOrAfter != nil && !now.Before(s.SessionNotOnOrAfter.Add(skew)) {
			return fmt.Errorf("%w: session ended", ErrExpired)
		}
	}
	err := malformed("no bearer confirmation")
	for _, c := range a.Subject.SubjectConfirmations {
		if c.Method != Bearer {
			continue
		}
		d := c.SubjectConfirmationData
		if d.NotOnOrAfter.IsZero() || !d.NotBefore.IsZero() { // Profiles 4.1.4.2
			err = malformed("bearer confirmation without NotOnOrAfter, or with NotBefore")
			continue
		}
		if err = within(d.NotBefore, d.NotOnOrAfter, now, skew); err == nil {
			return nil
		}
	}
	return err
}

func within(notBefore, notOnOrAfter, now time.Time, skew time.Duration) error {
	if !notBefore.IsZero() && now.Add(skew).Before(notBefore) {
		return fmt.Errorf("%w: from %s", ErrNotYetValid, notBefore)
	}
	if !notOnOrAfter.IsZero() && !now.Before(notOnOrAfter.Add(skew)) {
		return fmt.Errorf("%w: until %s", ErrExpired, notOnOrAfter)
	}
	return nil
}
