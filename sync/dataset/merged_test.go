package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

const (
	guestID = "us-east-1:0a0a0a0a-1111-4222-8333-444444444444"
	firstID = "us-east-1:0b0b0b0b-1111-4222-8333-444444444444"
)

var (
	ctx   = context.Background()
	guest = dataset.Owner{Pool: alice.Pool, Identity: guestID}
)

// as writes one record of a dataset of any owner.
func (w *world) as(o dataset.Owner, name string, patches ...dataset.Patch) error {
	w.t.Helper()
	l, err := w.ListRecords(ctx, dataset.ListInput{Owner: o, Dataset: name})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.UpdateRecords(ctx, dataset.UpdateInput{Owner: o, Dataset: name, Device: "phone", Patches: patches, SessionToken: l.SessionToken})
	return err
}

// shown lists the datasets of an owner with their records.
func (w *world) shown(o dataset.Owner) []string {
	w.t.Helper()
	all, _, err := w.ListDatasets(ctx, o, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, d := range all {
		l, err := w.ListRecords(ctx, dataset.ListInput{Owner: o, Dataset: d.Name})
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, strings.TrimSpace(fmt.Sprint(d.Name, " ", keysOf(l.Records), " ", strings.Join(l.Merged, ","))))
	}
	return out
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestMerge(t *testing.T) {
	w := newWorld(t)
	var told []dataset.Change
	ok(t, w.as(alice, "notes", put("mine", "1", 0)), w.as(guest, "notes", put("a", "1", 0)), w.as(guest, "notes", put("a", "2", 1)),
		w.as(guest, "only:guest", put("b", "1", 0)), w.as(guest, "gone", put("c", "1", 0)))
	if _, err := w.DeleteDataset(ctx, guest, "gone"); err != nil {
		t.Fatal(err)
	}
	session, err := w.ListRecords(ctx, dataset.ListInput{Owner: guest, Dataset: "notes"})
	ok(t, err)
	w.Changed = func(_ context.Context, c dataset.Change) { told = append(told, c) }
	ok(t, w.Merge(ctx, guest, alice), w.Merge(ctx, guest, alice), w.Erase(ctx, guest))

	want := []string{"notes mine@1 notes." + guestID, "notes." + guestID + " a@2", "only:guest." + guestID + " b@1"}
	if got := w.shown(alice); !slices.Equal(got, want) {
		t.Errorf("the survivor has %q, want %q", got, want)
	}
	if l, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "only:guest"}); err != nil || l.Exists || !slices.Equal(l.Merged, []string{"only:guest." + guestID}) {
		t.Errorf("a dataset that only the guest had: %+v, %v", l, err)
	}
	if len(told) != 2 || told[0].Owner != alice || told[0].Dataset != "notes."+guestID || told[0].SyncCount != 2 || told[0].Deleted {
		t.Errorf("told of %+v", told)
	}
	// A device that goes on under the new name is answered what it knows.
	l, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes." + guestID, Since: 2})
	if err != nil || len(l.Records) != 0 || l.SyncCount != 2 || l.DeletedSince {
		t.Errorf("since its last count: %+v, %v", l, err)
	}
	// Nobody writes into the void, with an old session or a new one.
	_, err = w.UpdateRecords(ctx, dataset.UpdateInput{Owner: guest, Dataset: "notes", Patches: []dataset.Patch{put("a", "3", 2)}, SessionToken: session.SessionToken})
	_, gone := w.DeleteDataset(ctx, guest, "notes")
	for what, err := range map[string]error{"old session": err, "new session": w.as(guest, "new", put("x", "1", 0)), "deletion": gone} {
		if !errors.Is(err, dataset.ErrEnded) {
			t.Errorf("%s of the merged identity: %v", what, err)
		}
	}
}

// TestMergeHandled deletes what was merged: the report ends, and neither a device
// nor a merge that runs again brings it back.
func TestMergeHandled(t *testing.T) {
	w := newWorld(t)
	ok(t, w.as(guest, "notes", put("a", "1", 0)), w.Merge(ctx, guest, alice))
	name := "notes." + guestID
	if _, err := w.DeleteDataset(ctx, alice, name); err != nil {
		t.Fatal(err)
	}
	ok(t, w.Merge(ctx, guest, alice), w.Erase(ctx, guest))
	if l := w.list(0); len(l.Merged) != 0 {
		t.Errorf("still reported: %q", l.Merged)
	}
	if err := w.as(alice, name, put("a", "1", 0)); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("made again by a device: %v", err)
	}
}

