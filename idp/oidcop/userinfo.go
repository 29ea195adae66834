package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

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
	if err := h.Limits.Allow(r.Context(), pool.ID, userpool.CategoryUserRead, web.RemoteIP(r)); err != nil {
		return h.fail(w, r, pool, err)
	}
	claims, err := h.accessClaims(r, pool)
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
	return writeJSON(w, http.StatusOK, info)
}

var (
	errBearer = &oauthError{"invalid_token", "Access token is expired, disabled, or deleted, or the user has globally signed out.", http.StatusUnauthorized}
	errNoUser = &oauthError{"invalid_request", "Bad OAuth2 request at UserInfo Endpoint", http.StatusBadRequest}
	errOpenID = &oauthError{"invalid_token", "Access token does not contain openid scope", http.StatusUnauthorized}
	errScope  = &oauthError{"insufficient_scope", "The access token does not have the openid scope.", http.StatusForbidden}
)

// accessClaims verifies the request's bearer token.
func (h *Handler) accessClaims(r *http.Request, pool *userpool.Pool) (*userpool.AccessClaims, error) {
	raw, err := bearer(r)
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
	if !slices.Contains(claims.Scopes, userpool.ScopeOpenID) {
		if pool.Strict {
			return nil, errScope
		}
		return nil, errOpenID
	}
	return claims, nil
}

// bearer returns the one access token of a request (RFC 6750 section 2). In an
// address it does not count.
func bearer(r *http.Request) (string, error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if r.Header.Get("Content-Type") == "" {
			break
		}
		if err := parseForm(r); err != nil {
			return "", errNoUser
		}
		if form := r.PostForm.Get("access_token"); form != "" && scheme == "" {
			return form, nil
		} else if form != "" {
			return "", errNoUser
		}
	default:
		return "", &oauthError{"invalid_request", "The method must be GET or POST.", http.StatusMethodNotAllowed}
	}
	if !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return "", errNoUser
	}
	return strings.TrimSpace(raw), nil
}

// released is what the client may read of the user, as JSON members. Cognito
// writes booleans as strings here, unlike in the ID token.
func released(g *userpool.Grant) (map[string]any, error) {
	info := map[string]any{}
	for name, value := range g.ReleasedByUserInfo() {
		claim, err := userpool.AttributeClaim(name, value)
		if err != nil {
			return nil, err
		}
		if !g.Pool.Strict && (string(claim) == "true" || string(claim) == "false") {
			info[name] = value
			continue
		}
		info[name] = json.RawMessage(claim)
	}
	info["sub"] = g.User.Sub
	if !g.Pool.Strict {
		info["username"] = g.User.Username
	}
	return info, nil
}

// failBearer answers with the error in the header and, as Cognito does, the body.
func (h *Handler) failBearer(w http.ResponseWriter, r *http.Request, err error) error {
	e, ok := publicError(err)
	if !ok {
		h.Log.ErrorContext(r.Context(), "userinfo failed", "error", err)
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="`+e.Code+`", error_description="`+e.Description+`"`)
	return writeJSON(w, e.status, errorJSON{e.Code, e.Description})
}
