package oidcop

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/userpool"
)

// revoke is the revocation endpoint (RFC 7009). It takes refresh tokens; the
// access tokens that came of one die with it. Where Cognito's rules do not bind,
// it takes access tokens too: their sign-in ends.
func (h *Handler) revoke(w http.ResponseWriter, r *http.Request) error {
	if allowCORS(w, r, "POST") {
		return nil
	}
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	err = h.revokeToken(r, pool)
	if e, ok := publicError(err); ok && e.Code == "invalid_client" {
		return writeJSON(w, http.StatusUnauthorized, errorJSON{e.Code, e.Description})
	}
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) revokeToken(r *http.Request, pool *userpool.Pool) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if err := h.limit(r, pool); err != nil {
		return err
	}
	c, err := h.authenticate(r.Context(), pool, r)
	if err != nil {
		return err
	}
	token := r.PostForm.Get("token")
	if token == "" {
		return oauthFail("invalid_request", "token is missing.")
	}
	if !c.TokenRevocation {
		return oauthFail("invalid_request", "Token revocation is not enabled for this client.")
	}
	err = h.Tokens.Revoke(r.Context(), c, token)
	if errors.Is(err, userpool.ErrUnsupportedTokenType) && (pool.Strict || c.OpenID.AuthMethod != "") {
		err = h.Tokens.RevokeAccess(r.Context(), c, token)
	}
	switch {
	case errors.Is(err, userpool.ErrUnsupportedTokenType):
		return oauthFail("unsupported_token_type", "Tokens of this kind cannot be revoked.")
	case isRefusedGrant(err):
		return nil // what is no token of this client needs no revoking: RFC 7009 section 2.2
	}
	return err
}
