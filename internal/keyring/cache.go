package keyring

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// refreshAfter bounds how long a rotation, or a revocation, by another process
// stays unseen.
const refreshAfter = 10 * time.Second

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

// keys returns the keys of a scope, at most refreshAfter old. That there are none
// is looked up again: another process may be making the first one.
func (k *Keys) keys(ctx context.Context, scope string) ([]*Key, error) {
	if keys, ok := k.cache.recent(k.now().Add(-refreshAfter), scope); ok && len(keys) > 0 {
		return keys, nil
	}
	return k.reload(ctx, scope)
}

// reload reads the keys of scopes.
func (k *Keys) reload(ctx context.Context, scopes ...string) (keys []*Key, err error) {
	at := k.now()
	rows, err := k.store.LoadKeys(ctx, scopes...)
	if err != nil {
		return nil, err
	}
	known := k.cache.known(scopes)
	byScope := map[string][]*Key{}
	for _, row := range rows {
		key, err := k.refreshed(known[row.ID], row)
		if err != nil {
			return nil, err
		}
		byScope[row.Scope] = append(byScope[row.Scope], key)
	}
	for _, scope := range scopes {
		k.cache.keep(scope, byScope[scope], at)
		keys = append(keys, byScope[scope]...)
	}
	return keys, nil
}

// refreshed returns row as a key. A key parsed before keeps its private key and
// its precomputed values; it is copied because others hold the old one.
func (k *Keys) refreshed(old *Key, row *Row) (*Key, error) {
	if old == nil {
		return k.parse(row)
	}
	key := *old
	key.State, key.NotAfter, key.SignFrom = row.State, row.NotAfter, row.SignFrom
	return &key, nil
}

// recent returns the keys of scopes if all of them were read after a time.
func (c *cache) recent(after time.Time, scopes ...string) (keys []*Key, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, scope := range scopes {
		found, ok := c.scopes[scope]
		if !ok || !found.at.After(after) {
			return nil, false
		}
		if i == 0 {
			keys = found.keys[:len(found.keys):len(found.keys)] // shared; appending copies
			continue
		}
		keys = append(keys, found.keys...)
	}
	return keys, true
}

func (c *cache) known(scopes []string) map[string]*Key {
	c.mu.RLock()
	defer c.mu.RUnlock()
	known := map[string]*Key{}
	for _, scope := range scopes {
		for _, key := range c.scopes[scope].keys {
			known[key.ID] = key
		}
	}
	return known
}

func (c *cache) keep(scope string, keys []*Key, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scopes == nil {
		c.scopes = map[string]cached{}
	}
	if !c.scopes[scope].at.After(at) { // a slow reader does not bring back what was revoked meanwhile
		c.scopes[scope] = cached{keys, at}
	}
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
