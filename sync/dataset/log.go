package dataset

import (
	"context"
	"errors"
)

// A LogID names an entry of an owner's log. It means something to the store
// alone. Clients hand IDs back, so a store takes any text as one.
type LogID string

// LogStart is the ID before the first entry of a log that never had one.
const LogStart LogID = "0"

// LogLength is about how many entries a log keeps. A device that missed more
// lists its datasets instead.
const LogLength = 256

// A LogEntry says that a dataset was changed, not how: a device lists the records.
type LogEntry struct {
	ID        LogID
	Dataset   string
	SyncCount int64  // that the change took
	Device    string // that made the change, may be empty
	Deleted   bool   // the dataset was deleted
}

// ErrGap says that a log does not reach back to an ID: what is in between is
// known to nobody any more.
var ErrGap = errors.New("dataset: the log does not reach back that far")

// A Log tells what changed in the datasets of an owner, in order. Every accepted
// Update that is not Repeated, and every Delete and Adopt, adds one entry in the
// same atomic step as the change itself. Erase deletes the log.
//
// Stores implement it beside Store, under the same rules, and pass
// datasettest.TestLog.
type Log interface {
	// LogTail returns the ID of the owner's last entry.
	LogTail(ctx context.Context, owner Owner) (LogID, error)

	// LogSince returns the entries behind after, oldest first. It returns ErrGap
	// where after is not in the log: because it was dropped meanwhile, because
	// the store lost it, or because it never was an ID.
	LogSince(ctx context.Context, owner Owner, after LogID) ([]LogEntry, error)

	// Watch has ring called, soon and from any goroutine, for owners that are
	// watched and whose log may have grown, by whichever process. A ring too many
	// is allowed, one too few is not while the store can be reached; what was
	// missed while it could not is rung for afterwards. ring must not block.
	Watch(ring func(Owner)) Watch
}

// A Watch is a bell that rings for some owners. It is safe for concurrent use.
type Watch interface {
	// Add watches one more owner. Calls for the same owner add up. What is logged
	// after Add returned is rung for; the time before is up to the caller.
	Add(owner Owner)

	// Remove takes back one Add.
	Remove(owner Owner)

	// Close ends the watch.
	Close() error
}

// CheckNames returns an error for the first name that no dataset can have.
func CheckNames(names []string) error {
	for _, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return nil
}