// TestMergeTwice merges into an identity that is itself merged.
func TestMergeTwice(t *testing.T) {
	w := newWorld(t)
	first := dataset.Owner{Pool: alice.Pool, Identity: firstID}
	ok(t, w.as(guest, "notes", put("a", "1", 0)), w.as(first, "notes", put("b", "1", 0)),
		w.Merge(ctx, guest, first), w.Merge(ctx, first, alice), w.Merge(ctx, guest, alice), w.Erase(ctx, first), w.Erase(ctx, guest))
	want := []string{"notes." + guestID + " a@1", "notes." + firstID + " b@1"}
	if got := w.shown(alice); !slices.Equal(got, want) {
		t.Errorf("the last has %q, want %q", got, want)
	}
	l := w.list(0)
	slices.Sort(l.Merged)
	if !slices.Equal(l.Merged, []string{"notes." + guestID, "notes." + firstID}) {
		t.Errorf("reported %q", l.Merged)
	}
}

// TestMergeIntoNothing keeps the data where the survivor has no room or is gone.
func TestMergeIntoNothing(t *testing.T) {
	w := newWorld(t)
	ok(t, w.as(guest, "notes", put("a", "1", 0)), w.as(alice, "one", put("a", "1", 0)))
	w.Limits = dataset.DefaultLimits()
	w.Limits.Names = 1
	if err := w.Merge(ctx, guest, alice); !errors.Is(err, dataset.ErrLimitExceeded) {
		t.Errorf("without room: %v", err)
	}
	w.Limits.Names = 2
	ok(t, w.Merge(ctx, guest, alice))
	if got := w.shown(alice); len(got) != 2 {
		t.Errorf("after there was room: %q", got)
	}
	other := dataset.Owner{Pool: alice.Pool, Identity: firstID}
	ok(t, w.as(other, "notes", put("a", "1", 0)), w.Erase(ctx, alice))
	if err := w.Merge(ctx, other, alice); !errors.Is(err, dataset.ErrEnded) {
		t.Errorf("into an identity that is gone: %v", err)
	}
}

// TestMergeBrokenOff breaks a merge off before each call of the store in turn, and
// finishes it later.
func TestMergeBrokenOff(t *testing.T) {
	for n := range 10 {
		w := newWorld(t)
		ok(t, w.as(guest, "a", put("x", "1", 0)), w.as(guest, "b", put("y", "1", 0)), w.as(guest, "b", put("y", "2", 1)))
		store := w.Store
		w.Store = &failing{Store: store, after: n}
		err := errors.Join(w.Merge(ctx, guest, alice), w.Erase(ctx, guest))
		w.Store = store
		if broken := errors.Is(err, errBroken); broken != (n < 9) {
			t.Fatalf("broken off before call %d: %v", n, err)
		}
		ok(t, w.Merge(ctx, guest, alice), w.Erase(ctx, guest))
		want := []string{"a." + guestID + " x@1", "b." + guestID + " y@2"}
		if got := w.shown(alice); !slices.Equal(got, want) {
			t.Errorf("broken off before call %d: the survivor has %q, want %q", n, got, want)
		}
		if got := w.shown(guest); got != nil {
			t.Errorf("broken off before call %d: %q was left behind", n, got)
		}
	}
}

var errBroken = errors.New("the process ended")

// A failing store fails from a number of calls on.
type failing struct {
	dataset.Store
	after int
}

func (f *failing) fails() bool { f.after--; return f.after < 0 }

func (f *failing) Close(ctx context.Context, o dataset.Owner, at time.Time) error {
	if f.fails() {
		return errBroken
	}
	return f.Store.Close(ctx, o, at)
}

func (f *failing) Datasets(ctx context.Context, o dataset.Owner) ([]dataset.Dataset, error) {
	if f.fails() {
		return nil, errBroken
	}
	return f.Store.Datasets(ctx, o)
}

func (f *failing) Records(ctx context.Context, q dataset.Query) (*dataset.Page, error) {
	if f.fails() {
		return nil, errBroken
	}
	return f.Store.Records(ctx, q)
}

func (f *failing) Adopt(ctx context.Context, a *dataset.Adoption) (bool, error) {
	if f.fails() {
		return false, errBroken
	}
	return f.Store.Adopt(ctx, a)
}

func (f *failing) Erase(ctx context.Context, o dataset.Owner) error {
	if f.fails() {
		return errBroken
	}
	return f.Store.Erase(ctx, o)
}

// TestNamesOfMergedDatasets checks which names may be longer.
func TestNamesOfMergedDatasets(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("n", 128)
	ok(t, w.as(guest, long, put("a", "1", 0)), w.Merge(ctx, guest, alice))
	name := long + "." + guestID
	if err := w.as(alice, name, put("b", "1", 0)); err != nil {
		t.Errorf("a name of %d bytes: %v", len(name), err)
	}
	if _, err := w.DeleteDataset(ctx, alice, name); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{long + "n", long + "n." + guestID, long + "." + strings.Repeat("r", 20) + guestID, "a b." + guestID} {
		if _, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: bad}); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
