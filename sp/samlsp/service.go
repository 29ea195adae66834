package samlsp

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Pools finds pools and their providers. userpool.Store does.
type Pools interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error)
	Providers(ctx context.Context, pool userpool.PoolID, after string, limit int) (providers []*userpool.Provider, next string, err error)
}

// A Fetcher gets metadata from an address that an administrator named.
// *outbound.Client does.
type Fetcher interface {
	FetchNewer(ctx context.Context, address, etag string, limit int) (*outbound.Document, error)
}

// A Service is the service provider of every pool.
type Service struct {
	Pools     Pools
	Sources   Store
	Fetcher   Fetcher
	Caller    samlsoap.Caller // tells providers of sign-outs by SOAP
	Keys      keyring.Ring
	Ephemeral ephemeral.Store
	// Bases are the addresses that a pool answers at, without a slash at the end:
	// {public-url}/{poolId} first, then those of its domains.
	Bases func(*userpool.Pool) []string
	Now   func() time.Time
	Log   *slog.Logger

	cache    metadataCache
	entities entityIndex
	told     sync.Map // warnings that were given, or seen to be given
}

var _ sp.Upstream = (*Service)(nil)

// EntityID is the name of a pool as a service provider. It is Cognito's.
func EntityID(pool userpool.PoolID) string { return "urn:amazon:cognito:sp:" + string(pool) }

// The paths below the address of a pool.
const (
	acsPath      = "/saml2/idpresponse"
	logoutPath   = "/saml2/logout"
	metadataPath = "/saml2/metadata"
)

// addresses are those of a path at a pool.
func (s *Service) addresses(pool *userpool.Pool, path string) []string {
	var all []string
	for _, base := range s.Bases(pool) {
		all = append(all, base+path)
	}
	return all
}

// skew is how far a provider's clock may be off.
func skew(p *userpool.Provider) time.Duration {
	if d := p.Settings.SAML.Skew; d > 0 {
		return d
	}
	return samlxml.Skew
}

// isOn reports whether a detail of a provider is set to true.
func isOn(p *userpool.Provider, detail string) bool { return p.Details[detail] == "true" }
