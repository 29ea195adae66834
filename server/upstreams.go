package server

import (
	"github.com/poolhouse/poolhouse/sp"
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
