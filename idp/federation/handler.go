// Package federation signs browsers in through identity providers: it sends them
// there, takes what they bring back, and hands who arrived to the sign-in pages. What
// becomes of an arrival is decided in package sp, and a protocol is spoken by an
// sp.Upstream.
//
// An answer counts once, in the browser that the question was asked in, for the
// provider and the visit that it was asked for. All of that stands on the server,
// under a name that says nothing.
package federation

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds what requests name.
type Store interface {
	Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error)
	ProviderByIdentifier(ctx context.Context, pool userpool.PoolID, identifier string) (*userpool.Provider, error)
}

// Recorder keeps what happens. *idp.Sessions does.
type Recorder interface {
	Record(ctx context.Context, e idp.Event)
}

// A Handler serves the way to providers and back, of every pool.
type Handler struct {
	Service   *sp.Service
	Store     Store
	Pages     *login.Handler
	Events    Recorder
	Ephemeral ephemeral.Store
	Sealer    keyring.Sealer // of what waits there: verifiers of PKCE, tokens of providers
	Secure    bool           // the public URL is https
	Script    string         // address of the script that submits a form; empty is none
	Now       func() time.Time
	Log       *slog.Logger
}

var _ login.Federation = (*Handler)(nil)

// The largest answers that are read, in bytes. SAML's is what Cognito takes of base64,
// every character of it escaped, and the rest of the form.
const (
	maxAnswer = 64 << 10
	maxSAML   = 3*maxSAMLResponse + 8<<10

	maxSAMLResponse = 100_000
)

// Mount adds Cognito's addresses for the answers of providers. Other sites post to
// them: what they carry is believed for its state, and for nothing else.
func (h *Handler) Mount(m *web.Mux) {
	m.LargeEndpoint("/{pool}/oauth2/idpresponse", maxAnswer, h.oauthAnswer)
	m.LargeEndpoint("/{pool}/saml2/idpresponse", maxSAML, h.samlAnswer)
	m.Get("/{pool}/federation/arrived", h.arrived)
}

// Speaks implements login.Federation.
func (h *Handler) Speaks(kind string) bool { return h.Service.Speaks(kind) }

var errGone = web.Fail(http.StatusBadRequest, "This sign-in has expired. Go back to the app and start again.", nil)

// limit counts an answer: each costs a signature.
func (h *Handler) limit(w http.ResponseWriter, r *http.Request) error {
	return h.Pages.LimitPool(w, r)
}
