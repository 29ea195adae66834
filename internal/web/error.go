package web

import (
	"errors"
	"net/http"
)

// An Error is a failure with two readers: Text is for the person at the browser,
// Err for the log.
type Error struct {
	Status int
	Text   string
	Err    error // may be nil
}

// Fail returns an Error.
func Fail(status int, text string, err error) error { return &Error{status, text, err} }

func (e *Error) Error() string {
	if e.Err == nil {
		return http.StatusText(e.Status) + ": " + e.Text
	}
	return http.StatusText(e.Status) + ": " + e.Err.Error()
}

// Unwrap returns the error for the log.
func (e *Error) Unwrap() error { return e.Err }

// asError gives any error its public form. What nobody foresaw is a 500 with a
// fixed sentence.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{http.StatusRequestEntityTooLarge, "The request was too large.", err}
	}
	return &Error{http.StatusInternalServerError, "Something went wrong on our side. Please try again in a moment.", err}
}
