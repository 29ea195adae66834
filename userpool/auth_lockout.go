package userpool

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// After freeFailures wrong passwords from one origin the account is locked for
// that origin: 1 s, then twice as long after each further one, up to lockIdle.
// The count is forgotten after lockIdle without a failure, or by a success.
const (
	freeFailures = 5
	lockIdle     = 15 * time.Minute
)

// Namespaces of the ephemeral store.
const (
	nsFailures = "sign-in-failures"
	nsLocks    = "sign-in-locks"
)

var errAttempts = Fail(ErrNotAuthorized, "Password attempts exceeded")

func lockKey(ctx context.Context, pool PoolID, account string) string {
	return string(pool) + "\x00" + account + "\x00" + originOf(ctx).key()
}

// admissible returns errAttempts while attempts are refused, and how many failed.
func (a *Auth) admissible(ctx context.Context, key string) (failures int64, err error) {
	failures, err = a.Ephemeral.Count(ctx, nsFailures, key, 0, lockIdle)
	if err != nil || failures < freeFailures {
		return failures, err
	}
	_, err = a.Ephemeral.Get(ctx, nsLocks, key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return failures, nil
	}
	if err == nil {
		err = errAttempts
	}
	return failures, err
}

// record counts the outcome of an attempt, and returns wrong for a wrong one. The lock is asked again, and outcomes for one key wait for each other:
// of many guesses sent at once none is answered after one of them closed the lock.
// Nodes that share a store wait for their own outcomes only.
func (a *Auth) record(ctx context.Context, key string, ok bool, wrong error) error {
	turn := &a.turns[maphash.String(turnSeed, key)%uint64(len(a.turns))]
	turn.Lock()
	defer turn.Unlock()
	failures, err := a.admissible(ctx, key)
	if err != nil {
		return err
	}
	if ok {
		return a.forgive(ctx, key, failures)
	}
	if err := a.failed(ctx, key); err != nil {
		return err
	}
	return wrong
}

var turnSeed = maphash.MakeSeed()

// failed counts a wrong password.
func (a *Auth) failed(ctx context.Context, key string) error {
	n, err := a.Ephemeral.Count(ctx, nsFailures, key, 1, lockIdle)
	if err != nil || n < freeFailures {
		return err
	}
	wait := lockTime(n)
	if a.Log != nil {
		a.Log.WarnContext(ctx, "sign-in locked", "failures", n, "origin", originOf(ctx).key(), "for", wait)
	}
	return a.Ephemeral.Put(ctx, nsLocks, key, []byte{1}, a.Now().Add(wait))
}

// lockTime is 2^(n-5) seconds after the nth failure.
func lockTime(n int64) time.Duration {
	return min(time.Second<<min(n-freeFailures, 10), lockIdle)
}

// forgive forgets the failures of an origin that knew the password after all.
func (a *Auth) forgive(ctx context.Context, key string, failures int64) error {
	if failures == 0 {
		return nil
	}
	_, err := a.Ephemeral.Count(ctx, nsFailures, key, -failures, lockIdle)
	return errors.Join(err, a.Ephemeral.Delete(ctx, nsLocks, key))
}

// failuresToday adds n to the failures of a key on this day (UTC), and returns how
// many there are.
func (a *Auth) failuresToday(ctx context.Context, namespace, key string, n int64) (int64, error) {
	const day = 24 * time.Hour
	return a.Ephemeral.Count(ctx, namespace, a.period(key, day), n, day)
}
