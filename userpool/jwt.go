package userpool

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// errJWT says that a token is not one that this server signed. It has no detail:
// the reader is either us or somebody who forges tokens.
var errJWT = errors.New("userpool: not a token of this pool")

// strictURL refuses bits that base64 does not use, so that every token has one
// spelling.
var strictURL = base64.RawURLEncoding.Strict()

// Kinds of token, each with keys of its own, so that none can pass for another.
// What clients verify beside ID tokens (userinfo, logout tokens …) is signed with
// the keys of ID tokens, which it is told apart from by its claims.
const (
	useAccess = "access"
	useID     = "id"
)

// KeyScopes are the keyring scopes of the keys that a pool publishes: those of its
// tokens, and those that requests are encrypted to.
func KeyScopes(pool PoolID) []string { return append(tokenScopes(pool), requestScope(pool)) }

// tokenScopes has one scope for each kind of token and algorithm. Most of them never
// have a key.
func tokenScopes(pool PoolID) []string {
	var scopes []string
	for _, use := range []string{useID, useAccess} {
		for _, alg := range jose.Asymmetric {
			scopes = append(scopes, tokenScope(pool, use, alg))
		}
	}
	return scopes
}

// tokenScope is the keyring scope of a kind of token. Each algorithm has keys of its
// own (RFC 8725 section 3.1), so that none is ever used for two.
func tokenScope(pool PoolID, use, alg string) string {
	scope := "pool/" + string(pool) + "/" + use
	if alg == jose.RS256 {
		return scope // Cognito's, and the one that every pool has
	}
	return scope + "/" + alg
}

// signJWT signs claims with the pool's key for a kind of token and an algorithm,
// RS256 where it is empty.
func (t *Tokens) signJWT(ctx context.Context, pool PoolID, use, alg, typ string, claims []byte) (string, error) {
	alg = orRS256(alg)
	key, err := t.Keys.Signer(ctx, tokenScope(pool, use, alg), alg)
	if err != nil {
		return "", fmt.Errorf("userpool: signing key: %w", err)
	}
	return jose.Sign(jose.PrivateKey{ID: key.ID, Algorithm: alg, Private: key.Private}, typ, claims)
}

func orRS256(alg string) string {
	if alg == "" {
		return jose.RS256
	}
	return alg
}

// keysSeen is how old the keys may be that a token of an unknown key is refused by:
// another node may have begun to sign with a new one.
const keysSeen = time.Second

// ownKeys are the published keys of one keyring scope.
type ownKeys struct {
	ring  keyring.Ring
	scope string
}

// Find implements jose.KeySet. Our own tokens name their key.
func (o *ownKeys) Find(ctx context.Context, kid string) (jose.Keys, error) {
	if kid == "" {
		return nil, nil
	}
	keys, err := o.ring.Published(ctx, o.scope)
	if err != nil {
		return nil, err
	}
	if found := keysNamed(keys, kid); found != nil {
		return found, nil
	}
	keys, err = o.ring.Recent(ctx, keysSeen, o.scope)
	return keysNamed(keys, kid), err
}

func keysNamed(keys []*keyring.Key, kid string) jose.Keys {
	for _, k := range keys {
		if k.ID == kid {
			return jose.Keys{publicKey(k)}
		}
	}
	return nil
}

func publicKey(k *keyring.Key) jose.Key {
	if forRequests(k.Scope) {
		return jose.Key{ID: k.ID, Use: "enc", Material: k.Private.Public()}
	}
	return jose.Key{ID: k.ID, Algorithm: k.Algorithm, Use: "sig", Material: k.Private.Public()}
}
