package keyring_test

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

// A delayed store does something right after keys were read from it.
type delayed struct {
	keyring.Store
	then func()
}

func (d *delayed) LoadKeys(ctx context.Context, scopes ...string) ([]*keyring.Row, error) {
	rows, err := d.Store.LoadKeys(ctx, scopes...)
	if then := d.then; then != nil {
		d.then = nil
		then()
	}
	return rows, err
}

// Two processes that find the same step due take it once: a second rotation right
// after the first would sign with a key that nobody has seen.
func TestRenewOfTwoProcesses(t *testing.T) {
	clock, store := ephemeraltest.NewClock(), keyringtest.NewStore()
	const scope = "pool/p/id"
	slow := &delayed{Store: store}
	a, b := keyringtest.Open(t, store, clock.Now), keyringtest.Open(t, slow, clock.Now)
	renew := func(ring *keyring.Keys) {
		if _, err := ring.Renew(t.Context(), scope, keyring.DefaultSchedule); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Signer(t.Context(), scope, "RS256"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(89 * 24 * time.Hour)
	renew(a)
	published, err := a.Published(t.Context(), scope)
	if err != nil || len(published) != 2 {
		t.Fatalf("%d keys, %v", len(published), err)
	}
	clock.Advance(24 * time.Hour)
	slow.then = func() { renew(a) }
	renew(b)
	for name, ring := range map[string]*keyring.Keys{"a": a, "b": b} {
		clock.Advance(2 * time.Minute)
		if key, err := ring.Signer(t.Context(), scope, "RS256"); err != nil || key.ID != published[1].ID {
			t.Errorf("%s signs with another key than the one that was published: %v", name, err)
		}
	}
}
