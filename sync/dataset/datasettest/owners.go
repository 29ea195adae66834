package datasettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

const (
	oldID    = "us-east-1:0a0a0a0a-1111-4222-8333-444444444444"
	mergedAs = "notes." + oldID
)

var ownerChecks = []check{
	{"a closed owner takes no change and can be read", closedOwner},
	{"an adopted dataset is as it was", adopted},
	{"a dataset is adopted once, also after its deletion", adoptedOnce},
	{"names of merged datasets are forgotten after a while", forgottenNames},
	{"only a merge makes a dataset with a merged name", onlyExisting},
	{"merged datasets are no datasets of the owner's own", mergedLimit},
	{"what stands beside a dataset", beside},
	{"erased is everything, and nothing else", erased},
	{"a commit says how the dataset grew", growth},
	{"of writers and a close none is lost", closeAgainstWriters},
	{"of many adoptions one counts", parallelAdoptions},
}

// adoption gives bob a copy of what alice's dataset "notes" is now.
func adoption(t testing.TB, s dataset.Store, to dataset.Owner) *dataset.Adoption {
	page := list(t, s, alice, "notes", 0)
	d := *page.Dataset
	d.Name = mergedAs
	return &dataset.Adoption{Owner: to, Dataset: &d, Records: page.Records, At: start, Names: 1000}
}

func adopt(t testing.TB, s dataset.Store, a *dataset.Adoption, want bool) {
	t.Helper()
	if got, err := s.Adopt(context.Background(), a); err != nil || got != want {
		t.Fatalf("Adopt: %t, %v; want %t", got, err, want)
	}
}

func closeOwner(t testing.TB, s dataset.Store, o dataset.Owner) {
	t.Helper()
	if err := s.Close(context.Background(), o, start); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func closedOwner(t *testing.T, s dataset.Store) {
	other := batch(put("a", "1", 0))
	other.Owner = newOwner()
	update(t, s, other)
	update(t, s, batch(put("a", "1", 0)))
	given := adoption(t, s, alice)
	closeOwner(t, s, alice)
	closeOwner(t, s, alice)
	refused(t, s, batch(put("a", "2", 1)), dataset.ErrEnded)
	fresh := batch(put("a", "1", 0))
	fresh.Dataset = "new"
	refused(t, s, fresh, dataset.ErrEnded)
	if _, err := s.Delete(context.Background(), alice, "notes", start, "00000000000000bb"); !errors.Is(err, dataset.ErrEnded) {
		t.Errorf("Delete: %v", err)
	}
	if _, err := s.Adopt(context.Background(), given); !errors.Is(err, dataset.ErrEnded) {
		t.Errorf("Adopt: %v", err)
	}
	same(t, "records", brief(list(t, s, alice, "notes", 0)), []string{"a=1@1"})
	all, err := s.Datasets(context.Background(), alice)
	if err != nil || len(all) != 1 || all[0].Name != "notes" {
		t.Errorf("Datasets: %+v, %v", all, err)
	}
	nobody := newOwner()
	closeOwner(t, s, nobody) // one that never had anything
	fresh.Owner = nobody
	refused(t, s, fresh, dataset.ErrEnded)
	again := batch(put("a", "2", 1))
	again.Owner = other.Owner
	update(t, s, again)
}

func adopted(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "1", 0), put("b", "x\x00ü", 0), put("empty", "", 0)))
	update(t, s, batch(remove("a", 1), put("c", "3", 0)))
	drop(t, s, alice, "notes", "00000000000000bb")
	again := batch(put("a", "2", 0), remove("gone", 0))
	again.Device, again.Epoch, again.Seen = "a device of two words", "00000000000000bb", 3
	update(t, s, again)
	bob := newOwner()
	a := adoption(t, s, bob)
	adopt(t, s, a, true)
	was, is := list(t, s, alice, "notes", 0), list(t, s, bob, mergedAs, 0)
	was.Dataset.Name = mergedAs
	same(t, "dataset", *is.Dataset, *was.Dataset)
	same(t, "records", is.Records, was.Records)
	on := batch(put("a", "3", 4), remove("gone", 4))
	on.Owner, on.Dataset, on.Existing, on.Epoch, on.Seen = bob, mergedAs, true, "00000000000000bb", 4
	same(t, "count", update(t, s, on), int64(5))
	same(t, "the original", brief(list(t, s, alice, "notes", 0)), []string{"a=2@4", "gone-@4"})
}

func adoptedOnce(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "1", 0)))
	bob := newOwner()
	a := adoption(t, s, bob)
	adopt(t, s, a, true)
	on := batch(put("a", "2", 1))
	on.Owner, on.Dataset = bob, mergedAs
	update(t, s, on)
	adopt(t, s, a, false)
	same(t, "records", brief(list(t, s, bob, mergedAs, 0)), []string{"a=2@2"})
	drop(t, s, bob, mergedAs, "00000000000000bb")
	adopt(t, s, a, false)
	same(t, "records", brief(list(t, s, bob, mergedAs, 0)), []string{})
}

func forgottenNames(t *testing.T, s dataset.Store) {
	ctx, bob := context.Background(), newOwner()
	update(t, s, batch(put("a", "1", 0)))
	a := adoption(t, s, bob)
	adopt(t, s, a, true)
	deleted := batch(put("a", "1", 0))
	deleted.Owner, deleted.Dataset = bob, "own"
	update(t, s, deleted)
	drop(t, s, bob, "own", "00000000000000bb")
	drop(t, s, bob, mergedAs, "00000000000000bb") // an hour after start

	second := *a
	name := *a.Dataset
	name.Name = "other." + oldID
	second.Dataset, second.Names = &name, 2
	if _, err := s.Adopt(ctx, &second); !errors.Is(err, dataset.ErrLimitExceeded) {
		t.Errorf("a third name: %v", err)
	}
	second.At = start.Add(time.Hour + dataset.KeepMerged)
	adopt(t, s, &second, true)
	if page := list(t, s, bob, mergedAs, 0); page.Dataset != nil {
		t.Errorf("the merged name is still known: %+v", page.Dataset)
	}
	if page := list(t, s, bob, "own", 0); page.Dataset == nil || page.Dataset.DeletedAt != 2 {
		t.Errorf("the counter of an own dataset is gone: %+v", page.Dataset)
	}
}

