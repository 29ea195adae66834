package settings

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Why a bulk publish does not begin.
var (
	ErrBulkRuns = errors.New("settings: a bulk publish is in progress")
	ErrBulkDone = errors.New("settings: a bulk publish succeeded within a day")
)

// BulkEvery is the least time between two bulk publishes that succeed.
const BulkEvery = 24 * time.Hour

// StartBulk begins to publish all data of a pool to its stream. Whoever claims the
// pool does the work.
func (s *Service) StartBulk(ctx context.Context, pool dataset.PoolID) error {
	now := s.Now().UTC().Truncate(time.Microsecond)
	_, err := s.update(ctx, pool, func(v *Settings) error {
		stream, on := v.Stream()
		switch {
		case v.Bulk.Status == BulkInProgress:
			return ErrBulkRuns
		case !v.Bulk.Succeeded.IsZero() && now.Before(v.Bulk.Succeeded.Add(BulkEvery)):
			return ErrBulkDone
		case !on:
			return dataset.Fail(dataset.ErrInvalidParameter, "Streaming is not enabled for identity pool '%s'.", pool)
		}
		v.Bulk = Bulk{Status: BulkInProgress, Stream: stream, Started: now, Succeeded: v.Bulk.Succeeded}
		return nil
	})
	return err
}

// AdvanceBulk changes the bulk publish of a pool that began at a time. Where that
// one is over it changes nothing and returns dataset.ErrConflict.
func (s *Service) AdvanceBulk(ctx context.Context, pool dataset.PoolID, started time.Time, fn func(*Bulk)) (*Settings, error) {
	return s.update(ctx, pool, func(v *Settings) error {
		if v.Bulk.Status != BulkInProgress || !v.Bulk.Started.Equal(started) {
			return dataset.ErrConflict
		}
		fn(&v.Bulk)
		return nil
	})
}
