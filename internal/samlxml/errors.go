package samlxml

import (
	"errors"
	"fmt"
)

// Errors of this package, matched with errors.Is. Their texts are for the log:
// what a peer reads is chosen by the caller.
var (
	ErrMalformed   = errors.New("samlxml: malformed document")
	ErrTooLarge    = errors.New("samlxml: document exceeds a limit")
	ErrNoSignature = errors.New("samlxml: no signature")
	ErrSignature   = errors.New("samlxml: signature does not verify")
	ErrAlgorithm   = errors.New("samlxml: algorithm is not allowed")
	ErrExpired     = errors.New("samlxml: no longer valid")
	ErrNotYetValid = errors.New("samlxml: not valid yet")
	ErrEncrypted   = errors.New("samlxml: assertion is encrypted")
	ErrDecrypt     = errors.New("samlxml: cannot decrypt")
	ErrStatus      = errors.New("samlxml: status is not Success")
	ErrMetadata    = errors.New("samlxml: metadata is not usable")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func tooLarge(what string, limit int) error {
	return fmt.Errorf("%w: more than %d %s", ErrTooLarge, limit, what)
}
