package server

import "github.com/poolhouse/poolhouse/sp"

// upstreams are the protocols that identity providers speak, by the type of provider.
func (s *Server) upstreams() sp.Upstreams {
	return sp.Upstreams{}
}
