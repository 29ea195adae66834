package samlidp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Directory finds pools and what apps are told of their users.
type Directory interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	UserBySub(ctx context.Context, pool userpool.PoolID, sub string) (*userpool.User, error)
	GroupsOf(ctx context.Context, pool userpool.PoolID, username string) ([]*userpool.Group, error)
}

// A Gate asks browsers to sign in. login.Gate is one.
type Gate interface {
	// RequireSession returns the browser's session, or sends the browser to sign
	// in and from there to returnTo, and returns false. With force the session
	// must come from the sign-in that led to this very visit.
	RequireSession(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, returnTo string, force bool) (*idp.Session, bool)
	// Current returns the browser's session without asking for one, else
	// idp.ErrSessionNotFound.
	Current(r *http.Request, pool *userpool.Pool, force bool) (*browser.Current, error)
}

// A Recorder keeps events; *idp.Sessions is one.
type Recorder interface {
	Record(ctx context.Context, e idp.Event)
}

// Passwords signs in who has no browser. *userpool.Auth does.
type Passwords interface {
	Ways(p *userpool.Pool, c *userpool.Client) userpool.Ways
	CheckPassword(ctx context.Context, p *userpool.Pool, c *userpool.Client, name, password string) (*userpool.User, error)
	SecondFactor(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User) (ch *userpool.Challenge, known bool, err error)
	Finish(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User, how userpool.Finished) error
}

// A Limiter counts what anybody can send, before it is read. *login.Handler does.
type Limiter interface {
	LimitPool(w http.ResponseWriter, r *http.Request) error
}

// A Handler serves /{pool}/saml/.
type Handler struct {
	Apps      Store
	Directory Directory
	// Participants are the apps in browser sessions; Leaving signs browsers out.
	Participants idp.ParticipantStore
	Leaving      *chain.Handler
	Gate         Gate
	Keys         keyring.Ring
	Ephemeral    ephemeral.Store
	Issuer       func(userpool.PoolID) string // {public-url}/{poolId}
	Now          func() time.Time
	Log          *slog.Logger
	Secure       bool   // the public URL is https: cookies are Secure
	Script       string // address of post.js, which sends the form that carries a response
	Wording      web.Wording
	Events       Recorder        // of what apps are answered; may be nil
	Passwords    Passwords       // of enhanced clients
	Limiter      Limiter         // of what anybody can send
	Caller       samlsoap.Caller // tells apps of sign-outs by SOAP

	parties   partyCache
	published metadataMemo
}

// maxPost bounds a posted request, in bytes: the longest message and RelayState with
// every character escaped, and the names of the fields.
var maxPost = 3*int64(samlxml.Messages().Bytes+maxRelayState) + 64

// Mount registers the pages.
func (h *Handler) Mount(mux *web.Mux) {
	mux.Get("/{pool}/saml/metadata", h.metadata)
	mux.Get("/{pool}/saml/sso", h.sso)
	mux.LargeEndpoint("POST /{pool}/saml/sso", maxPost, h.sso) // other sites post here, that is its purpose
	mux.LargeEndpoint("POST /{pool}/saml/sso/soap", int64(samlxml.Messages().Bytes), h.ecp)
	mux.LargeEndpoint("POST /{pool}/saml/artifact", int64(samlxml.Messages().Bytes), h.resolveArtifact)
	mux.Get("/{pool}/saml/continue", h.resume)
	mux.Get("/{pool}/saml/init/{app}", h.initiate)
	mux.Get("/{pool}/saml/slo", h.slo)
	mux.LargeEndpoint("POST /{pool}/saml/slo/soap", int64(samlxml.Messages().Bytes), h.soapLogout)
	mux.LargeEndpoint("POST /{pool}/saml/slo", maxPost, h.slo)
}

// EntityID is the name of a pool's identity provider, and where its metadata is.
func (h *Handler) EntityID(pool userpool.PoolID) string { return entityID(h.Issuer(pool)) }

func entityID(issuer string) string { return issuer + "/saml/metadata" }

// SSOURL is where requests for a pool are sent.
func (h *Handler) SSOURL(pool userpool.PoolID) string { return h.Issuer(pool) + "/saml/sso" }

// pool returns the pool that the address names.
func (h *Handler) pool(r *http.Request) (*userpool.Pool, error) {
	pool, err := h.Directory.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return pool, err
}
