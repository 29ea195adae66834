package samlidp

import (
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A partyCache keeps the parsed metadata of applications, so that a sign-in does
// not parse certificates. An entry is good for one version of the application.
type partyCache struct {
	mu sync.Mutex
	m  map[partyKey]*samlxml.SPMetadata
}

type partyKey struct {
	pool, id string
	modified time.Time
}

// maxParties bounds the cache; past it, it starts afresh.
const maxParties = 4096

func (c *partyCache) get(a *Application) (*samlxml.SPMetadata, error) {
	key := partyKey{string(a.Pool), string(a.ID), a.Modified}
	c.mu.Lock()
	sp, ok := c.m[key]
	c.mu.Unlock()
	if ok {
		return sp, nil
	}
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxParties {
		c.m = map[partyKey]*samlxml.SPMetadata{}
	}
	c.m[key] = sp
	return sp, nil
}
