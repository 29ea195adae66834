package datasettest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var writeChecks = []check{
	{"a batch takes one count", func(t *testing.T, s dataset.Store) {
		same(t, "first", update(t, s, batch(put("a", "1", 0), put("b", "2", 0))), int64(1))
		same(t, "second", update(t, s, batch(put("c", "3", 0))), int64(2))
		same(t, "third", update(t, s, batch(put("a", "4", 1), remove("b", 1))), int64(3))
		same(t, "records", brief(list(t, s, alice, "notes", 0)), []string{"c=3@2", "a=4@3", "b-@3"})
	}},
	{"what is stored is what was sent", whatIsStored},
	{"a stale count is a conflict", staleCount},
	{"an equal value is no excuse", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		refused(t, s, batch(put("a", "1", 0)), dataset.ErrConflict)
	}},
	{"a refused batch makes no dataset", func(t *testing.T, s dataset.Store) {
		refused(t, s, batch(put("a", "1", 0), put("b", "1", 7)), dataset.ErrConflict)
		if page := list(t, s, alice, "notes", 0); page.Dataset != nil {
			t.Errorf("a dataset was made: %+v", page.Dataset)
		}
	}},
	{"a removal leaves a tombstone", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0), put("b", "2", 0)))
		update(t, s, batch(remove("a", 1)))
		for since, want := range map[int64][]string{0: {"b=2@1", "a-@2"}, 1: {"a-@2"}, 2: {}} {
			same(t, "records", brief(list(t, s, alice, "notes", since)), want)
		}
		update(t, s, batch(put("a", "3", 2)))
		same(t, "put again", brief(list(t, s, alice, "notes", 2)), []string{"a=3@3"})
	}},
	{"an unknown key can be removed", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(remove("ghost", 0)))
		same(t, "records", brief(list(t, s, alice, "notes", 0)), []string{"ghost-@1"})
		refused(t, s, batch(put("ghost", "x", 0)), dataset.ErrConflict)
	}},
	{"owners and names do not meet", separateOwners},
	{"odd texts come back whole", oddTexts},
	{"a session from before the data is refused", func(t *testing.T, s dataset.Store) {
		b := batch(put("a", "1", 0))
		b.Epoch = "00000000000000ff"
		refused(t, s, b, dataset.ErrStaleSession)
		update(t, s, batch(put("a", "1", 0)))
		refused(t, s, b, dataset.ErrStaleSession)
		b = batch(put("a", "2", 1))
		b.Seen = 2
		refused(t, s, b, dataset.ErrStaleSession)
		b.Seen, b.Epoch = 1, "00000000000000aa"
		update(t, s, b)
	}},
	{"an exact batch is of one moment", exactBatch},
	{"a cancelled context", func(t *testing.T, s dataset.Store) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Update(ctx, batch(put("a", "1", 0))); !errors.Is(err, context.Canceled) {
			t.Errorf("Update: %v", err)
		}
		if _, err := s.Datasets(ctx, alice); !errors.Is(err, context.Canceled) {
			t.Errorf("Datasets: %v", err)
		}
	}},
}

func whatIsStored(t *testing.T, s dataset.Store) {
	b := batch(put("a", "äöü", 0), remove("b", 0))
	update(t, s, b)
	later := batch(put("c", "", 0))
	later.At, later.Device = start.Add(time.Hour), ""
	later.Patches[0].DeviceModified = time.Time{}
	update(t, s, later)
	want := dataset.Dataset{Name: "notes", SyncCount: 2, Created: start, Modified: later.At,
		Bytes: 9, Records: 2, Keys: 3, Epoch: "00000000000000aa"}
	page := list(t, s, alice, "notes", 0)
	same(t, "dataset of the page", *page.Dataset, want)
	same(t, "records", page.Records, []dataset.Record{
		{Key: "a", Value: "äöü", Position: dataset.At(1, 0), Modified: start, DeviceModified: start.Add(-time.Minute), ModifiedBy: "phone"},
		{Key: "b", Removed: true, Position: dataset.At(1, 1), Modified: start, ModifiedBy: "phone"},
		{Key: "c", Position: dataset.At(2, 0), Modified: later.At},
	})
	d, err := s.Dataset(context.Background(), alice, "notes")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Dataset", *d, want)
	all, err := s.Datasets(context.Background(), alice)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Datasets", all, []dataset.Dataset{want})
}