func onlyExisting(t *testing.T, s dataset.Store) {
	b := batch(put("a", "1", 0))
	b.Dataset, b.Existing = mergedAs, true
	refused(t, s, b, dataset.ErrNotFound)
	b.Existing = false
	update(t, s, b)
	drop(t, s, alice, mergedAs, "00000000000000bb")
	b.Existing, b.Epoch, b.Seen = true, "00000000000000bb", 2
	refused(t, s, b, dataset.ErrNotFound)
}

func mergedLimit(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "1", 0)))
	bob := newOwner()
	adopt(t, s, adoption(t, s, bob), true)
	b := batch(put("a", "1", 0))
	b.Owner, b.Limits.Datasets, b.Limits.Names = bob, 1, 2
	update(t, s, b)
	// Names that only look alike do count.
	for _, like := range []string{"notes.v1:0", "notes." + oldID + "0", "." + oldID, "notes.us-east-1:0A0A0A0A-1111-4222-8333-444444444444"} {
		carol := newOwner()
		one, two := batch(put("a", "1", 0)), batch(put("a", "1", 0))
		one.Owner, two.Owner, one.Dataset, two.Limits.Datasets = carol, carol, like, 1
		update(t, s, one)
		refused(t, s, two, dataset.ErrLimitExceeded)
	}
}

func beside(t *testing.T, s dataset.Store) {
	for _, name := range []string{"notes.a", "notes.b", "notes.gone", "notesx", "notes:a", "note", "notes.a.b"} {
		b := batch(put("a", "1", 0))
		b.Dataset = name
		update(t, s, b)
	}
	drop(t, s, alice, "notes.gone", "00000000000000bb")
	for name, want := range map[string][]string{"notes": {"notes.a", "notes.a.b", "notes.b"}, "notes.a": {"notes.a.b"}, "other": nil, "notes.b": nil} {
		got := list(t, s, alice, name, 0).Beside
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("beside %s: %q, want %q", name, got, want)
		}
	}
}

func erased(t *testing.T, s dataset.Store) {
	bob := batch(put("a", "1", 0))
	bob.Owner = newOwner()
	update(t, s, bob)
	for _, name := range []string{"notes", "gone", "x:y"} {
		b := batch(put("a", "1", 0))
		b.Dataset = name
		update(t, s, b)
	}
	drop(t, s, alice, "gone", "00000000000000bb")
	closeOwner(t, s, alice)
	for range 2 {
		if err := s.Erase(context.Background(), alice); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"notes", "gone", "x:y"} {
		if page := list(t, s, alice, name, 0); page.Dataset != nil || len(page.Records) > 0 {
			t.Errorf("%s: %+v", name, page)
		}
	}
	refused(t, s, batch(put("a", "1", 0)), dataset.ErrEnded)
	same(t, "the other owner", brief(list(t, s, bob.Owner, "notes", 0)), []string{"a=1@1"})
}

func growth(t *testing.T, s dataset.Store) {
	commit := func(b *dataset.Batch, want int64) {
		t.Helper()
		if c, err := s.Update(context.Background(), b); err != nil || c.Growth != want {
			t.Errorf("grew by %+v, %v; want %d", c, err, want)
		}
	}
	first := batch(put("a", "1234", 0), put("ü", "", 0))
	commit(first, 7)
	commit(first, 0) // repeated
	commit(batch(put("a", "1", 1)), -3)
	commit(batch(remove("a", 2), remove("b", 0)), 0)
	if d := list(t, s, alice, "notes", 0).Dataset; d.Bytes != 4 {
		t.Errorf("%d bytes", d.Bytes)
	}
}

// closeAgainstWriters closes an owner while others write: what was acknowledged is
// there, and what comes later is refused.
func closeAgainstWriters(t *testing.T, s dataset.Store) {
	var wg sync.WaitGroup
	accepted := make([]bool, 20)
	for i := range accepted {
		wg.Go(func() {
			_, err := s.Update(context.Background(), batch(put(fmt.Sprint("key", i), "1", 0)))
			accepted[i] = err == nil
			if err != nil && !errors.Is(err, dataset.ErrEnded) {
				t.Error(err)
			}
		})
	}
	wg.Go(func() { closeOwner(t, s, alice) })
	wg.Wait()
	stored := map[string]bool{}
	for _, r := range list(t, s, alice, "notes", 0).Records {
		stored[r.Key] = true
	}
	for i, ok := range accepted {
		if stored[fmt.Sprint("key", i)] != ok {
			t.Errorf("key%d was accepted: %t, is stored: %t", i, ok, !ok)
		}
	}
}

func parallelAdoptions(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "1", 0)))
	bob := newOwner()
	a := adoption(t, s, bob)
	var wg sync.WaitGroup
	added := make([]bool, 10)
	for i := range added {
		wg.Go(func() {
			var err error
			if added[i], err = s.Adopt(context.Background(), a); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, one := range added {
		if one {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d adoptions counted", n)
	}
	same(t, "records", brief(list(t, s, bob, mergedAs, 0)), []string{"a=1@1"})
}
