package datasettest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var readChecks = []check{
	{"pages", func(t *testing.T, s dataset.Store) {
		for i := range 3 {
			update(t, s, batch(put(fmt.Sprint("x", i), "v", 0), put(fmt.Sprint("y", i), "v", 0)))
		}
		want := []string{"x0", "y0", "x1", "y1", "x2", "y2"}
		for size := 1; size <= 7; size++ {
			same(t, fmt.Sprint("pages of ", size), readPages(t, s, size, func(int) {}), want)
		}
	}},
	{"pages end at their sync count", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0), put("b", "1", 0), put("c", "1", 0), put("d", "1", 0)))
		got := readPages(t, s, 1, func(page int) {
			if page == 1 { // b goes to the next listing, e never was in this one
				update(t, s, batch(put("b", "2", 1), put("a", "2", 1), put("e", "1", 0)))
			}
		})
		same(t, "pages", got, []string{"a", "c", "d"})
		same(t, "next listing", brief(list(t, s, alice, "notes", 1)), []string{"b=2@2", "a=2@2", "e=1@2"})
	}},
	{"fingerprints, where they are asked for", func(t *testing.T, s dataset.Store) {
		b := batch(put("a", "1", 0), remove("b", 0))
		update(t, s, b)
		for want, ask := range map[dataset.Fingerprint]bool{b.Fingerprint: true, {}: false} {
			page, err := s.Records(context.Background(), dataset.Query{Owner: alice, Dataset: "notes", After: dataset.After(0), Limit: 10, Fingerprints: ask})
			if err != nil || len(page.Records) != 2 {
				t.Fatal(page, err)
			}
			same(t, "fingerprints", []dataset.Fingerprint{page.Records[0].Fingerprint, page.Records[1].Fingerprint}, []dataset.Fingerprint{want, want})
		}
	}},
	{"since a count that is not reached", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		for _, since := range []int64{1, 2, dataset.MaxSyncCount, 1<<63 - 1} {
			page := list(t, s, alice, "notes", since)
			same(t, "records", brief(page), []string{})
			same(t, "dataset", page.Dataset.SyncCount, int64(1))
		}
	}},
}

// readPages reads alice's notes page by page and returns the keys. Each page
// must be of the first one's sync count. between runs after each page.
func readPages(t *testing.T, s dataset.Store, size int, between func(page int)) []string {
	t.Helper()
	q := dataset.Query{Owner: alice, Dataset: "notes", After: dataset.After(0), Limit: size}
	var keys []string
	for page := 1; ; page++ {
		p, err := s.Records(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Until == 0 {
			q.Until = p.Dataset.SyncCount
		}
		if len(p.Records) > size || p.More && len(p.Records) < size {
			t.Fatalf("a page of %d has %d records, more %t", size, len(p.Records), p.More)
		}
		for i := range p.Records {
			if p.Records[i].SyncCount() > q.Until {
				t.Fatalf("a page of count %d shows %+v", q.Until, p.Records[i])
			}
			if slices.Contains(keys, p.Records[i].Key) {
				t.Fatalf("%q twice", p.Records[i].Key)
			}
			keys = append(keys, p.Records[i].Key)
		}
		if !p.More {
			return keys
		}
		q.After = p.Records[len(p.Records)-1].Position
		between(page)
	}
}
