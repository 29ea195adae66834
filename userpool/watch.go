package userpool

import (
	"context"
	"errors"
)

// A SignOutWatcher hears of users whose sign-ins all ended. What ended them has
// happened: a watcher cannot refuse it.
type SignOutWatcher func(ctx context.Context, pool PoolID, sub string)

// Watch returns a store that tells the watcher of each change after which no earlier
// sign-in of a user counts: a global sign-out, a new password, the end of the
// account. To watch the store is to miss none of the ways that lead there.
func Watch(s Store, ended SignOutWatcher) Store { return &watched{s, ended} }

type watched struct {
	Store
	ended SignOutWatcher
}

// Unwrap returns the store behind, for what no watcher needs to hear of.
func (w *watched) Unwrap() Store { return w.Store }

// UpdateUser implements UserStore.
func (w *watched) UpdateUser(ctx context.Context, pool PoolID, username string, fn func(*User) error) (*User, error) {
	return w.update(ctx, pool, username, fn, w.Store.UpdateUser)
}

// UpdateUserTaking implements UserStore.
func (w *watched) UpdateUserTaking(ctx context.Context, pool PoolID, username string, fn func(*User) error) (*User, error) {
	return w.update(ctx, pool, username, fn, w.Store.UpdateUserTaking)
}

type updateUser func(ctx context.Context, pool PoolID, username string, fn func(*User) error) (*User, error)

func (w *watched) update(ctx context.Context, pool PoolID, username string, fn func(*User) error, do updateUser) (*User, error) {
	var before User
	after, err := do(ctx, pool, username, func(u *User) error {
		before = *u
		return fn(u)
	})
	if err == nil && endsSignIns(&before, after) {
		w.ended(ctx, pool, after.Sub)
	}
	return after, err
}

// endsSignIns reports whether a change ended the user's earlier sign-ins.
func endsSignIns(before, after *User) bool {
	return before.Enabled && !after.Enabled ||
		before.Status != ResetRequired && after.Status == ResetRequired ||
		after.SignedOut.After(before.SignedOut) || after.PasswordChanged.After(before.PasswordChanged)
}

// UpdateIdentities implements ProviderStore.
func (w *watched) UpdateIdentities(ctx context.Context, pool PoolID, username string, fn func(*User, []Identity) ([]Identity, error)) (*User, error) {
	var before User
	after, err := w.Store.UpdateIdentities(ctx, pool, username, func(u *User, held []Identity) ([]Identity, error) {
		before = *u
		return fn(u, held)
	})
	if err == nil && endsSignIns(&before, after) {
		w.ended(ctx, pool, after.Sub)
	}
	return after, err
}

// DeleteUser implements UserStore.
func (w *watched) DeleteUser(ctx context.Context, pool PoolID, username string) error {
	u, err := w.User(ctx, pool, username)
	if err != nil && !errors.Is(err, ErrUserNotFound) {
		return err
	}
	if err := w.Store.DeleteUser(ctx, pool, username); err != nil {
		return err
	}
	if u != nil {
		w.ended(ctx, pool, u.Sub)
	}
	return nil
}
