package keyring_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

// TestRenew follows a key from its first signature to its end: every verifier
// that reads the key set once a day knows every key that signs.
func TestRenew(t *testing.T) {
	clock := ephemeraltest.NewClock()
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	const scope = "pool/p/id"
	if changed, err := ring.Renew(t.Context(), scope, keyring.DefaultSchedule); changed || err != nil {
		t.Fatalf("a scope without keys: %v, %v", changed, err)
	}
	signer := func() string {
		k, err := ring.Signer(t.Context(), scope, "RS256")
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}
	first := signer()
	known := map[string]time.Time{} // when a verifier first saw a key
	signedBy := map[string]bool{}
	for range 200 { // days
		keys, err := ring.Published(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, k := range keys {
			seen[k.ID] = true
			if _, ok := known[k.ID]; !ok {
				known[k.ID] = clock.Now()
			}
		}
		id := signer()
		if !seen[id] {
			t.Fatalf("key %s signs and is not published", id)
		}
		if !signedBy[id] && id != first && clock.Now().Sub(known[id]) < 24*time.Hour {
			t.Errorf("key %s signs %v after it was published", id, clock.Now().Sub(known[id]))
		}
		signedBy[id] = true
		for range 24 {
			clock.Advance(time.Hour)
			if _, err := ring.Renew(t.Context(), scope, keyring.DefaultSchedule); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(signedBy) != 3 {
		t.Errorf("%d keys signed in 200 days, want 3", len(signedBy))
	}
	keys, err := ring.Published(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.ID == first {
			t.Error("the first key is published still")
		}
	}
}