func staleCount(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "1", 0), put("b", "1", 0)))
	update(t, s, batch(put("b", "2", 1)))
	for _, tt := range []struct {
		name    string
		patches []dataset.Patch
		want    dataset.Conflict
	}{
		{"too old", []dataset.Patch{put("a", "x", 1), put("b", "x", 1)}, dataset.Conflict{Key: "b", Server: 2, Sent: 1}},
		{"too new", []dataset.Patch{put("a", "x", 2)}, dataset.Conflict{Key: "a", Server: 1, Sent: 2}},
		{"unknown to the device", []dataset.Patch{put("new", "x", 0), remove("a", 0)}, dataset.Conflict{Key: "a", Server: 1, Sent: 0}},
		{"unknown to the server", []dataset.Patch{put("new", "x", 2)}, dataset.Conflict{Key: "new", Server: 0, Sent: 2}},
		{"the first of two", []dataset.Patch{put("b", "x", 0), put("a", "x", 0)}, dataset.Conflict{Key: "b", Server: 2, Sent: 0}},
	} {
		b := batch(tt.patches...)
		refused(t, s, b, dataset.ErrConflict)
		_, err := s.Update(context.Background(), b)
		var c *dataset.Conflict
		if !errors.As(err, &c) || *c != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func exactBatch(t *testing.T, s dataset.Store) {
	exact := func(epoch dataset.Epoch, seen int64, p dataset.Patch) *dataset.Batch {
		b := batch(p)
		b.Epoch, b.Seen, b.Exact = epoch, seen, true
		return b
	}
	first := exact("", 0, put("a", "1", 0))
	update(t, s, first)
	refused(t, s, exact("", 0, put("b", "1", 0)), dataset.ErrConflict)
	update(t, s, exact("00000000000000aa", 1, put("b", "1", 0)))
	refused(t, s, exact("00000000000000aa", 1, put("a", "2", 1)), dataset.ErrConflict)
	repeated(t, s, first, 1)
	var c *dataset.Conflict
	if _, err := s.Update(context.Background(), exact("", 0, put("a", "2", 0))); !errors.As(err, &c) {
		t.Errorf("a record's own conflict comes first: %v", err)
	}
	drop(t, s, alice, "notes", "00000000000000bb")
	update(t, s, exact("00000000000000bb", 3, put("a", "1", 0)))
}

func separateOwners(t *testing.T, s dataset.Store) {
	owners := []dataset.Owner{alice,
		{Pool: alice.Pool, Identity: "us-east-1:33333333-cccc"},
		{Pool: "us-east-1:44444444-dddd", Identity: alice.Identity},
		{Pool: "a", Identity: "b/c"}, {Pool: "a/b", Identity: "c"},
		{Pool: "a}", Identity: "{b"}, {Pool: "a", Identity: "b%2Fc"},
	}
	names := []string{"notes", "Notes", "notes:r", "notes.s", "d:notes", "ds"}
	for _, owner := range owners {
		for _, name := range names {
			b := batch(put("k", string(owner.Pool)+"|"+string(owner.Identity)+"|"+name, 0))
			b.Owner, b.Dataset = owner, name
			same(t, "count", update(t, s, b), int64(1))
		}
	}
	for _, owner := range owners {
		for _, name := range names {
			want := []string{"k=" + string(owner.Pool) + "|" + string(owner.Identity) + "|" + name + "@1"}
			same(t, "records", brief(list(t, s, owner, name, 0)), want)
		}
		all, err := s.Datasets(context.Background(), owner)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range all {
			got = append(got, d.Name)
		}
		same(t, "names", got, []string{"Notes", "d:notes", "ds", "notes", "notes.s", "notes:r"})
	}
}

func oddTexts(t *testing.T, s dataset.Store) {
	odd := []string{" ", "a b|c\nd", "nul\x00nul", "\x00", "{tag}", "%s%n", "'; DROP TABLE datasets; --", "日本語", "\U0001F600",
		"1 2 3", "-1", "\xff\xfe", strings.Repeat("k", 1024)}
	for i, text := range odd {
		b := batch(put(text, text, 0))
		b.Device = text
		same(t, "count", update(t, s, b), int64(i+1))
	}
	page := list(t, s, alice, "notes", 0)
	for i, text := range odd {
		r := page.Records[i]
		same(t, "record", []string{r.Key, r.Value, r.ModifiedBy}, []string{text, text, text})
	}
	same(t, "dataset's device", page.Dataset.ModifiedBy, odd[len(odd)-1])
	again := batch(put(odd[2], "again", 3))
	update(t, s, again)
	same(t, "written again", brief(list(t, s, alice, "notes", int64(len(odd)))), []string{odd[2] + "=again@14"})
}
