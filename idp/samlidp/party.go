package samlidp

import (
	"regexp"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// A party is what follows from an application and takes a while to work out.
type party struct {
	*samlxml.SPMetadata
	groups *regexp.Regexp // of the application's settings; nil where it has none
}

func newParty(a *Application) (*party, error) {
	sp, err := samlxml.ParseSPMetadata([]byte(a.MetadataXML))
	if err != nil {
		return nil, err
	}
	groups, err := a.Settings.groupPattern()
	if err != nil {
		return nil, err
	}
	return &party{sp, groups}, nil
}

// A partyCache keeps parties, so that a sign-in does not parse certificates. An
// entry is good for one version of the application.
type partyCache struct {
	mu sync.Mutex
	m  map[partyKey]*party
}

type partyKey struct {
	pool, id string
	modified time.Time
}

// maxParties bounds the cache; past it, it starts afresh.
const maxParties = 4096

func (c *partyCache) get(a *Application) (*party, error) {
	key := partyKey{string(a.Pool), string(a.ID), a.Modified}
	c.mu.Lock()
	p, ok := c.m[key]
	c.mu.Unlock()
	if ok {
		return p, nil
	}
	p, err := newParty(a)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxParties {
		c.m = map[partyKey]*party{}
	}
	c.m[key] = p
	return p, nil
}
