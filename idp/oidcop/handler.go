package oidcop

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/idp/requestobject"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds what requests name. userpool.Store has all of it.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
	ResourceServers(ctx context.Context, pool userpool.PoolID) ([]*userpool.ResourceServer, error)
	User(ctx context.Context, pool userpool.PoolID, name string) (*userpool.User, error)
	UserBySub(ctx context.Context, pool userpool.PoolID, sub string) (*userpool.User, error)
}

// Tokens issues and checks tokens. *userpool.Tokens does.
type Tokens interface {
	Issue(ctx context.Context, g *userpool.Grant) (*userpool.TokenSet, error)
	IssueFront(ctx context.Context, g *userpool.Grant, front userpool.Front) (*userpool.TokenSet, error)
	Refresh(ctx context.Context, c *userpool.Client, r userpool.RefreshRequest) (*userpool.TokenSet, error)
	ClientCredentials(ctx context.Context, g *userpool.Grant) (*userpool.TokenSet, error)
	VerifyAccess(ctx context.Context, raw string) (*userpool.AccessClaims, error)
	IDHint(ctx context.Context, pool userpool.PoolID, raw string) (*userpool.IDClaims, error)
	InspectRefresh(ctx context.Context, c *userpool.Client, refreshToken string) (*userpool.RefreshClaims, error)
	VerifyID(ctx context.Context, pool userpool.PoolID, raw string) (*userpool.IDClaims, error)
	Alive(ctx context.Context, c *userpool.IDClaims) (*userpool.User, error)
	Revoke(ctx context.Context, c *userpool.Client, refreshToken string) error
	RevokeAccess(ctx context.Context, c *userpool.Client, raw string) error
	RevokeFamily(ctx context.Context, pool userpool.PoolID, id string) error
	JWKS(ctx context.Context, pool userpool.PoolID) ([]byte, error)
	RequestKeys(ctx context.Context, pool userpool.PoolID) ([]jose.PrivateKey, error)
	Subject(ctx context.Context, c *userpool.Client, sub string) (string, error)
	SignFor(ctx context.Context, c *userpool.Client, s userpool.Sealing, typ string, claims any) (string, error)
}

// An Inviter tells a user of a request that waits for them. *approval.Inviter does.
type Inviter interface {
	Invite(ctx context.Context, pool *userpool.Pool, c *userpool.Client, u *userpool.User, r *decoupled.Request, link string) error
}

// A Handler serves the OpenID provider of every pool. Use it by pointer.
type Handler struct {
	Store   Store
	Tokens  Tokens
	Clients *clientauth.Authenticator
	Proofs  *dpop.Verifier
	Waiting *decoupled.Store
	Inviter Inviter
	// MutualTLS says that clients can show certificates (RFC 8705).
	MutualTLS bool
	Grants    idp.GrantStore
	Requests  *pushed.Store         // authorization requests that wait here
	Objects   *requestobject.Reader // and those that clients sign
	Consents  consent.Store
	// ConsentKey authenticates the answers of users who are asked for consent.
	ConsentKey []byte
	Hosted     *login.Handler // for the look of the page that asks
	Browser    *browser.Store
	Gate       *login.Gate
	SignOut    *signout.Service
	Leaving    *chain.Handler // tells the apps that only the browser can tell
	Pages      SignOutPages
	Limits     *userpool.Limits             // nil limits nothing
	Issuer     func(userpool.PoolID) string // from the public URL, never from Host
	Script     string                       // address of the script that submits a form post; empty is none
	Now        func() time.Time
	Log        *slog.Logger

	documents documents
}

// Mount adds the provider's addresses.
func (h *Handler) Mount(m *web.Mux) {
	m.Endpoint("/{pool}/.well-known/openid-configuration", h.discovery)
	m.Endpoint("/{pool}/.well-known/jwks.json", h.jwks)
	m.Endpoint("/{pool}/oauth2/authorize", h.authorize)
	m.Post("/{pool}/oauth2/consent", h.decide)
	m.Endpoint("/{pool}/oauth2/par", h.push)
	m.Endpoint("/{pool}/oauth2/token", h.token)
	m.Endpoint("/{pool}/oauth2/userInfo", h.userInfo)
	m.Endpoint("/{pool}/oauth2/revoke", h.revoke)
	m.Endpoint("/{pool}/oauth2/introspect", h.introspect)
	m.Endpoint("/{pool}/oauth2/device_authorization", h.deviceAuthorization)
	m.Endpoint("/{pool}/oauth2/bc-authorize", h.backchannel)
	m.Endpoint("/{pool}/logout", h.logout)
	m.Post("/{pool}/logout/confirm", h.confirmLogout)
	m.Get("/{pool}/oauth2/checksession", h.checkSession)
	m.Get("/{pool}/start/{client}", h.start)
}

// pool returns the pool that the request's path names.
func (h *Handler) pool(r *http.Request) (*userpool.Pool, error) {
	p, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return p, err
}

// client returns a client of the pool, or userpool.ErrClientNotFound.
func (h *Handler) client(ctx context.Context, pool *userpool.Pool, id string) (*userpool.Client, error) {
	c, err := h.Store.Client(ctx, userpool.ClientID(id))
	if err != nil {
		return nil, err
	}
	if c.Pool != pool.ID || string(c.ID) != id {
		return nil, userpool.ErrClientNotFound
	}
	return c, nil
}

// allowCORS lets scripts of any origin read the answer. It never allows
// credentials: no endpoint that has it looks at cookies.
func allowCORS(w http.ResponseWriter, r *http.Request, methods string) (preflight bool) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")
	if r.Method != http.MethodOptions {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", methods)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, X-Amz-User-Agent, Amz-Sdk-Request, Amz-Sdk-Invocation-Id")
	w.Header().Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
