package idp

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// A Session is one browser signed in to one pool.
type Session struct {
	ID        Handle // of the random id in the cookie
	Root      Handle // ID of the first session in an unbroken row of the same user's in this browser
	Pool      userpool.PoolID
	Sub       string // of the user
	AuthTime  time.Time
	Methods   []string // how the user proved who they are, as RFC 8176 spells it: pwd, otp …
	Created   time.Time
	LastSeen  time.Time // exact to a minute
	Expires   time.Time // when it dies unless it is used before
	Limit     time.Time // when it dies in any case
	Address   string    // of the browser at sign-in
	UserAgent string
	Upstream  *Upstream `json:",omitempty"` // where the user came from; nil for those who signed in here
}

// MaxUpstreamSession bounds what a session keeps of the one at a provider, in bytes.
const MaxUpstreamSession = 4 << 10

// An Upstream is a session at an identity provider that one here came of.
type Upstream struct {
	Provider string    // its name in the pool
	Session  []byte    // what a sign-out at the provider takes, of sp.Arrival; nil where there is none
	Ends     time.Time // when the provider wants the session here to end; zero for never
}

// Provider is what the user signed in through: the pool itself, or a provider of it.
func (s *Session) Provider() string {
	if s.Upstream == nil {
		return userpool.PoolProvider
	}
	return s.Upstream.Provider
}

// A SessionStore keeps browser sessions.
//
// Implementations must be safe for concurrent use, judge expiry by the clock they
// were given, keep times to the microsecond, and pass idptest.TestSessions. An
// expired session is never returned, whether it was deleted yet or not.
type SessionStore interface {
	// Create adds s, or returns ErrSessionExists.
	Create(ctx context.Context, s *Session) error
	// Get returns a live session, else ErrSessionNotFound.
	Get(ctx context.Context, pool userpool.PoolID, id Handle) (*Session, error)
	// Renew replaces the live session old by s in one atomic step, so that of
	// many callers one succeeds and old is dead; else ErrSessionNotFound.
	Renew(ctx context.Context, old Handle, s *Session) error
	// Touch moves LastSeen and Expires. A session that is gone stays gone: ErrSessionNotFound.
	Touch(ctx context.Context, pool userpool.PoolID, id Handle, seen, expires time.Time) error
	// List returns the live sessions of a user, the newest first.
	List(ctx context.Context, pool userpool.PoolID, sub string) ([]*Session, error)
	// Revoke ends a session. An absent one is no error.
	Revoke(ctx context.Context, pool userpool.PoolID, id Handle) error
	// RevokeAll ends all sessions of a user but except, which may be empty.
	RevokeAll(ctx context.Context, pool userpool.PoolID, sub string, except Handle) error
	// DeleteExpired deletes up to limit dead sessions and says how many.
	DeleteExpired(ctx context.Context, limit int) (int, error)
}
