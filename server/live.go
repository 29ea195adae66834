package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/poolhouse/poolhouse/sync/live"
)

// openLive starts what tells connected devices of changes.
func (s *Server) openLive(st *stores, now func() time.Time) {
	s.live = live.New(st.changes(), live.Options{Max: s.cfg.LiveConnections, Tick: s.cfg.LiveTick, Now: now, Log: s.log})
	s.closers = append(s.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return s.live.Stop(ctx)
	})
}

func liveMetrics(hub *live.Hub) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "poolhouse_live_connections",
		Help: "Open connections that follow datasets."}, func() float64 { return float64(hub.Open()) })
}
