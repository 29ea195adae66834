package datasettest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var deleteChecks = []check{
	{"what is not there", func(t *testing.T, s dataset.Store) {
		ctx := context.Background()
		if _, err := s.Dataset(ctx, alice, "notes"); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("Dataset: %v", err)
		}
		if _, err := s.Delete(ctx, alice, "notes", start, "00000000000000bb"); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("Delete: %v", err)
		}
		if page := list(t, s, alice, "notes", 0); page.Dataset != nil || len(page.Records) > 0 || page.More {
			t.Errorf("Records: %+v", page)
		}
	}},
	{"a deletion returns what was there and keeps the counter", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		update(t, s, batch(put("b", "1", 0)))
		was := list(t, s, alice, "notes", 0).Dataset
		same(t, "deleted", *drop(t, s, alice, "notes", "00000000000000bb"), *was)
		ctx := context.Background()
		if _, err := s.Dataset(ctx, alice, "notes"); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("Dataset: %v", err)
		}
		if _, err := s.Delete(ctx, alice, "notes", start, "00000000000000cc"); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("second Delete: %v", err)
		}
		all, err := s.Datasets(ctx, alice)
		if err != nil || len(all) != 0 {
			t.Errorf("Datasets: %v, %v", all, err)
		}
		page := list(t, s, alice, "notes", 0)
		same(t, "records", brief(page), []string{})
		same(t, "tombstone", *page.Dataset, dataset.Dataset{Name: "notes", SyncCount: 3, Created: start,
			Modified: start.Add(time.Hour), Epoch: "00000000000000bb", Deleted: true, DeletedAt: 3})
	}},
	{"a dataset made again continues the counter", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0), put("b", "1", 0)))
		drop(t, s, alice, "notes", "00000000000000bb")
		stale := batch(put("a", "2", 1))
		stale.Epoch = "00000000000000bb"
		refused(t, s, stale, dataset.ErrConflict)
		again := batch(put("a", "2", 0))
		again.Epoch = "00000000000000bb"
		again.At, again.NewEpoch = start.Add(2*time.Hour), "00000000000000cc"
		same(t, "count", update(t, s, again), int64(3))
		page := list(t, s, alice, "notes", 0)
		same(t, "records", brief(page), []string{"a=2@3"})
		same(t, "dataset", *page.Dataset, dataset.Dataset{Name: "notes", SyncCount: 3, Created: again.At, Modified: again.At,
			ModifiedBy: "phone", Bytes: 2, Records: 1, Keys: 1, Epoch: "00000000000000bb", DeletedAt: 2})
	}},
	{"a session from before a deletion is refused", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		old := batch(put("new", "1", 0))
		old.Epoch, old.Seen = "00000000000000aa", 1
		drop(t, s, alice, "notes", "00000000000000bb")
		refused(t, s, old, dataset.ErrStaleSession)
		after := batch(put("new", "1", 0))
		after.Epoch, after.Seen = "00000000000000bb", 2
		update(t, s, after)
		refused(t, s, old, dataset.ErrStaleSession)
		same(t, "other datasets", brief(list(t, s, alice, "other", 0)), []string{})
	}},
	{"a session from before the dataset was made is refused after its deletion", func(t *testing.T, s dataset.Store) {
		early := batch(put("a", "1", 0))
		update(t, s, early)
		drop(t, s, alice, "notes", "00000000000000bb")
		refused(t, s, early, dataset.ErrStaleSession)
		refused(t, s, batch(put("b", "1", 0)), dataset.ErrStaleSession)
	}},
	{"a deletion leaves other datasets alone", func(t *testing.T, s dataset.Store) {
		other := batch(put("a", "kept", 0))
		other.Dataset = "notes:2"
		update(t, s, other)
		update(t, s, batch(put("a", "1", 0)))
		drop(t, s, alice, "notes", "00000000000000bb")
		same(t, "records", brief(list(t, s, alice, "notes:2", 0)), []string{"a=kept@1"})
	}},
}

// drop deletes a dataset an hour after start.
func drop(t testing.TB, s dataset.Store, owner dataset.Owner, name string, epoch dataset.Epoch) *dataset.Dataset {
	t.Helper()
	d, err := s.Delete(context.Background(), owner, name, start.Add(time.Hour), epoch)
	if err != nil {
		t.Fatalf("Delete: %v", err)
	}
	return d
}
