// Package idptest holds the contract suites of the stores of package idp. Every
// backend passes them whole.
package idptest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	poolA userpool.PoolID = "us-east-1_AAAAAAAAA"
	poolB userpool.PoolID = "us-east-1_BBBBBBBBB"
)

// A Clock is a clock that tests set.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at an arbitrary time with microseconds.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 7, 0, 0, 123456000, time.UTC)} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A Trait is a real difference between backends.
type Trait string

// ClearsItself is a backend whose engine deletes what has expired, so that
// DeleteExpired finds nothing to do.
const ClearsItself Trait = "clears itself"

// TestSessions runs every check of idp.SessionStore on a store of its own. open
// returns an empty store that goes by now, and registers its clean-up with t.
func TestSessions(t *testing.T, open func(t *testing.T, now func() time.Time) idp.SessionStore, traits ...Trait) {
	leftover := 5
	if slices.Contains(traits, ClearsItself) {
		leftover = 0
	}
	checks := map[string]func(*testing.T, idp.SessionStore, *Clock){
		"round trip":              sessionRoundTrip,
		"expiry":                  sessionExpiry,
		"touch":                   sessionTouch,
		"renew":                   sessionRenew,
		"session upstream":        sessionUpstream,
		"one of many renews":      sessionRenewRace,
		"list and revoke":         sessionListRevoke,
		"pools are apart":         sessionPools,
		"clean-up in batches":     func(t *testing.T, s idp.SessionStore, c *Clock) { sessionCleanUp(t, s, c, leftover) },
		"cancelled context fails": sessionCancelled,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			check(t, open(t, clock.Now), clock)
		})
	}
}

func newSession(pool userpool.PoolID, sub string, now time.Time) *idp.Session {
	_, id := idp.NewSecret()
	return &idp.Session{ID: id, Root: "root", Pool: pool, Sub: sub, AuthTime: now, Methods: []string{"pwd", "otp"},
		Created: now, LastSeen: now, Expires: now.Add(time.Hour), Limit: now.Add(8 * time.Hour),
		Address: "192.0.2.1", UserAgent: "Mozilla/5.0 \"ü\""}
}

func created(t *testing.T, s idp.SessionStore, sess *idp.Session) *idp.Session {
	t.Helper()
	if err := s.Create(context.Background(), sess); err != nil {
		t.Fatal(err)
	}
	return sess
}

func alive(t *testing.T, s idp.SessionStore, sess *idp.Session) bool {
	t.Helper()
	_, err := s.Get(context.Background(), sess.Pool, sess.ID)
	if err != nil && !errors.Is(err, idp.ErrSessionNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func sessionRoundTrip(t *testing.T, s idp.SessionStore, c *Clock) {
	want := created(t, s, newSession(poolA, "alice", c.Now()))
	got, err := s.Get(context.Background(), poolA, want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantErr(t, s.Create(context.Background(), want), idp.ErrSessionExists)
	_, err = s.Get(context.Background(), poolA, "nobody")
	wantErr(t, err, idp.ErrSessionNotFound)
}

// sessionUpstream: what is kept of the session at a provider comes back byte for byte.
func sessionUpstream(t *testing.T, s idp.SessionStore, c *Clock) {
	for name, up := range map[string]*idp.Upstream{
		"all":      {Provider: "Übung", Session: []byte("\x00\xff{\"NameID\":1}"), Ends: c.Now().Add(time.Hour)},
		"for ever": {Provider: "acme", Session: slices.Repeat([]byte{0xff}, idp.MaxUpstreamSession)},
		"no state": {Provider: "acme"},
	} {
		want := newSession(poolA, "alice", c.Now())
		want.Upstream = up
		created(t, s, want)
		if err := s.Touch(context.Background(), poolA, want.ID, want.LastSeen, want.Expires); err != nil {
			t.Fatal(name, err)
		}
		got, err := s.Get(context.Background(), poolA, want.ID)
		if err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got.Upstream, up)
		}
	}
}

func sessionExpiry(t *testing.T, s idp.SessionStore, c *Clock) {
	sess := created(t, s, newSession(poolA, "alice", c.Now()))
	c.Add(time.Hour - time.Microsecond)
	if !alive(t, s, sess) {
		t.Error("died early")
	}
	c.Add(time.Microsecond)
	if alive(t, s, sess) {
		t.Error("outlived its expiry")
	}
	wantErr(t, s.Touch(context.Background(), poolA, sess.ID, c.Now(), c.Now().Add(time.Hour)), idp.ErrSessionNotFound)
	if list, err := s.List(context.Background(), poolA, "alice"); err != nil || len(list) != 0 {
		t.Errorf("list of the dead: %v, %v", list, err)
	}
}

func sessionTouch(t *testing.T, s idp.SessionStore, c *Clock) {
	sess := created(t, s, newSession(poolA, "alice", c.Now()))
	c.Add(30 * time.Minute)
	seen, expires := c.Now(), c.Now().Add(time.Hour)
	if err := s.Touch(context.Background(), poolA, sess.ID, seen, expires); err != nil {
		t.Fatal(err)
	}
	c.Add(45 * time.Minute)
	got, err := s.Get(context.Background(), poolA, sess.ID)
	if err != nil {
		t.Fatal("a used session died: ", err)
	}
	if !got.LastSeen.Equal(seen) || !got.Expires.Equal(expires) || !got.AuthTime.Equal(sess.AuthTime) {
		t.Errorf("got %+v", got)
	}
	if err := s.Revoke(context.Background(), poolA, sess.ID); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Touch(context.Background(), poolA, sess.ID, c.Now(), expires), idp.ErrSessionNotFound)
	if alive(t, s, sess) {
		t.Error("a touch brought a revoked session back")
	}
}

