// Package messagetest is the contract suite of message.Store.
package messagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// TestStore runs every check on a store of its own. open returns an empty store
// under that clock and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T, now func() time.Time) message.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s message.Store, clock *ephemeraltest.Clock)
	}{
		{"claim what is due, once", testClaim},
		{"put replaces", testReplace},
		{"settle", testSettle},
		{"a lost claim settles nothing", testLost},
		{"of many claims one wins", testRace},
		{"log", testLog},
		{"log page by page", testLogPages},
		{"closed items go after a week", testDeleteClosed},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := ephemeraltest.NewClock()
			tt.run(t, open(t, clock.Now), clock)
		})
	}
}

func item(id string, due time.Time) *message.Item {
	return &message.Item{ID: id, Pool: "us-east-1_A", Medium: "EMAIL", Kind: "signup", Destination: "b***@e***", Sealed: []byte{0, 255, 1}, Created: due, Due: due}
}

func put(t *testing.T, s message.Store, items ...*message.Item) {
	t.Helper()
	for _, it := range items {
		if err := s.Put(t.Context(), it); err != nil {
			t.Fatal(err)
		}
	}
}

func claim(t *testing.T, s message.Store, until time.Time, limit int) (ids []string, items []*message.Item) {
	t.Helper()
	items, err := s.Claim(t.Context(), until, limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		ids = append(ids, it.ID)
	}
	slices.Sort(ids)
	return ids, items
}

func testClaim(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	now := clock.Now()
	put(t, s, item("late", now.Add(time.Second)), item("b", now), item("a", now.Add(-time.Second)))
	ids, items := claim(t, s, now.Add(time.Minute), 1)
	if !slices.Equal(ids, []string{"a"}) {
		t.Fatalf("first %v", ids)
	}
	got := items[0]
	want := item("a", now.Add(time.Minute))
	want.Created, want.Tries = now.Add(-time.Second), 1
	if !got.Created.Equal(want.Created) || !got.Due.Equal(want.Due) || got.Tries != 1 || string(got.Sealed) != string(want.Sealed) ||
		got.Pool != want.Pool || got.Medium != want.Medium || got.Kind != want.Kind || !got.Closed.IsZero() {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if ids, _ := claim(t, s, now.Add(time.Minute), 5); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("then %v", ids)
	}
	if ids, _ := claim(t, s, now.Add(time.Minute), 5); ids != nil {
		t.Errorf("claimed twice: %v", ids)
	}
	clock.Advance(time.Minute) // the claims run out
	if ids, items := claim(t, s, now.Add(2*time.Minute), 5); !slices.Equal(ids, []string{"a", "b", "late"}) || items[0].Tries+items[1].Tries+items[2].Tries != 5 {
		t.Errorf("after the claims ran out: %v", ids)
	}
}

func testReplace(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	put(t, s, item("a", clock.Now()))
	it := item("a", clock.Now())
	it.Kind, it.Closed, it.Reason = "forgot", clock.Now(), "why"
	put(t, s, it)
	if failed := list(t, s, message.Failed); len(failed) != 1 || failed[0].Kind != "forgot" || failed[0].Reason != "why" {
		t.Errorf("%+v", failed)
	}
	if ids, _ := claim(t, s, clock.Now().Add(time.Minute), 5); ids != nil {
		t.Errorf("a closed item was claimed: %v", ids)
	}
}

func testSettle(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	now := clock.Now()
	put(t, s, item("a", now), item("b", now.Add(1000)), item("c", now.Add(2000)))
	clock.Advance(time.Second)
	_, items := claim(t, s, now.Add(time.Hour), 5)
	slices.SortFunc(items, func(a, b *message.Item) int { return a.Created.Compare(b.Created) })
	if err := errors.Join(s.Delivered(t.Context(), items[0]), s.Postpone(t.Context(), items[1], now.Add(time.Minute), "busy"),
		s.Close(t.Context(), items[2], "no such user")); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Hour)
	ids, again := claim(t, s, clock.Now().Add(time.Hour), 5)
	if !slices.Equal(ids, []string{"b"}) || again[0].Reason != "busy" || again[0].Tries != 2 {
		t.Errorf("left %v %+v", ids, again)
	}
	failed := list(t, s, message.Failed)
	if len(failed) != 1 || failed[0].ID != "c" || failed[0].Reason != "no such user" || failed[0].Closed.IsZero() || failed[0].State() != message.Failed {
		t.Errorf("failed %+v", failed)
	}
	delivered := list(t, s, message.Delivered)
	if len(delivered) != 1 || delivered[0].ID != "a" || delivered[0].Reason != "" || delivered[0].State() != message.Delivered {
		t.Errorf("delivered %+v", delivered)
	}
}

