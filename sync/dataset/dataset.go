// Package dataset is the domain of synchronised user data: datasets of records,
// their sync counts, and the compare-and-set that keeps devices from
// overwriting each other. It knows an identity only as a string, and neither
// HTTP nor SQL.
//
// A dataset has one counter. Every accepted batch of changes adds one to it, and
// every record of the batch gets the new value. A device sends, with each
// change, the count at which it last saw that record; a change that was based on
// something older than what is stored is a conflict, and then nothing of the
// batch is stored. A device that lists the records changed since the count it
// last saw is up to date afterwards. Removed records stay as tombstones and the
// counter of a deleted dataset is kept, so that devices that were away longer
// than that still learn what happened.
package dataset

import "time"

// PoolID names an identity pool, for instance "us-east-1:0c5b…".
type PoolID string

// IdentityID names an identity, for instance "us-east-1:9f2e…".
type IdentityID string

// An Owner is an identity in its pool: whose data it is.
type Owner struct {
	Pool     PoolID
	Identity IdentityID
}

// An Epoch marks one life of a dataset: 16 hexadecimal digits that change when
// the dataset is deleted, or made anew by a store that lost it. The empty epoch
// belongs to a dataset that does not exist yet.
type Epoch string

// A Dataset is what is known of a dataset without its records.
type Dataset struct {
	Name       string
	SyncCount  int64
	Created    time.Time
	Modified   time.Time
	ModifiedBy string // device of the last change, may be empty
	Bytes      int64  // keys and values in UTF-8; a removed record counts its key
	Records    int64  // without the removed ones
	Keys       int64  // with the removed ones
	Epoch      Epoch

	// A deleted dataset is kept for its counter. DeletedAt is the count that its
	// last deletion took; it stays when the dataset is made again.
	Deleted   bool
	DeletedAt int64

	Gaps []Gap // since the last deletion, in order
}

// A Position orders the records of a dataset by their last change: by sync count
// and, within one batch, by the place in the batch. No two records share one, so
// that a position is all that a listing has to remember.
type Position int64

// MaxBatch is how many patches a batch may have, and MaxSyncCount where a
// counter ends. Together they keep a Position below 2^53, which a Redis score,
// a double, holds exactly.
const (
	MaxBatch     = 1 << batchBits
	MaxSyncCount = 1<<38 - 1

	batchBits = 14
)

// At returns the position of patch i of the batch that took count.
func At(count int64, i int) Position { return Position(count<<batchBits | int64(i)) }

// After returns the last position that belongs to count.
func After(count int64) Position { return At(min(count, MaxSyncCount), MaxBatch-1) }

// SyncCount returns the sync count of the batch at p.
func (p Position) SyncCount() int64 { return int64(p) >> batchBits }

// A Record is one record as stored.
type Record struct {
	Key            string
	Value          string // empty for a removed record
	Removed        bool
	Position       Position
	Modified       time.Time // by the server's clock
	DeviceModified time.Time // as the device said, zero if it did not
	ModifiedBy     string
	Fingerprint    Fingerprint // of the batch that wrote it; only where a Query asks for it
}

// SyncCount returns the count of the batch that last changed the record.
func (r *Record) SyncCount() int64 { return r.Position.SyncCount() }

// A Patch is one change that a device asks for.
type Patch struct {
	Key            string
	Value          string // ignored for a removal
	Remove         bool
	SyncCount      int64 // of the record as the device knows it, 0 for one it does not know
	DeviceModified time.Time
}

// A Fingerprint identifies one request to update: its sync session, device and
// patches. See Service.UpdateRecords.
type Fingerprint [16]byte

// A Batch is a set of patches that is stored whole or not at all.
type Batch struct {
	Owner       Owner
	Dataset     string
	Device      string
	Patches     []Patch // 1 to MaxBatch, no key twice
	Fingerprint Fingerprint
	At          time.Time

	// Epoch and Seen are the dataset's epoch and count when the device's sync
	// session began; both are zero for a dataset that did not exist.
	Epoch Epoch
	Seen  int64

	// Exact says that the batch was made from all of the dataset: nothing of it may
	// have changed since the count Seen.
	Exact bool

	NewEpoch Epoch // for a dataset that this batch makes
	Existing bool  // the batch must not make a dataset
	Limits   Limits
}

// A Commit is the outcome of an accepted batch.
type Commit struct {
	SyncCount int64
	At        time.Time
	Repeated  bool  // the very same batch had been accepted before
	Growth    int64 // of the dataset in bytes, may be negative; 0 where it was repeated
}

// A Query asks for the records of a dataset in order of position.
type Query struct {
	Owner   Owner
	Dataset string
	After   Position // exclusive
	Until   int64    // last sync count to show; 0 for the present one
	Limit   int      // at least 1

	Fingerprints bool // fill in Record.Fingerprint
}

// A Page is the answer to a Query.
type Page struct {
	Dataset *Dataset // nil if there never was one
	Records []Record
	More    bool     // there are records behind the last of these
	Beside  []string // the owner's existing datasets whose names begin with this one's and a dot, in no order
}

// An Adoption is a dataset with its records that an owner gets as it stands.
type Adoption struct {
	Owner   Owner
	Dataset *Dataset
	Records []Record
	At      time.Time
	Names   int64 // as in Limits
}

// KeepMerged is how long the name of a merged dataset that was deleted is kept, so
// that a merge which is still under way does not bring it back. No dataset of that
// name is made again, so that its counter is of no use later.
const KeepMerged = time.Hour

// KeepEnded is how long it is kept that an owner has ended: longer than any request
// runs that may have found it alive.
const KeepEnded = 15 * time.Minute
