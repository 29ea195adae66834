package datasettest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Memory is a dataset.Generations for tests that have no database.
type Memory struct {
	mu  sync.Mutex
	all []dataset.Generation
}

// Enter implements dataset.Generations.
func (m *Memory) Enter(_ context.Context, ids []string, at time.Time) ([]dataset.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	base := dataset.NextBase(m.all, at)
	var entered []dataset.Generation
	for _, id := range ids {
		i := slices.IndexFunc(m.all, func(g dataset.Generation) bool { return g.ID == id })
		if i < 0 {
			i = len(m.all)
			m.all = append(m.all, dataset.Generation{ID: id, Base: base, From: at.UTC().Truncate(time.Microsecond)})
		}
		entered = append(entered, m.all[i])
	}
	return entered, nil
}
