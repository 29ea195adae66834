package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// userInfo is the userInfo endpoint (OpenID Connect Core section 5.3): GET, or
// POST with the token in the header or in the form.
func (h *Handler) userInfo(w http.ResponseWriter, r *http.Request) error {
	if allowCORS(w, r, "GET, POST") {
		return nil
	}
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Limits.Allow(r.Context(), pool.ID, "", userpool.CategoryUserRead, web.RemoteIP(r)); err != nil {
		return h.fail(w, r, pool, err)
	}
	claims, err := h.accessClaims(w, r, pool)
	if err != nil {
		return h.failBearer(w, r, err)
	}
	client, err := h.client(r.Context(), pool, string(claims.Client))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return h.failBearer(w, r, errBearer)
	}
	if err != nil {
		return err
	}
	info, err := released(&userpool.Grant{Pool: pool, Client: client, User: claims.User, Scopes: claims.Scopes,
		Particulars: claims.Particulars})
	if err != nil {
		return err
	}
	if info["sub"], err = h.Tokens.Subject(r.Context(), client, claims.User.Sub); err != nil {
		return err
	}
	return h.writeUserInfo(w, r, client, info)
}

// writeUserInfo answers in the form that the client registered for: JSON, or a JWT
// (OpenID Connect Core section 5.3.2).
func (h *Handler) writeUserInfo(w http.ResponseWriter, r *http.Request, client *userpool.Client, info map[string]any) error {
	as := client.OpenID.UserInfo
	if as == (userpool.Sealing{}) {
		return writeJSON(w, http.StatusOK, info)
	}
	info["iss"], info["aud"] = h.Issuer(client.Pool), client.ID
	raw, err := h.Tokens.SignFor(r.Context(), client, as, "", info)
	if errors.Is(err, jose.ErrInvalid) || errors.Is(err, jose.ErrUnavailable) {
		h.Log.WarnContext(r.Context(), "userinfo cannot be encrypted", "client", client.ID, "error", err)
		return h.failBearer(w, r, &oauthError{"server_error", "The client has no key that the answer could be encrypted to.", http.StatusInternalServerError})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwt")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(raw)) // if the reader left, nobody is there to tell
	return nil
}

var (
	errBearer = &oauthError{"invalid_token", "Access token is expired, disabled, or deleted, or the user has globally signed out.", http.StatusUnauthorized}
	errNoUser = &oauthError{"invalid_request", "Bad OAuth2 request at UserInfo Endpoint", http.StatusBadRequest}
	errOpenID = &oauthError{"invalid_token", "Access token does not contain openid scope", http.StatusUnauthorized}
	errBound  = &oauthError{"invalid_token", "The access token is bound to a key that was not shown, or was presented by the wrong scheme.", http.StatusUnauthorized}
	errScope  = &oauthError{"insufficient_scope", "The access token does not have the openid scope.", http.StatusForbidden}
)

// accessClaims verifies the request's access token, and that it is in the right hands.
func (h *Handler) accessClaims(w http.ResponseWriter, r *http.Request, pool *userpool.Pool) (*userpool.AccessClaims, error) {
	scheme, raw, err := accessToken(r)
	if err != nil {
		return nil, err
	}
	held, err := h.held(w, r, pool, raw)
	if err != nil {
		return nil, err
	}
	claims, err := h.Tokens.VerifyAccess(r.Context(), raw)
	if isRefusedGrant(err) || err == nil && (claims.Pool != pool.ID || claims.User == nil) {
		return nil, errBearer
	}
	if err != nil {
		return nil, err
	}
	if !presented(scheme, claims.Confirmation, held) {
		return nil, errBound
	}
	if !slices.Contains(claims.Scopes, userpool.ScopeOpenID) {
		if pool.Strict {
			return nil, errScope
		}
		return nil, errOpenID
	}
	return claims, nil
}

// accessToken returns the one access token of a request (RFC 6750 section 2), and the
// scheme that it is presented by. In an address it does not count.
func accessToken(r *http.Request) (scheme, raw string, err error) {
	named, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if r.Header.Get("Content-Type") == "" {
			break
		}
		if err := parseForm(r); err != nil {
			return "", "", errNoUser
		}
		if form := r.PostForm.Get("access_token"); form != "" && named == "" {
			return schemeBearer, form, nil
		} else if form != "" {
			return "", "", errNoUser
		}
	default:
		return "", "", &oauthError{"invalid_request", "The method must be GET or POST.", http.StatusMethodNotAllowed}
	}
	for _, scheme := range []string{schemeBearer, schemeDPoP} {
		if strings.EqualFold(named, scheme) && raw != "" {
			return scheme, strings.TrimSpace(raw), nil
		}
	}
	return "", "", errNoUser
}

// released is what the client may read of the user, as JSON members. For its own
// clients Cognito writes booleans as strings here, unlike in the ID token.
// sub is for the caller to add.
func released(g *userpool.Grant) (map[string]any, error) {
	info := map[string]any{}
	for name, value := range g.ReleasedByUserInfo() {
		claim, err := userpool.AttributeClaim(name, value)
		if err != nil {
			return nil, err
		}
		if !g.Standard() && (string(claim) == "true" || string(claim) == "false") {
			info[name] = value
			continue
		}
		info[name] = json.RawMessage(claim)
	}
	if !g.Standard() && !g.Client.OpenID.Pairwise {
		info["username"] = g.User.Username
	}
	return info, nil
}

// failBearer answers with the error in the header and, as Cognito does, the body. What
// is wrong with a proof is said by the scheme of proofs (RFC 9449 section 7.1).
func (h *Handler) failBearer(w http.ResponseWriter, r *http.Request, err error) error {
	e, ok := publicError(err)
	if !ok {
		h.Log.ErrorContext(r.Context(), "userinfo failed", "error", err)
	}
	status, challenge := e.status, schemeBearer+` error="`+e.Code+`", error_description="`+e.Description+`"`
	if _, proof := proofError(err); proof || e == errBound {
		status, challenge = http.StatusUnauthorized, schemeDPoP+` algs="`+strings.Join(dpop.Algorithms, " ")+`", error="`+e.Code+`"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return writeJSON(w, status, errorJSON{e.Code, e.Description})
}
