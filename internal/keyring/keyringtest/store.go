package keyringtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// TestStore runs every check on a store of its own. open returns an empty store
// and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) keyring.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s keyring.Store)
	}{
		{"round trip", testRoundTrip},
		{"one active and one next row", testUniqueStates},
		{"parallel inserts have one winner", testParallelInsert},
		{"switch to a new key", testSwitchNew},
		{"switch to the next key", testSwitchNext},
		{"switch from a key that is not active", testSwitchStale},
		{"parallel switches have one winner", testParallelSwitch},
		{"schedule the next key", testSchedule},
		{"delete one key", testDeleteOne},
		{"delete a scope and below", testDelete},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

var created = time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC)

func row(id, scope string, state keyring.State) *keyring.Row {
	return &keyring.Row{ID: id, Scope: scope, Algorithm: "RS256", State: state, Material: []byte{0, 1, 255}, Created: created}
}

func insert(t *testing.T, s keyring.Store, rows ...*keyring.Row) {
	t.Helper()
	for _, r := range rows {
		if err := s.InsertKey(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// states returns the rows of a scope as "id:state", sorted.
func states(t *testing.T, s keyring.Store, scope string) []string {
	t.Helper()
	rows, err := s.LoadKeys(context.Background(), scope)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, r := range rows {
		out = append(out, r.ID+":"+string(r.State))
	}
	slices.Sort(out)
	return out
}

func wantStates(t *testing.T, s keyring.Store, scope string, want ...string) {
	t.Helper()
	if got := states(t, s, scope); !slices.Equal(got, want) {
		t.Errorf("rows of %s: %v, want %v", scope, got, want)
	}
}

func testRoundTrip(t *testing.T, s keyring.Store) {
	want := row("k1", "pool/a/id", keyring.Active)
	older := row("k0", "pool/a/id", keyring.Retired)
	want.SignFrom = created.Add(time.Minute)
	older.Created, older.NotAfter = created.Add(-time.Hour), created.Add(time.Hour)
	insert(t, s, want, older, row("k2", "pool/a", keyring.Active))
	rows, err := s.LoadKeys(context.Background(), "pool/a/id")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || !same(rows[0], older) || !same(rows[1], want) {
		t.Fatalf("got %+v", rows)
	}
	if rows, err = s.LoadKeys(context.Background(), "pool/a", "pool/a/id", "pool/a/none"); err != nil || len(rows) != 3 || !same(rows[0], older) {
		t.Fatalf("of several scopes: %+v, %v", rows, err)
	}
	if rows, err = s.LoadKeys(context.Background()); err != nil || len(rows) != 0 {
		t.Fatalf("of no scope: %+v, %v", rows, err)
	}
}

func same(a, b *keyring.Row) bool {
	return a.ID == b.ID && a.Scope == b.Scope && a.Algorithm == b.Algorithm && a.State == b.State &&
		bytes.Equal(a.Material, b.Material) && a.Created.Equal(b.Created) && a.NotAfter.Equal(b.NotAfter) && a.SignFrom.Equal(b.SignFrom)
}

func testUniqueStates(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "a", keyring.Active), row("k2", "a", keyring.Next), row("k3", "b", keyring.Active))
	for _, state := range []keyring.State{keyring.Active, keyring.Next} {
		if err := s.InsertKey(context.Background(), row("k4", "a", state)); !errors.Is(err, keyring.ErrExists) {
			t.Errorf("second %s row: %v, want ErrExists", state, err)
		}
	}
	wantStates(t, s, "a", "k1:active", "k2:next")
}

func testParallelInsert(t *testing.T, s keyring.Store) {
	if n := winners(20, keyring.ErrExists, t, func(i int) error {
		return s.InsertKey(context.Background(), row(fmt.Sprint("k", i), "a", keyring.Active))
	}); n != 1 {
		t.Errorf("%d inserts won, want 1", n)
	}
}

func testSwitchNew(t *testing.T, s keyring.Store) {
	old := row("k0", "a", keyring.Retired)
	old.NotAfter = created.Add(-time.Hour)
	insert(t, s, row("k1", "a", keyring.Active), old)
	until := created.Add(time.Hour)
	err := s.SwitchKeys(context.Background(),
		&keyring.Switch{From: "k1", Until: until, To: row("k2", "a", keyring.Active), Now: created})
	if err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "a", "k1:retired", "k2:active") // k0 has ended and is gone
	rows, err := s.LoadKeys(context.Background(), "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.ID == "k1" && !r.NotAfter.Equal(until) {
			t.Errorf("k1 ends %v, want %v", r.NotAfter, until)
		}
	}
}

