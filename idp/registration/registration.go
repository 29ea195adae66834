// Package registration lets clients register themselves with the OpenID provider of
// a user pool (RFC 7591, OpenID Connect Dynamic Client Registration 1.0), and
// manage what they registered (RFC 7592). What a client may have is userpool's to
// say; this package reads and writes the protocol.
package registration

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/jsonlimit"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// Clients registers and manages clients. *userpool.Service does.
type Clients interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Register(ctx context.Context, pool userpool.PoolID, initial string, r *userpool.Registration) (*userpool.Client, string, error)
	Registered(ctx context.Context, pool userpool.PoolID, id userpool.ClientID, token string) (*userpool.Client, error)
	UpdateRegistration(ctx context.Context, pool userpool.PoolID, id userpool.ClientID, token string, r *userpool.Registration) (*userpool.Client, string, error)
	DeleteRegistration(ctx context.Context, pool userpool.PoolID, id userpool.ClientID, token string) error
}

// A Handler serves the registration endpoint of every pool. Use it by pointer.
type Handler struct {
	Clients   Clients
	Ephemeral ephemeral.Store
	Limits    *userpool.Limits             // nil limits nothing but what an address may register
	Issuer    func(userpool.PoolID) string // from the public URL, never from Host
	Log       *slog.Logger
}

// Path is where clients register, below the issuer.
const Path = "/oauth2/register"

// Mount adds the addresses.
func (h *Handler) Mount(m *web.Mux) {
	m.Endpoint("/{pool}"+Path, h.collection)
	m.Endpoint("/{pool}"+Path+"/{client}", h.one)
}

// Bounds of what is sent, and of how much one address can register, where it needs
// no initial access token.
const (
	perAddress = 300
	addressFor = time.Hour
)

var bodyLimit = jsonlimit.Limit{Bytes: 128 << 10, Depth: 16}

// collection is the registration endpoint.
func (h *Handler) collection(w http.ResponseWriter, r *http.Request) error {
	pool := userpool.PoolID(r.PathValue("pool"))
	if r.Method != http.MethodPost {
		return h.refuse(w, r, &failure{"invalid_request", "The method must be POST.", http.StatusMethodNotAllowed})
	}
	if err := h.allow(r, pool); err != nil {
		return h.refuse(w, r, err)
	}
	sent, err := read(w, r)
	if err != nil {
		return h.refuse(w, r, err)
	}
	asked, err := sent.registration()
	if err != nil {
		return h.refuse(w, r, err)
	}
	c, token, err := h.Clients.Register(r.Context(), pool, bearer(r), asked)
	if err != nil {
		return h.refuse(w, r, err)
	}
	h.Log.InfoContext(r.Context(), "a client registered itself", "pool", pool, "client", c.ID)
	return h.answer(w, http.StatusCreated, c, token)
}

// one is the client configuration endpoint (RFC 7592 section 2).
func (h *Handler) one(w http.ResponseWriter, r *http.Request) error {
	pool, id, token := userpool.PoolID(r.PathValue("pool")), userpool.ClientID(r.PathValue("client")), bearer(r)
	if err := h.Limits.Allow(r.Context(), pool, "", userpool.CategoryPoolClientUpdate, web.RemoteIP(r)); err != nil {
		return h.refuse(w, r, err)
	}
	c, err := h.Clients.Registered(r.Context(), pool, id, token)
	if err != nil {
		return h.refuse(w, r, err)
	}
	switch r.Method {
	case http.MethodGet:
		return h.answer(w, http.StatusOK, c, token)
	case http.MethodDelete:
		if err := h.Clients.DeleteRegistration(r.Context(), pool, id, token); err != nil {
			return h.refuse(w, r, err)
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return nil
	case http.MethodPut:
		return h.update(w, r, c, token)
	}
	return h.refuse(w, r, &failure{"invalid_request", "The method must be GET, PUT or DELETE.", http.StatusMethodNotAllowed})
}

func (h *Handler) update(w http.ResponseWriter, r *http.Request, c *userpool.Client, token string) error {
	sent, err := read(w, r)
	if err == nil {
		err = sent.matches(c)
	}
	if err != nil {
		return h.refuse(w, r, err)
	}
	asked, err := sent.registration()
	if err != nil {
		return h.refuse(w, r, err)
	}
	updated, successor, err := h.Clients.UpdateRegistration(r.Context(), c.Pool, c.ID, token, asked)
	if err != nil {
		return h.refuse(w, r, err)
	}
	h.Log.InfoContext(r.Context(), "a client changed what it registered", "pool", c.Pool, "client", c.ID)
	return h.answer(w, http.StatusOK, updated, successor)
}

// allow counts a registration.
func (h *Handler) allow(r *http.Request, pool userpool.PoolID) error {
	if err := h.Limits.Allow(r.Context(), pool, "", userpool.CategoryPoolClientUpdate, web.RemoteIP(r)); err != nil {
		return err
	}
	n, err := h.Ephemeral.Count(r.Context(), "registration", web.RemoteIP(r), 1, addressFor)
	if err == nil && n > perAddress {
		err = &failure{"temporarily_unavailable", "Too many clients were registered from this address.", http.StatusTooManyRequests}
	}
	return err
}

// bearer is the token of a request's header, the one place for it.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// A failure is an error of RFC 7591 section 3.2.2 or RFC 6750.
type failure struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	status      int
}

func (f *failure) Error() string { return f.Code + ": " + f.Description }

func unfit(code, description string) error { return &failure{code, description, http.StatusBadRequest} }

// refuse answers with an error. One that nobody foresaw is logged whole, and told
// as little of as of any other.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	f := new(failure)
	var fault *userpool.Fault
	var over *userpool.Throttled
	switch {
	case errors.As(err, &f):
	case errors.Is(err, userpool.ErrRegistration):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		f = &failure{"invalid_token", "The token is not valid here.", http.StatusUnauthorized}
	case errors.Is(err, userpool.ErrForbidden), errors.Is(err, userpool.ErrPoolNotFound):
		f = &failure{"access_denied", "Clients cannot register themselves here.", http.StatusForbidden}
	case errors.As(err, &over):
		web.RetryAfter(w.Header(), over.Wait)
		f = &failure{"temporarily_unavailable", "Too many requests.", http.StatusTooManyRequests}
	case errors.As(err, &fault):
		f = &failure{code(fault.PublicText()), fault.PublicText(), http.StatusBadRequest}
	default:
		h.Log.ErrorContext(r.Context(), "registration failed", "error", err)
		f = &failure{"server_error", "The request could not be carried out.", http.StatusInternalServerError}
	}
	return write(w, f.status, f)
}

// code is the error that a text of userpool's stands under.
func code(text string) string {
	if strings.HasPrefix(text, "redirect_uris") || strings.Contains(text, "redirect URI") {
		return "invalid_redirect_uri"
	}
	return "invalid_client_metadata"
}

func write(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body) // if the reader left, nobody is there to tell
	return nil
}

// read reads the JSON that a client sent.
func read(w http.ResponseWriter, r *http.Request) (*metadata, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(bodyLimit.Bytes)))
	if err != nil || bodyLimit.Check(raw) != nil {
		return nil, unfit("invalid_client_metadata", "The body is no JSON of a reasonable size.")
	}
	m := &metadata{raw: raw}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, unfit("invalid_client_metadata", "The body is not client metadata.")
	}
	return m, nil
}
