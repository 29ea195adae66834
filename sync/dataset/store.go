package dataset

import (
	"context"
	"time"
)

// A Store keeps the datasets of all identities.
//
// Implementations must be safe for concurrent use by several processes, keep
// times to the microsecond, return errors that match this package's Err values
// under errors.Is, never show a caller half of a batch, and pass
// datasettest.TestStore.
type Store interface {
	// Datasets returns the datasets of an owner that exist, sorted by name byte
	// for byte.
	Datasets(ctx context.Context, owner Owner) ([]Dataset, error)

	// Dataset returns one dataset. It returns ErrNotFound if there is none or it
	// is deleted.
	Dataset(ctx context.Context, owner Owner, name string) (*Dataset, error)

	// Delete deletes a dataset with all its records and tombstones, and returns
	// it as it was. The name keeps its counter, which takes one more count for
	// the deletion, and gets the epoch. It returns ErrNotFound if there is none
	// or it is deleted already.
	Delete(ctx context.Context, owner Owner, name string, at time.Time, epoch Epoch) (*Dataset, error)

	// Update applies every patch of a batch or none, as one atomic step.
	//
	// It makes the dataset if there is none, with NewEpoch, or if it is deleted,
	// with the epoch of the deletion. It adds one to the dataset's counter, and
	// every record of the batch gets that count. A removal leaves a tombstone,
	// also of a key that never was.
	//
	// The checks come in this order, and a batch that fails one changes nothing:
	//
	//   - Epoch is that of the dataset, or empty if it was never deleted, and
	//     Seen is not above its counter (which a store that lost writes may
	//     show), else ErrStaleSession.
	//   - Each patch carries the count of its record (0 if there is none), else
	//     a *Conflict that names the first patch that does not. But if all
	//     records of the batch were last written by one batch with the same
	//     fingerprint, Update returns what that one returned, with Repeated.
	//   - Of an Exact batch, Seen is the dataset's counter (0 if there never was
	//     one), else ErrConflict.
	//   - The limits hold, else ErrLimitExceeded. What a batch does not make
	//     worse is no failure.
	Update(ctx context.Context, b *Batch) (*Commit, error)

	// Records returns a page of records and tombstones with After < position and
	// sync count <= Until, in order of position. The page and the state of the
	// dataset in it are of the same moment. A dataset that never was, or is
	// deleted, is no error: the page says so.
	Records(ctx context.Context, q Query) (*Page, error)
}
