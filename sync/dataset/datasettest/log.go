package datasettest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A LoggedStore is a store with its log.
type LoggedStore interface {
	dataset.Store
	dataset.Log
}

// TestLog runs every check of dataset.Log. open returns two stores, of two nodes, on
// the same empty data.
func TestLog(t *testing.T, open func(t *testing.T) (a, b LoggedStore)) {
	for _, c := range logChecks {
		t.Run(c.name, func(t *testing.T) {
			a, b := open(t)
			c.run(t, a, b)
		})
	}
}

type logCheck struct {
	name string
	run  func(t *testing.T, s, other LoggedStore)
}

var logChecks = []logCheck{
	{"an empty log", func(t *testing.T, s, _ LoggedStore) {
		same(t, "tail", tail(t, s, alice), dataset.LogStart)
		same(t, "entries", since(t, s, alice, dataset.LogStart), []string{})
	}},
	{"each accepted change is one entry", func(t *testing.T, s, _ LoggedStore) {
		first := batch(put("a", "1", 0), put("b", "1", 0))
		update(t, s, first)
		middle := tail(t, s, alice)
		update(t, s, batch(put("a", "2", 1)))
		if c, err := s.Update(context.Background(), first); err == nil {
			t.Errorf("accepted: %+v", c)
		}
		refused(t, s, batch(put("a", "3", 1)), dataset.ErrConflict)
		other := batch(put("x", "1", 0))
		other.Dataset, other.Device = "a:b", "tab\x00let"
		update(t, s, other)
		if c, err := s.Update(context.Background(), other); err != nil || !c.Repeated {
			t.Errorf("repeated: %+v, %v", c, err)
		}
		drop(t, s, alice, "notes", "00000000000000bb")
		if _, err := s.Delete(context.Background(), alice, "notes", start, "00000000000000cc"); !errors.Is(err, dataset.ErrNotFound) {
			t.Error(err)
		}
		same(t, "all", since(t, s, alice, dataset.LogStart),
			[]string{`notes@1 by "phone"`, `notes@2 by "phone"`, `a:b@1 by "tab\x00let"`, `notes@3 by "" deleted`})
		same(t, "rest", since(t, s, alice, middle),
			[]string{`notes@2 by "phone"`, `a:b@1 by "tab\x00let"`, `notes@3 by "" deleted`})
		same(t, "end", since(t, s, alice, tail(t, s, alice)), []string{})
	}},
	{"an adoption is one entry, and an erased owner has no log", func(t *testing.T, s, _ LoggedStore) {
		update(t, s, batch(put("a", "1", 0)))
		bob := newOwner()
		a := adoption(t, s, bob)
		adopt(t, s, a, true)
		adopt(t, s, a, false)
		same(t, "all", since(t, s, bob, dataset.LogStart), []string{mergedAs + `@1 by ""`})
		closeOwner(t, s, bob)
		if err := s.Erase(context.Background(), bob); err != nil {
			t.Fatal(err)
		}
		same(t, "tail", tail(t, s, bob), dataset.LogStart)
	}},
	{"logs are their owners'", func(t *testing.T, s, _ LoggedStore) {
		bob := newOwner()
		update(t, s, batch(put("a", "1", 0)))
		same(t, "tail", tail(t, s, bob), dataset.LogStart)
		if _, err := s.LogSince(context.Background(), bob, tail(t, s, alice)); !errors.Is(err, dataset.ErrGap) {
			t.Errorf("an ID of another log: %v", err)
		}
	}},
	{"what is no ID is a gap", func(t *testing.T, s, _ LoggedStore) {
		update(t, s, batch(put("a", "1", 0)))
		good := string(tail(t, s, alice))
		for _, id := range []string{"", "-", "+", "1", "x", "0-0", "1-", "-1", good + "0", good + "-1", "0" + good, " " + good, "(" + good,
			"99999999999999999999-1", "18446744073709551615-18446744073709551615", "9223372036854775807-0", good + "\x00", "1' OR 1=1"} {
			if got, err := s.LogSince(context.Background(), alice, dataset.LogID(id)); !errors.Is(err, dataset.ErrGap) {
				t.Errorf("%q: %v, %v", id, got, err)
			}
		}
	}},
	{"a long log loses its beginning, and says so", func(t *testing.T, s, _ LoggedStore) {
		update(t, s, batch(put("a", "1", 0)))
		first := tail(t, s, alice)
		const more = 3 * dataset.LogLength
		for i := range more {
			update(t, s, batch(put("a", "1", int64(i+1))))
		}
		for _, id := range []dataset.LogID{first, dataset.LogStart} {
			if _, err := s.LogSince(context.Background(), alice, id); !errors.Is(err, dataset.ErrGap) {
				t.Errorf("%q: %v", id, err)
			}
		}
		before := tail(t, s, alice)
		for i := range dataset.LogLength - 1 {
			update(t, s, batch(put("a", "1", int64(more+1+i))))
		}
		same(t, "entries that are kept", len(since(t, s, alice, before)), dataset.LogLength-1)
	}},
	{"a watch rings for what it watches, also of another node", func(t *testing.T, s, other LoggedStore) {
		bob := newOwner()
		rings := newRings()
		w := s.Watch(rings.ring)
		defer closeWatch(t, w)
		w.Add(alice)
		w.Add(alice)
		for i, from := range []LoggedStore{s, other} {
			at := tail(t, s, alice)
			rings.until(t, alice, func() bool { return len(since(t, s, alice, at)) == 1 },
				func() { update(t, from, batch(put("a", "1", int64(i)))) })
		}
		foreign := batch(put("a", "1", 0))
		foreign.Owner = bob
		update(t, other, foreign)
		w.Remove(alice)
		rings.until(t, alice, func() bool { return true }, func() { drop(t, other, alice, "notes", "00000000000000bb") })
		if rings.of(bob) > 0 {
			t.Error("it rang for an owner who is not watched")
		}
	}},
	{"many writers, one watcher, nothing missed", func(t *testing.T, s, other LoggedStore) {
		rings := newRings()
		w := s.Watch(rings.ring)
		defer closeWatch(t, w)
		at := tail(t, s, alice)
		w.Add(alice)
		const writers, each = 8, 5
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for n := range each {
					b := batch(put("k", "1", int64(n)))
					b.Dataset = fmt.Sprint("d", i)
					if _, err := []LoggedStore{s, other}[i%2].Update(context.Background(), b); err != nil {
						t.Error(err)
					}
				}
			})
		}
		seen := map[string]int{}
		rings.until(t, alice, func() bool {
			entries, err := s.LogSince(context.Background(), alice, at)
			if err != nil {
				t.Error(err)
				return true
			}
			for _, e := range entries {
				if int(e.SyncCount) != seen[e.Dataset]+1 {
					t.Errorf("%s: %d after %d", e.Dataset, e.SyncCount, seen[e.Dataset])
				}
				seen[e.Dataset], at = int(e.SyncCount), e.ID
			}
			total := 0
			for _, n := range seen {
				total += n
			}
			return total == writers*each
		}, func() {})
		all.Wait()
	}},
}

