package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sts"
)

// UserPools verifies ID tokens of this server's own user pools.
type UserPools interface {
	// Verify returns the claims of an ID token of a user pool: signature, issuer and
	// use are checked, audience and expiry are not. A refusal matches
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

// SAMLProviders reads assertions for the account's SAML providers; *sts.Service does.
type SAMLProviders interface {
	SAMLLogin(ctx context.Context, providerARN, response string) (*sts.SAMLLogin, error)
}

// AccessTokens asks public providers about tokens that only they understand.
type AccessTokens interface {
	// Bearer returns who a token of a provider is of, and the app that it was given
	// out for, by each of its names. It returns ErrNotAuthorized or ErrExternalService.
	Bearer(ctx context.Context, provider, token string) (apps []string, subject string, err error)
}

// Roles begins sessions of roles. *sts.Service does.
type Roles interface {
	AssumeRoleWithWebIdentity(ctx context.Context, in sts.WebIdentityRequest) (*sts.AssumedRole, error)
}

// A Service holds the rules of identity pools.
type Service struct {
	Store     Store
	Limiter   Limiter      // counts unsigned calls; nil for no ceilings
	Keys      keyring.Ring // scope "identity"
	UserPools UserPools
	Providers OIDCProviders
	SAML      SAMLProviders
	Access    AccessTokens      // reads tokens of public providers; may be nil
	Remote    sts.RemoteIssuers // verifies tokens of issuers elsewhere, Skew after their expiry too; may be nil
	Roles     Roles
	Datasets  Datasets // may be nil
	Now       func() time.Time
	Region    string
	PublicURL string
	Issuer    func(userPool string) string // of this server's user pools

	// Guests bounds what guests may do, whatever their role allows.
	Guests GuestScope
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
