// Package settings is what the owner of an identity pool chooses for its
// synchronised data: the function that sees updates, the stream that they go to,
// and who is pushed to; and how far the publishing of all of it has got.
package settings

import (
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// SyncTrigger is the only event that there is: devices store something.
const SyncTrigger = "SyncTrigger"

// Settings are those of one pool. The zero value is that of a pool whose owner
// never chose anything.
type Settings struct {
	Events  map[string]string `json:",omitempty"` // name of the event → ARN of the function
	Push    *Push             `json:",omitempty"`
	Streams *Streams          `json:",omitempty"`
	Bulk    Bulk
}

// Push is who may be pushed to.
type Push struct {
	Applications []string // ARNs; none where the pool pushes to nobody
	Role         string   // ARN; nothing assumes it here
}

// Streams is where changes go.
type Streams struct {
	Name    string // of a stream that the server knows
	Role    string // ARN; nothing assumes it here
	Enabled bool
}

// Stream returns the name of the stream that the pool publishes to, if it does.
func (s *Settings) Stream() (name string, ok bool) {
	if s.Streams == nil || !s.Streams.Enabled {
		return "", false
	}
	return s.Streams.Name, true
}

// A BulkStatus is how far the publishing of all data of a pool has got.
type BulkStatus string

// The states of a bulk publish.
const (
	BulkNotStarted BulkStatus = "" // never
	BulkInProgress BulkStatus = "IN_PROGRESS"
	BulkFailed     BulkStatus = "FAILED"
	BulkSucceeded  BulkStatus = "SUCCEEDED"
)

// A Bulk is the latest bulk publish of a pool.
type Bulk struct {
	Status    BulkStatus `json:",omitempty"`
	Stream    string     `json:",omitempty"` // that it goes to
	Started   time.Time
	Completed time.Time // zero while it runs
	Failure   string    `json:",omitempty"` // for the owner of the pool
	Succeeded time.Time // when the last one did that succeeded, also of those before

	// What has been published: the identities up to Identity, of that one the
	// datasets up to Dataset. A run that is taken up again goes on there.
	Identity dataset.IdentityID `json:",omitempty"`
	Dataset  string             `json:",omitempty"`
	Tries    int                `json:",omitempty"` // that failed since there was progress
}
