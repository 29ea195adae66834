package datasettest

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A Lossy is a store that can be made to lose its last writes.
type Lossy interface {
	dataset.Store
	Save() error // remembers what is stored
	Lose() error // goes back to that, as after a crash
}

type lossCheck struct {
	name string
	run  func(t *testing.T, s Lossy)
}

// TestLostWrites runs every check of stores that may lose writes. open returns an
// empty store and registers its clean-up with t.
func TestLostWrites(t *testing.T, open func(t *testing.T) Lossy) {
	for _, c := range lossChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var lossChecks = []lossCheck{
	{"a restart that loses nothing costs a jump", func(t *testing.T, s Lossy) {
		update(t, s, batch(put("a", "1", 0)))
		update(t, s, batch(put("b", "1", 0)))
		l := listed(t, s, 2)
		lose(t, s, true)
		again := listed(t, s, 2)
		same(t, "listing", []any{again.DeletedSince, len(again.Records)}, []any{false, 0})
		sv := service(s)
		records, err := sv.UpdateRecords(context.Background(), dataset.UpdateInput{Owner: alice, Dataset: "notes", Device: "phone",
			Patches: []dataset.Patch{put("a", "2", 1)}, SessionToken: l.SessionToken})
		if err != nil || records[0].SyncCount() <= dataset.Room {
			t.Fatalf("a session from before the restart: %+v, %v", records, err)
		}
		after := listed(t, s, 2)
		same(t, "after it", []any{after.DeletedSince, len(after.Records)}, []any{false, 1})
		after = listed(t, s, after.SyncCount)
		same(t, "and then", []any{after.DeletedSince, len(after.Records)}, []any{false, 0})
	}},
	{"who saw what is lost starts afresh", func(t *testing.T, s Lossy) {
		update(t, s, batch(put("a", "1", 0)))
		mustSave(t, s)
		update(t, s, batch(put("lost", "1", 0)))
		update(t, s, batch(put("a", "lost", 1)))
		lose(t, s, false)
		wantAfresh(t, s, map[int64]bool{0: false, 1: false, 2: true, 3: true, 4: true})
		update(t, s, batch(put("a", "2", 1)))
		update(t, s, batch(put("b", "1", 0)))
		wantAfresh(t, s, map[int64]bool{0: false, 1: false, 2: true, 3: true, 4: true, dataset.Room: true})
	}},
	{"all datasets of an owner enter together", func(t *testing.T, s Lossy) {
		mustSave(t, s)
		other := batch(put("a", "1", 0))
		other.Dataset = "other"
		update(t, s, other)
		mustSave(t, s)
		update(t, s, batch(put("lost", "1", 0)))
		lose(t, s, false)
		other = batch(put("a", "2", 1))
		other.Dataset = "other"
		update(t, s, other)
		update(t, s, batch(put("a", "1", 0)))
		wantAfresh(t, s, map[int64]bool{0: false, 1: true})
	}},
	{"a dataset that is lost whole", func(t *testing.T, s Lossy) {
		mustSave(t, s)
		update(t, s, batch(put("a", "lost", 0)))
		update(t, s, batch(put("a", "lost", 1)))
		lose(t, s, false)
		update(t, s, batch(put("a", "1", 0)))
		update(t, s, batch(put("a", "2", list(t, s, alice, "notes", 0).Dataset.SyncCount)))
		wantAfresh(t, s, map[int64]bool{0: false, 1: true, 2: true, 3: true})
	}},
	{"a session that saw what is lost is refused", func(t *testing.T, s Lossy) {
		update(t, s, batch(put("a", "1", 0)))
		mustSave(t, s)
		update(t, s, batch(put("b", "lost", 0)))
		saw := batch(put("c", "1", 0))
		saw.Epoch, saw.Seen = "00000000000000aa", 2
		lose(t, s, false)
		refusedStale(t, s, saw)
		update(t, s, batch(put("a", "2", 1)))
		refused(t, s, saw, dataset.ErrStaleSession)
		saw.Seen = 1
		update(t, s, saw)
	}},
	{"an exact batch over a restart", func(t *testing.T, s Lossy) {
		exact := func(count, seen int64) *dataset.Batch {
			b := batch(put("a", "1", count))
			b.Seen, b.Exact = seen, true
			return b
		}
		lose(t, s, true)
		count := update(t, s, exact(0, 0)) // where there is none yet
		lose(t, s, true)
		after := update(t, s, exact(count, count))
		refused(t, s, exact(after, count), dataset.ErrConflict)
	}},
	{"pages of a listing that is lost", pagesLost},
	{"a deletion that is lost", func(t *testing.T, s Lossy) {
		update(t, s, batch(put("a", "1", 0)))
		mustSave(t, s)
		drop(t, s, alice, "notes", "00000000000000bb")
		lose(t, s, false)
		wantAfresh(t, s, map[int64]bool{0: false, 1: false, 2: true})
		drop(t, s, alice, "notes", "00000000000000cc")
		again := batch(put("a", "2", 0))
		again.Epoch = "00000000000000cc"
		count := update(t, s, again)
		wantAfresh(t, s, map[int64]bool{0: false, 1: true, 2: true, count - 1: false, count: false})
		if gaps := list(t, s, alice, "notes", 0).Dataset.Gaps; len(gaps) > 0 {
			t.Errorf("gaps %v", gaps)
		}
	}},
	{"gaps in a row", gapsInARow},
	{"devices converge all the same", func(t *testing.T, s Lossy) {
		rapid.Check(t, func(t *rapid.T) { playDevices(t, s) })
	}},
}

func pagesLost(t *testing.T, s Lossy) {
	ctx, sv := context.Background(), service(s)
	update(t, s, batch(put("a", "1", 0), put("b", "1", 0)))
	mustSave(t, s)
	update(t, s, batch(put("c", "lost", 0)))
	in := dataset.ListInput{Owner: alice, Dataset: "notes", Limit: 1}
	l, err := sv.ListRecords(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	lose(t, s, false)
	in.NextToken = l.NextToken
	if _, err := sv.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("second page: %v", err)
	}
	update(t, s, batch(put("c", "1", 0)))
	if _, err := sv.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("second page after a write: %v", err)
	}
}

