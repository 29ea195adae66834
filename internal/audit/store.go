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
	Terms                         []string // of its resources; written, not read back: see Unindexed
	Settles                       bool     // an intent with its ID ends as it is written

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
	// Append adds entries, all or none, and deletes the intents that they settle.
	// Entries that are there already stay as they are, so that a writer may repeat
	// an Append whose outcome it lost.
	Append(ctx context.Context, entries []*Entry) error
	// Find returns the entries that match q, and the token of the next page,
	// empty on the last. A malformed token is ErrBadToken.
	Find(ctx context.Context, q Query) (entries []*Entry, next string, err error)
	// Intents returns up to limit intents from before a time, oldest first: ID, Time
	// and Record of each.
	Intents(ctx context.Context, before time.Time, limit int) ([]*Entry, error)
	// Segments returns where every chain ends, by name. A chain whose entries were
	// all trimmed is among them.
	Segments(ctx context.Context) ([]Head, error)
	// Chain returns up to limit entries of a segment after seq, in order.
	Chain(ctx context.Context, segment string, seq int64, limit int) ([]*Entry, error)
	// Unindexed returns how many of the Terms of entries Find does not go by.
	Unindexed(ctx context.Context, entries []*Entry) (int, error)
	// Remove deletes entries, with their Terms.
	Remove(ctx context.Context, entries []*Entry) error

	CheckpointStore
	CursorStore
}

// A CheckpointStore keeps signed checkpoints.
type CheckpointStore interface {
	// Advanced returns where those chains end that grew since the last checkpoint.
	Advanced(ctx context.Context) ([]Head, error)
	// AddCheckpoint adds a checkpoint with those heads, or returns ErrTaken where its
	// number is another's already.
	AddCheckpoint(ctx context.Context, c SignedCheckpoint, heads []Head) error
	// LastCheckpoint returns the newest, the zero value where there is none.
	LastCheckpoint(ctx context.Context) (SignedCheckpoint, error)
	// Checkpoints returns up to limit checkpoints after a number, in order.
	Checkpoints(ctx context.Context, after int64, limit int) ([]SignedCheckpoint, error)
}

// A CursorStore remembers what sinks have got. The segment "" stands for the
// checkpoints.
type CursorStore interface {
	// BeginSink has a sink that was never heard of begin with what comes from now on.
	BeginSink(ctx context.Context, sink string) error
	// Cursor returns the last entry of a segment that a sink has got, 0 for none.
	Cursor(ctx context.Context, sink, segment string) (int64, error)
	// MoveCursor moves a cursor forward.
	MoveCursor(ctx context.Context, sink, segment string, seq int64) error
	// Beat says until when the process that writes a segment is to be believed
	// alive; the zero time says that it has ended.
	Beat(ctx context.Context, segment string, until time.Time) error
	// Orphans returns the segments that no living process writes and a sink has not
	// got to the end of.
	Orphans(ctx context.Context, sink string, now time.Time) ([]Head, error)
}
