package datasettest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var modelChecks = []check{
	{"a model agrees", func(t *testing.T, s dataset.Store) {
		rapid.Check(t, func(t *rapid.T) { playStore(t, s) })
	}},
	{"devices converge", func(t *testing.T, s dataset.Store) {
		rapid.Check(t, func(t *rapid.T) { playDevices(t, s) })
	}},
}

// A model is what one dataset should hold, in the plainest form.
type model struct {
	count   int64
	epoch   dataset.Epoch
	exists  bool
	records map[string]modelRecord
}

type modelRecord struct {
	value   string
	removed bool
	count   int64
}

// playStore sends random batches and deletions to a store and to the model.
func playStore(t *rapid.T, s dataset.Store) {
	m := &model{records: map[string]modelRecord{}}
	owner := newOwner()
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		if rapid.IntRange(0, 9).Draw(t, "step") == 0 {
			m.delete(t, s, owner)
		} else {
			m.update(t, s, owner)
		}
		m.compare(t, s, owner, rapid.Int64Range(0, m.count+1).Draw(t, "since"))
	}
}

var keys = rapid.SampledFrom([]string{"a", "b", "c", "d"})

// update sends up to three patches. Most carry the right count.
func (m *model) update(t *rapid.T, s dataset.Store, owner dataset.Owner) {
	var patches []dataset.Patch
	ok := true
	for _, key := range rapid.SliceOfNDistinct(keys, 1, 3, rapid.ID[string]).Draw(t, "keys") {
		p := dataset.Patch{Key: key, SyncCount: m.records[key].count, Remove: rapid.Bool().Draw(t, "remove")}
		if rapid.IntRange(0, 7).Draw(t, "stale") == 0 {
			p.SyncCount = rapid.Int64Range(0, m.count+1).Draw(t, "count")
		}
		if !p.Remove {
			p.Value = rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "value")
		}
		ok = ok && p.SyncCount == m.records[key].count
		patches = append(patches, p)
	}
	b := batch(patches...)
	b.Owner, b.Epoch = owner, m.epoch
	c, err := s.Update(context.Background(), b)
	if !ok {
		if !errors.Is(err, dataset.ErrConflict) {
			t.Fatalf("a stale batch: %+v, %v", c, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	m.count++
	if c.SyncCount != m.count {
		t.Fatalf("count %d, want %d", c.SyncCount, m.count)
	}
	m.exists = true
	for _, p := range patches {
		m.records[p.Key] = modelRecord{value: p.Value, removed: p.Remove, count: m.count}
	}
}

func (m *model) delete(t *rapid.T, s dataset.Store, owner dataset.Owner) {
	epoch := dataset.Epoch(fmt.Sprintf("%016x", m.count+1))
	_, err := s.Delete(context.Background(), owner, "notes", start, epoch)
	if !m.exists {
		if !errors.Is(err, dataset.ErrNotFound) {
			t.Fatalf("Delete: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Delete: %v", err)
	}
	m.count, m.exists, m.records, m.epoch = m.count+1, false, map[string]modelRecord{}, epoch
}

// compare lists what changed since a count and compares it and the totals.
func (m *model) compare(t *rapid.T, s dataset.Store, owner dataset.Owner, since int64) {
	page, err := s.Records(context.Background(),
		dataset.Query{Owner: owner, Dataset: "notes", After: dataset.After(since), Limit: 100})
	if err != nil {
		t.Fatalf("Records: %v", err)
	}
	got := map[string]modelRecord{}
	for i := range page.Records {
		r := &page.Records[i]
		got[r.Key] = modelRecord{value: r.Value, removed: r.Removed, count: r.SyncCount()}
	}
	want := maps.Clone(m.records)
	maps.DeleteFunc(want, func(_ string, r modelRecord) bool { return r.count <= since })
	if !maps.Equal(got, want) {
		t.Fatalf("since %d: got %v, want %v", since, got, want)
	}
	if page.Dataset == nil {
		if m.count != 0 {
			t.Fatal("the dataset is gone")
		}
		return
	}
	d, alive, bytes := page.Dataset, int64(0), int64(0)
	for key, r := range m.records {
		bytes += int64(len(key) + len(r.value))
		if !r.removed {
			alive++
		}
	}
	gotTotals := []int64{d.SyncCount, d.Records, d.Keys, d.Bytes}
	wantTotals := []int64{m.count, alive, int64(len(m.records)), bytes}
	if d.Deleted == m.exists || !slices.Equal(gotTotals, wantTotals) {
		t.Fatalf("dataset %+v, want totals %v, exists %t", *d, wantTotals, m.exists)
	}
}
