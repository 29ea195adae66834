package federation

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// initiatedParams are what a provider may say, in RelayState, of a sign-in that it
// began: the request that an app would have made, as Cognito has it.
var initiatedParams = []string{"client_id", "redirect_uri", "response_type", "scope"}

// initiated reads such a RelayState. The states of our own questions have no "=".
func initiated(relay string) (url.Values, bool) {
	if len(relay) > 4096 {
		return nil, false
	}
	q, err := url.ParseQuery(relay)
	if err != nil || !q.Has("client_id") || !q.Has("redirect_uri") || !web.IsText(q) {
		return nil, false
	}
	for _, values := range q {
		if len(values) != 1 {
			return nil, false
		}
	}
	return q, true
}

var errNotInitiated = web.Fail(http.StatusBadRequest, "Sign-ins that begin there are not accepted here. Start from the app.", nil)

// unasked takes an answer that nobody asked for. It counts only from a provider that
// may begin sign-ins, and leads to a registered address of the client, by way of the
// authorize endpoint: what RelayState says is a request, and never an address to go to.
func (h *Handler) unasked(w http.ResponseWriter, r *http.Request, form, target url.Values) error {
	if err := h.limit(w, r); err != nil {
		return err
	}
	provider, err := h.initiator(r.Context(), userpool.PoolID(r.PathValue("pool")), target)
	if err != nil {
		return err
	}
	query := url.Values{}
	for _, name := range initiatedParams {
		if target.Has(name) {
			query.Set(name, target.Get(name))
		}
	}
	visit, err := h.Pages.Revisit(w, r, query)
	if visit == nil || err != nil {
		return err
	}
	if !visit.Admits(provider) {
		return errNotInitiated
	}
	a, err := h.Service.Arrive(h.Pages.Origin(r), &sp.Answer{Provider: provider, Form: form})
	if err != nil {
		return h.fail(w, r, visit, provider, err)
	}
	return h.receive(w, r, visit, provider, &pin{provider.Name, provider.Created, query.Encode(), h.mark(w, r)}, a)
}

// initiator is the provider that RelayState names, if it may begin sign-ins.
func (h *Handler) initiator(ctx context.Context, pool userpool.PoolID, target url.Values) (p *userpool.Provider, err error) {
	if name := target.Get("identity_provider"); name != "" {
		p, err = h.Store.Provider(ctx, pool, name)
	} else {
		p, err = h.Store.ProviderByIdentifier(ctx, pool, target.Get("idp_identifier"))
	}
	if errors.Is(err, userpool.ErrNotFound) || err == nil && (p.Type != userpool.ProviderSAML || p.Details["IDPInit"] != "true") {
		return nil, errNotInitiated
	}
	return p, err
}
