package stream

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// owners are identities in order, three to a page.
type owners []dataset.IdentityID

func (o owners) Owners(_ context.Context, _ dataset.PoolID, after dataset.IdentityID, _ int) ([]dataset.IdentityID, bool, error) {
	rest := slices.DeleteFunc(slices.Clone(o), func(id dataset.IdentityID) bool { return id <= after })
	if len(rest) > 3 {
		return rest[:3], true, nil
	}
	return rest, false, nil
}

// newBulk returns a pool with data: eight identities, of which each second one has
// the datasets a and b with a removed record each.
func newBulk(t *testing.T) (*world, *Bulk) {
	w := newWorld(t)
	b := &Bulk{Publisher: w.Publisher, Datasets: w.db.Datasets()}
	for i := range 8 {
		id := dataset.IdentityID(fmt.Sprint("us-east-1:", i))
		b.Owners = append(ownersOf(b), id)
		if i%2 == 1 {
			continue
		}
		for _, name := range []string{"a", "b"} {
			_, err := b.Datasets.Update(t.Context(), &dataset.Batch{Owner: dataset.Owner{Pool: pool, Identity: id}, Dataset: name, NewEpoch: "aa", At: noon,
				Patches: []dataset.Patch{{Key: "k", Value: "v"}, {Key: "gone", Remove: true}}, Limits: dataset.DefaultLimits()})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Settings.StartBulk(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	return w, b
}

func ownersOf(b *Bulk) owners {
	o, _ := b.Owners.(owners)
	return o
}

var everything = []string{"0/a@1:k", "0/b@1:k", "2/a@1:k", "2/b@1:k", "4/a@1:k", "4/b@1:k", "6/a@1:k", "6/b@1:k"}

// bulk returns how far the bulk publish has got.
func (w *world) bulk() settings.Bulk {
	w.t.Helper()
	s, err := w.Settings.Settings(w.t.Context(), pool)
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Bulk
}

func runOne(t *testing.T, b *Bulk, want bool) {
	t.Helper()
	if found, err := b.RunOne(t.Context()); found != want || err != nil {
		t.Fatalf("found %t, %v", found, err)
	}
}

func TestBulk(t *testing.T) {
	w, b := newBulk(t)
	started := w.bulk().Started
	w.clock.Advance(time.Second)
	runOne(t, b, true)
	if got := w.target.briefs(t); !slices.Equal(got, everything) {
		t.Errorf("%q", got)
	}
	now := started.Add(time.Second)
	want := settings.Bulk{Status: settings.BulkSucceeded, Stream: "stream", Started: started, Completed: now, Succeeded: now}
	if got := w.bulk(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	runOne(t, b, false)
}

// A tripping target fails for a while after so many records, then takes more.
type tripping struct {
	*target
	left int
	trip func()
}

func (s *tripping) Put(ctx context.Context, r Record) error {
	if s.left == 0 {
		s.trip()
		return errors.New("tripped")
	}
	s.left--
	return s.target.Put(ctx, r)
}

// TestBulkIsTakenUp: wherever a node stops, after a failure or because it was
// stopped itself, the next one goes on there.
func TestBulkIsTakenUp(t *testing.T) {
	for left := range len(everything) {
		for _, stopped := range []bool{false, true} {
			w, b := newBulk(t)
			ctx, stop := context.WithCancel(t.Context())
			w.Sinks["stream"] = &tripping{w.target, left, func() {
				if stopped {
					stop()
				}
			}}
			if found, err := b.RunOne(ctx); !found || stopped != errors.Is(err, context.Canceled) {
				t.Fatalf("found %t, %v", found, err)
			}
			stop()
			if got := w.bulk(); got.Status != settings.BulkInProgress {
				t.Fatalf("%+v", got)
			}
			w.Sinks["stream"] = w.target
			if !stopped {
				runOne(t, b, false) // it waits
				w.clock.Advance(bulkWaits[0])
			}
			runOne(t, b, true)
			if got := w.target.briefs(t); !slices.Equal(got, everything) || w.bulk().Status != settings.BulkSucceeded {
				t.Errorf("%d, stopped %t: %q, %+v", left, stopped, got, w.bulk())
			}
		}
	}
}

// TestBulkFails: a target that never takes anything.
func TestBulkFails(t *testing.T) {
	w, b := newBulk(t)
	w.target.err = errors.New("broken at secret-host")
	for _, wait := range bulkWaits {
		runOne(t, b, true)
		if got := w.bulk(); got.Status != settings.BulkInProgress {
			t.Fatalf("%+v", got)
		}
		w.clock.Advance(wait)
	}
	runOne(t, b, true)
	got := w.bulk()
	if got.Status != settings.BulkFailed || got.Failure == "" || strings.Contains(got.Failure, "secret") || got.Completed.IsZero() || !got.Succeeded.IsZero() {
		t.Errorf("%+v", got)
	}
	w.target.err = nil
	if err := w.Settings.StartBulk(t.Context(), pool); err != nil {
		t.Errorf("a failure keeps nobody from another try: %v", err)
	}
	runOne(t, b, true)
	if got := w.target.briefs(t); !slices.Equal(got, everything) {
		t.Errorf("%q", got)
	}
}

// TestBulkOfAStreamThatIsSwitchedOff, and of a pool that is deleted, while it runs.
func TestBulkOfAStreamThatIsSwitchedOff(t *testing.T) {
	w, b := newBulk(t)
	w.stream(false)
	runOne(t, b, true)
	if got := w.bulk(); got.Status != settings.BulkFailed || !strings.Contains(got.Failure, "disabled") || len(w.target.got) > 1 {
		t.Errorf("%+v, %d records", got, len(w.target.got))
	}
	w, b = newBulk(t)
	w.Sinks["stream"] = &tripping{w.target, 3, func() {
		if err := w.db.Identity().DeletePool(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}}
	runOne(t, b, true)
	runOne(t, b, false)
}
