package policy

import "sync"

// cacheSize bounds how many compiled documents a Cache keeps.
const cacheSize = 4096

// A Cache compiles each document once. The zero value is ready for use, by any
// number of goroutines. Only documents that parse are kept.
type Cache struct {
	mu       sync.RWMutex
	policies map[cacheKey]*Policy
}

type cacheKey struct {
	kind Kind
	text string
}

// Parse is the function Parse, remembered.
func (c *Cache) Parse(kind Kind, text string) (*Policy, error) {
	key := cacheKey{kind, text}
	c.mu.RLock()
	p := c.policies[key]
	c.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	p, err := Parse(kind, text)
	if err != nil {
		return nil, err
	}
	c.put(key, p)
	return p, nil
}

// put makes room by dropping an arbitrary entry: the map's order is random.
func (c *Cache) put(key cacheKey, p *Policy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.policies == nil {
		c.policies = map[cacheKey]*Policy{}
	}
	if len(c.policies) >= cacheSize {
		for old := range c.policies {
			delete(c.policies, old)
			break
		}
	}
	c.policies[key] = p
}
