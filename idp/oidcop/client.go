package oidcop

import (
	"context"
	"net/http"
	"slices"

	"github.com/ory/fosite"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/internal/web"
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
func (a *app) IsPublic() bool                     { return a.Public() }

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
	for _, more := range []string{grantDevice, grantCIBA, grantExchange} {
		if a.OAuthEnabled && slices.Contains(a.OpenID.GrantTypes, more) && (more == grantDevice || !a.Public()) {
			types = append(types, more)
		}
	}
	return types
}

// authenticate finds the client of a program's request and has it proved.
func (h *Handler) authenticate(ctx context.Context, pool *userpool.Pool, r *http.Request) (*userpool.Client, error) {
	return h.Clients.Authenticate(ctx, &clientauth.Request{Pool: pool, Form: r.PostForm, Authorization: r.Header.Values("Authorization"),
		Certificates: web.ClientChain(ctx), Endpoint: endpointOf(r, pool)})
}
