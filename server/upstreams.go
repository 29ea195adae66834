package server

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/idp/federation"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/static"
	"github.com/poolhouse/poolhouse/userpool"
)

// upstreams are the protocols that identity providers speak, by the type of provider.
func (s *Server) upstreams() sp.Upstreams {
	return sp.Upstreams{
		userpool.ProviderSAML: s.samlSP,
		userpool.ProviderOIDC: s.oidcRP, userpool.ProviderGoogle: s.oidcRP, userpool.ProviderFacebook: s.oidcRP,
		userpool.ProviderAmazon: s.oidcRP, userpool.ProviderApple: s.oidcRP,
	}
}

// federate lets the sign-in pages lead by identity providers.
func (s *Server) federate(mux *web.Mux, pages *login.Handler, store userpool.Store, once ephemeral.Store, keys keyring.Sealer, url string, now func() time.Time) {
	h := &federation.Handler{Service: &sp.Service{Upstreams: s.Upstreams, Store: store, Accounts: s.Pools, SignIns: s.Auth, Functions: s.Auth.Triggers, Now: now, Log: s.log},
		Store: store, Pages: pages, Events: s.Sessions, Ephemeral: once, Sealer: keys, Secure: secure(url), Script: static.Path("post.js"), Now: now, Log: s.log}
	pages.Federation = h
	h.Mount(mux)
}

// leavers signs browsers out of providers, by their protocol.
type leavers struct{ *Server }

// Leave implements chain.Providers.
func (l leavers) Leave(ctx context.Context, p *userpool.Provider, session []byte, state string) (*sp.Departure, error) {
	if p.Type == userpool.ProviderSAML {
		return l.samlSP.Leave(ctx, p, session, state)
	}
	return l.oidcRP.Leave(ctx, p, session, state)
}

// Tell implements chain.Providers.
func (l leavers) Tell(ctx context.Context, p *userpool.Provider, session []byte, alone bool) (confirmed bool, err error) {
	if p.Type == userpool.ProviderSAML {
		return l.samlSP.Tell(ctx, p, session, alone)
	}
	return false, sp.ErrBrowser
}
