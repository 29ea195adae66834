// Package ephemeraltest provides an ephemeral.Store in memory for tests, and the
// contract suite of all of them.
package ephemeraltest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// New returns an empty store in memory. It never evicts: for tests only.
func New(now func() time.Time) ephemeral.Store {
	return &memory{now: now, entries: map[name]entry{}}
}

type memory struct {
	now     func() time.Time
	mu      sync.Mutex
	entries map[name]entry
}

type name struct{ namespace, key string }

type entry struct {
	value   []byte
	count   int64
	expires time.Time
}

var _ ephemeral.Store = (*memory)(nil)

// live returns the entry of n where it has not expired. The caller holds mu.
func (m *memory) live(n name) (entry, bool) {
	e, ok := m.entries[n]
	return e, ok && m.now().Before(e.expires)
}

func (m *memory) Claim(ctx context.Context, namespace, key string, expires time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := name{namespace, key}
	if _, ok := m.live(n); ok {
		return false, nil
	}
	m.entries[n] = entry{expires: expires}
	return true, nil
}

func (m *memory) Put(ctx context.Context, namespace, key string, value []byte, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[name{namespace, key}] = entry{value: slices.Clone(value), expires: expires}
	return nil
}

func (m *memory) Get(ctx context.Context, namespace, key string) ([]byte, error) {
	return m.read(ctx, name{namespace, key}, false)
}

func (m *memory) Take(ctx context.Context, namespace, key string) ([]byte, error) {
	return m.read(ctx, name{namespace, key}, true)
}

func (m *memory) read(ctx context.Context, n name, take bool) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.live(n)
	if !ok {
		return nil, ephemeral.ErrNotFound
	}
	if take {
		delete(m.entries, n)
	}
	return slices.Clone(e.value), nil
}

func (m *memory) Delete(ctx context.Context, namespace, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, name{namespace, key})
	return nil
}

func (m *memory) Count(ctx context.Context, namespace, key string, delta int64, window time.Duration) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := name{namespace, key}
	e, ok := m.live(n)
	if !ok {
		e = entry{}
	}
	if delta != 0 {
		e.count += delta
		e.expires = m.now().Add(window)
		m.entries[n] = e
	}
	return e.count, nil
}
