package userpool

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// RotationLead is how long a key that was asked for is published before it signs. It
// is longer than verifiers keep a key set (JWKS is served with max-age 300).
const RotationLead = 10 * time.Minute

// A SigningKey is a key of a pool's tokens.
type SigningKey struct {
	*keyring.Key
	Access bool // for access tokens; else for ID tokens and what goes to clients with them
}

// SigningKeys lists the keys of its tokens that a pool publishes.
func (t *Tokens) SigningKeys(ctx context.Context, pool PoolID) ([]SigningKey, error) {
	if _, err := t.Store.Pool(ctx, pool); err != nil {
		return nil, namedPool(err, pool)
	}
	keys, err := t.Keys.Recent(ctx, 0, tokenScopes(pool)...)
	if err != nil {
		return nil, err
	}
	out := make([]SigningKey, len(keys))
	for i, k := range keys {
		out[i] = signingKey(pool, k)
	}
	return out, nil
}

func signingKey(pool PoolID, k *keyring.Key) SigningKey {
	return SigningKey{k, strings.HasPrefix(k.Scope, tokenScope(pool, useAccess, jose.RS256))}
}

// RotateKey publishes the next key for a kind of token and an algorithm, RS256 where
// it is empty, which begins to sign after RotationLead. The old one is published
// for as long as its tokens can live.
func (t *Tokens) RotateKey(ctx context.Context, pool PoolID, access bool, alg string) (SigningKey, error) {
	if _, err := t.Store.Pool(ctx, pool); err != nil {
		return SigningKey{}, namedPool(err, pool)
	}
	use := useID
	if access {
		use = useAccess
	}
	key, err := t.Keys.Schedule(ctx, tokenScope(pool, use, orRS256(alg)), RotationLead)
	if errors.Is(err, keyring.ErrNotFound) {
		return SigningKey{}, Fail(ErrNotFound, "The user pool has no such key to rotate.")
	}
	if err != nil {
		return SigningKey{}, err
	}
	return signingKey(pool, key), nil
}

// RevokeKey takes a key out of use at once, because somebody else may have it: it is
// published no more, and no token that it signed is accepted. It returns the key
// that signs in its place from now on. Other nodes follow within ten seconds.
func (t *Tokens) RevokeKey(ctx context.Context, pool PoolID, id string) (SigningKey, error) {
	keys, err := t.SigningKeys(ctx, pool)
	if err != nil {
		return SigningKey{}, err
	}
	for _, k := range keys {
		if k.ID != id {
			continue
		}
		next, err := t.Keys.Revoke(ctx, k.Scope, id)
		if err != nil {
			return SigningKey{}, err
		}
		return signingKey(pool, next), nil
	}
	return SigningKey{}, Fail(ErrNotFound, "The user pool has no signing key with that ID.")
}
