package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sts"
)

// UserPools verifies ID tokens of this server's own user pools.
type UserPools interface {
	// Verify returns the claims of an ID token of a user pool: signature, issuer,
	// use and expiry are checked, the audience is not. A refusal matches
	// ErrNotAuthorized.
	Verify(ctx context.Context, pool, token string) (claims map[string]any, err error)
	// Alive returns an error that matches ErrNotAuthorized where the user of a
	// verified token was disabled, deleted or signed out since.
	Alive(ctx context.Context, pool string, claims map[string]any) error
}

// OIDCProviders knows the OpenID Connect providers of the account.
type OIDCProviders interface {
	// OIDCProvider returns the issuer and the client IDs of a provider by its
	// ARN, or ErrNotFound.
	OIDCProvider(ctx context.Context, arn string) (issuer string, clients []string, err error)
}

// Roles begins sessions of roles. *sts.Service does.
type Roles interface {
	AssumeRoleWithWebIdentity(ctx context.Context, in sts.WebIdentityRequest) (*sts.AssumedRole, error)
}

// A Service holds the rules of identity pools.
type Service struct {
	Store     Store
	Ephemeral ephemeral.Store // counts guests made per address
	Keys      keyring.Ring    // scope "identity"
	UserPools UserPools
	Providers OIDCProviders
	Remote    sts.RemoteIssuers // verifies tokens of issuers elsewhere; may be nil
	Roles     Roles
	Now       func() time.Time
	Region    string
	PublicURL string
	Issuer    func(userPool string) string // of this server's user pools

	// GuestPolicy is the session policy of guests; DefaultGuestPolicy where empty.
	GuestPolicy string
	// GuestsPerMinute bounds how many guests an address may make in a pool; 0 for 300.
	GuestsPerMinute int64

	Log *slog.Logger
}

// newID returns a new pool or identity ID: region, colon, random UUID.
func (s *Service) newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%s:%x-%x-%x-%x-%x", s.Region, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
