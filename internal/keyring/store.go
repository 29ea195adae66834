package keyring

import (
	"context"
	"errors"
	"time"
)

// ErrExists is returned by a Store whose scope has a key in that state already.
var ErrExists = errors.New("keyring: scope has such a key already")

// A Row is a key as it is stored.
type Row struct {
	ID        string
	Scope     string
	Algorithm string
	State     State
	Material  []byte // sealed
	Created   time.Time
	NotAfter  time.Time // zero unless retired
	SignFrom  time.Time // when a next key begins to sign; zero where that is not settled
}

// A Switch makes another key of a scope the active one.
type Switch struct {
	From  string    // ID of the key that is active now
	Until time.Time // From stays published until then
	To    *Row      // inserted, or promoted where its ID is stored already
	Now   time.Time // retired keys of the scope that ended before are deleted
}

// A Store keeps the rows of a ring. A scope has at most one active and one next
// row, whatever number of processes insert at once.
//
// Implementations must be safe for concurrent use and pass keyringtest.TestStore.
type Store interface {
	// LoadKeys returns the rows of scopes, oldest first.
	LoadKeys(ctx context.Context, scopes ...string) ([]*Row, error)
	// InsertKey adds a row, or returns ErrExists.
	InsertKey(ctx context.Context, r *Row) error
	// SwitchKeys applies s as one atomic step, or returns ErrNotFound where
	// s.From is no longer active.
	SwitchKeys(ctx context.Context, s *Switch) error
	// ScheduleKey settles when a next key begins to sign. It returns ErrNotFound for
	// any other.
	ScheduleKey(ctx context.Context, id string, from time.Time) error
	// DeleteKey deletes one row; an absent one is no error.
	DeleteKey(ctx context.Context, id string) error
	// DeleteKeys deletes the rows of a scope and below it (scope + "/").
	DeleteKeys(ctx context.Context, scope string) error
}