func list(t *testing.T, s message.Store, state message.State) []*message.Item {
	t.Helper()
	items, next, err := s.Log(t.Context(), "us-east-1_A", state, "", 50)
	if err != nil || next != "" {
		t.Fatalf("next %q, %v", next, err)
	}
	return items
}

func testLog(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	other := item("b", clock.Now())
	other.Pool = "us-east-1_B"
	put(t, s, item("a", clock.Now()), other)
	all := list(t, s, "")
	if len(all) != 1 || all[0].ID != "a" || all[0].Destination != "b***@e***" || all[0].Sealed != nil || all[0].State() != message.Waiting {
		t.Errorf("log of the pool: %+v", all)
	}
	if waiting := list(t, s, message.Waiting); len(waiting) != 1 {
		t.Errorf("waiting: %+v", waiting)
	}
	for _, bad := range []string{"x", "1", "x/y"} {
		if _, _, err := s.Log(t.Context(), "us-east-1_A", "", bad, 5); !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
	if _, _, err := s.Log(t.Context(), "us-east-1_A", "LOST", "", 5); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("unknown state: %v", err)
	}
}

func testLogPages(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	for i := range 5 { // two of a time
		put(t, s, item(fmt.Sprint(i), clock.Now().Add(time.Duration(i/2)*time.Second)))
	}
	var seen []string
	for after := ""; ; {
		items, next, err := s.Log(t.Context(), "us-east-1_A", "", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			seen = append(seen, it.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	if want := []string{"4", "3", "2", "1", "0"}; !slices.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func testLost(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	put(t, s, item("a", clock.Now()))
	_, first := claim(t, s, clock.Now().Add(time.Minute), 1)
	clock.Advance(time.Minute)
	_, second := claim(t, s, clock.Now().Add(time.Minute), 1)
	for name, err := range map[string]error{"delivered": s.Delivered(t.Context(), first[0]),
		"postpone": s.Postpone(t.Context(), first[0], clock.Now(), ""), "close": s.Close(t.Context(), first[0], "")} {
		if !errors.Is(err, message.ErrLost) {
			t.Errorf("%s: %v, want ErrLost", name, err)
		}
	}
	if err := s.Delivered(t.Context(), second[0]); err != nil {
		t.Errorf("the owner: %v", err)
	}
	if err := s.Delivered(t.Context(), second[0]); !errors.Is(err, message.ErrLost) {
		t.Errorf("gone: %v, want ErrLost", err)
	}
}

func testRace(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	const items, workers = 40, 8
	for i := range items {
		put(t, s, item(fmt.Sprint(i), clock.Now()))
	}
	var (
		mu   sync.Mutex
		seen = map[string]int{}
		wg   sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			for range items {
				got, err := s.Claim(t.Context(), clock.Now().Add(time.Minute), 3)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, it := range got {
					seen[it.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for i := range items {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("item %d was claimed %d times", i, n)
		}
	}
}

func testDeleteClosed(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	for i := range 3 {
		it := item(fmt.Sprint(i), clock.Now())
		it.Closed = clock.Now().Add(time.Duration(i) * time.Second)
		put(t, s, it)
	}
	put(t, s, item("open", clock.Now()))
	clock.Advance(message.KeepClosed + time.Second)
	for _, want := range []int{1, 1, 0} {
		if n, err := s.DeleteClosed(t.Context(), 1); err != nil || n != want {
			t.Errorf("deleted %d, %v; want %d", n, err, want)
		}
	}
	if ids, _ := claim(t, s, clock.Now().Add(time.Minute), 5); !slices.Equal(ids, []string{"open"}) {
		t.Errorf("left open: %v", ids)
	}
}

func testCancelled(t *testing.T, s message.Store, clock *ephemeraltest.Clock) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Put(gone, item("a", clock.Now())); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	if _, err := s.Claim(gone, clock.Now(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Claim: %v", err)
	}
}
