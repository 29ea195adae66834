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
}

// A SignIn is what is known when a user has just proved who they are.
type SignIn struct {
	Pool      userpool.PoolID
	Sub       string
	Methods   []string
	Address   string
	UserAgent string
}

// Start makes a session with a new id, and ends old, the secret that the browser
// sent with the sign-in: an id planted before sign-in is worthless after it.
func (s *Sessions) Start(ctx context.Context, old string, in SignIn) (secret string, sess *Session, err error) {
	secret, id := NewSecret()
	now := s.Now().UTC().Truncate(time.Microsecond)
	sess = &Session{
		ID: id, Pool: in.Pool, Sub: in.Sub, Methods: in.Methods,
		AuthTime: now, Created: now, LastSeen: now, Limit: now.Add(orDefault(s.Life)),
		Address: in.Address, UserAgent: clip(in.UserAgent, 256),
	}
	sess.Expires = s.expiry(sess, now)
	if old != "" {
		err = s.Store.Renew(ctx, HandleOf(old), sess)
	}
	if old == "" || errors.Is(err, ErrSessionNotFound) {
		err = s.Store.Create(ctx, sess)
	}
	return secret, sess, err
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
	return s.Store.Revoke(ctx, pool, HandleOf(secret))
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
