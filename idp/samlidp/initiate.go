package samlidp

import (
	"context"
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// initiate signs the user in to an app that did not ask (Profiles 4.1.5). The
// RelayState tells the app where to go, in its own terms.
func (h *Handler) initiate(w http.ResponseWriter, r *http.Request) error {
	pool, err := h.pool(r)
	if err != nil {
		return err
	}
	x, err := h.unasked(r.Context(), pool, ApplicationID(r.PathValue("app")))
	if err != nil {
		return err
	}
	x.relayState = x.app.Settings.RelayState
	if asked := r.URL.Query().Get("RelayState"); asked != "" && !x.app.Settings.RelayStateFixed {
		x.relayState = asked
	}
	if len(x.relayState) > maxRelayState {
		return badRequest("The address is too long.", nil)
	}
	return x.signIn(w, r)
}

// unasked starts an exchange without a request, answered at the app's default
// endpoint.
func (h *Handler) unasked(ctx context.Context, pool *userpool.Pool, id ApplicationID) (*exchange, error) {
	app, err := h.Apps.Application(ctx, pool.ID, id)
	if errors.Is(err, ErrNotFound) {
		return nil, web.Fail(http.StatusNotFound, "There is no such app.", err)
	}
	if err != nil {
		return nil, err
	}
	return h.exchange(pool, app)
}
