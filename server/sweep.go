package server

import (
	"context"
	"errors"
	"time"
)

// Expired rows are deleted in small batches, so that no write waits long for them.
const (
	sweepEvery = time.Minute
	sweepBatch = 500
)

// A sweeper deletes up to limit expired rows and returns how many there were.
type sweeper func(ctx context.Context, limit int) (int, error)

// sweep runs the sweepers until ctx ends.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for name, sweep := range s.sweepers {
			if err := drain(ctx, sweep); err != nil && !errors.Is(err, context.Canceled) {
				s.log.Error("deleting expired rows", "of", name, "err", err)
			}
		}
	}
}

// drain runs one sweeper until it finds less than a whole batch.
func drain(ctx context.Context, sweep sweeper) error {
	for {
		n, err := sweep(ctx, sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
