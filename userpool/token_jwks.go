package userpool

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"time"

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

// A jwk is a public RSA key (RFC 7517, RFC 7518 section 6.3.1).
type jwk struct {
	Algorithm string `json:"alg"`
	Exponent  string `json:"e"`
	KeyID     string `json:"kid"`
	Type      string `json:"kty"`
	Modulus   string `json:"n"`
	Use       string `json:"use"`
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
		if _, err := t.Keys.Signer(ctx, tokenScope(pool, use), algRS256); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tokens) published(ctx context.Context, pool PoolID) (keys []*keyring.Key, ids []string, err error) {
	for _, use := range []string{useID, useAccess} {
		some, err := t.Keys.Published(ctx, tokenScope(pool, use))
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, some...)
	}
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return keys, ids, nil
}

func encodeKeySet(keys []*keyring.Key) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range keys {
		public, ok := k.Private.Public().(*rsa.PublicKey)
		if !ok {
			continue
		}
		set.Keys = append(set.Keys, jwk{Algorithm: algRS256, KeyID: k.ID, Type: "RSA", Use: "sig",
			Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
			Modulus:  base64.RawURLEncoding.EncodeToString(public.N.Bytes())})
	}
	return json.Marshal(set)
}
