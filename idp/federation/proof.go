package federation

import (
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// askProof keeps an arrival until its person has signed in here.
func (h *Handler) askProof(w http.ResponseWriter, r *http.Request, visit *login.Visit, p *pin, out *sp.Outcome) error {
	token, err := h.put(r.Context(), nsProof, visit.Pool().ID, proof{*p, keep(out.Rest), out.Proof.Sub, out.Proof.Attributes["email"]}, proofLife)
	if err != nil {
		return err
	}
	h.Pages.ToProof(w, visit, token)
	return nil
}

// Waiting implements login.Federation.
func (h *Handler) Waiting(r *http.Request, _ *userpool.Pool, token string) (*login.Waiting, error) {
	var p proof
	err := look(h, r, nsProof, token, &p)
	if errors.Is(err, errGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &login.Waiting{Provider: p.Provider, Email: p.Email}, nil
}

// Link implements login.Federation. What waits is used up by the right user alone, so
// that whoever signed in as another one can try again.
func (h *Handler) Link(r *http.Request, pool *userpool.Pool, c *userpool.Client, token string, u *userpool.User) (*idp.Upstream, error) {
	var p proof
	if err := look(h, r, nsProof, token, &p); err != nil {
		return nil, err
	}
	if p.Sub != u.Sub {
		return nil, userpool.Fail(userpool.ErrNotAuthorized, "The account cannot be linked.")
	}
	if err := take(h, r, nsProof, token, &p); err != nil {
		return nil, err
	}
	provider, err := h.Store.Provider(r.Context(), pool.ID, p.Provider)
	if errors.Is(err, userpool.ErrNotFound) || err == nil && !provider.Created.Equal(p.Made) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	a := p.Arrival.restored()
	return upstreamOf(provider, a), h.Service.Link(r.Context(), pool, c, provider, a, u)
}
