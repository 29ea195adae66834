package keyring

import (
	"context"
	"time"
)

// A Schedule says how a scope's keys grow old.
type Schedule struct {
	Age  time.Duration // a key signs for this long
	Lead time.Duration // and was published for this long before
	Keep time.Duration // and stays published for this long after
}

// DefaultSchedule fits tokens that live for a day at most, and verifiers that
// read the key set once a day.
var DefaultSchedule = Schedule{Age: 90 * 24 * time.Hour, Lead: 24 * time.Hour, Keep: 25 * time.Hour}

// Renew takes the step that is due for a scope: it publishes the next key when the
// active one comes of age, and retires the active one once the next has begun to
// sign. It does nothing for a scope without keys. Any number of processes may
// call it at any time.
func (k *Keys) Renew(ctx context.Context, scope string, s Schedule) (changed bool, err error) {
	keys, err := k.reload(ctx, scope)
	if err != nil {
		return false, err
	}
	active, next := inState(keys, Active), inState(keys, Next)
	now := k.now()
	switch {
	case active == nil:
		return false, nil
	case next != nil && next.due(now):
		// From the keys that were judged: others may have taken this step meanwhile, and
		// the next one is not due.
		_, err = k.rotate(ctx, scope, keys, s.Keep)
		return err == nil, err
	case now.Sub(active.Created) < s.Age-s.Lead || next != nil && !next.SignFrom.IsZero():
		return false, nil
	}
	_, err = k.Schedule(ctx, scope, max(s.Lead, s.Age-now.Sub(active.Created)))
	return err == nil, err
}
