package idp

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// DefaultSessionLife is how long Cognito's hosted pages remember a sign-in.
const DefaultSessionLife = time.Hour

// touchEvery bounds how often a session in use is written.
const touchEvery = time.Minute

// Users finds the user of a session.
type Users interface {
	UserBySub(ctx context.Context, pool userpool.PoolID, sub string) (*userpool.User, error)
}

// Sessions holds the rules of browser sessions: how long they live, and what
// ends them early.
type Sessions struct {
	Store SessionStore
	Users Users
	Now   func() time.Time
	Idle  time.Duration // life after the last use; DefaultSessionLife if zero
	Life  time.Duration // life after sign-in in any case; DefaultSessionLife if zero

	// Ending is told of a session before it ends because somebody signs out, or
	// another user signs in. Where it fails the session goes on. It may be nil.
	Ending func(ctx context.Context, s *Session) error

	Audit Auditor // nil where nobody keeps events
}

// A SignIn is what is known when a user has just proved who they are.
type SignIn struct {
	Pool      userpool.PoolID
	Sub       string
	Methods   []string
	Address   string
	UserAgent string
	Upstream  *Upstream // nil for who has proved it here
}

// ErrUpstreamSession is what a provider says of its session and nobody can keep.
var ErrUpstreamSession = errors.New("idp: the provider's session is over, or too long to be kept")

// Start makes a session with a new id, and ends old, the secret that the browser
// sent with the sign-in: an id planted before sign-in is worthless after it. A
// session does not outlive the one upstream; where that is over already it is
// ErrUpstreamSession.
func (s *Sessions) Start(ctx context.Context, old string, in SignIn) (secret string, sess *Session, err error) {
	secret, id := NewSecret()
	now := s.Now().UTC().Truncate(time.Microsecond)
	up, err := in.Upstream.kept(now)
	if err != nil {
		return "", nil, err
	}
	sess = &Session{
		ID: id, Root: id, Pool: in.Pool, Sub: in.Sub, Methods: in.Methods,
		AuthTime: now, Created: now, LastSeen: now, Limit: now.Add(orDefault(s.Life)),
		Address: in.Address, UserAgent: clip(in.UserAgent, 256), Upstream: up,
	}
	if up != nil && !up.Ends.IsZero() && up.Ends.Before(sess.Limit) {
		sess.Limit = up.Ends
	}
	sess.Expires = s.expiry(sess, now)
	renewed, err := s.succeed(ctx, old, sess)
	if err == nil && !renewed {
		err = s.Store.Create(ctx, sess)
	}
	return secret, sess, err
}

// kept is what a session keeps of the one upstream.
func (u *Upstream) kept(now time.Time) (*Upstream, error) {
	if u == nil {
		return nil, nil
	}
	k := *u
	if !k.Ends.IsZero() {
		if k.Ends = k.Ends.UTC().Truncate(time.Microsecond); !now.Before(k.Ends) {
			return nil, ErrUpstreamSession
		}
	}
	if len(k.Session) > MaxUpstreamSession {
		return nil, ErrUpstreamSession
	}
	return &k, nil
}

// succeed puts sess in the place of the live session of a browser's secret, and
// reports whether there was one. The same user's keeps its root, so that clients
// know it by the same identifier.
func (s *Sessions) succeed(ctx context.Context, old string, sess *Session) (bool, error) {
	if old == "" {
		return false, nil
	}
	before, err := s.Store.Get(ctx, sess.Pool, HandleOf(old))
	if errors.Is(err, ErrSessionNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if before.Sub == sess.Sub {
		sess.Root = before.Root
	} else if err := s.ending(ctx, before); err != nil {
		return false, err
	}
	err = s.Store.Renew(ctx, before.ID, sess)
	if errors.Is(err, ErrSessionNotFound) { // it ended meanwhile, and its row with it
		sess.Root = sess.ID
		return false, nil
	}
	return err == nil, err
}

func (s *Sessions) ending(ctx context.Context, sess *Session) error {
	if s.Ending == nil {
		return nil
	}
	return s.Ending(ctx, sess)
}

// Current returns the session that a browser's secret stands for, and its user.
// A session is over, ErrSessionNotFound, when Stands says so, or its user is gone.
func (s *Sessions) Current(ctx context.Context, pool userpool.PoolID, secret string) (*Session, *userpool.User, error) {
	sess, err := s.Store.Get(ctx, pool, HandleOf(secret))
	if err != nil {
		return nil, nil, err
	}
	user, err := s.Users.UserBySub(ctx, pool, sess.Sub)
	if errors.Is(err, userpool.ErrUserNotFound) || err == nil && !Stands(user, sess.AuthTime) {
		return nil, nil, errors.Join(ErrSessionNotFound, s.Store.Revoke(ctx, pool, sess.ID))
	}
	if err != nil {
		return nil, nil, err
	}
	return sess, user, s.touch(ctx, sess)
}

// End ends the session of a browser's secret; an unknown one is no error.
func (s *Sessions) End(ctx context.Context, pool userpool.PoolID, secret string) error {
	sess, err := s.Store.Get(ctx, pool, HandleOf(secret))
	if errors.Is(err, ErrSessionNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Close(ctx, sess)
}

// Close ends a session because somebody signs out.
func (s *Sessions) Close(ctx context.Context, sess *Session) error {
	if err := s.ending(ctx, sess); err != nil {
		return err
	}
	return s.Store.Revoke(ctx, sess.Pool, sess.ID)
}

// Stands reports whether a sign-in at that time still counts: the user is not
// disabled, has not signed out everywhere since, and neither has a new password
// nor must choose one.
func Stands(u *userpool.User, signedIn time.Time) bool {
	return u.Enabled && u.Status != userpool.ResetRequired && !u.SignedOut.After(signedIn) && !u.PasswordChanged.After(signedIn)
}

func (s *Sessions) touch(ctx context.Context, sess *Session) error {
	now := s.Now().UTC().Truncate(time.Microsecond)
	if now.Sub(sess.LastSeen) < touchEvery {
		return nil
	}
	sess.LastSeen, sess.Expires = now, s.expiry(sess, now)
	return s.Store.Touch(ctx, sess.Pool, sess.ID, sess.LastSeen, sess.Expires)
}

// expiry is when a session dies that is used now.
func (s *Sessions) expiry(sess *Session, now time.Time) time.Time {
	if e := now.Add(orDefault(s.Idle)); e.Before(sess.Limit) {
		return e
	}
	return sess.Limit
}

func orDefault(d time.Duration) time.Duration {
	if d == 0 {
		return DefaultSessionLife
	}
	return d
}

// clip cuts s to n bytes of text: PostgreSQL takes nothing else.
func clip(s string, n int) string {
	return strings.ToValidUTF8(s[:min(n, len(s))], "")
}