func tail(t testing.TB, s dataset.Log, owner dataset.Owner) dataset.LogID {
	t.Helper()
	id, err := s.LogTail(context.Background(), owner)
	if err != nil {
		t.Fatalf("LogTail: %v", err)
	}
	return id
}

// since renders the entries behind an ID as `dataset@count by "device"`.
func since(t testing.TB, s dataset.Log, owner dataset.Owner, after dataset.LogID) []string {
	t.Helper()
	entries, err := s.LogSince(context.Background(), owner, after)
	if err != nil {
		t.Fatalf("LogSince: %v", err)
	}
	out := []string{}
	for _, e := range entries {
		text := fmt.Sprintf("%s@%d by %q", e.Dataset, e.SyncCount, e.Device)
		if e.Deleted {
			text += " deleted"
		}
		out = append(out, text)
	}
	return out
}

func closeWatch(t testing.TB, w dataset.Watch) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// rings counts how often a watch rang.
type rings struct {
	mu    sync.Mutex
	count map[dataset.Owner]int
	wake  chan struct{}
}

func newRings() *rings {
	return &rings{count: map[dataset.Owner]int{}, wake: make(chan struct{}, 1)}
}

func (r *rings) ring(o dataset.Owner) {
	r.mu.Lock()
	r.count[o]++
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *rings) of(o dataset.Owner) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[o]
}

// until does something and waits until it has rung for o since and done holds.
func (r *rings) until(t testing.TB, o dataset.Owner, done func() bool, do func()) {
	t.Helper()
	before := r.of(o)
	do()
	deadline := time.After(20 * time.Second)
	for {
		if n := r.of(o); n > before {
			before = n
			if done() {
				return
			}
		}
		select {
		case <-r.wake:
		case <-deadline:
			t.Fatal("it did not ring")
		}
	}
}
