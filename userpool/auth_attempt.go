package userpool

import (
	"context"
	"errors"
	"time"
)

// errPassword answers a wrong password, and, where the client hides who exists,
// everything that could tell an unknown user from a known one.
var errPassword = Fail(ErrNotAuthorized, "Incorrect username or password.")

// An attempt is one try at a password, of a user who may not exist.
type attempt struct {
	user *User // nil where unknown
	hide bool  // the client hides who exists
	key  string
}

// CheckPassword returns the user that name and password belong to. It is what the
// password flows and the hosted pages share: status, lock, hash and the answers to
// each. client is nil for a sign-in that no app client started; it then hides who
// exists. A user with a temporary password is returned as such
// (ForceChangePassword) while the password lasts.
func (a *Auth) CheckPassword(ctx context.Context, pool *Pool, client *Client, name, password string) (*User, error) {
	u, err := a.checkPassword(ctx, pool, client, name, password, false)
	if err != nil {
		return nil, err
	}
	_, _, err = a.weigh(ctx, pool, client, u, false, false) // before a temporary password is replaced
	return u, err
}

// checkPassword is CheckPassword; asked says that PreAuthentication was asked about
// this sign-in already.
func (a *Auth) checkPassword(ctx context.Context, pool *Pool, client *Client, name, password string, asked bool) (*User, error) {
	u, err := a.lookupOrMigrate(ctx, pool, client, name, password)
	if err != nil {
		return nil, err
	}
	try, err := a.admit(ctx, pool, client, name, u)
	if err != nil {
		return nil, err
	}
	if !asked {
		if err := a.Triggers.PreAuthentication(ctx, pool, client, u, name); err != nil {
			return nil, err
		}
	}
	var ok bool
	if try.user, ok, err = a.verify(ctx, pool, u, password); err != nil {
		return nil, err
	}
	if u, err = a.settle(ctx, pool, try, ok); err != nil {
		return nil, err
	}
	if err := a.checkUsed(ctx, pool, client, u, password); err != nil {
		return nil, err
	}
	return a.renewHash(ctx, pool, u, password)
}

func hides(c *Client) bool { return c == nil || c.HideUserExistence }

// lookup finds a user. An unknown one is nil where the client hides that.
func (a *Auth) lookup(ctx context.Context, pool PoolID, c *Client, name string) (*User, error) {
	u, err := a.Store.User(ctx, pool, name)
	if !errors.Is(err, ErrUserNotFound) {
		return u, err
	}
	if hides(c) {
		return nil, nil
	}
	return nil, Fail(ErrUserNotFound, "User does not exist.")
}

// admit makes the checks that come before the password.
func (a *Auth) admit(ctx context.Context, pool *Pool, c *Client, name string, u *User) (*attempt, error) {
	if err := a.Risk.refuseNetwork(ctx, pool, c); err != nil {
		return nil, err
	}
	try := &attempt{user: u, hide: hides(c), key: lockKey(ctx, pool.ID, pool.Fold(name))}
	if u != nil {
		try.key = lockKey(ctx, pool.ID, u.Username)
		// An imported user has no password to prove anything with, and must be
		// told what to do.
		imported := u.Enabled && u.Status == ResetRequired && u.Password == ""
		if err := barred(u); err != nil && (!try.hide || imported) {
			return nil, err
		}
	}
	_, err := a.admissible(ctx, try.key)
	return try, err
}

// barred says why a user may not sign in whatever the password. A client that
// hides who exists tells this only to somebody who knows the password.
func barred(u *User) error {
	switch {
	case !u.Enabled:
		return errUserDisabled
	case u.Status == Unconfirmed:
		return Fail(ErrUserNotConfirmed, "User is not confirmed.")
	case u.Status == ResetRequired:
		return Fail(ErrPasswordResetRequired, "Password reset required for the user")
	}
	return nil
}

// settle ends an attempt.
func (a *Auth) settle(ctx context.Context, pool *Pool, try *attempt, ok bool) (*User, error) {
	if err := a.record(ctx, try.key, ok && try.user != nil, errPassword); err != nil {
		if errors.Is(err, errPassword) {
			a.Risk.failed(ctx, pool, try.user, eventPassword)
		}
		return nil, err
	}
	if err := barred(try.user); err != nil {
		return nil, err
	}
	if try.user.Status == ForceChangePassword && a.Now().After(pool.temporaryUntil(try.user)) {
		return nil, Fail(ErrNotAuthorized, "Temporary password has expired and must be reset by an administrator.")
	}
	return try.user, nil
}

// temporaryUntil is when a temporary password dies.
func (p *Pool) temporaryUntil(u *User) time.Time {
	days := p.TemporaryPasswordDays
	if days == 0 {
		days = 7
	}
	return u.PasswordChanged.AddDate(0, 0, days)
}
