package server

import (
	"time"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool"
)

// clientAuthentication is how programs prove at the OpenID endpoints which client
// they are.
func (s *Server) clientAuthentication(clients clientauth.Clients, once ephemeral.Store, issuer func(userpool.PoolID) string, now func() time.Time) (*clientauth.Authenticator, error) {
	roots, err := s.cfg.clientRoots()
	if err != nil {
		return nil, err
	}
	return &clientauth.Authenticator{Clients: clients, Ephemeral: once, Remote: s.remoteKeys, Roots: roots, Issuer: issuer, Now: now}, nil
}