func testSwitchNext(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "a", keyring.Active), row("k2", "a", keyring.Next))
	to := &keyring.Row{ID: "k2", Scope: "a", State: keyring.Active}
	if err := s.SwitchKeys(context.Background(), &keyring.Switch{From: "k1", Until: created, To: to, Now: created}); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "a", "k1:retired", "k2:active")
}

func testSwitchStale(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "a", keyring.Active), row("k2", "a", keyring.Next))
	err := s.SwitchKeys(context.Background(),
		&keyring.Switch{From: "k2", Until: created, To: row("k3", "a", keyring.Active), Now: created})
	if !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	wantStates(t, s, "a", "k1:active", "k2:next")
}

func testParallelSwitch(t *testing.T, s keyring.Store) {
	insert(t, s, row("k", "a", keyring.Active))
	if n := winners(10, keyring.ErrNotFound, t, func(i int) error {
		return s.SwitchKeys(context.Background(), &keyring.Switch{From: "k", Until: created.Add(time.Hour),
			To: row(fmt.Sprint("n", i), "a", keyring.Active), Now: created})
	}); n != 1 {
		t.Errorf("%d switches won, want 1", n)
	}
	if got := states(t, s, "a"); len(got) != 2 {
		t.Errorf("rows: %v", got)
	}
}

func testSchedule(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "a", keyring.Active), row("k2", "a", keyring.Next))
	from := created.Add(time.Hour)
	if err := s.ScheduleKey(context.Background(), "k2", from); err != nil {
		t.Fatal(err)
	}
	rows, err := s.LoadKeys(context.Background(), "a")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for _, r := range rows {
		if want := r.ID == "k2"; r.SignFrom.Equal(from) != want {
			t.Errorf("%s signs from %v", r.ID, r.SignFrom)
		}
	}
	for _, id := range []string{"k1", "none"} {
		if err := s.ScheduleKey(context.Background(), id, from); !errors.Is(err, keyring.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", id, err)
		}
	}
}

func testDeleteOne(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "a", keyring.Active), row("k2", "a", keyring.Next))
	for range 2 {
		if err := s.DeleteKey(context.Background(), "k2"); err != nil {
			t.Fatal(err)
		}
	}
	wantStates(t, s, "a", "k1:active")
}

// winners runs fn n times at once and counts successes; other results than
// success and loss fail the test.
func winners(n int, loss error, t *testing.T, fn func(i int) error) (won int) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for i := range n {
		wg.Go(func() {
			err := fn(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, loss) {
				t.Errorf("got %v, want %v", err, loss)
			}
		})
	}
	wg.Wait()
	return won
}

func testDelete(t *testing.T, s keyring.Store) {
	insert(t, s, row("k1", "pool/a", keyring.Active), row("k2", "pool/a/id", keyring.Active),
		row("k3", "pool/ab", keyring.Active), row("k4", "pool/a_/x", keyring.Active), row("k5", "pool/A/id", keyring.Active))
	if err := s.DeleteKeys(context.Background(), "pool/a"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "pool/a")
	wantStates(t, s, "pool/a/id")
	wantStates(t, s, "pool/ab", "k3:active")
	wantStates(t, s, "pool/A/id", "k5:active")
	if err := s.DeleteKeys(context.Background(), "pool/__"); err != nil { // no pattern
		t.Fatal(err)
	}
	wantStates(t, s, "pool/a_/x", "k4:active")
}

func testCancelled(t *testing.T, s keyring.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.LoadKeys(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("LoadKeys: %v", err)
	}
	if err := s.InsertKey(ctx, row("k", "a", keyring.Active)); !errors.Is(err, context.Canceled) {
		t.Errorf("InsertKey: %v", err)
	}
}
