package oidcop

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/userpool"
)

// A pushedAnswer is the answer to a pushed request (RFC 9126 section 2.2).
type pushedAnswer struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"` // seconds
}

// push is the pushed authorization request endpoint (RFC 9126). A request is judged
// here as it would be at the authorization endpoint, and kept without what the client
// proved itself by.
func (h *Handler) push(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	held, err := h.admit(w, r, pool, parseRequest)
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	name, err := h.keep(r, pool, held.Thumbprint)
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	return writeJSON(w, http.StatusCreated, pushedAnswer{name, int(pushed.Life.Seconds())})
}

// keep checks a client's request and returns its name. A proof that came with the
// request binds the code to its key, as dpop_jkt does (RFC 9449 section 10.1).
func (h *Handler) keep(r *http.Request, pool *userpool.Pool, proofKey string) (string, error) {
	client, err := h.authenticate(r.Context(), pool, r)
	if err != nil {
		return "", err
	}
	if r.PostForm.Has("request_uri") { // RFC 9126 section 2.1
		return "", oauthFail("invalid_request", "request_uri cannot be pushed.")
	}
	kept := &pushed.Request{Client: client.ID, Params: maps.Clone(r.PostForm), Pushed: true, Signed: r.PostForm.Has("request")}
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		kept.Params.Del(name) // F7
	}
	if kept.Signed {
		if kept.Params, err = h.readObject(r.Context(), client, kept.Params); err != nil {
			return "", err
		}
	}
	kept.Params.Set("client_id", string(client.ID)) // authenticate made sure that no other was named
	if named := kept.Params.Get("dpop_jkt"); proofKey != "" {
		if named != "" && named != proofKey {
			return "", &oauthError{"invalid_dpop_proof", "The proof is not by the key of dpop_jkt.", http.StatusBadRequest}
		}
		kept.Params.Set("dpop_jkt", proofKey)
	}
	if err := h.judgePushed(r.Context(), pool, kept); err != nil {
		return "", err
	}
	return h.Requests.Push(r.Context(), pool.ID, kept)
}

// judgePushed refuses what the authorization endpoint would refuse.
func (h *Handler) judgePushed(ctx context.Context, pool *userpool.Pool, kept *pushed.Request) error {
	req, err := h.trust(ctx, pool, kept.Params)
	var u *untrusted
	switch {
	case errors.As(err, &u) && u.code == "redirect_mismatch":
		return oauthFail("invalid_request", "redirect_uri is not registered.")
	case errors.As(err, &u):
		return oauthFail("invalid_request", "The request is malformed.")
	case err != nil:
		return err
	}
	req.kept = kept
	return h.parse(ctx, req)
}
