package dataset

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A PoolUsage is what the identities of a pool store and do.
type PoolUsage struct {
	Pool     PoolID
	Sessions int64 // sync sessions that were begun
	Bytes    int64
	Modified time.Time // last change to any dataset, zero without one
}

// A UsageStore keeps what pools use. Counters that go with their pool are kept for
// pools that exist; others are left out without an error.
//
// Implementations must be safe for concurrent use by several processes and pass
// datasettest.TestUsage.
type UsageStore interface {
	// AddUsage adds to the counters of pools, which may be negative, and moves
	// Modified forward.
	AddUsage(ctx context.Context, changes []PoolUsage) error
	// Usage returns the usage of a pool, or ErrNotFound.
	Usage(ctx context.Context, pool PoolID) (*PoolUsage, error)
	// Usages returns up to limit pools by ID after one, and whether there are more.
	Usages(ctx context.Context, after PoolID, limit int) (all []PoolUsage, more bool, err error)
}

// flushEvery is how long a change is kept before it is added to the counters: those
// of a busy pool are one row, which no update may have to wait for.
const flushEvery = 5 * time.Second

// A Meter counts what pools use and adds it to their counters in the background.
// What a process has counted since then is lost if it is killed, so that the
// counters are close, not exact. Use it by pointer.
type Meter struct {
	Store UsageStore
	Log   *slog.Logger

	mu      sync.Mutex
	pending map[PoolID]PoolUsage
}

// add counts a change. A nil Meter counts nothing.
func (m *Meter) add(u PoolUsage) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.merge(u)
}

func (m *Meter) merge(u PoolUsage) {
	if m.pending == nil {
		m.pending = map[PoolID]PoolUsage{}
	}
	old := m.pending[u.Pool]
	u.Sessions, u.Bytes = u.Sessions+old.Sessions, u.Bytes+old.Bytes
	if old.Modified.After(u.Modified) {
		u.Modified = old.Modified
	}
	m.pending[u.Pool] = u
}

// Flush adds what was counted to the counters. What it cannot add it keeps.
func (m *Meter) Flush(ctx context.Context) error {
	m.mu.Lock()
	var all []PoolUsage
	for _, u := range m.pending {
		all = append(all, u)
	}
	m.pending = nil
	m.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	err := m.Store.AddUsage(ctx, all)
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, u := range all {
			m.merge(u)
		}
	}
	return err
}

// Run flushes now and then until ctx ends. The last time is the caller's.
func (m *Meter) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := m.Flush(ctx); err != nil && ctx.Err() == nil {
			m.Log.ErrorContext(ctx, "the usage of identity pools is not counted yet", "err", err)
		}
	}
}

// DescribePoolUsage returns what a pool uses, or ErrNotFound. Other nodes may have
// counted more since their last flush.
func (s *Service) DescribePoolUsage(ctx context.Context, pool PoolID) (*PoolUsage, error) {
	if err := s.Meter.Flush(ctx); err != nil {
		return nil, err
	}
	return s.Meter.Store.Usage(ctx, pool)
}

// DefaultPoolPage is how many pools ListPoolUsage shows at most in one page.
const DefaultPoolPage = 60

// ListPoolUsage returns a page of what pools use, by ID, and the token of the next,
// empty on the last. limit 0 means the default.
func (s *Service) ListPoolUsage(ctx context.Context, nextToken string, limit int) ([]PoolUsage, string, error) {
	key, err := s.tokenKey(ctx)
	if err != nil {
		return nil, "", err
	}
	if limit, err = pageSize(limit, DefaultPoolPage); err != nil {
		return nil, "", err
	}
	from := &token{}
	if nextToken != "" {
		if from, err = s.open(key, nextToken, poolsToken, Owner{}); err != nil {
			return nil, "", err
		}
	}
	if err := s.Meter.Flush(ctx); err != nil {
		return nil, "", err
	}
	all, more, err := s.Meter.Store.Usages(ctx, PoolID(from.Dataset), limit)
	if err != nil || !more {
		return all, "", err
	}
	next := token{Kind: poolsToken, Dataset: string(all[len(all)-1].Pool), Expires: s.now().Add(TokenLifetime)}
	return all, next.encode(key), nil
}
