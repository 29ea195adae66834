package server

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
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

// proofs is what checks DPoP proofs. The secret of its nonces is every node's.
func proofs(ctx context.Context, keys keyring.Ring, once ephemeral.Store, now func() time.Time) (*dpop.Verifier, error) {
	secret, err := keys.Secret(ctx, "dpop-nonces")
	if err != nil {
		return nil, err
	}
	return &dpop.Verifier{Ephemeral: once, Secret: secret, Now: now}, nil
}
