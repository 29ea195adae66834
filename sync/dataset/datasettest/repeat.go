package datasettest

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var repeatChecks = []check{
	{"the very same batch is answered again", func(t *testing.T, s dataset.Store) {
		first := batch(put("a", "1", 0), remove("b", 0))
		update(t, s, first)
		repeated(t, s, first, 1)
		second := batch(put("a", "2", 1), put("b", "2", 1))
		update(t, s, second)
		repeated(t, s, second, 2)
		update(t, s, batch(put("other", "x", 0)))
		repeated(t, s, second, 2)
	}},
	{"a repetition after a change is a conflict", func(t *testing.T, s dataset.Store) {
		first := batch(put("a", "1", 0), put("b", "1", 0))
		update(t, s, first)
		update(t, s, batch(put("b", "2", 1)))
		refused(t, s, first, dataset.ErrConflict)
	}},
	{"the same content from elsewhere is a conflict", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		refused(t, s, batch(put("a", "1", 0)), dataset.ErrConflict)
	}},
	{"records of two batches are no repetition", func(t *testing.T, s dataset.Store) {
		one, two, both := batch(put("a", "1", 0)), batch(put("b", "1", 0)), batch(put("a", "1", 0), put("b", "1", 0))
		two.Fingerprint, both.Fingerprint = one.Fingerprint, one.Fingerprint
		update(t, s, one)
		update(t, s, two)
		refused(t, s, both, dataset.ErrConflict)
	}},
	{"a repetition after a deletion is refused", func(t *testing.T, s dataset.Store) {
		first := batch(put("a", "1", 0))
		update(t, s, first)
		second := batch(put("a", "2", 1))
		update(t, s, second)
		drop(t, s, alice, "notes", "00000000000000bb")
		refused(t, s, second, dataset.ErrStaleSession)
	}},
	{"a repetition is no matter of limits", func(t *testing.T, s dataset.Store) {
		b := batch(put("a", "1", 0))
		update(t, s, b)
		b.Limits = dataset.Limits{}
		repeated(t, s, b, 1)
	}},
}

// repeated checks that b, sent again later, is answered with count and changes
// nothing.
func repeated(t *testing.T, s dataset.Store, b *dataset.Batch, count int64) {
	t.Helper()
	before := dump(t, s, b.Owner, b.Dataset)
	again := *b
	again.At = b.At.Add(time.Minute)
	c, err := s.Update(context.Background(), &again)
	if err != nil {
		t.Fatalf("repeated Update: %v", err)
	}
	same(t, "commit", *c, dataset.Commit{SyncCount: count, At: b.At, Repeated: true})
	same(t, "dataset", dump(t, s, b.Owner, b.Dataset), before)
}
