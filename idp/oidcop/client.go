package oidcop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/userpool"
)

// An app is a userpool client as fosite sees it. It lives for one request.
type app struct {
	*userpool.Client
	redirectURI string   // the one that was matched already
	scopes      []string // that this request may have
}

var _ fosite.Client = (*app)(nil)

func (a *app) GetID() string                      { return string(a.ID) }
func (a *app) GetHashedSecret() []byte            { return nil } // authenticate compares it
func (a *app) GetRedirectURIs() []string          { return []string{a.redirectURI} }
func (a *app) GetResponseTypes() fosite.Arguments { return responseTypes } // parseResponseType chose
func (a *app) GetScopes() fosite.Arguments        { return a.scopes }
func (a *app) GetAudience() fosite.Arguments      { return nil }
func (a *app) IsPublic() bool                     { return a.Secret == "" }

// GetGrantTypes returns what the client may use. A refresh token is good here
// whatever sign-in it came from, the native API's included.
func (a *app) GetGrantTypes() fosite.Arguments {
	types := fosite.Arguments{"refresh_token"}
	if a.OAuthEnabled && slices.Contains(a.OAuthFlows, "code") {
		types = append(types, "authorization_code")
	}
	if a.OAuthEnabled && slices.Contains(a.OAuthFlows, "client_credentials") {
		types = append(types, "client_credentials")
	}
	return types
}

var errClient = oauthFail("invalid_client", "Client authentication failed.")

// authenticate finds the client of a program's request and checks its secret:
// by HTTP Basic or in the body, and by one of them only (RFC 6749 section 2.3).
func (h *Handler) authenticate(ctx context.Context, pool *userpool.Pool, r *http.Request) (*userpool.Client, error) {
	id, secret, err := credentials(r)
	if err != nil {
		return nil, err
	}
	c, err := h.client(ctx, pool, id)
	if errors.Is(err, userpool.ErrClientNotFound) {
		return nil, errClient
	}
	if err != nil {
		return nil, err
	}
	if c.CheckSecret(secret) != nil {
		return nil, errClient
	}
	return c, nil
}

func credentials(r *http.Request) (id, secret string, err error) {
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if r.Header.Get("Authorization") == "" {
		if id == "" {
			return "", "", errClient
		}
		return id, secret, nil
	}
	rawID, rawSecret, ok := r.BasicAuth()
	basicID, errID := url.QueryUnescape(rawID)
	basicSecret, errSecret := url.QueryUnescape(rawSecret)
	switch {
	case !ok || errID != nil || errSecret != nil || basicID == "":
		return "", "", errClient
	case secret != "":
		return "", "", oauthFail("invalid_request", "The client is authenticated in two ways at once.")
	case id != "" && id != basicID:
		return "", "", errClient
	}
	return basicID, basicSecret, nil
}
