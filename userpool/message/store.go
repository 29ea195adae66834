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

// An Item is a message that waits, or what is left of one that was delivered or
// given up.
type Item struct {
	ID           string
	Pool         userpool.PoolID
	Medium, Kind string // as in userpool.Mail
	Destination  string // masked
	Sealed       []byte // address and text; empty once the item is closed
	Created      time.Time
	Due          time.Time // when it may be claimed
	Tries        int64     // claims so far; with the ID it names one claim
	Closed       time.Time // when it was delivered or given up; zero while it waits
	Reason       string    // of the last failure, empty once delivered; never part of the message
}

// A State is how far a message got.
type State string

// The states of a message.
const (
	Waiting   State = "WAITING"
	Delivered State = "DELIVERED" // taken by the mail server or the SMS gateway
	Failed    State = "FAILED"    // given up
)

// State returns how far the message got.
func (it *Item) State() State {
	switch {
	case it.Closed.IsZero():
		return Waiting
	case it.Reason == "":
		return Delivered
	}
	return Failed
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
	// Delivered closes an item that was claimed: its text is deleted, and so is the
	// reason of an earlier failure. Else it returns ErrLost.
	Delivered(ctx context.Context, it *Item) error
	// Postpone makes an item that was claimed due at another time and keeps the
	// reason, else it returns ErrLost.
	Postpone(ctx context.Context, it *Item, due time.Time, reason string) error
	// Close gives an item up that was claimed: its text is deleted, the reason,
	// which must not be empty, stays. Else it returns ErrLost.
	Close(ctx context.Context, it *Item, reason string) error
	// Log returns up to limit items of a pool, the latest first, that come after the
	// token, and the next token. An empty state selects all. Items come without their
	// sealed text. A token that Log did not return is userpool.ErrInvalidParameter.
	Log(ctx context.Context, pool userpool.PoolID, state State, after string, limit int) (items []*Item, next string, err error)
	// DeleteClosed deletes up to limit items that were closed a week ago or more,
	// and returns how many there were.
	DeleteClosed(ctx context.Context, limit int) (int, error)
}

// KeepClosed is how long a message that was delivered or given up is in the log.
const KeepClosed = 7 * 24 * time.Hour
