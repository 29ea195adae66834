package audit

import (
	"context"
	"time"
)

// An Entry is a record in its chain.
type Entry struct {
	Segment string // the chain
	Seq     int64  // 1, 2, 3 … in the segment
	Time    time.Time
	ID      string // the record's eventID

	// What entries are looked up by.
	Source, Name, User, AccessKey string
	ReadOnly                      bool
	Terms                         []string // of its resources; written, not read back

	Record []byte // JSON
	Prev   []byte // Hash of the entry before
	Hash   []byte
}

// A Query selects entries, newest first.
type Query struct {
	From, To  time.Time // both inclusive, unbounded where zero
	ID        string    // any where empty, as all that follow
	Source    string
	Name      string
	User      string
	AccessKey string
	ReadOnly  *bool
	Resource  string // ARN, or the name at its end
	Kind      string // type of a resource
	After     string // a token that Find returned
	Limit     int
}

// Term returns what the index of resources has for the query, empty where it
// asks for no resource. Of a name and a type the name counts.
func (q *Query) Term() string {
	switch {
	case q.Resource != "":
		return nameTerm(q.Resource)
	case q.Kind != "":
		return typeTerm(q.Kind)
	}
	return ""
}

// A Store keeps entries.
//
// Implementations must be safe for concurrent use and pass audittest.TestStore.
type Store interface {
	// Append adds entries, all or none. Entries that are there already stay as
	// they are, so that a writer may repeat an Append whose outcome it lost.
	Append(ctx context.Context, entries []*Entry) error
	// Find returns the entries that match q, and the token of the next page,
	// empty on the last. A malformed token is ErrBadToken.
	Find(ctx context.Context, q Query) (entries []*Entry, next string, err error)
	// Segments returns the names of all chains, sorted.
	Segments(ctx context.Context) ([]string, error)
	// Chain returns up to limit entries of a segment after seq, in order.
	Chain(ctx context.Context, segment string, seq int64, limit int) ([]*Entry, error)
}
