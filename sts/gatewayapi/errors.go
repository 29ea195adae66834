package gatewayapi

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Codes that a gateway tells apart. To it every other one is a fault of ours.
const (
	codeNoSuchIdentity   = "NoSuchIdentity"
	codeInvalidToken     = "InvalidToken"
	codeProtocolMismatch = "ProtocolMismatch"
	codeBadRequest       = "BadRequest"

	codeNotFound     = "NotFound"
	codeMethod       = "MethodNotAllowed"
	codeRefused      = "GatewayNotAuthorized"
	codeTooMany      = "TooManyRequests"
	codeInternal     = "InternalError"
	codeBodyTooLarge = "RequestTooLarge"
)

// A failure is an error that the gateway may read.
type failure struct {
	status     int
	code, text string
}

func (f *failure) Error() string { return f.code + ": " + f.text }

var (
	errNoSuchIdentity = &failure{http.StatusForbidden, codeNoSuchIdentity, "The access key is unknown."}
	errInvalidToken   = &failure{http.StatusForbidden, codeInvalidToken, "The security token is invalid."}
	errTooMany        = &failure{http.StatusServiceUnavailable, codeTooMany, "There are too many calls with this access key."}
	errInternal       = &failure{http.StatusInternalServerError, codeInternal, "Something went wrong. The log says what."}
)

func badRequest(text string) error { return &failure{http.StatusBadRequest, codeBadRequest, text} }

// writeError answers err; one that is no failure is told to the log alone.
func (h *Handler) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	if !errors.As(err, &f) {
		h.Log.Error("gateway call failed", "path", r.URL.Path, "error", err)
		f = errInternal
	}
	body := struct {
		Error string `json:"error"`
		Code  string `json:"code"`
	}{f.text, f.code}
	h.write(w, f.status, body)
}

func (h *Handler) write(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		h.Log.Error("gateway answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"code":"`+codeInternal+`"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		h.Log.Debug("gateway answer", "error", err)
	}
}
