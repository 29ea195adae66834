package oidcrp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// Errors of a Verifier. Their texts are for the log.
var (
	ErrUnreachable = errors.New("oidcrp: issuer unreachable")
	ErrExpired     = errors.New("oidcrp: token expired")
	ErrInvalid     = errors.New("oidcrp: token invalid")
)

// A Verifier verifies ID tokens. Discovery happens at an issuer's first token;
// keys are cached until a token names one that is not known. It is safe for
// concurrent use.
type Verifier struct {
	now       func() time.Time
	directory *directory
	keys      *jose.RemoteKeys
}

// New returns a Verifier that fetches through f.
func New(f Fetcher, now func() time.Time) *Verifier {
	return &Verifier{now: now, directory: newDirectory(f, now), keys: &jose.RemoteKeys{Fetch: f, Now: now, Spare: 1}}
}

// Verify returns the claims of a token that issuer signed and that is valid now.
// Whom it is for is left to the caller.
func (v *Verifier) Verify(ctx context.Context, issuerURL, rawJWT string) (map[string]any, error) {
	return v.verify(ctx, issuerURL, rawJWT, &oidc.Config{SkipClientIDCheck: true, Now: v.now})
}

// VerifyWithin is Verify for who forgives clocks that differ by as much as leeway.
func (v *Verifier) VerifyWithin(ctx context.Context, issuerURL, rawJWT string, leeway time.Duration) (map[string]any, error) {
	claims, err := v.verify(ctx, issuerURL, rawJWT, &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true})
	if err != nil {
		return nil, err
	}
	expires, ok := claims["exp"].(float64)
	if !ok || !v.now().Before(jose.Time(expires).Add(leeway)) {
		return nil, ErrExpired
	}
	if begins, ok := claims["nbf"].(float64); ok && v.now().Add(leeway).Before(jose.Time(begins)) {
		return nil, fmt.Errorf("%w: not valid yet", ErrInvalid)
	}
	return claims, nil
}

func (v *Verifier) verify(ctx context.Context, issuerURL, rawJWT string, cfg *oidc.Config) (map[string]any, error) {
	doc, err := v.directory.find(ctx, issuerURL)
	if err != nil {
		return nil, err
	}
	token, err := verify(ctx, issuerURL, rawJWT, v.keys.At(doc.Keys), cfg)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return claims, nil
}
