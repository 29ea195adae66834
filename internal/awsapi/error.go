package awsapi

import (
	"errors"
	"time"
)

// An Error is an answer in AWS terms. Its text is shown to the client.
type Error struct {
	Status  int    // HTTP status
	Code    string // as on the wire, for instance "NotAuthorizedException"
	Message string

	RetryAfter time.Duration // when to try again; 0 says nothing of it

	// Sealed is an encoded authorization message. It goes out behind the message,
	// as EC2's does, but not to the audit log. Empty for none.
	Sealed string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// text is the message as clients read it.
func (e *Error) text() string {
	if e.Sealed == "" {
		return e.Message
	}
	return e.Message + " Encoded authorization failure message: " + e.Sealed
}

// A SealedError carries an encoded authorization message.
type SealedError interface {
	error
	SealedText() string
}

// A PublicError carries a text written for clients. A domain error that
// implements it speaks for itself; its Kind decides code and status.
type PublicError interface {
	error
	PublicText() string
}

// A Rule maps one domain error to the wire.
type Rule struct {
	Is      error // matched with errors.Is
	Status  int
	Code    string
	Message string // used where the error is not a PublicError
}

// An ErrorTable is how a service reports domain errors. The first match wins; an
// error that matches nothing is an internal error and its text stays in the log.
type ErrorTable []Rule

// Find returns the wire form of err. ok is false where err matches no rule.
func (t ErrorTable) Find(err error) (e *Error, ok bool) {
	if errors.As(err, &e) {
		return e, true
	}
	for _, r := range t {
		if !errors.Is(err, r.Is) {
			continue
		}
		e = &Error{Status: r.Status, Code: r.Code, Message: r.Message}
		var p PublicError
		if errors.As(err, &p) {
			e.Message = p.PublicText()
		}
		var sealed SealedError
		if errors.As(err, &sealed) {
			e.Sealed = sealed.SealedText()
		}
		return e, true
	}
	return nil, false
}
