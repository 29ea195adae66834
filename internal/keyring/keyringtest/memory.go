package keyringtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// NewStore returns an empty store in memory.
func NewStore() keyring.Store { return &memory{} }

type memory struct {
	mu   sync.Mutex
	rows []keyring.Row
}

var _ keyring.Store = (*memory)(nil)

func (m *memory) LoadKeys(ctx context.Context, scopes ...string) ([]*keyring.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*keyring.Row
	for _, r := range m.rows {
		if slices.Contains(scopes, r.Scope) {
			out = append(out, &r)
		}
	}
	slices.SortStableFunc(out, func(a, b *keyring.Row) int { return a.Created.Compare(b.Created) })
	return out, ctx.Err()
}

func (m *memory) InsertKey(ctx context.Context, r *keyring.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := slices.ContainsFunc(m.rows, func(o keyring.Row) bool {
		return o.ID == r.ID || o.Scope == r.Scope && o.State == r.State && r.State != keyring.Retired
	})
	if taken {
		return keyring.ErrExists
	}
	m.rows = append(m.rows, *r)
	return ctx.Err()
}

func (m *memory) SwitchKeys(ctx context.Context, s *keyring.Switch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := slices.IndexFunc(m.rows, func(r keyring.Row) bool { return r.ID == s.From && r.State == keyring.Active })
	if from < 0 {
		return keyring.ErrNotFound
	}
	m.rows[from].State, m.rows[from].NotAfter = keyring.Retired, s.Until
	to := slices.IndexFunc(m.rows, func(r keyring.Row) bool { return r.ID == s.To.ID })
	if to < 0 {
		m.rows, to = append(m.rows, *s.To), len(m.rows)
	}
	m.rows[to].State = keyring.Active
	m.rows = slices.DeleteFunc(m.rows, func(r keyring.Row) bool {
		return r.Scope == s.To.Scope && r.State == keyring.Retired && r.NotAfter.Before(s.Now)
	})
	return ctx.Err()
}

func (m *memory) ScheduleKey(ctx context.Context, id string, from time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.rows, func(r keyring.Row) bool { return r.ID == id && r.State == keyring.Next })
	if i < 0 {
		return keyring.ErrNotFound
	}
	m.rows[i].SignFrom = from
	return ctx.Err()
}

func (m *memory) DeleteKey(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = slices.DeleteFunc(m.rows, func(r keyring.Row) bool { return r.ID == id })
	return ctx.Err()
}

func (m *memory) DeleteKeys(ctx context.Context, scope string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = slices.DeleteFunc(m.rows, func(r keyring.Row) bool {
		return r.Scope == scope || strings.HasPrefix(r.Scope, scope+"/")
	})
	return ctx.Err()
}
