// Package settingstest is the contract suite of settings.Store.
package settingstest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// A Backend is a store under test and the identity pools that it belongs to.
type Backend struct {
	settings.Store
	MakePool, DropPool, ErasePool func(t *testing.T, id dataset.PoolID)
}

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC)
)

// TestStore runs every check on a store of its own. open returns an empty store
// with that clock and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T, now func() time.Time) Backend) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b Backend, clock *ephemeraltest.Clock)
	}{
		{"round trip", testRoundTrip},
		{"unknown pool", testUnknownPool},
		{"settings go with their pool", testDropPool},
		{"a refused update", testRefused},
		{"parallel updates", testParallel},
		{"claims", testClaims},
		{"one of many claims", testParallelClaims},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := ephemeraltest.NewClock()
			tt.run(t, open(t, clock.Now), clock)
		})
	}
}

// update replaces the settings of a pool.
func update(t *testing.T, b Backend, pool dataset.PoolID, to settings.Settings) {
	t.Helper()
	got, err := b.UpdateSettings(ctx, pool, func(s *settings.Settings) error { *s = to; return nil })
	if err != nil || !reflect.DeepEqual(*got, to) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func testRoundTrip(t *testing.T, b Backend, _ *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	b.MakePool(t, "r:2")
	none, err := b.Settings(ctx, "r:1")
	if err != nil || !reflect.DeepEqual(*none, settings.Settings{}) {
		t.Fatalf("of a new pool: %+v, %v", none, err)
	}
	full := settings.Settings{Events: map[string]string{"SyncTrigger": "arn"},
		Push:    &settings.Push{Applications: []string{"app"}, Role: "role"},
		Streams: &settings.Streams{Name: "stream", Role: "role", Enabled: true},
		Bulk: settings.Bulk{Status: settings.BulkFailed, Stream: "stream", Started: start, Completed: start.Add(time.Second), Failure: "why",
			Succeeded: start.Add(-time.Hour), Identity: "i", Dataset: "d", Tries: 2}}
	update(t, b, "r:1", full)
	got, err := b.Settings(ctx, "r:1")
	if err != nil || !reflect.DeepEqual(*got, full) {
		t.Errorf("%+v, %v", got, err)
	}
	got.Events["SyncTrigger"], got.Streams.Name = "mine", "mine"
	if again, err := b.Settings(ctx, "r:1"); err != nil || !reflect.DeepEqual(*again, full) {
		t.Errorf("a caller changed what is stored: %+v, %v", again, err)
	}
	if other, err := b.Settings(ctx, "r:2"); err != nil || !reflect.DeepEqual(*other, settings.Settings{}) {
		t.Errorf("of another pool: %+v, %v", other, err)
	}
}

func testUnknownPool(t *testing.T, b Backend, _ *ephemeraltest.Clock) {
	if _, err := b.Settings(ctx, "r:1"); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("Settings: %v", err)
	}
	_, err := b.UpdateSettings(ctx, "r:1", func(*settings.Settings) error { t.Error("fn ran"); return nil })
	if !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("UpdateSettings: %v", err)
	}
}

func testDropPool(t *testing.T, b Backend, clock *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	update(t, b, "r:1", settings.Settings{Bulk: settings.Bulk{Status: settings.BulkInProgress}})
	b.DropPool(t, "r:1")
	if _, _, err := b.ClaimBulk(ctx, clock.Now().Add(time.Minute)); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("claimed: %v", err)
	}
	testUnknownPool(t, b, clock)
	b.ErasePool(t, "r:1")
	b.MakePool(t, "r:1")
	if got, err := b.Settings(ctx, "r:1"); err != nil || !reflect.DeepEqual(*got, settings.Settings{}) {
		t.Errorf("came back: %+v, %v", got, err)
	}
}

func testRefused(t *testing.T, b Backend, _ *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	boom := errors.New("boom")
	_, err := b.UpdateSettings(ctx, "r:1", func(s *settings.Settings) error {
		s.Events = map[string]string{"SyncTrigger": "arn"}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
	if got, err := b.Settings(ctx, "r:1"); err != nil || got.Events != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func testParallel(t *testing.T, b Backend, _ *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	const n = 30
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := b.UpdateSettings(ctx, "r:1", func(s *settings.Settings) error { s.Bulk.Tries++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := b.Settings(ctx, "r:1"); err != nil || got.Bulk.Tries != n {
		t.Errorf("%+v, %v", got, err)
	}
}

// claim takes a pool for a minute.
func claim(t *testing.T, b Backend, clock *ephemeraltest.Clock) dataset.PoolID {
	t.Helper()
	pool, got, err := b.ClaimBulk(ctx, clock.Now().Add(time.Minute))
	if errors.Is(err, dataset.ErrNotFound) {
		return ""
	}
	if err != nil || got.Bulk.Status != settings.BulkInProgress {
		t.Fatalf("%+v, %v", got, err)
	}
	return pool
}

func testClaims(t *testing.T, b Backend, clock *ephemeraltest.Clock) {
	for _, pool := range []dataset.PoolID{"r:1", "r:2", "r:3"} {
		b.MakePool(t, pool)
	}
	update(t, b, "r:1", settings.Settings{Bulk: settings.Bulk{Status: settings.BulkInProgress}})
	update(t, b, "r:2", settings.Settings{Bulk: settings.Bulk{Status: settings.BulkSucceeded}})
	if got := claim(t, b, clock); got != "r:1" {
		t.Errorf("claimed %q", got)
	}
	if got := claim(t, b, clock); got != "" {
		t.Errorf("claimed twice: %q", got)
	}
	clock.Advance(50 * time.Second)
	if err := b.HoldBulk(ctx, "r:1", clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	clock.Advance(30 * time.Second)
	if got := claim(t, b, clock); got != "" {
		t.Errorf("claimed what is held: %q", got)
	}
	clock.Advance(31 * time.Second)
	if got := claim(t, b, clock); got != "r:1" {
		t.Errorf("claimed %q after the claim ran out", got)
	}
	if err := b.HoldBulk(ctx, "r:1", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, b, clock); got != "r:1" {
		t.Errorf("claimed %q after it was let go", got)
	}
	clock.Advance(time.Hour)
	update(t, b, "r:1", settings.Settings{Bulk: settings.Bulk{Status: settings.BulkFailed}})
	if got := claim(t, b, clock); got != "" {
		t.Errorf("claimed what is over: %q", got)
	}
}

func testParallelClaims(t *testing.T, b Backend, clock *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	update(t, b, "r:1", settings.Settings{Bulk: settings.Bulk{Status: settings.BulkInProgress}})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won int
	for range 16 {
		wg.Go(func() {
			_, _, err := b.ClaimBulk(ctx, clock.Now().Add(time.Minute))
			if err != nil && !errors.Is(err, dataset.ErrNotFound) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d claims", won)
	}
}

func testCancelled(t *testing.T, b Backend, clock *ephemeraltest.Clock) {
	b.MakePool(t, "r:1")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.Settings(gone, "r:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Settings: %v", err)
	}
	if _, err := b.UpdateSettings(gone, "r:1", func(*settings.Settings) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("UpdateSettings: %v", err)
	}
	if _, _, err := b.ClaimBulk(gone, clock.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("ClaimBulk: %v", err)
	}
	if err := b.HoldBulk(gone, "r:1", clock.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("HoldBulk: %v", err)
	}
}
