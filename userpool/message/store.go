package message

import (
	"context"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// ErrLost is what a store answers to a worker that settles a message which is no
// longer its own: the claim ran out and another worker took it.
var ErrLost = errors.New("message: the claim on this message was lost")

// An Item is a message that waits, or one that was given up.
type Item struct {
	ID           string
	Pool         userpool.PoolID
	Medium, Kind string // as in userpool.Mail
	Sealed       []byte // address and text; empty once the item is closed
	Created      time.Time
	Due          time.Time // when it may be claimed
	Tries        int64     // claims so far; with the ID it names one claim
	Closed       time.Time // when it was given up; zero while it waits
	Reason       string    // of the last failure; never part of the message
}

// A Store keeps the outbox of all nodes.
//
// Implementations must be safe for concurrent use and pass messagetest.TestStore.
type Store interface {
	// Put adds an item, or replaces the one with its ID.
	Put(ctx context.Context, it *Item) error
	// Claim takes up to limit open items that are due, the earliest first, counts
	// a try for each and makes them due again at until. Of many callers one gets
	// an item.
	Claim(ctx context.Context, until time.Time, limit int) ([]*Item, error)
	// Delivered removes an item that was claimed, else it returns ErrLost.
	Delivered(ctx context.Context, it *Item) error
	// Postpone makes an item that was claimed due at another time and keeps the
	// reason, else it returns ErrLost.
	Postpone(ctx context.Context, it *Item, due time.Time, reason string) error
	// Close gives an item up that was claimed: its text is deleted, the reason
	// stays. Else it returns ErrLost.
	Close(ctx context.Context, it *Item, reason string) error
	// Failed returns up to limit closed items, the latest first.
	Failed(ctx context.Context, limit int) ([]*Item, error)
	// DeleteClosed deletes up to limit items that were closed a week ago or more,
	// and returns how many there were.
	DeleteClosed(ctx context.Context, limit int) (int, error)
}

// KeepClosed is how long a message that was given up can be looked at.
const KeepClosed = 7 * 24 * time.Hour
