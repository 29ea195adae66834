package gatewayapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
)

// maxBody bounds a call, in bytes: a thousand resources with names of a kilobyte,
// escaped, are far below it.
const maxBody = 16 << 20

// pathVersion needs no protocol header, so that a gateway which is refused can
// learn why.
const pathVersion = "/private/version"

// An endpoint answers the body of a call.
type endpoint func(h *Handler, ctx context.Context, body []byte) (any, error)

var endpoints = map[string]endpoint{
	pathVersion:                   typed((*Handler).version),
	"/private/derive-signing-key": typed((*Handler).derive),
	"/private/evaluate-policy":    typed((*Handler).evaluate),
	"/private/resolve-identity":   typed((*Handler).identities),
	"/private/resolve-principals": typed((*Handler).principals),
}

// typed reads the body as In. Members that are not known are skipped: by the
// protocol's rule, one that counts comes with a new version.
func typed[In, Out any](fn func(*Handler, context.Context, *In) (*Out, error)) endpoint {
	return func(h *Handler, ctx context.Context, body []byte) (any, error) {
		in := new(In)
		if err := json.Unmarshal(body, in); err != nil {
			return nil, badRequest("The body is not the JSON of this call.")
		}
		return fn(h, ctx, in)
	}
}

func (h *Handler) version(context.Context, *struct{}) (*versionAnswer, error) {
	return &versionAnswer{protocolVersion, minClient, h.Version, h.STS.Account}, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(protocolHeader, strconv.Itoa(protocolVersion))
	defer h.recovered(w, r)
	answer, err := h.call(w, r)
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	h.write(w, http.StatusOK, answer)
}

// call checks in the protocol's order: version, method and path, signature, body.
func (h *Handler) call(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.URL.Path != pathVersion {
		if err := checkProtocol(r.Header); err != nil {
			return nil, err
		}
	}
	run, ok := endpoints[r.URL.Path]
	if !ok || r.URL.RawQuery != "" {
		return nil, &failure{http.StatusNotFound, codeNotFound, "There is no such call."}
	}
	if r.Method != http.MethodPost {
		return nil, &failure{http.StatusMethodNotAllowed, codeMethod, "Calls are made by POST."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, &failure{http.StatusRequestEntityTooLarge, codeBodyTooLarge, "The body is too large."}
	}
	if err != nil {
		return nil, badRequest("The body could not be read.")
	}
	if err := h.authenticate(r, body); err != nil {
		return nil, err
	}
	return run(h, r.Context(), body)
}

// recovered answers a call whose handler panicked.
func (h *Handler) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	h.Log.Error("panic in a gateway call", "path", r.URL.Path, "cause", v, "stack", string(debug.Stack()))
	h.writeError(w, r, errInternal)
}