// gapsInARow loses one write in each of more generations than there may be gaps. A
// device that saw a lost one always starts afresh, one that did not goes on, at
// least if it was away for fewer generations.
func gapsInARow(t *testing.T, s Lossy) {
	var kept, lost []int64
	last := int64(0)
	for range dataset.MaxGaps + 3 {
		last = update(t, s, batch(put("a", "kept", last)))
		kept = append(kept, last)
		mustSave(t, s)
		lost = append(lost, update(t, s, batch(put("a", "lost", last))))
		lose(t, s, false)
		want := map[int64]bool{}
		for i := range lost {
			want[lost[i]] = true
			if i > len(lost)-dataset.MaxGaps {
				want[kept[i]] = false
			}
		}
		wantAfresh(t, s, want)
	}
	if gaps := list(t, s, alice, "notes", 0).Dataset.Gaps; len(gaps) > dataset.MaxGaps {
		t.Errorf("%d gaps", len(gaps))
	}
}

// wantAfresh checks, for counts of last listings, whether their devices start afresh,
// and that they get all records then.
func wantAfresh(t *testing.T, s dataset.Store, want map[int64]bool) {
	t.Helper()
	all := len(list(t, s, alice, "notes", 0).Records)
	for since, afresh := range want {
		l := listed(t, s, since)
		if l.DeletedSince != afresh || afresh && len(l.Records) != all {
			t.Errorf("since %d: starts afresh %t with %d of %d records, want %t", since, l.DeletedSince, len(l.Records), all, afresh)
		}
	}
}

func listed(t *testing.T, s dataset.Store, since int64) *dataset.Listing {
	t.Helper()
	l, err := service(s).ListRecords(context.Background(), dataset.ListInput{Owner: alice, Dataset: "notes", Since: since})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// refusedStale checks that a batch is stale where it also makes its owner enter a generation.
func refusedStale(t *testing.T, s dataset.Store, b *dataset.Batch) {
	t.Helper()
	if _, err := s.Update(context.Background(), b); !errors.Is(err, dataset.ErrStaleSession) {
		t.Errorf("got %v, want %v", err, dataset.ErrStaleSession)
	}
}

func mustSave(t testing.TB, s Lossy) {
	t.Helper()
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
}

// lose loses what was written since the last save, or nothing where all is saved first.
func lose(t testing.TB, s Lossy, saved bool) {
	t.Helper()
	if saved {
		mustSave(t, s)
	}
	if err := s.Lose(); err != nil {
		t.Fatal(err)
	}
}
