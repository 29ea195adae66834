package datasettest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var limitChecks = []check{
	{"datasets", func(t *testing.T, s dataset.Store) {
		for i := range 20 {
			update(t, s, in(batch(put("a", "1", 0)), i))
		}
		refused(t, s, in(batch(put("a", "1", 0)), 20), dataset.ErrLimitExceeded)
		update(t, s, in(batch(put("a", "2", 1)), 19))
		drop(t, s, alice, "set7", "00000000000000bb")
		update(t, s, in(batch(put("a", "1", 0)), 20))
		again := in(batch(put("a", "1", 0)), 7)
		again.Epoch = "00000000000000bb"
		refused(t, s, again, dataset.ErrLimitExceeded)
	}},
	{"names", func(t *testing.T, s dataset.Store) {
		limited := func(i int) *dataset.Batch {
			b := in(batch(put("a", "1", 0)), i)
			b.Limits.Names = 3
			return b
		}
		for i := range 3 {
			update(t, s, limited(i))
			drop(t, s, alice, limited(i).Dataset, "00000000000000bb")
		}
		refused(t, s, limited(3), dataset.ErrLimitExceeded)
		again := limited(1)
		again.Epoch = "00000000000000bb"
		update(t, s, again)
	}},
	{"records", func(t *testing.T, s dataset.Store) {
		refused(t, s, batch(many(1025, 0)...), dataset.ErrLimitExceeded)
		update(t, s, batch(many(1024, 0)...))
		same(t, "page", len(list(t, s, alice, "notes", 0).Records), 1024)
		refused(t, s, batch(put("more", "x", 0)), dataset.ErrLimitExceeded)
		update(t, s, batch(put("k0007", "changed", 1)))
		update(t, s, batch(remove("k0001", 1), put("more", "x", 0)))
		update(t, s, batch(remove("ghost", 0)))
	}},
	{"keys", func(t *testing.T, s dataset.Store) {
		limited := func(p ...dataset.Patch) *dataset.Batch {
			b := batch(p...)
			b.Limits.Keys = 2
			return b
		}
		update(t, s, limited(put("a", "1", 0), remove("b", 0)))
		refused(t, s, limited(remove("c", 0)), dataset.ErrLimitExceeded)
		refused(t, s, limited(put("c", "1", 0)), dataset.ErrLimitExceeded)
		update(t, s, limited(put("b", "1", 1)))
	}},
	{"bytes", func(t *testing.T, s dataset.Store) {
		refused(t, s, batch(put("ab", strings.Repeat("v", 1<<20-1), 0)), dataset.ErrLimitExceeded)
		update(t, s, batch(put("a", strings.Repeat("v", 1<<20-1), 0)))
		same(t, "bytes", list(t, s, alice, "notes", 0).Dataset.Bytes, int64(1<<20))
		refused(t, s, batch(put("b", "", 0)), dataset.ErrLimitExceeded)
		refused(t, s, batch(remove("b", 0)), dataset.ErrLimitExceeded)
		update(t, s, batch(put("a", strings.Repeat("é", 1<<19-1), 1)))
		same(t, "bytes of UTF-8", list(t, s, alice, "notes", 0).Dataset.Bytes, int64(1<<20-1))
		update(t, s, batch(remove("a", 2)))
		same(t, "bytes of a tombstone", list(t, s, alice, "notes", 0).Dataset.Bytes, int64(1))
	}},
	{"a lowered limit lets shrink", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "111", 0), put("b", "1", 0), put("c", "1", 0)))
		low := func(p ...dataset.Patch) *dataset.Batch {
			b := batch(p...)
			b.Limits.Records, b.Limits.Keys, b.Limits.Bytes = 1, 1, 4
			return b
		}
		refused(t, s, low(put("a", "1111", 1)), dataset.ErrLimitExceeded)
		update(t, s, low(put("a", "11", 1)))
		update(t, s, low(remove("a", 2)))
		update(t, s, low(put("c", "2", 1)))
	}},
	{"the largest batch", func(t *testing.T, s dataset.Store) {
		b := batch(many(dataset.MaxBatch, 0)...)
		b.Limits.Records = dataset.MaxBatch
		update(t, s, b)
		again := batch(many(dataset.MaxBatch, 1)...)
		again.Limits.Records = dataset.MaxBatch
		same(t, "count", update(t, s, again), int64(2))
		page := list(t, s, alice, "notes", 1)
		same(t, "records", len(page.Records), dataset.MaxBatch)
		same(t, "last", page.Records[dataset.MaxBatch-1].Key, "k16383")
		same(t, "more", page.More, false)
		drop(t, s, alice, "notes", "00000000000000bb")
	}},
}

// in moves b to the i-th of many datasets.
func in(b *dataset.Batch, i int) *dataset.Batch {
	b.Dataset = fmt.Sprintf("set%d", i)
	return b
}

// many returns n patches of different keys.
func many(n int, count int64) []dataset.Patch {
	patches := make([]dataset.Patch, n)
	for i := range patches {
		patches[i] = put(fmt.Sprintf("k%04d", i), "v", count)
	}
	return patches
}
