package settings

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A Store keeps the settings of identity pools. They go with their pool.
//
// Implementations must be safe for concurrent use by several processes, hand out
// values that the caller may change, keep times to the microsecond, return
// dataset.ErrNotFound for a pool that does not exist, and pass
// settingstest.TestStore.
type Store interface {
	// Settings returns the settings of a pool.
	Settings(ctx context.Context, pool dataset.PoolID) (*Settings, error)
	// UpdateSettings replaces the settings with the result of fn, as one atomic
	// step, and returns them. fn may run more than once. If it returns an error,
	// nothing is written.
	UpdateSettings(ctx context.Context, pool dataset.PoolID, fn func(*Settings) error) (*Settings, error)
	// ClaimBulk takes one pool whose bulk publish is in progress and that nobody
	// holds, and holds it until then. Of many callers one gets it. It returns
	// dataset.ErrNotFound where there is none.
	ClaimBulk(ctx context.Context, until time.Time) (dataset.PoolID, *Settings, error)
	// HoldBulk holds such a pool until then; a time that has passed lets go of it.
	HoldBulk(ctx context.Context, pool dataset.PoolID, until time.Time) error
}
