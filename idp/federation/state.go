package federation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// What waits, and for how long.
const (
	nsAsked   = "federation-asked"   // a provider was asked
	nsArrived = "federation-arrived" // an answer was posted, and is judged
	nsProof   = "federation-proof"   // somebody has to prove an account

	askedLife   = 10 * time.Minute
	arrivedLife = 2 * time.Minute
	proofLife   = 15 * time.Minute
)

// A pin is what everything that waits is held to.
type pin struct {
	Provider string
	Made     time.Time  // a provider of the name that was made later is another
	Query    string     // of the visit
	Browser  idp.Handle // no other may go on
}

// asked is a question to a provider.
type asked struct {
	pin
	Memo  []byte
	Force bool
	At    time.Time
}

// arrived is an answer that was judged.
type arrived struct {
	pin
	Arrival arrival
}

// proof is an arrival that waits for its person to sign in as the owner of an account.
type proof struct {
	pin
	Arrival arrival
	Sub     string
	Email   string
}

// arrival is an sp.Arrival as it is kept.
type arrival struct {
	sp.Arrival // without Inbound, whose type JSON would forget
	SAML       *userpool.InboundSAML
	Tokens     *userpool.InboundTokens
}

func keep(a *sp.Arrival) arrival {
	k := arrival{Arrival: *a}
	k.Inbound = nil
	switch in := a.Inbound.(type) {
	case userpool.InboundSAML:
		k.SAML = &in
	case userpool.InboundTokens:
		k.Tokens = &in
	}
	return k
}

func (k *arrival) restored() *sp.Arrival {
	a := k.Arrival
	switch {
	case k.SAML != nil:
		a.Inbound = *k.SAML
	case k.Tokens != nil:
		a.Inbound = *k.Tokens
	}
	return &a
}

// put keeps a value under a new token, which it returns.
func (h *Handler) put(ctx context.Context, namespace string, pool userpool.PoolID, v any, life time.Duration) (string, error) {
	token := newToken()
	return token, h.putAs(ctx, namespace, pool, token, v, life)
}

func (h *Handler) putAs(ctx context.Context, namespace string, pool userpool.PoolID, token string, v any, life time.Duration) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sealed, err := h.Sealer.Seal(raw, place(namespace, pool, token))
	if err != nil {
		return err
	}
	return h.Ephemeral.Put(ctx, namespace, string(pool)+"/"+token, sealed, h.Now().Add(life))
}

// place is what a sealed value is bound to.
func place(namespace string, pool userpool.PoolID, token string) string {
	return namespace + "/" + string(pool) + "/" + token
}

// look reads what a token stands for into v, in the browser that it was made for. One
// that is over, or of another browser, is errGone: the other browser's stays.
func look[V interface{ pinned() *pin }](h *Handler, r *http.Request, namespace, token string, v V) error {
	if token == "" {
		return errGone
	}
	sealed, err := h.Ephemeral.Get(r.Context(), namespace, r.PathValue("pool")+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return errGone
	}
	if err != nil {
		return err
	}
	raw, err := h.Sealer.Open(sealed, place(namespace, userpool.PoolID(r.PathValue("pool")), token))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	if !h.is(r, v.pinned().Browser) {
		return errGone
	}
	return nil
}

// take is look, once: of many requests one succeeds.
func take[V interface{ pinned() *pin }](h *Handler, r *http.Request, namespace, token string, v V) error {
	if err := look(h, r, namespace, token, v); err != nil {
		return err
	}
	_, err := h.Ephemeral.Take(r.Context(), namespace, r.PathValue("pool")+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return errGone
	}
	return err
}

func (p *pin) pinned() *pin { return p }

// resume finds the visit and the provider of a pin, both as they are now. It returns no
// visit where the request is answered.
func (h *Handler) resume(w http.ResponseWriter, r *http.Request, p *pin) (*login.Visit, *userpool.Provider, error) {
	query, err := url.ParseQuery(p.Query)
	if err != nil {
		return nil, nil, err
	}
	visit, err := h.Pages.Revisit(w, r, query)
	if visit == nil || err != nil {
		return nil, nil, err
	}
	provider, err := h.Store.Provider(r.Context(), visit.Pool().ID, p.Provider)
	if errors.Is(err, userpool.ErrNotFound) || err == nil && (!provider.Created.Equal(p.Made) || !visit.Admits(provider)) {
		return nil, nil, errGone
	}
	return visit, provider, err
}
