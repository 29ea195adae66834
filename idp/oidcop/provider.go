package oidcop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/pkce"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// An exchange is one request at the authorize or token endpoint, and everything
// that fosite may know during it. It is fosite's storage and its token strategy;
// as it serves one request of one pool, no state is shared (F16) and no call can
// reach another pool.
type exchange struct {
	h    *Handler
	pool *userpool.Pool
	app  *app // known once the client is

	kind responseType   // at the authorize endpoint: what is asked for,
	user *userpool.User // and by whom

	held     *userpool.Confirmation // keys that the request shows
	bound    *userpool.Confirmation // those that its tokens are bound to; nil for bearer tokens
	resource string                 // that it asks for; empty for the grant's
	granted  []string               // scopes, where the app cannot know them; nil elsewhere

	grant   *idp.Grant // of the code being redeemed
	details []byte     // authorization_details of the tokens
	sub     string     // whose tokens they are; empty where the client acts for itself
	failed  error      // a store error that fosite swallows
}

func (h *Handler) exchange(pool *userpool.Pool) *exchange { return &exchange{h: h, pool: pool} }

// provider returns fosite with only the grants we want. The last handler issues
// the tokens.
func (x *exchange) provider() *fosite.Fosite {
	config := &fosite.Config{
		OmitRedirectScopeParam:      true,
		RefreshTokenScopes:          []string{}, // non-nil: no scope is needed for one: F14
		EnforcePKCEForPublicClients: x.pool.Strict,
		ScopeStrategy:               fosite.ExactScopeStrategy,
		RedirectSecureChecker:       func(context.Context, *url.URL) bool { return true }, // idp.MatchRedirect did: F11
		ClientAuthenticationStrategy: func(ctx context.Context, r *http.Request, _ url.Values) (fosite.Client, error) {
			return x.authenticate(ctx, r)
		},
	}
	code := &oauth2.AuthorizeExplicitGrantHandler{AccessTokenStrategy: x, RefreshTokenStrategy: x, AuthorizeCodeStrategy: x,
		CoreStorage: x, TokenRevocationStorage: x, Config: config}
	client := &oauth2.ClientCredentialsGrantHandler{HandleHelper: &oauth2.HandleHelper{AccessTokenStrategy: x,
		AccessTokenStorage: x, Config: config}, Config: config}
	config.AuthorizeEndpointHandlers.Append(code)
	config.AuthorizeEndpointHandlers.Append(&front{x, code})
	config.TokenEndpointHandlers.Append(code)
	config.TokenEndpointHandlers.Append(&pkce.Handler{AuthorizeCodeStrategy: x, Storage: x, Config: config})
	config.TokenEndpointHandlers.Append(client)
	config.TokenEndpointHandlers.Append(&issuer{x})
	return &fosite.Fosite{Store: x, Config: config}
}

// authenticate is the token endpoint's client authentication, and settles the
// scopes that a client may have for itself.
func (x *exchange) authenticate(ctx context.Context, r *http.Request) (fosite.Client, error) {
	c, err := x.h.authenticate(ctx, x.pool, r)
	if err != nil {
		return nil, err
	}
	x.app = &app{Client: c}
	if r.PostForm.Get("grant_type") == "client_credentials" {
		if !x.app.GetGrantTypes().Has("client_credentials") {
			return nil, oauthFail("unauthorized_client", "The client may not use this grant type.")
		}
		x.app.scopes, err = x.h.clientScopes(ctx, c, r.PostForm.Get("scope"))
	}
	return x.app, err
}

// A session carries the grant through fosite. fosite's clock and expiries are not
// ours: the grant has its own.
type session struct{ grant *idp.Grant }

func (s *session) SetExpiresAt(fosite.TokenType, time.Time)       {}
func (s *session) GetExpiresAt(fosite.TokenType) (zero time.Time) { return }
func (s *session) GetUsername() string                            { return "" }
func (s *session) GetSubject() string                             { return s.grant.Sub }
func (s *session) Clone() fosite.Session                          { g := *s.grant; return &session{&g} }

func joinScopes(scopes []string) string { return strings.Join(scopes, " ") }

// GetClient implements fosite.ClientManager. The client was found before fosite
// is asked anything.
func (x *exchange) GetClient(_ context.Context, id string) (fosite.Client, error) {
	if x.app == nil || x.app.GetID() != id {
		return nil, fosite.ErrNotFound
	}
	return x.app, nil
}

var errAssertion = errors.New("oidcop: client assertions are not implemented")

// ClientAssertionJWTValid implements fosite.ClientManager.
func (x *exchange) ClientAssertionJWTValid(context.Context, string) error { return errAssertion }

// SetClientAssertionJWT implements fosite.ClientManager.
func (x *exchange) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return errAssertion
}
