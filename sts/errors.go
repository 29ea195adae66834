package sts

import "errors"

// The kinds of error that this package and its stores return. An error's kind is
// found with errors.Is; where it carries a text for clients it is a *Fault.
var (
	ErrNotFound       = errors.New("sts: no such entity")
	ErrExists         = errors.New("sts: entity exists")
	ErrDeleteConflict = errors.New("sts: entity is in use")
	ErrLimitExceeded  = errors.New("sts: limit exceeded")
	ErrInvalidInput   = errors.New("sts: invalid input")
	ErrUnmodifiable   = errors.New("sts: entity belongs to a service")
	ErrNotAttachable  = errors.New("sts: policy cannot be attached")

	ErrAccessDenied     = errors.New("sts: access denied")
	ErrValidation       = errors.New("sts: validation error")
	ErrInvalidParameter = errors.New("sts: invalid parameter value")
	ErrMalformedPolicy  = errors.New("sts: malformed policy document")
	ErrPackedPolicy     = errors.New("sts: packed policy too large")

	ErrInvalidToken     = errors.New("sts: invalid identity token")
	ErrTokenExpired     = errors.New("sts: identity token expired")
	ErrIDPRejected      = errors.New("sts: identity provider rejected the claim")
	ErrIDPCommunication = errors.New("sts: identity provider unreachable")

	ErrInvalidMessage     = errors.New("sts: invalid or expired authorization message")
	ErrRegionDisabled     = errors.New("sts: region disabled")
	ErrOutboundDisabled   = errors.New("sts: outbound web identity federation disabled")
	ErrDurationEscalation = errors.New("sts: token outlives the session")
	ErrPayloadTooLarge    = errors.New("sts: token payload too large")
	ErrTradeInExpired     = errors.New("sts: trade-in token expired")
	ErrPolicyEvaluation   = errors.New("sts: a stored policy cannot be evaluated")

	ErrUpstreamRefused = errors.New("sts: upstream role refused")

	ErrUnknownCredential = errors.New("sts: unknown, altered or revoked credential")
	ErrExpiredCredential = errors.New("sts: expired credential")
)

// A Fault is an error of a known kind with a text for the client.
type Fault struct {
	Kind  error  // one of the Err values
	Text  string // what the client reads
	Cause error  // for the log only; may be nil
	// Sealed is an encoded authorization message; empty for none. See DecodeRefusal.
	Sealed string
}

// fail returns a Fault.
func fail(kind error, text string) error { return &Fault{Kind: kind, Text: text} }

func (f *Fault) Error() string {
	if f.Cause != nil {
		return f.Kind.Error() + ": " + f.Text + ": " + f.Cause.Error()
	}
	return f.Kind.Error() + ": " + f.Text
}

// Unwrap returns the kind and the cause.
func (f *Fault) Unwrap() []error { return []error{f.Kind, f.Cause} }

// PublicText returns the text for the client.
func (f *Fault) PublicText() string { return f.Text }

// SealedText returns the encoded authorization message, or "".
func (f *Fault) SealedText() string { return f.Sealed }
