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
	// the deletion, and gets the epoch, which is to be new: by it a store may know
	// a deletion that it is sent again. It returns ErrNotFound if there is none or
	// it is deleted already, and ErrEnded where the owner is closed.
	Delete(ctx context.Context, owner Owner, name string, at time.Time, epoch Epoch) (*Dataset, error)

	// Update applies every patch of a batch or none, as one atomic step.
	//
	// It makes the dataset if there is none, with NewEpoch, or if it is deleted,
	// with the epoch of the deletion. It adds one to the dataset's counter, and
	// every record of the batch gets that count. A removal leaves a tombstone,
	// also of a key that never was. A store that may lose writes takes the
	// owner's datasets into the present generation first (see Dataset.Skip).
	//
	// The checks come in this order, and a batch that fails one changes nothing:
	//
	//   - The owner is not closed, else ErrEnded.
	//   - The dataset exists if it must (Batch.Existing), else ErrNotFound.
	//   - Epoch is that of the dataset, or empty if it was never deleted, and
	//     Seen is not lost (see Dataset.Lost), else ErrStaleSession.
	//   - Each patch carries the count of its record (0 if there is none), else
	//     a *Conflict that names the first patch that does not. But if all
	//     records of the batch were last written by one batch with the same
	//     fingerprint, Update returns what that one returned, with Repeated.
	//   - Of an Exact batch, the dataset is what it was at Seen (0 if there never
	//     was one; see Dataset.Unchanged), else ErrConflict.
	//   - The limits hold, else ErrLimitExceeded. What a batch does not make
	//     worse is no failure. Merged datasets do not count as datasets of the
	//     owner, but their names do as names.
	Update(ctx context.Context, b *Batch) (*Commit, error)

	// Records returns a page of records and tombstones with After < position and
	// sync count <= Until, in order of position. The page and the state of the
	// dataset in it are of the same moment. A dataset that never was, or is
	// deleted, is no error: the page says so.
	Records(ctx context.Context, q Query) (*Page, error)

	// Close ends an owner: what is stored stays readable, and no Update, Delete or
	// Adopt that comes after it changes anything. Only Erase does. It may be called
	// again. A store may forget KeepEnded after Erase that an owner was closed.
	Close(ctx context.Context, owner Owner, at time.Time) error

	// Adopt gives an owner a dataset with its records, counts and epoch as they are,
	// and reports whether it did: where the owner has or had a dataset of that name,
	// nothing is changed. Of the limits only that of names holds, and before it does
	// the names of merged datasets that were deleted KeepMerged ago are forgotten. It
	// returns ErrEnded where the owner is closed.
	Adopt(ctx context.Context, a *Adoption) (bool, error)

	// Erase deletes all datasets of an owner that is closed, with their counters.
	Erase(ctx context.Context, owner Owner) error
}
