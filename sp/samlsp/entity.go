package samlsp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// entityLife is how long it may take until a provider that was set up on another node
// is known by its entity ID here.
const entityLife = time.Minute

// An entityIndex knows the providers of pools by their entity IDs. Anybody can send a
// message that names one, so looking for it must not cost a look at each provider.
type entityIndex struct {
	mu sync.Mutex
	m  map[userpool.PoolID]indexed
}

type indexed struct {
	at    time.Time
	names map[string][]string // of providers, by entity ID
}

// byEntity returns the SAML providers of a pool with that entity ID.
func (s *Service) byEntity(ctx context.Context, pool userpool.PoolID, entity string) ([]*userpool.Provider, error) {
	names, err := s.named(ctx, pool)
	if err != nil {
		return nil, err
	}
	var found []*userpool.Provider
	for _, name := range names[entity] {
		p, err := s.Pools.Provider(ctx, pool, name)
		if errors.Is(err, userpool.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := s.known(ctx, p)
		if err != nil && !unfit(err) {
			return nil, err
		}
		if err == nil && m.EntityID == entity {
			found = append(found, p)
		}
	}
	return found, nil
}

func unfit(err error) bool {
	return errors.Is(err, sp.ErrUnusable) || errors.Is(err, sp.ErrUnreachable)
}

// named returns the index of a pool.
func (s *Service) named(ctx context.Context, pool userpool.PoolID) (map[string][]string, error) {
	now := s.Now()
	s.entities.mu.Lock()
	old, ok := s.entities.m[pool]
	s.entities.mu.Unlock()
	if ok && now.Sub(old.at) < entityLife {
		return old.names, nil
	}
	names, err := s.index(ctx, pool)
	if err != nil {
		return nil, err
	}
	s.entities.mu.Lock()
	defer s.entities.mu.Unlock()
	if s.entities.m == nil || len(s.entities.m) >= maxCached {
		s.entities.m = map[userpool.PoolID]indexed{}
	}
	s.entities.m[pool] = indexed{now, names}
	return names, nil
}

// forget makes the index of a pool anew when it is needed.
func (x *entityIndex) forget(pool userpool.PoolID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.m, pool)
}

// index reads the metadata of every SAML provider of a pool. What cannot be used is
// nobody's.
func (s *Service) index(ctx context.Context, pool userpool.PoolID) (map[string][]string, error) {
	names := map[string][]string{}
	for after := ""; ; {
		list, next, err := s.Pools.Providers(ctx, pool, after, 60)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if p.Type != userpool.ProviderSAML {
				continue
			}
			m, err := s.known(ctx, p)
			if err != nil && !unfit(err) {
				return nil, err
			}
			if err == nil {
				names[m.EntityID] = append(names[m.EntityID], p.Name)
			}
		}
		if after = next; next == "" {
			return names, nil
		}
	}
}
