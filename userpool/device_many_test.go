package userpool_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestTooManyDevices: the hundred and first device takes the place of the one that was
// not seen for the longest time, and of nobody else's.
func TestTooManyDevices(t *testing.T) {
	w, s := tracking(t)
	bob := w.addUser("bob", func(*userpool.User) {})
	add := func(u *userpool.User, key string, seen time.Time) {
		t.Helper()
		w.check(w.store.CreateDevice(t.Context(), &userpool.Device{Pool: worldPool, Sub: u.Sub, Key: key, Created: w.Now(), Authenticated: seen, Verifier: []byte{1}}))
	}
	add(bob, "of bob", time.Time{})
	w.Advance(time.Hour)
	for i := range 99 {
		add(w.alice, fmt.Sprint("device ", i), w.Now().Add(time.Duration(1+i)*time.Minute))
	}
	add(w.alice, "a longest unseen", time.Time{})
	w.Advance(24 * time.Hour)
	d, _ := w.knownDevice(s)
	gone := func(u *userpool.User, key string) bool {
		_, err := w.store.Device(t.Context(), worldPool, u.Sub, key)
		if err != nil && !errors.Is(err, userpool.ErrNotFound) {
			t.Fatal(err)
		}
		return err != nil
	}
	if !gone(w.alice, "a longest unseen") || gone(w.alice, "device 0") || gone(w.alice, d.Key) || gone(bob, "of bob") {
		t.Error("the wrong device is forgotten")
	}
	w.knownDevice(s)
	if !gone(w.alice, "device 0") || gone(w.alice, "device 1") {
		t.Error("the next one is forgotten by its last sign-in")
	}
}
