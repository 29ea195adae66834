package dataset

import (
	"errors"
	"fmt"
)

// The kinds of error that this package and its stores return, found with
// errors.Is.
var (
	ErrNotFound         = errors.New("dataset: does not exist")
	ErrConflict         = errors.New("dataset: record was changed by somebody else")
	ErrStaleSession     = errors.New("dataset: was deleted or restored since the sync session began")
	ErrLimitExceeded    = errors.New("dataset: limit exceeded")
	ErrInvalidParameter = errors.New("dataset: invalid parameter")
	ErrNotAuthorized    = errors.New("dataset: not authorized")
	ErrEnded            = errors.New("dataset: owner was merged into another or deleted")

	// What a pool's function did wrong, and that it is asked too often.
	ErrTriggerOutput    = errors.New("dataset: invalid output of a function")
	ErrTriggerThrottled = errors.New("dataset: function is throttled")
)

// A Conflict says which record of a batch is not as the device thought. It is
// an ErrConflict.
type Conflict struct {
	Key    string
	Server int64 // the count that the record has
	Sent   int64 // the count that the device sent
}

func (c *Conflict) Error() string { return "dataset: " + c.PublicText() }

// Unwrap returns ErrConflict.
func (c *Conflict) Unwrap() error { return ErrConflict }

// PublicText returns the text that clients of Cognito Sync know; some parse it.
func (c *Conflict) PublicText() string {
	return fmt.Sprintf("Current SyncCount for: %s is: %d not: %d", c.Key, c.Server, c.Sent)
}

// A Fault is an error of a known kind with a text for the client.
type Fault struct {
	Kind error  // one of the Err values
	Text string // what the client reads
}

// Fail returns a Fault.
func Fail(kind error, format string, args ...any) error {
	return &Fault{kind, fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string { return f.Kind.Error() + ": " + f.Text }

// Unwrap returns the kind.
func (f *Fault) Unwrap() error { return f.Kind }

// PublicText returns the text for the client.
func (f *Fault) PublicText() string { return f.Text }
