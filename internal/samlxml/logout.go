package samlxml

import (
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
)

// An Envelope is what the messages of single logout have in common (Core 3.2.1 and
// 3.2.2). Version is always 2.0.
type Envelope struct {
	ID, Issuer, Destination string
	IssueInstant            time.Time
}

// A LogoutRequest asks the other side to end sessions of somebody (Core 3.7.1). One
// that was parsed is what the sender claims until its signature was verified.
type LogoutRequest struct {
	Envelope
	NotOnOrAfter time.Time // zero where absent
	Reason       string    // may be empty

	// NameID is the name from the assertion with everything that qualifies it. It is
	// nil in a parsed request that has an EncryptedID, until Decrypt.
	NameID         *saml.NameID
	SessionIndexes []string // none stands for every session of that name

	// Asynchronous says that the sender wants no answer (SAML V2.0 Asynchronous
	// Single Logout Protocol Extension). It is only read.
	Asynchronous bool

	root *etree.Element
}

// A LogoutResponse answers a LogoutRequest (Core 3.7.2).
type LogoutResponse struct {
	Envelope
	InResponseTo string
	Status       Status

	root *etree.Element
}

// nsAsynchronous is the namespace of the one extension that is understood.
const nsAsynchronous = "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"

// ParseLogoutRequest parses a LogoutRequest. ID, Issuer and IssueInstant are present
// in what it returns, and a NameID or an EncryptedID; nothing else was judged.
func ParseLogoutRequest(raw []byte) (*LogoutRequest, error) {
	root, err := parseProtocol(raw, "LogoutRequest")
	if err != nil {
		return nil, err
	}
	r := &LogoutRequest{root: root}
	return r, r.decode()
}

// ParseLogoutResponse parses a LogoutResponse. ID, Issuer, IssueInstant and a top
// level status are present in what it returns; nothing else was judged.
func ParseLogoutResponse(raw []byte) (*LogoutResponse, error) {
	root, err := parseProtocol(raw, "LogoutResponse")
	if err != nil {
		return nil, err
	}
	r := &LogoutResponse{root: root}
	return r, r.decode()
}

// parseProtocol parses a protocol message that may be signed at its root alone.
func parseProtocol(raw []byte, tag string) (*etree.Element, error) {
	doc, err := Parse(raw, Messages())
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if !is(root, nsProtocol, tag) {
		return nil, malformed("root is %q, not a %s", root.Tag, tag)
	}
	return root, noStrays(root, root)
}

func (e *Envelope) decode(el *etree.Element) (err error) {
	e.ID, e.Destination = attr(el, "ID"), attr(el, "Destination")
	if v := attr(el, "Version"); v != "2.0" || !idSyntax.MatchString(e.ID) {
		return malformed("message version %q, ID %q", v, e.ID)
	}
	if e.IssueInstant, err = mustInstant(el, "IssueInstant"); err != nil {
		return err
	}
	e.Issuer, err = issuer(el)
	return err
}

func (r *LogoutRequest) decode() (err error) {
	el := r.root
	if err := only(el, "Issuer", "Signature", "Extensions", "NameID", "EncryptedID", "SessionIndex"); err != nil {
		return err // a BaseID is an extension that nobody has defined
	}
	if err := r.Envelope.decode(el); err != nil {
		return err
	}
	if r.NotOnOrAfter, err = instant(el, "NotOnOrAfter"); err != nil {
		return err
	}
	r.Reason = attr(el, "Reason")
	if err := r.decodeName(); err != nil {
		return err
	}
	for _, c := range children(el, nsProtocol, "SessionIndex") {
		index, err := text(c)
		if err != nil {
			return err
		}
		r.SessionIndexes = append(r.SessionIndexes, index)
	}
	for _, c := range children(el, nsProtocol, "Extensions") {
		r.Asynchronous = r.Asynchronous || len(children(c, nsAsynchronous, "Asynchronous")) > 0
	}
	return nil
}

func (r *LogoutRequest) decodeName() error {
	encrypted, err := child(r.root, nsAssertion, "EncryptedID")
	if err != nil {
		return err
	}
	if r.NameID, err = decodeNameID(r.root); err != nil {
		return err
	}
	if (encrypted == nil) == (r.NameID == nil) {
		return malformed("a LogoutRequest needs one of NameID and EncryptedID")
	}
	if r.NameID != nil && r.NameID.Value == "" {
		return malformed("empty NameID")
	}
	return nil
}

// Decrypt fills in NameID from an EncryptedID, with the first of p's keys that fits. It
// does nothing where the name came in clear. Verify first: nothing is to be
// decrypted for a stranger. A failure is ErrDecrypt, whatever its cause.
func (r *LogoutRequest) Decrypt(p *Policy) error {
	encrypted, err := child(r.root, nsAssertion, "EncryptedID")
	if encrypted == nil || err != nil {
		return err
	}
	r.NameID, err = decryptName(encrypted, p)
	return err
}

func (r *LogoutResponse) decode() error {
	el := r.root
	if err := only(el, "Issuer", "Signature", "Extensions", "Status"); err != nil {
		return err
	}
	if err := r.Envelope.decode(el); err != nil {
		return err
	}
	r.InResponseTo = attr(el, "InResponseTo")
	status, err := mustChild(el, nsProtocol, "Status")
	if err != nil {
		return err
	}
	if r.Status, err = decodeStatus(status); err == nil && r.Status.Code == "" {
		err = malformed("no status")
	}
	return err
}
