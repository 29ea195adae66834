package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// An oauthError is an error of RFC 6749, OpenID Connect Core or RFC 6750 with a
// text of ours. It goes to the app.
type oauthError struct {
	Code        string
	Description string
	status      int
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func oauthFail(code, description string) error {
	return &oauthError{code, description, http.StatusBadRequest}
}

// publicError gives err the form that the app may see. ok is false for an error
// that nobody foresaw: its text stays in the log.
func publicError(err error) (e *oauthError, ok bool) {
	for _, known := range []func(error) (*oauthError, bool){proofError, decoupledError} {
		if e, ok := known(err); ok {
			return e, true
		}
	}
	var client *clientauth.Refusal
	switch {
	case errors.Is(err, userpool.ErrScopeNotGranted):
		return &oauthError{"invalid_scope", "A requested scope was not granted.", http.StatusBadRequest}, true
	case errors.Is(err, userpool.ErrResourceNotGranted):
		return &oauthError{"invalid_target", "The requested resource was not granted.", http.StatusBadRequest}, true
	case errors.As(err, &client):
		return &oauthError{client.Code, client.Description, http.StatusBadRequest}, true
	case errors.As(err, &e):
		return e, true
	case errors.Is(err, fosite.ErrInvalidatedAuthorizeCode): // fosite says server_error: F2
		return &oauthError{"invalid_grant", "The authorization code was used before.", http.StatusBadRequest}, true
	case errors.Is(err, userpool.ErrBusy):
		return &oauthError{"temporarily_unavailable", "The server is overloaded.", http.StatusServiceUnavailable}, true
	case errors.Is(err, userpool.ErrTooManyRequests):
		return &oauthError{"temporarily_unavailable", "Too many requests.", http.StatusTooManyRequests}, true
	case isRefusedGrant(err):
		return &oauthError{"invalid_grant", "The grant is invalid, expired, revoked, or belongs to another client.", http.StatusBadRequest}, true
	}
	if text, ok := triggerText(err); ok {
		return &oauthError{"invalid_request", text, http.StatusBadRequest}, true
	}
	var f *fosite.RFC6749Error
	if errors.As(err, &f) && f.StatusCode() < 500 {
		return &oauthError{f.ErrorField, f.GetDescription(), http.StatusBadRequest}, true
	}
	return &oauthError{"server_error", "", http.StatusInternalServerError}, false
}

// isRefusedGrant reports whether userpool refused a token or its user. fosite
// calls some of these invalid_request: F18.
func isRefusedGrant(err error) bool {
	for _, kind := range []error{userpool.ErrNotAuthorized, userpool.ErrTokenReuse, userpool.ErrUserNotFound,
		userpool.ErrUserNotConfirmed, userpool.ErrPasswordResetRequired, userpool.ErrNotFound, userpool.ErrKeyNotHeld} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return errors.Is(err, fosite.ErrSerializationFailure) || errors.Is(err, fosite.ErrInactiveToken)
}

// triggerText returns what the function of a trigger, or its failure, says to the app.
func triggerText(err error) (string, bool) {
	for _, kind := range []error{userpool.ErrUserLambda, userpool.ErrUnexpectedLambda, userpool.ErrInvalidLambdaResponse} {
		var f *userpool.Fault
		if errors.Is(err, kind) && errors.As(err, &f) {
			return f.PublicText(), true
		}
	}
	return "", false
}

// values returns the error as parameters of an answer to the app.
func (e *oauthError) values() url.Values {
	v := url.Values{"error": {e.Code}}
	if e.Description != "" {
		v.Set("error_description", e.Description)
	}
	return v
}

// writeJSON answers a program.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body) // if the reader left, nobody is there to tell
	return nil
}

// errorJSON is the body of an error (RFC 6749 section 5.2).
type errorJSON struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// fail answers a program with an error. An unforeseen one is logged whole.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, err error) error {
	e, ok := publicError(err)
	if !ok {
		h.Log.ErrorContext(r.Context(), "endpoint failed", "path", r.URL.Path, "error", err)
	}
	status := e.status
	var over *userpool.Throttled
	if errors.As(err, &over) {
		web.RetryAfter(w.Header(), over.Wait)
	}
	if e.Code == "invalid_client" && pool.Strict {
		status = http.StatusUnauthorized
		if r.Header.Get("Authorization") != "" { // RFC 6749 section 5.2
			w.Header().Set("WWW-Authenticate", `Basic realm="oauth2"`)
		}
	}
	return writeJSON(w, status, errorJSON{e.Code, e.Description})
}
