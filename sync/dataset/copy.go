package dataset

import (
	"context"
	"errors"
	"time"
)

// A store that may lose all that it has can keep a copy elsewhere: it answers at once
// and brings the copy up to date soon after. What it lost it takes back from the copy
// before it uses an owner again, as the beginning of a generation: devices that saw
// more than was copied start afresh.

// ErrFenced says that an owner has gone over to a later generation, from which alone
// its copy is written.
var ErrFenced = errors.New("dataset: the owner has gone over to a later generation")

// A Copy is what changed in a dataset since it was copied last.
type Copy struct {
	Owner      Owner
	Generation int64 // base of the one that the dataset is in
	Dataset    *Dataset
	Since      int64    // count of the copy before, 0 if there is none
	Records    []Record // changed after Since, with fingerprints
}

// Copies keeps copies. Implementations must be safe for concurrent use by several
// processes.
type Copies interface {
	// Fence makes the copies of an owner belong to a generation, and returns its
	// datasets, deleted ones too, and whether the owner is closed. From then on Copy
	// takes nothing of earlier generations. It returns ErrFenced if a later one has
	// the owner.
	Fence(ctx context.Context, owner Owner, generation int64) (all []Dataset, closed bool, err error)

	// Records is that of Store.
	Records(ctx context.Context, q Query) (*Page, error)

	// Copied returns the count of a dataset's copy, 0 if there is none.
	Copied(ctx context.Context, owner Owner, name string) (int64, error)

	// Copy brings a copy up to date, in one atomic step. Where the copy is no longer
	// at Since, somebody else changed it meanwhile: then nothing is changed, and it
	// returns ErrConflict. It returns ErrFenced if the owner is of a later generation,
	// and ErrEnded if it is closed.
	Copy(ctx context.Context, c *Copy) error

	// Close and Erase are those of Store.
	Close(ctx context.Context, owner Owner, at time.Time) error
	Erase(ctx context.Context, owner Owner) error
}
