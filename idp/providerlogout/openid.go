package providerlogout

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// errNotOpenID is of a ticket for somebody whose answers are signed.
var errNotOpenID = errors.New("providerlogout: the sign-out was of no provider of OpenID Connect")

// fromOpenID takes up a sign-out where a provider of OpenID Connect led the browser back:
// its state is all that there is (RP-Initiated Logout 1.0 section 3). Nothing that has to
// be signed is confirmed by it.
func (h *Handler) fromOpenID(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	if err := h.Limiter.LimitPool(w, r); err != nil {
		return err
	}
	ticket := r.URL.Query().Get("state")
	asked, err := h.Chain.Asked(r.Context(), pool.ID, ticket)
	if errors.Is(err, chain.ErrNotAsked) {
		return web.Fail(http.StatusBadRequest, "This request has expired. Go back to the app and sign out once more.", err)
	}
	if err != nil {
		return err
	}
	p, err := h.Store.Provider(r.Context(), pool.ID, asked.Stop.ID)
	if asked.Stop.Kind != chain.Upstream || errors.Is(err, userpool.ErrNotFound) || err == nil && p.Type != userpool.ProviderOIDC {
		return refused(errors.Join(sp.ErrInvalid, errNotOpenID))
	}
	if err != nil {
		return err
	}
	return h.Chain.Answered(w, r, pool.ID, ticket, true)
}
