package cognitoidentity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/userpool"
)

// UserPools lets identity pools verify the ID tokens of this server's user pools.
type UserPools struct{ Tokens *userpool.Tokens }

var _ identity.UserPools = UserPools{}

// Verify implements identity.UserPools.
func (u UserPools) Verify(ctx context.Context, pool, token string) (map[string]any, error) {
	c, err := u.Tokens.IDHint(ctx, userpool.PoolID(pool), token) // the caller has its own idea of expiry
	if err != nil {
		return nil, refusal(err)
	}
	return c.Raw, nil
}

// Alive implements identity.UserPools.
func (u UserPools) Alive(ctx context.Context, pool string, claims map[string]any) error {
	text := func(name string) string { s, _ := claims[name].(string); return s }
	issued, _ := claims["iat"].(float64)
	_, err := u.Tokens.Alive(ctx, &userpool.IDClaims{Pool: userpool.PoolID(pool), Client: userpool.ClientID(text("aud")),
		Sub: text("sub"), OriginJTI: text("origin_jti"), Issued: time.Unix(int64(issued), 0)})
	return refusal(err)
}

// refusal gives the ways in which a user pool says no the one kind that identity
// pools know.
func refusal(err error) error {
	for _, no := range []error{userpool.ErrNotAuthorized, userpool.ErrUserNotFound, userpool.ErrPoolNotFound} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w: %w", identity.ErrNotAuthorized, err)
		}
	}
	return err
}

// Providers lets identity pools look up the account's OpenID Connect providers.
type Providers struct {
	Store   sts.Store
	Account string
}

var _ identity.OIDCProviders = Providers{}

// OIDCProvider implements identity.OIDCProviders.
func (p Providers) OIDCProvider(ctx context.Context, arn string) (issuer string, clients []string, err error) {
	provider, err := p.Store.OIDCProviders().Get(ctx, p.Account, identity.ProviderOfARN(arn))
	if errors.Is(err, sts.ErrNotFound) || err == nil && provider.ARN() != arn {
		return "", nil, identity.ErrNotFound
	}
	if err != nil {
		return "", nil, err
	}
	return provider.Issuer, provider.ClientIDs, nil
}

// AccessTokens lets identity pools ask public providers what their access tokens mean.
type AccessTokens struct{ Asker *oidcrp.AccessTokens }

var _ identity.AccessTokens = AccessTokens{}

// Bearer implements identity.AccessTokens.
func (a AccessTokens) Bearer(ctx context.Context, provider, token string) (apps []string, subject string, err error) {
	apps, subject, err = a.Asker.Bearer(ctx, provider, token)
	switch {
	case errors.Is(err, sp.ErrInvalid):
		err = fmt.Errorf("%w: %w", identity.ErrNotAuthorized, err)
	case err != nil:
		err = fmt.Errorf("%w: %w", identity.ErrExternalService, err)
	}
	return apps, subject, err
}
