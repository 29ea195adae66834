package keyring

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// refreshAfter bounds how long a rotation by another process stays unseen.
const refreshAfter = time.Minute

// A cache holds the parsed keys of scopes that were used.
type cache struct {
	mu      sync.RWMutex
	scopes  map[string]cached
	secrets map[string][]byte
	flight  singleflight.Group
}

type cached struct {
	keys []*Key
	at   time.Time
}

// keys returns the keys of a scope, at most refreshAfter old. No keys at all is
// not remembered: another process may be making the first one.
func (k *Keys) keys(ctx context.Context, scope string) ([]*Key, error) {
	k.cache.mu.RLock()
	c, ok := k.cache.scopes[scope]
	k.cache.mu.RUnlock()
	if ok && k.now().Sub(c.at) < refreshAfter {
		return c.keys, nil
	}
	return k.reload(ctx, scope)
}

func (k *Keys) reload(ctx context.Context, scope string) ([]*Key, error) {
	rows, err := k.store.LoadKeys(ctx, scope)
	if err != nil {
		return nil, err
	}
	known := k.cache.known(scope)
	keys := make([]*Key, len(rows))
	for i, row := range rows {
		if keys[i], err = k.refreshed(known[row.ID], row); err != nil {
			return nil, err
		}
	}
	k.cache.keep(scope, keys, k.now())
	return keys, nil
}

// refreshed returns row as a key. A key parsed before keeps its private key and
// its precomputed values; it is copied because others hold the old one.
func (k *Keys) refreshed(old *Key, row *Row) (*Key, error) {
	if old == nil {
		return k.parse(row)
	}
	key := *old
	key.State, key.NotAfter = row.State, row.NotAfter
	return &key, nil
}

func (c *cache) known(scope string) map[string]*Key {
	c.mu.RLock()
	defer c.mu.RUnlock()
	known := map[string]*Key{}
	for _, key := range c.scopes[scope].keys {
		known[key.ID] = key
	}
	return known
}

func (c *cache) keep(scope string, keys []*Key, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(keys) == 0 {
		delete(c.scopes, scope)
		return
	}
	if c.scopes == nil {
		c.scopes = map[string]cached{}
	}
	c.scopes[scope] = cached{keys, at}
}

func (c *cache) forget(scope string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.scopes, scope)
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scopes, c.secrets = nil, nil
}

func (c *cache) secret(scope string) ([]byte, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	secret, ok := c.secrets[scope]
	return secret, ok
}

func (c *cache) keepSecret(scope string, secret []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets == nil {
		c.secrets = map[string][]byte{}
	}
	c.secrets[scope] = secret
}

// once runs fn for the first of several concurrent callers and gives all of them
// its result. A caller that goes away does not take the others with it.
func (c *cache) once(ctx context.Context, what string, fn func(context.Context) (*Key, error)) (*Key, error) {
	done := c.flight.DoChan(what, func() (any, error) { return fn(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Key), nil
	}
}
