package userpool

import (
	"context"
	"time"
)

// EventLife is how long sign-in events are kept.
const EventLife = 90 * 24 * time.Hour

// An Event is a sign-in that succeeded or failed, of a user whom the pool knows.
type Event struct {
	Pool    PoolID
	Sub     string // of its user
	ID      string // UUID
	Type    string // SignIn
	Passed  bool
	Pending bool `json:",omitempty"` // asked for a second factor because of its risk, which was not given yet
	Created time.Time

	Challenges []EventChallenge `json:",omitempty"`
	IP         string           `json:",omitempty"` // of the client
	Device     string           `json:",omitempty"` // what its User-Agent names, see deviceName
	Place      *Place           `json:",omitempty"` // of the client; nil where it is not known

	Risk *EventRisk `json:",omitempty"` // nil where it was not judged: the first factor failed

	Feedback *EventFeedback `json:",omitempty"`
}

// An EventChallenge is what a sign-in asked for, and whether it got that.
type EventChallenge struct {
	Name   string // Password, which is any first factor, or Mfa
	Passed bool
}

// An EventRisk is what was thought of a sign-in.
type EventRisk struct {
	Decision    string // NoRisk, AccountTakeover, Block
	Level       string // Low, Medium, High; empty for none
	Compromised bool   // the password is known from a breach
}

// An EventFeedback says whether a sign-in was its user's own.
type EventFeedback struct {
	Valid    bool
	Provider string // Admin or User
	Given    time.Time
}

// An EventStore keeps sign-in events.
type EventStore interface {
	// AddEvent adds an event of a user, or returns ErrUserNotFound.
	AddEvent(ctx context.Context, e *Event) error
	// UpdateEvent replaces an event of the user with the result of fn, as one atomic
	// step, or returns ErrNotFound. Its pool, user, ID and date do not change.
	UpdateEvent(ctx context.Context, pool PoolID, sub, id string, fn func(*Event) error) (*Event, error)
	// Events returns up to limit events of a user after the token, the newest first,
	// and the next token.
	Events(ctx context.Context, pool PoolID, sub, after string, limit int) (events []*Event, next string, err error)
	// DeleteOldEvents deletes up to limit events that are older than EventLife.
	DeleteOldEvents(ctx context.Context, limit int) (int, error)
}
