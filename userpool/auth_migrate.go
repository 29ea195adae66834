package userpool

import (
	"context"
	"errors"
)

// lookupOrMigrate is lookup for somebody who gave a password and may be a user of
// another directory. Whom that does not know counts as a failed attempt.
func (a *Auth) lookupOrMigrate(ctx context.Context, pool *Pool, c *Client, name, password string) (*User, error) {
	u, err := a.lookup(ctx, pool.ID, c, name)
	unknown := u == nil && (err == nil || errors.Is(err, ErrUserNotFound))
	if _, ok := pool.Trigger(triggerMigration); !ok || !unknown || c == nil {
		return u, err
	}
	key := lockKey(ctx, pool.ID, pool.Fold(name))
	if _, err := a.admissible(ctx, key); err != nil {
		return nil, err
	}
	found, failed := a.migrate(ctx, pool, c, name, password)
	switch {
	case errors.Is(failed, ErrUserNotFound):
		return nil, a.record(ctx, key, false, failed)
	case failed != nil && !errors.Is(failed, ErrUserExists):
		return nil, failed
	case found != nil:
		return found, nil
	}
	// Another sign-in of the same user may have been first; the password is still to
	// be checked.
	if u, err = a.lookup(ctx, pool.ID, c, name); errors.Is(err, ErrUserNotFound) && failed != nil {
		err = failed
	}
	return u, err
}

// migrate is Service.Migrate for a sign-in. Whoever has to choose a new password
// first is an ErrPasswordResetRequired.
func (a *Auth) migrate(ctx context.Context, p *Pool, c *Client, typed, password string) (*User, error) {
	u, err := a.service().Migrate(ctx, p, c, MigrateSignIn, typed, password)
	if err == nil && u != nil && u.Status == ResetRequired {
		err = Fail(ErrPasswordResetRequired, "Password reset required for the user")
	}
	return u, err
}