func sessionRenew(t *testing.T, s idp.SessionStore, c *Clock) {
	old := created(t, s, newSession(poolA, "alice", c.Now()))
	next := newSession(poolA, "alice", c.Now())
	if err := s.Renew(context.Background(), old.ID, next); err != nil {
		t.Fatal(err)
	}
	if alive(t, s, old) || !alive(t, s, next) {
		t.Error("the old id lives, or the new one does not")
	}
	wantErr(t, s.Renew(context.Background(), old.ID, newSession(poolA, "alice", c.Now())), idp.ErrSessionNotFound)
	if list, err := s.List(context.Background(), poolA, "alice"); err != nil || len(list) != 1 {
		t.Errorf("list after renewal: %v, %v", list, err)
	}
}

func sessionRenewRace(t *testing.T, s idp.SessionStore, c *Clock) {
	old := created(t, s, newSession(poolA, "alice", c.Now()))
	won := race(t, 30, idp.ErrSessionNotFound, func() error {
		return s.Renew(context.Background(), old.ID, newSession(poolA, "alice", c.Now()))
	})
	if won != 1 {
		t.Errorf("%d callers renewed one session", won)
	}
}

func sessionListRevoke(t *testing.T, s idp.SessionStore, c *Clock) {
	ctx := context.Background()
	first := created(t, s, newSession(poolA, "alice", c.Now()))
	c.Add(time.Second)
	second := created(t, s, newSession(poolA, "alice", c.Now()))
	c.Add(time.Second)
	third := created(t, s, newSession(poolA, "alice", c.Now()))
	bob := created(t, s, newSession(poolA, "bob", c.Now()))
	list, err := s.List(ctx, poolA, "alice")
	if err != nil || len(list) != 3 || list[0].ID != third.ID || list[2].ID != first.ID {
		t.Fatalf("list: %v, %v", list, err)
	}
	if err := s.Revoke(ctx, poolA, first.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(ctx, poolA, first.ID); err != nil {
		t.Fatal("revoking twice:", err)
	}
	if err := s.RevokeAll(ctx, poolA, "alice", second.ID); err != nil {
		t.Fatal(err)
	}
	if alive(t, s, first) || !alive(t, s, second) || alive(t, s, third) || !alive(t, s, bob) {
		t.Error("RevokeAll ended the wrong sessions")
	}
	if err := s.RevokeAll(ctx, poolA, "alice", ""); err != nil {
		t.Fatal(err)
	}
	if alive(t, s, second) || !alive(t, s, bob) {
		t.Error("RevokeAll of everything")
	}
}

func sessionPools(t *testing.T, s idp.SessionStore, c *Clock) {
	ctx := context.Background()
	a := created(t, s, newSession(poolA, "alice", c.Now()))
	b := newSession(poolB, "alice", c.Now())
	b.ID = a.ID
	created(t, s, b)
	if err := s.RevokeAll(ctx, poolB, "alice", ""); err != nil {
		t.Fatal(err)
	}
	if !alive(t, s, a) || alive(t, s, b) {
		t.Error("one pool's sign-out reached another")
	}
	_, err := s.Get(ctx, poolB, a.ID)
	wantErr(t, err, idp.ErrSessionNotFound)
	wantErr(t, s.Renew(ctx, a.ID, newSession(poolB, "alice", c.Now())), idp.ErrSessionNotFound)
}

func sessionCleanUp(t *testing.T, s idp.SessionStore, c *Clock, leftover int) {
	for range 5 {
		created(t, s, newSession(poolA, "alice", c.Now()))
	}
	c.Add(2 * time.Hour)
	live := created(t, s, newSession(poolA, "alice", c.Now()))
	cleanUp(t, leftover, s.DeleteExpired)
	if !alive(t, s, live) {
		t.Error("clean-up took a live session")
	}
}

func sessionCancelled(t *testing.T, s idp.SessionStore, c *Clock) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Get(ctx, poolA, "x")
	wantErr(t, err, context.Canceled)
	wantErr(t, s.Create(ctx, newSession(poolA, "alice", c.Now())), context.Canceled)
}

// cleanUp deletes in batches of three until nothing is left, and wants n in all.
func cleanUp(t *testing.T, n int, del func(context.Context, int) (int, error)) {
	t.Helper()
	total := 0
	for {
		got, err := del(context.Background(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if got > 3 {
			t.Fatalf("deleted %d, more than asked for", got)
		}
		if total += got; got == 0 {
			break
		}
	}
	if total != n {
		t.Errorf("deleted %d, want %d", total, n)
	}
}

// race calls f from n goroutines at once and counts successes. Any error but
// lost fails the test.
func race(t *testing.T, n int, lost error, f func() error) (won int) {
	t.Helper()
	errs := make([]error, n)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			errs[i] = f()
		})
	}
	start.Done()
	done.Wait()
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantErr(t, err, lost)
		}
	}
	return won
}
