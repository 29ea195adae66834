package ephemeraltest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// A Clock is a clock that tests move by hand. It starts at a fixed time.
type Clock struct{ us atomic.Int64 }

// NewClock returns a clock that stands at 2 November 2026, 03:04:05 UTC.
func NewClock() *Clock {
	c := &Clock{}
	c.us.Store(time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC).UnixMicro())
	return c
}

// Now returns the time of the clock.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.us.Load()).UTC() }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.us.Add(d.Microseconds()) }

// TestStore runs every check on a store of its own. open returns an empty store
// that judges expiry by now, and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T, now func() time.Time) ephemeral.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s ephemeral.Store, c *Clock)
	}{
		{"claim has one winner", testClaim},
		{"claim after expiry", testClaimExpiry},
		{"claim after expiry has one winner", testClaimTakeover},
		{"put, get, replace, delete", testPut},
		{"values expire", testExpiry},
		{"take has one winner", testTake},
		{"namespaces and keys are apart", testApart},
		{"count", testCount},
		{"parallel count", testParallelCount},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewClock()
			tt.run(t, open(t, c.Now), c)
		})
	}
}

var ctx = context.Background()

// winners runs fn n times at once and returns how often it said yes.
func winners(t *testing.T, n int, fn func() (bool, error)) int {
	t.Helper()
	var (
		wg  sync.WaitGroup
		won atomic.Int64
	)
	for range n {
		wg.Go(func() {
			ok, err := fn()
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}

func testClaim(t *testing.T, s ephemeral.Store, c *Clock) {
	expires := c.Now().Add(time.Minute)
	if n := winners(t, 50, func() (bool, error) { return s.Claim(ctx, "jti", "p/1", expires) }); n != 1 {
		t.Errorf("%d claims won, want 1", n)
	}
	if ok, err := s.Claim(ctx, "jti", "p/2", expires); err != nil || !ok {
		t.Errorf("another key: %v, %v", ok, err)
	}
}

func testClaimExpiry(t *testing.T, s ephemeral.Store, c *Clock) {
	if ok, err := s.Claim(ctx, "jti", "k", c.Now().Add(time.Minute)); err != nil || !ok {
		t.Fatalf("first: %v, %v", ok, err)
	}
	c.Advance(time.Minute - time.Millisecond)
	if ok, err := s.Claim(ctx, "jti", "k", c.Now().Add(time.Minute)); err != nil || ok {
		t.Errorf("before expiry: %v, %v", ok, err)
	}
	c.Advance(time.Millisecond)
	if ok, err := s.Claim(ctx, "jti", "k", c.Now().Add(time.Minute)); err != nil || !ok {
		t.Errorf("after expiry: %v, %v", ok, err)
	}
	if ok, err := s.Claim(ctx, "jti", "k", c.Now().Add(time.Minute)); err != nil || ok {
		t.Errorf("claimed again: %v, %v", ok, err)
	}
}

func testClaimTakeover(t *testing.T, s ephemeral.Store, c *Clock) {
	if _, err := s.Claim(ctx, "jti", "k", c.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Second)
	expires := c.Now().Add(time.Minute)
	if n := winners(t, 50, func() (bool, error) { return s.Claim(ctx, "jti", "k", expires) }); n != 1 {
		t.Errorf("%d claims won, want 1", n)
	}
}

func put(t *testing.T, s ephemeral.Store, namespace, key, value string, expires time.Time) {
	t.Helper()
	if err := s.Put(ctx, namespace, key, []byte(value), expires); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, s ephemeral.Store, namespace, key, value string) {
	t.Helper()
	got, err := s.Get(ctx, namespace, key)
	if err != nil || string(got) != value {
		t.Errorf("%s %s: %q, %v; want %q", namespace, key, got, err, value)
	}
}

func wantNone(t *testing.T, s ephemeral.Store, namespace, key string) {
	t.Helper()
	if got, err := s.Get(ctx, namespace, key); !errors.Is(err, ephemeral.ErrNotFound) {
		t.Errorf("%s %s: %q, %v; want ErrNotFound", namespace, key, got, err)
	}
}

func testPut(t *testing.T, s ephemeral.Store, c *Clock) {
	expires := c.Now().Add(time.Minute)
	wantNone(t, s, "code", "k")
	put(t, s, "code", "k", "a\x00b:\xff", expires)
	want(t, s, "code", "k", "a\x00b:\xff")
	put(t, s, "code", "k", "", expires)
	want(t, s, "code", "k", "")
	if err := s.Put(ctx, "code", "nil", nil, expires); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, "code", "k"); err != nil {
		t.Error(err)
	}
	wantNone(t, s, "code", "k")
	if err := s.Delete(ctx, "code", "k"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
	big := bytes.Repeat([]byte("x"), 1<<20)
	if err := s.Put(ctx, "code", "big", big, expires); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Take(ctx, "code", "big"); err != nil || !bytes.Equal(got, big) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func testExpiry(t *testing.T, s ephemeral.Store, c *Clock) {
	for _, key := range []string{"get", "take"} {
		put(t, s, "code", key, "v", c.Now().Add(time.Second))
	}
	c.Advance(time.Second - time.Millisecond)
	want(t, s, "code", "get", "v")
	c.Advance(time.Millisecond)
	wantNone(t, s, "code", "get")
	if got, err := s.Take(ctx, "code", "take"); !errors.Is(err, ephemeral.ErrNotFound) {
		t.Errorf("take: %q, %v; want ErrNotFound", got, err)
	}
}

func testTake(t *testing.T, s ephemeral.Store, c *Clock) {
	put(t, s, "code", "k", "v", c.Now().Add(time.Minute))
	n := winners(t, 50, func() (bool, error) {
		v, err := s.Take(ctx, "code", "k")
		if errors.Is(err, ephemeral.ErrNotFound) {
			return false, nil
		}
		return string(v) == "v", err
	})
	if n != 1 {
		t.Errorf("%d takers got the value, want 1", n)
	}
	wantNone(t, s, "code", "k")
}

func testApart(t *testing.T, s ephemeral.Store, c *Clock) {
	expires := c.Now().Add(time.Minute)
	put(t, s, "a", "k", "1", expires)
	put(t, s, "b", "k", "2", expires)
	put(t, s, "a", "K", "3", expires)
	put(t, s, "a:k", "", "4", expires)
	put(t, s, "a", ":k", "5", expires)
	want(t, s, "a", "k", "1")
	want(t, s, "b", "k", "2")
	want(t, s, "a", "K", "3")
	want(t, s, "a:k", "", "4")
	want(t, s, "a", ":k", "5")
	if err := s.Delete(ctx, "a", "k"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "b", "k", "2")
	if ok, err := s.Claim(ctx, "c", "k", expires); err != nil || !ok {
		t.Errorf("claim in another namespace: %v, %v", ok, err)
	}
}

func wantCount(t *testing.T, s ephemeral.Store, delta, want int64) {
	t.Helper()
	if got, err := s.Count(ctx, "rate", "k", delta, time.Minute); err != nil || got != want {
		t.Errorf("count %+d: %d, %v; want %d", delta, got, err, want)
	}
}

func testCount(t *testing.T, s ephemeral.Store, c *Clock) {
	wantCount(t, s, 0, 0)
	wantCount(t, s, 2, 2)
	c.Advance(50 * time.Second)
	wantCount(t, s, 3, 5) // and starts the window anew
	c.Advance(50 * time.Second)
	wantCount(t, s, 0, 5)
	wantCount(t, s, -6, -1)
	c.Advance(time.Minute)
	wantCount(t, s, 0, 0)
	wantCount(t, s, 1, 1)
}

func testParallelCount(t *testing.T, s ephemeral.Store, _ *Clock) {
	winners(t, 50, func() (bool, error) {
		_, err := s.Count(ctx, "rate", "k", 1, time.Minute)
		return false, err
	})
	wantCount(t, s, 0, 50)
}

func testCancelled(t *testing.T, s ephemeral.Store, c *Clock) {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	expires := c.Now().Add(time.Minute)
	_, claim := s.Claim(gone, "n", "k", expires)
	_, get := s.Get(gone, "n", "k")
	_, take := s.Take(gone, "n", "k")
	_, count := s.Count(gone, "n", "k", 1, time.Minute)
	for name, err := range map[string]error{"Claim": claim, "Get": get, "Take": take, "Count": count,
		"Put": s.Put(gone, "n", "k", nil, expires), "Delete": s.Delete(gone, "n", "k")} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}
