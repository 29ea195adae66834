package chain

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// upstreamStop is the stop at the provider that a session came from, if the provider
// is one to sign out of.
func (h *Handler) upstreamStop(ctx context.Context, pool userpool.PoolID, up *idp.Upstream) ([]Stop, error) {
	if h.Providers == nil || len(up.Session) == 0 {
		return nil, nil
	}
	p, err := h.Store.Provider(ctx, pool, up.Provider)
	if errors.Is(err, userpool.ErrNotFound) || err == nil && !p.SignsOut() {
		return nil, nil
	}
	return []Stop{{Kind: Upstream, ID: up.Provider, Name: up.Provider, Data: up.Session}}, err
}

// A providerGuide leads to providers.
type providerGuide struct{ *Handler }

// Tell implements Guide.
func (g providerGuide) Tell(ctx context.Context, pool userpool.PoolID, s Stop, alone bool) (confirmed bool, err error) {
	p, err := g.Store.Provider(ctx, pool, s.ID)
	if err != nil {
		return false, err
	}
	return g.Providers.Tell(ctx, p, s.Data, alone)
}

// Depart implements Guide.
func (g providerGuide) Depart(ctx context.Context, pool userpool.PoolID, s Stop, ticket string) (*sp.Departure, error) {
	p, err := g.Store.Provider(ctx, pool, s.ID)
	if err != nil {
		return nil, err
	}
	return g.Providers.Leave(ctx, p, s.Data, ticket)
}
