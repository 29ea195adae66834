package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

// Two nodes change to a scheduled key by the clock, without a word between them.
func TestScheduledKeyTakesOverByTheClock(t *testing.T) {
	clk, store := ephemeraltest.NewClock(), keyringtest.NewStore()
	ring, other := keyringtest.Open(t, store, clk.Now), keyringtest.Open(t, store, clk.Now)
	signer := func(r *keyring.Keys) string {
		t.Helper()
		k, err := r.Signer(t.Context(), "s", "ES256")
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}
	first := signer(ring)
	if _, err := ring.Schedule(t.Context(), "none", time.Hour); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("a scope without keys: %v", err)
	}
	next, err := ring.Schedule(t.Context(), "s", time.Hour)
	if err != nil || !next.SignFrom.Equal(clk.Now().Add(time.Hour)) {
		t.Fatalf("%+v, %v", next, err)
	}
	if sooner, err := ring.Schedule(t.Context(), "s", 10*time.Minute); err != nil || sooner.ID != next.ID || !sooner.SignFrom.Equal(clk.Now().Add(10*time.Minute)) {
		t.Errorf("sooner: %+v, %v", sooner, err)
	}
	if later, err := ring.Schedule(t.Context(), "s", time.Hour); err != nil || !later.SignFrom.Equal(clk.Now().Add(10*time.Minute)) {
		t.Errorf("later: %+v, %v", later, err)
	}
	clk.Advance(10*time.Minute - time.Second)
	if signer(ring) != first || signer(other) != first {
		t.Error("it signs too early")
	}
	clk.Advance(time.Second)
	if signer(ring) != next.ID || signer(other) != next.ID {
		t.Error("the nodes do not change at once")
	}
	if changed, err := ring.Renew(t.Context(), "s", keyring.DefaultSchedule); err != nil || !changed {
		t.Errorf("%v, %v", changed, err)
	}
	if keys, err := ring.Published(t.Context(), "s"); err != nil || len(keys) != 2 || keys[0].ID != next.ID || keys[1].State != keyring.Retired {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestRevoke(t *testing.T) {
	clk, store := ephemeraltest.NewClock(), keyringtest.NewStore()
	ring := keyringtest.Open(t, store, clk.Now)
	first, err := ring.Signer(t.Context(), "s", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	next, err := ring.Schedule(t.Context(), "s", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := ring.Revoke(t.Context(), "s", first.ID); err != nil || now.ID != next.ID {
		t.Errorf("the prepared key does not take over: %+v, %v", now, err)
	}
	now, err := ring.Revoke(t.Context(), "s", next.ID)
	if err != nil || now.ID == next.ID || now.Algorithm != "ES256" {
		t.Errorf("no key takes over: %+v, %v", now, err)
	}
	if keys, err := ring.Published(t.Context(), "s"); err != nil || len(keys) != 1 || keys[0].ID != now.ID {
		t.Errorf("%v, %v", keys, err)
	}
	for _, id := range []string{first.ID, "x"} {
		if _, err := ring.Revoke(t.Context(), "s", id); !errors.Is(err, keyring.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
