package userpool_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// cheap makes hashing take microseconds.
var cheap = userpool.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestHasherRoundTrip(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap})
	phc, err := h.Hash(t.Context(), "Passw0rd!é")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("phc = %s", phc)
	}
	for password, want := range map[string]bool{"Passw0rd!é": true, "passw0rd!é": false, "": false} {
		if ok, err := h.Verify(t.Context(), phc, password); err != nil || ok != want {
			t.Errorf("Verify(%q) = %v, %v", password, ok, err)
		}
	}
	if again, err := h.Hash(t.Context(), "Passw0rd!é"); err != nil || again == phc {
		t.Errorf("two hashes of one password are the same: %v", err)
	}
}

func TestHasherDefaultCost(t *testing.T) {
	phc, err := userpool.NewHasher(userpool.HasherConfig{}).Hash(t.Context(), "x")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("phc = %s, %v", phc, err)
	}
}

// The reference implementation's own vector, so that hashes can be imported.
func TestHasherKnownHash(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap})
	const phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if ok, err := h.Verify(t.Context(), phc, "password"); err != nil || !ok {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestHasherUnknownHashCostsTheSame(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap})
	for _, phc := range []string{
		"", "plain", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=262144,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=64,t=1,p=1,x=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	} {
		before := h.Stats().Hashes
		if ok, err := h.Verify(t.Context(), phc, ""); err != nil || ok {
			t.Errorf("Verify(%.40q) = %v, %v", phc, ok, err)
		}
		if got := h.Stats().Hashes - before; got != 1 {
			t.Errorf("Verify(%.40q) hashed %d times", phc, got)
		}
	}
}

func TestHasherSheds(t *testing.T) {
	slow := userpool.HashCost{MemoryKiB: 4096, Passes: 8, Lanes: 1}
	h := userpool.NewHasher(userpool.HasherConfig{Cost: slow, Slots: 1, Queue: 2, Wait: time.Nanosecond})
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.Hash(t.Context(), "x") })
	}
	wg.Wait()
	var done, busy int
	for _, err := range errs {
		switch {
		case err == nil:
			done++
		case errors.Is(err, userpool.ErrBusy):
			busy++
		default:
			t.Error(err)
		}
	}
	if done == 0 || busy == 0 {
		t.Errorf("%d hashed, %d shed", done, busy)
	}
	if s := h.Stats(); s.Shed != uint64(busy) || s.Hashes != uint64(done) || s.Waiting != 0 {
		t.Errorf("stats = %+v", s)
	}
}

func TestHasherHonoursContext(t *testing.T) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("the slot was not given back: %v", err)
	}
}

func FuzzHasherVerify(f *testing.F) {
	h := userpool.NewHasher(userpool.HasherConfig{Cost: cheap})
	f.Add("")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=65536,t=100,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Fuzz(func(t *testing.T, phc string) {
		if ok, err := h.Verify(t.Context(), phc, "a password nobody has"); ok || err != nil {
			t.Fatalf("Verify(%q) = %v, %v", phc, ok, err)
		}
	})
}
