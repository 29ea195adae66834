package userpool_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const exceeded = "Password attempts exceeded"

func (w *world) guess(ctx context.Context, name, password string) error {
	_, err := w.auth.CheckPassword(ctx, w.pool, w.client, name, password)
	return err
}

func TestLockout(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"alice", "nobody"} {
		t.Run(name, func(t *testing.T) {
			for range 5 {
				wantFault(t, w.guess(t.Context(), name, "wrong"), userpool.ErrNotAuthorized, incorrect)
			}
			// Locked for 1, 2, 4 … seconds; tries meanwhile do not count.
			for wait := time.Second; wait <= 8*time.Second; wait *= 2 {
				for range 3 {
					wantFault(t, w.guess(t.Context(), name, password), userpool.ErrNotAuthorized, exceeded)
				}
				w.Advance(wait - time.Microsecond)
				wantFault(t, w.guess(t.Context(), name, password), userpool.ErrNotAuthorized, exceeded)
				w.Advance(time.Microsecond)
				wantFault(t, w.guess(t.Context(), name, "wrong"), userpool.ErrNotAuthorized, incorrect)
			}
		})
	}
}

// The longest lock is 15 minutes, and then the count starts again.
func TestLockoutIsBounded(t *testing.T) {
	w := newWorld(t)
	for n := range 15 {
		wantFault(t, w.guess(t.Context(), "alice", "wrong"), userpool.ErrNotAuthorized, incorrect)
		if n+1 >= 5 && n+1 < 15 {
			w.Advance(time.Second << (n + 1 - 5))
		}
	}
	w.Advance(15*time.Minute - time.Second)
	wantFault(t, w.guess(t.Context(), "alice", password), userpool.ErrNotAuthorized, exceeded)
	w.Advance(time.Second)
	for range 4 {
		wantFault(t, w.guess(t.Context(), "alice", "wrong"), userpool.ErrNotAuthorized, incorrect)
	}
	w.check(w.guess(t.Context(), "alice", password))
}

func TestLockoutEnds(t *testing.T) {
	w := newWorld(t)
	for range 4 {
		_ = w.guess(t.Context(), "alice", "wrong")
	}
	w.check(w.guess(t.Context(), "alice", password)) // success forgets
	for range 4 {
		wantFault(t, w.guess(t.Context(), "alice", "wrong"), userpool.ErrNotAuthorized, incorrect)
	}
	w.Advance(15 * time.Minute) // so does idleness
	for range 4 {
		wantFault(t, w.guess(t.Context(), "alice", "wrong"), userpool.ErrNotAuthorized, incorrect)
	}
	w.check(w.guess(t.Context(), "alice", password))
}

// A stranger's guesses lock the stranger out, not the owner, and no alias of the
// user opens a second count.
func TestLockoutIsOfAnOrigin(t *testing.T) {
	w := newWorld(t)
	stranger, owner := fromIP(t.Context(), "192.0.2.1"), fromIP(t.Context(), "192.0.2.2")
	for i := range 5 {
		_ = w.guess(stranger, []string{"alice", w.alice.Sub}[i%2], "wrong")
	}
	for _, name := range []string{"alice", w.alice.Sub} {
		wantFault(t, w.guess(stranger, name, password), userpool.ErrNotAuthorized, exceeded)
	}
	w.check(w.guess(owner, "alice", password))
	device := userpool.WithOrigin(t.Context(), userpool.Origin{IP: "192.0.2.1", Device: "d1"})
	w.check(w.guess(device, "alice", password))
}

// The lock covers every way to present a password.
func TestLockoutCoversSRP(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	for range 5 {
		h, c := w.srpChallenge(w.client, "alice")
		_, err := w.verify(w.client, w.srpAnswer(h, c, "wrong"))
		wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
	}
	wantFault(t, w.guess(t.Context(), "alice", password), userpool.ErrNotAuthorized, exceeded)
	_, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	wantFault(t, err, userpool.ErrNotAuthorized, exceeded)
	_, err = w.initiate(w.client, "USER_SRP_AUTH", "USERNAME", "alice", "SRP_A", half.Public.Text(16))
	wantFault(t, err, userpool.ErrNotAuthorized, exceeded)
}

// Guesses sent at once get no more answers than guesses sent one by one.
func TestLockoutHoldsAgainstABurst(t *testing.T) {
	w := newWorld(t)
	halves, answers := [60]*srp.Client{}, [60]map[string]string{}
	for i := range halves {
		var ch *userpool.Challenge
		halves[i], ch = w.srpChallenge(w.client, "alice")
		answers[i] = w.srpAnswer(halves[i], ch, "wrong")
	}
	var answered atomic.Int32
	count := func(err error) {
		var f *userpool.Fault
		if errors.As(err, &f) && f.Text == incorrect {
			answered.Add(1)
		}
	}
	var wg sync.WaitGroup
	for _, in := range answers {
		wg.Go(func() { count(w.guess(t.Context(), "alice", "wrong")) })
		wg.Go(func() {
			_, err := w.verify(w.client, in)
			count(err)
		})
	}
	wg.Wait()
	if n := answered.Load(); n != 5 {
		t.Errorf("%d of 120 guesses were answered", n)
	}
}
