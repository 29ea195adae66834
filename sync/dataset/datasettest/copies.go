package datasettest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestCopies runs every check of dataset.Copies on a store of its own. open returns an
// empty store.
func TestCopies(t *testing.T, open func(t *testing.T) dataset.Copies) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s dataset.Copies)
	}{
		{"a copy is what was copied", copyIsWhole},
		{"a copy of what was deleted and made again", copyOfDeleted},
		{"an earlier generation is fenced off", copyFenced},
		{"an owner that is closed", copyClosed},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// copyAt returns a copy of alice's dataset "notes" at a count, with one record changed.
func copyAt(since, count int64, key, value string) *dataset.Copy {
	d := &dataset.Dataset{Name: "notes", SyncCount: count, Created: start, Modified: start, ModifiedBy: "phone", Bytes: 2, Records: 1, Keys: 1,
		Epoch: "00000000000000aa", Gaps: []dataset.Gap{{Floor: 0, Top: 5}, {Floor: 7, Top: 9}}}
	return &dataset.Copy{Owner: alice, Generation: 5, Dataset: d, Since: since, Records: []dataset.Record{{Key: key, Value: value,
		Position: dataset.At(count, 0), Modified: start, DeviceModified: start, ModifiedBy: "phone", Fingerprint: dataset.Fingerprint{1, 2, 3}}}}
}

func mustFence(t *testing.T, s dataset.Copies, generation int64) []dataset.Dataset {
	t.Helper()
	all, closed, err := s.Fence(context.Background(), alice, generation)
	if err != nil || closed {
		t.Fatalf("Fence: closed %t, %v", closed, err)
	}
	return all
}

func mustCopy(t *testing.T, s dataset.Copies, c *dataset.Copy) {
	t.Helper()
	if err := s.Copy(context.Background(), c); err != nil {
		t.Fatalf("Copy: %v", err)
	}
}

// copyPage returns all that is copied of alice's dataset "notes".
func copyPage(t *testing.T, s dataset.Copies) *dataset.Page {
	t.Helper()
	page, err := s.Records(context.Background(), dataset.Query{Owner: alice, Dataset: "notes", After: dataset.After(0), Limit: 10, Fingerprints: true})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func copyIsWhole(t *testing.T, s dataset.Copies) {
	if all := mustFence(t, s, 5); len(all) != 0 {
		t.Errorf("an empty store has %v", all)
	}
	first, second := copyAt(0, 6, "a", "1"), copyAt(6, 11, "b", "2")
	mustCopy(t, s, first)
	mustCopy(t, s, second)
	if err := s.Copy(context.Background(), copyAt(6, 10, "c", "late")); !errors.Is(err, dataset.ErrConflict) {
		t.Errorf("a copy of what is copied already: %v", err)
	}
	page := copyPage(t, s)
	same(t, "dataset", *page.Dataset, *second.Dataset)
	same(t, "records", page.Records, []dataset.Record{first.Records[0], second.Records[0]})
	same(t, "all", mustFence(t, s, 5), []dataset.Dataset{*second.Dataset})
	for name, want := range map[string]int64{"notes": 11, "other": 0} {
		if n, err := s.Copied(context.Background(), alice, name); err != nil || n != want {
			t.Errorf("Copied %s: %d, %v", name, n, err)
		}
	}
}

func copyOfDeleted(t *testing.T, s dataset.Copies) {
	mustFence(t, s, 5)
	mustCopy(t, s, copyAt(0, 6, "a", "1"))
	again := copyAt(6, 8, "b", "2")
	again.Dataset.DeletedAt, again.Dataset.Gaps = 7, nil
	mustCopy(t, s, again)
	same(t, "records", brief(copyPage(t, s)), []string{"b=2@8"})
	gone := copyAt(8, 9, "", "")
	gone.Dataset.DeletedAt, gone.Dataset.Deleted, gone.Records = 9, true, nil
	mustCopy(t, s, gone)
	same(t, "records", brief(copyPage(t, s)), []string{})
	if all := mustFence(t, s, 6); len(all) != 1 || !all[0].Deleted {
		t.Errorf("datasets %v", all)
	}
}

func copyFenced(t *testing.T, s dataset.Copies) {
	ctx := context.Background()
	mustFence(t, s, 5)
	mustCopy(t, s, copyAt(0, 6, "a", "1"))
	mustFence(t, s, 100)
	if err := s.Copy(ctx, copyAt(6, 7, "a", "lost")); !errors.Is(err, dataset.ErrFenced) {
		t.Errorf("Copy: %v", err)
	}
	if _, _, err := s.Fence(ctx, alice, 5); !errors.Is(err, dataset.ErrFenced) {
		t.Errorf("Fence: %v", err)
	}
	same(t, "records", brief(copyPage(t, s)), []string{"a=1@6"})
	later := copyAt(6, 101, "a", "2")
	later.Generation = 100
	mustCopy(t, s, later)
	bob := copyAt(0, 1, "a", "1")
	bob.Owner.Identity = "us-east-1:another"
	mustCopy(t, s, bob) // nobody fenced him: the fences were not restored with the copies
}

func copyClosed(t *testing.T, s dataset.Copies) {
	ctx := context.Background()
	mustFence(t, s, 5)
	mustCopy(t, s, copyAt(0, 6, "a", "1"))
	if err := s.Close(ctx, alice, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(ctx, copyAt(6, 7, "a", "late")); !errors.Is(err, dataset.ErrEnded) {
		t.Errorf("Copy: %v", err)
	}
	all, closed, err := s.Fence(ctx, alice, 6)
	if err != nil || !closed || len(all) != 1 {
		t.Errorf("Fence: %v, closed %t, %v", all, closed, err)
	}
}
