package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// nsPending holds what is known of sign-ins that wait for their second factor.
const nsPending = "risk-pending"

// pendingLife is longer than any such sign-in takes.
const pendingLife = 20 * time.Minute

// A pending is what the end of a sign-in says of its beginning. Two sign-ins of one
// user from one place at one time share it: nothing is decided by it.
type pending struct {
	Event       string `json:",omitempty"` // that was written already
	Compromised bool   `json:",omitempty"` // the password is known from a breach
}

func pendingKey(ctx context.Context, u *User) string {
	return riskKey(u) + "\x00" + originOf(ctx).IP + "\x00" + deviceName(originOf(ctx).UserAgent)
}

// putPending changes what is pending. It is lost, with a word in the log, where it
// cannot be written.
func (r *Risk) putPending(ctx context.Context, u *User, change func(*pending)) {
	s := r.takePending(ctx, u)
	change(&s)
	value, err := json.Marshal(s)
	if err == nil {
		err = r.Ephemeral.Put(ctx, nsPending, pendingKey(ctx, u), value, r.Now().Add(pendingLife))
	}
	if err != nil {
		r.Log.ErrorContext(ctx, "beginning of a sign-in was not kept", "pool", u.Pool, "error", err)
	}
}

// takePending returns what is pending, once.
func (r *Risk) takePending(ctx context.Context, u *User) (s pending) {
	value, err := r.Ephemeral.Take(ctx, nsPending, pendingKey(ctx, u))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return s
	}
	if err == nil {
		err = json.Unmarshal(value, &s)
	}
	if err != nil {
		r.Log.ErrorContext(ctx, "beginning of a sign-in was not read", "pool", u.Pool, "error", err)
	}
	return s
}

// finish makes e the end of an event that is pending. It reports false where there
// is none any more.
func (r *Risk) finish(ctx context.Context, p *Pool, u *User, e *Event, id string) bool {
	if id == "" {
		return false
	}
	done, err := r.Store.UpdateEvent(ctx, e.Pool, e.Sub, id, func(old *Event) error {
		old.Pending, old.Passed, old.Challenges, old.Risk = false, e.Passed, e.Challenges, e.Risk
		return nil
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		r.Log.ErrorContext(ctx, "sign-in event was not finished", "pool", e.Pool, "error", err)
	}
	if err == nil {
		r.Logs.signIn(ctx, p, u, done)
	}
	return err == nil
}
