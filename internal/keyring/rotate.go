package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Prepare publishes the key that the next Rotate will activate and returns it.
// Where several processes serve, prepare at least a minute before rotating: then
// each of them publishes the new key before it first signs.
func (k *Keys) Prepare(ctx context.Context, scope string) (*Key, error) {
	keys, err := k.reload(ctx, scope)
	if err != nil {
		return nil, err
	}
	if next := inState(keys, Next); next != nil {
		return next, nil
	}
	row, err := k.successor(keys, scope, Next)
	if err != nil {
		return nil, err
	}
	if err := k.store.InsertKey(ctx, row); err != nil && !errors.Is(err, ErrExists) {
		return nil, err
	}
	if keys, err = k.reload(ctx, scope); err != nil {
		return nil, err
	}
	return inState(keys, Next), nil
}

// Rotate implements Ring. It promotes the prepared key, or makes one. Where two
// processes rotate at once, one rotation happens and both return its key.
func (k *Keys) Rotate(ctx context.Context, scope string, keep time.Duration) (*Key, error) {
	keys, err := k.reload(ctx, scope)
	if err != nil {
		return nil, err
	}
	return k.rotate(ctx, scope, keys, keep)
}

// rotate takes the step away from the active one of keys, if it is active still.
func (k *Keys) rotate(ctx context.Context, scope string, keys []*Key, keep time.Duration) (*Key, error) {
	active := inState(keys, Active)
	if active == nil {
		return nil, fmt.Errorf("%w: scope %q has no active key to rotate", ErrNotFound, scope)
	}
	to, err := k.rotateTo(keys, scope)
	if err != nil {
		return nil, err
	}
	now := k.now()
	err = k.store.SwitchKeys(ctx, &Switch{From: active.ID, Until: now.Add(keep), To: to, Now: now})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if keys, err = k.reload(ctx, scope); err != nil {
		return nil, err
	}
	if active = inState(keys, Active); active == nil {
		return nil, fmt.Errorf("%w: scope %q was dropped", ErrNotFound, scope)
	}
	return active, nil
}

// rotateTo names the next key of a scope, or makes a new one.
func (k *Keys) rotateTo(keys []*Key, scope string) (*Row, error) {
	if next := inState(keys, Next); next != nil {
		return &Row{ID: next.ID, Scope: scope, State: Active}, nil
	}
	return k.successor(keys, scope, Active)
}

// successor makes a key of the same kind as the active one.
func (k *Keys) successor(keys []*Key, scope string, state State) (*Row, error) {
	active := inState(keys, Active)
	if active == nil {
		return nil, fmt.Errorf("%w: scope %q has no active key", ErrNotFound, scope)
	}
	subject := ""
	if active.Certificate != nil {
		subject = active.Certificate.Subject.CommonName
	}
	return k.newKeyRow(scope, active.Algorithm, subject, state)
}

// Schedule implements Ring.
func (k *Keys) Schedule(ctx context.Context, scope string, lead time.Duration) (*Key, error) {
	next, err := k.Prepare(ctx, scope)
	if err != nil {
		return nil, err
	}
	if next == nil {
		return nil, fmt.Errorf("%w: scope %q was rotated meanwhile", ErrNotFound, scope)
	}
	from := next.Created.Add(lead)
	if now := k.now(); from.Before(now) {
		from = now
	}
	if !next.SignFrom.IsZero() && !from.Before(next.SignFrom) {
		return next, nil
	}
	if err := k.store.ScheduleKey(ctx, next.ID, from.UTC().Truncate(time.Microsecond)); err != nil {
		return nil, err
	}
	keys, err := k.reload(ctx, scope)
	return inState(keys, Next), err
}

// Revoke implements Ring.
func (k *Keys) Revoke(ctx context.Context, scope, id string) (*Key, error) {
	keys, err := k.reload(ctx, scope)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(key *Key) bool { return key.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: scope %q has no key %q", ErrNotFound, scope, id)
	}
	if keys[i].State == Active {
		if _, err := k.rotate(ctx, scope, keys, 0); err != nil {
			return nil, err
		}
	}
	if err := k.store.DeleteKey(ctx, id); err != nil {
		return nil, err
	}
	if keys, err = k.reload(ctx, scope); err != nil {
		return nil, err
	}
	return signing(keys, k.now()), nil
}
