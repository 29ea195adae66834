package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/poolhouse/poolhouse/store/redisstore"
)

// syncOnPostgres is the --sync-durability that keeps copies.
const syncOnPostgres = "postgres"

// datasetsInRedis returns the store of datasets, and sets the server's copier if copies
// are kept.
func (s *Server) datasetsInRedis(st *stores) *redisstore.DatasetStore {
	store := st.redis.Datasets(st.db.DatasetGenerations())
	if s.cfg.SyncDurability != syncOnPostgres {
		return store
	}
	store = store.CopiedTo(st.db.Datasets())
	s.copier = store.Copier(func(err error) { s.log.Error("copying datasets", "err", err) })
	return store
}

// copyDatasets copies what changes until ctx ends.
func (s *Server) copyDatasets(ctx context.Context) {
	if s.copier != nil {
		s.copier.Run(ctx)
	}
}

// copyLast copies what the last requests changed. What it cannot waits in Redis for
// another node.
func (s *Server) copyLast(ctx context.Context) {
	if s.copier == nil {
		return
	}
	if err := s.copier.Flush(ctx); err != nil {
		number, _ := s.copier.Waiting()
		s.log.Error("datasets were not copied before the stop", "waiting", number, "err", err)
	}
}

// copyMetrics say how far behind the copies are.
func copyMetrics(c *redisstore.Copier, now func() time.Time) []prometheus.Collector {
	if c == nil {
		return nil
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "poolhouse_sync_waiting_datasets",
			Help: "Datasets with changes that are not copied to PostgreSQL yet.",
		}, func() float64 {
			number, _ := c.Waiting()
			return float64(number)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "poolhouse_sync_waiting_seconds",
			Help: "How long the oldest of them waits.",
		}, func() float64 {
			if _, since := c.Waiting(); !since.IsZero() {
				return max(now().Sub(since).Seconds(), 0)
			}
			return 0
		}),
	}
}
