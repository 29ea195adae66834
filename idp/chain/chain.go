// Package chain leads a browser that signs out past the apps that it was signed in
// to, one after the other, and then to where whoever began the sign-out wants it.
//
// OpenID clients that can be told without the browser are idp/signout's. Others that can,
// by SOAP, are told first and all at once. What is left is told by the browser itself, and
// by no frame: frames of other sites have no cookies any more. So the browser goes to an app with a message, and comes back with its answer,
// or does not. What is still to be done therefore stays on the server, bound to the
// browser by a cookie, and our page between two apps is where somebody can go on
// without the one that does not answer.
//
// The chain knows no protocol. Each app's is its Guide's, who writes the message and
// later reads the answer; the chain gives it a ticket to know the answer by.
//
//	Start ── ends our sessions, keeps the plan ──► page ──► app ──► Guide's endpoint
//	                                                ▲                    │ Answered
//	                                   next app ────┴────────────────────┘
//	                                   none left ──► Goal
package chain

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// The kinds of stops.
const (
	App      = "saml"     // a SAML app; ID is that of the application
	Upstream = "upstream" // the identity provider that the user came from; ID is its name
)

// A Stop is where the browser goes so that somebody there forgets the user.
type Stop struct {
	Kind, ID string
	Name     string // as people know it
	Data     []byte // for its Guide
}

// A Guide tells one kind of stops.
type Guide interface {
	// Depart sends the browser there. The answer is to bring back ticket, at most 80
	// characters of A-Z, a-z, 0-9, - and _, to an address of the Guide's own, which
	// then calls Answered. An error means that it cannot be told.
	Depart(ctx context.Context, pool userpool.PoolID, s Stop, ticket string) (*sp.Departure, error)
	// Tell tells it without the browser, and reports whether it has confirmed.
	// sp.ErrBrowser: it has to be Depart; alone says that there will be none.
	Tell(ctx context.Context, pool userpool.PoolID, s Stop, alone bool) (confirmed bool, err error)
}

// Apps knows the apps that take part in sessions.
type Apps interface {
	Guide
	// Stops are those of participants, none twice, and the names of the apps among
	// them that have no address to be told at.
	Stops(ctx context.Context, pool userpool.PoolID, list []*idp.Participant) (stops []Stop, mute []string, err error)
}

// Providers signs browsers out of identity providers. *samlsp.Service and
// *oidcrp.Upstream do.
type Providers interface {
	// Leave sends the browser to a provider, where session is what sp.Arrival had of
	// it. The answer brings back state. ErrUnusable: the provider has no sign-out.
	Leave(ctx context.Context, provider *userpool.Provider, session []byte, state string) (*sp.Departure, error)
	// Tell does so without the browser. sp.ErrBrowser: it has to be Leave, if there is a
	// browser.
	Tell(ctx context.Context, provider *userpool.Provider, session []byte, alone bool) (confirmed bool, err error)
}

// A Goal is where the browser goes in the end.
type Goal struct {
	Address string // that the caller trusts; empty is our own page
	Kind    string // of the Answerer whose message goes out instead; may be empty
	Data    []byte // for the Answerer
}

// An Answerer tells who asked for a sign-out what came of it.
type Answerer interface {
	// Answer sends the browser there. partial says that somebody did not confirm, or
	// could not be told.
	Answer(ctx context.Context, pool userpool.PoolID, data []byte, partial bool) (*sp.Departure, error)
}

// Store finds what is on the way. userpool.Store does.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
	Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error)
}

// Pages are what people see of it. *login.Handler has them. client may be nil in each.
type Pages interface {
	// ShowSigningOut loads the frames and then leads to next.
	ShowSigningOut(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, frames []string, next string) error
	// ShowLeaving leads to the next stop.
	ShowLeaving(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, l *Leaving) error
	// ShowLeft is the end of a sign-out that not everybody confirmed.
	ShowLeft(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, client *userpool.Client, l *Left) error
}

// Leaving is what the page between two stops shows.
type Leaving struct {
	Visits []Visit
	Go     string // address that leads to the present stop
	Skip   string // address that goes on without it
	Late   bool   // the browser was there before, and came back without an answer
}

// A Visit is a stop as the page shows it.
type Visit struct {
	Name string
	Done Outcome
	Now  bool
}

// Left is what the page after a sign-out shows.
type Left struct {
	Missed []string // apps that did not confirm
	Mute   []string // apps that cannot be told
	Next   string   // address to go on to; empty where there is none
}

// A Handler serves /{pool}/signout. Use it by pointer.
type Handler struct {
	Store        Store
	Browser      *browser.Store
	Participants idp.ParticipantStore
	Clients      *signout.Service // for the frames of OpenID clients
	Apps         Apps
	Providers    Providers           // nil signs out of none
	Answerers    map[string]Answerer // by Goal.Kind
	Pages        Pages
	Ephemeral    ephemeral.Store
	// Bases are the addresses that a pool answers at, without a slash at the end:
	// {public-url}/{poolId} first, then those of its domains. Nil knows of no others.
	Bases   func(*userpool.Pool) []string
	Now     func() time.Time
	Log     *slog.Logger
	Secure  bool   // the public URL is https: cookies are Secure
	Script  string // address of post.js, which sends the form that carries a message
	Wording web.Wording
}

// Mount adds the page.
func (h *Handler) Mount(m *web.Mux) { m.Get("/{pool}/signout", h.page) }

// guide returns who tells stops of a kind.
func (h *Handler) guide(kind string) (Guide, error) {
	switch {
	case kind == App && h.Apps != nil:
		return h.Apps, nil
	case kind == Upstream && h.Providers != nil:
		return providerGuide{h}, nil
	}
	return nil, errors.New("chain: nobody guides to " + kind)
}

// pool returns the pool that the address names.
func (h *Handler) pool(r *http.Request) (*userpool.Pool, error) {
	pool, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such page.", err)
	}
	return pool, err
}
