package oidcrp

import (
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// A keySet checks signatures for go-oidc by keys that jose remembers. go-oidc's own
// asks the issuer for every kid that it does not know, which hostile tokens choose,
// and hands out fetched keys an instant before it keeps them, so that a good token
// right after a roll-over may be refused.
type keySet struct {
	keys jose.KeySet
	err  error // the last, which go-oidc flattens to text
}

// VerifySignature implements oidc.KeySet. There is neither "none" nor HMAC among
// the algorithms, whatever an issuer's discovery document says.
func (k *keySet) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	payload, _, err := jose.Verify(ctx, raw, k.keys, jose.Asymmetric)
	k.err = err
	return payload, err
}

// verify judges an ID token by the keys of its issuer.
func verify(ctx context.Context, issuer, raw string, keys jose.KeySet, cfg *oidc.Config) (*oidc.IDToken, error) {
	set := &keySet{keys: keys}
	cfg.SupportedSigningAlgs = jose.Asymmetric
	token, err := oidc.NewVerifier(issuer, set, cfg).Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, fmt.Errorf("%w: %w", ErrExpired, err)
	case err != nil && errors.Is(set.err, jose.ErrUnavailable):
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, set.err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return token, nil
}
