package oidcop

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// An introspection is what the introspection endpoint says of a token (RFC 7662
// section 2.2). Of one that is not active it says nothing else.
type introspection struct {
	Active       bool                   `json:"active"`
	Scope        string                 `json:"scope,omitempty"`
	Client       userpool.ClientID      `json:"client_id,omitempty"`
	Username     string                 `json:"username,omitempty"`
	TokenType    string                 `json:"token_type,omitempty"`
	Expires      int64                  `json:"exp,omitempty"`
	Issued       int64                  `json:"iat,omitempty"`
	Subject      string                 `json:"sub,omitempty"`
	Audience     any                    `json:"aud,omitempty"`
	Issuer       string                 `json:"iss,omitempty"`
	ID           string                 `json:"jti,omitempty"`
	AuthTime     int64                  `json:"auth_time,omitempty"` // RFC 9470 section 6.2
	ACR          string                 `json:"acr,omitempty"`
	Confirmation *userpool.Confirmation `json:"cnf,omitempty"`
	Actor        json.RawMessage        `json:"act,omitempty"`
	Details      json.RawMessage        `json:"authorization_details,omitempty"`
}

// introspect is the introspection endpoint (RFC 7662): it tells a client that proves
// who it is about a token that concerns it. What is another's looks like no token.
func (h *Handler) introspect(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return h.fail(w, r, pool, err)
	}
	if err := h.Limits.Allow(r.Context(), pool.ID, claimedClient(r), userpool.CategoryUserRead, web.RemoteIP(r)); err != nil {
		return h.fail(w, r, pool, err)
	}
	c, err := h.authenticate(r.Context(), pool, r)
	if err == nil && c.Public() {
		err = oauthFail("invalid_client", "A public client cannot introspect tokens.")
	}
	if err == nil && r.PostForm.Get("token") == "" {
		err = oauthFail("invalid_request", "token is missing.")
	}
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	found, err := h.inspect(r, pool, c, r.PostForm.Get("token"))
	if isRefusedGrant(err) {
		found, err = &introspection{}, nil
	}
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	return h.tell(w, r, pool, c, found)
}

// inspect finds out what a token is, whatever token_type_hint says: both kinds are
// told apart by their looks.
func (h *Handler) inspect(r *http.Request, pool *userpool.Pool, c *userpool.Client, token string) (*introspection, error) {
	refresh, err := h.Tokens.InspectRefresh(r.Context(), c, token)
	if err == nil {
		f := refresh.Family
		subject, err := h.Tokens.Subject(r.Context(), c, f.Sub)
		return &introspection{Active: true, Scope: joinScopes(refresh.Scopes), Client: c.ID, Username: refresh.User.Username, Subject: subject,
			Expires: refresh.Expires.Unix(), Issued: f.Created.Unix(), Issuer: h.Issuer(pool.ID), AuthTime: f.AuthTime.Unix(),
			ACR: f.Particulars.ACR, Confirmation: f.Particulars.Confirmation, Actor: f.Particulars.Actor, Details: f.Particulars.Details}, err
	}
	if !isRefusedGrant(err) {
		return nil, err
	}
	a, err := h.Tokens.VerifyAccess(r.Context(), token)
	if err != nil {
		return nil, err
	}
	scopes, ok := concerns(c, a)
	if a.Pool != pool.ID || !ok {
		return nil, userpool.ErrNotAuthorized
	}
	if _, err := h.client(r.Context(), pool, string(a.Client)); errors.Is(err, userpool.ErrClientNotFound) {
		return nil, userpool.ErrNotAuthorized // its tokens went with it
	} else if err != nil {
		return nil, err
	}
	return h.ofAccess(a, scopes), nil
}

func (h *Handler) ofAccess(a *userpool.AccessClaims, scopes []string) *introspection {
	out := &introspection{Active: true, Scope: joinScopes(scopes), Client: a.Client, Username: a.Username, TokenType: schemeBearer,
		Expires: a.Expires.Unix(), Issued: a.Issued.Unix(), Subject: a.Sub, Issuer: h.Issuer(a.Pool), ID: a.JTI,
		ACR: a.ACR, Confirmation: a.Confirmation, Actor: a.Actor, Details: a.Details}
	if len(a.Audience) > 0 {
		out.Audience = a.Audience
	}
	if !a.AuthTime.IsZero() {
		out.AuthTime = a.AuthTime.Unix()
	}
	if a.Confirmation != nil && a.Confirmation.Thumbprint != "" {
		out.TokenType = schemeDPoP
	}
	return out
}

// concerns reports whether a client may know of a token, and which of its scopes. Of
// its own token it may know all. One that acts for APIs may know of a token that is
// for one of them, or of the scopes in it that are theirs (RFC 7662 section 4).
func concerns(c *userpool.Client, a *userpool.AccessClaims) (scopes []string, ok bool) {
	if a.Client == c.ID {
		return a.Scopes, true
	}
	apis := c.OpenID.Introspects
	if slices.ContainsFunc(a.Audience, func(resource string) bool { return slices.Contains(apis, resource) }) {
		return a.Scopes, true
	}
	for _, scope := range a.Scopes {
		if i := strings.LastIndexByte(scope, '/'); i >= 0 && slices.Contains(apis, scope[:i]) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, len(scopes) > 0
}

// typeIntrospection is the media type of a signed answer, and its JWT's typ without
// "application/" (RFC 9701 section 5).
const typeIntrospection = "token-introspection+jwt"

// tell answers in JSON, or with a JWT for the one client that asks so.
func (h *Handler) tell(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, c *userpool.Client, found *introspection) error {
	if !accepts(r, "application/"+typeIntrospection) {
		return writeJSON(w, http.StatusOK, found)
	}
	raw, err := h.Tokens.SignFor(r.Context(), c, c.OpenID.Introspection, typeIntrospection, struct {
		Issuer   string            `json:"iss"`
		Audience userpool.ClientID `json:"aud"`
		Issued   int64             `json:"iat"`
		Token    *introspection    `json:"token_introspection"`
	}{h.Issuer(pool.ID), c.ID, h.Now().Unix(), found})
	if err != nil {
		return h.fail(w, r, pool, err)
	}
	w.Header().Set("Content-Type", "application/"+typeIntrospection)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(raw)) // if the reader left, nobody is there to tell
	return nil
}

// accepts reports whether a request names a media type in Accept.
func accepts(r *http.Request, want string) bool {
	for _, header := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(header, ",") {
			kind, _, err := mime.ParseMediaType(item)
			if err == nil && kind == want {
				return true
			}
		}
	}
	return false
}
