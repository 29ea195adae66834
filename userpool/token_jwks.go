package userpool

import (
	"context"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// keySetLife is how long a key set is served before the pool is looked for again.
const keySetLife = time.Minute

// A keySet is an encoded JWK set and the keys that are in it.
type keySet struct {
	json    []byte
	ids     []string
	checked time.Time
}

// JWKS returns the JWK set of a pool: every published key of its ID and access
// tokens. The bytes are kept, and shared: the caller must not change them. It
// returns ErrPoolNotFound; a deleted pool's set is served for a minute at most.
func (t *Tokens) JWKS(ctx context.Context, pool PoolID) ([]byte, error) {
	t.mu.Lock()
	set := t.keySet[pool]
	t.mu.Unlock()
	now := t.Now()
	if set == nil || now.Sub(set.checked) >= keySetLife {
		if _, err := t.Store.Pool(ctx, pool); err != nil {
			t.mu.Lock()
			delete(t.keySet, pool)
			t.mu.Unlock()
			return nil, err
		}
		if err := t.makeKeys(ctx, pool); err != nil {
			return nil, err
		}
		set = nil
	}
	keys, ids, err := t.published(ctx, pool)
	if err != nil {
		return nil, err
	}
	if set != nil && slices.Equal(set.ids, ids) {
		return set.json, nil
	}
	raw, err := encodeKeySet(keys)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keySet == nil {
		t.keySet = map[PoolID]*keySet{}
	}
	t.keySet[pool] = &keySet{raw, ids, now}
	return raw, nil
}

// makeKeys makes sure that a new pool publishes its keys before it uses them.
func (t *Tokens) makeKeys(ctx context.Context, pool PoolID) error {
	for _, use := range []string{useID, useAccess} {
		if err := t.makeKey(ctx, pool, use, ""); err != nil {
			return err
		}
	}
	return nil
}

// makeKey makes the pool's first key for a kind of token and an algorithm, if there
// is none.
func (t *Tokens) makeKey(ctx context.Context, pool PoolID, use, alg string) error {
	_, err := t.Keys.Signer(ctx, tokenScope(pool, use, orRS256(alg)), orRS256(alg))
	return err
}

// published returns the keys of all kinds of token and algorithms of a pool. They
// are never much older than a key that another node has made.
func (t *Tokens) published(ctx context.Context, pool PoolID) (keys []*keyring.Key, ids []string, err error) {
	keys, err = t.Keys.Recent(ctx, keysSeen, KeyScopes(pool)...)
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return keys, ids, err
}

func encodeKeySet(keys []*keyring.Key) ([]byte, error) {
	public := make(jose.Keys, len(keys))
	for i, k := range keys {
		public[i] = publicKey(k)
	}
	return jose.EncodeKeySet(public)
}
