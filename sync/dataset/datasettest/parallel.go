package datasettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var parallelChecks = []check{
	{"of 50 with equal counts one wins", func(t *testing.T, s dataset.Store) {
		for round := range int64(4) { // the first round makes the dataset
			won, lost := race(50, func(i int) error {
				_, err := s.Update(context.Background(), batch(put("a", fmt.Sprint(i), round), put("b", fmt.Sprint(i), round)))
				return err
			}, dataset.ErrConflict)
			same(t, "winners and losers", [2]int{won, lost}, [2]int{1, 49})
			page := list(t, s, alice, "notes", round)
			if len(page.Records) != 2 || page.Records[0].Value != page.Records[1].Value {
				t.Fatalf("two batches are mixed: %v", brief(page))
			}
		}
	}},
	{"of 50 equal requests one writes", func(t *testing.T, s dataset.Store) {
		b := batch(put("a", "1", 0))
		won, _ := race(50, func(int) error {
			c, err := s.Update(context.Background(), b)
			if err == nil && c.SyncCount != 1 {
				return fmt.Errorf("count %d", c.SyncCount)
			}
			return err
		}, dataset.ErrConflict)
		same(t, "answered", won, 50)
		same(t, "count", list(t, s, alice, "notes", 0).Dataset.SyncCount, int64(1))
	}},
	{"writers of different keys all succeed", func(t *testing.T, s dataset.Store) {
		counts := make([]int64, 50)
		won, _ := race(50, func(i int) error {
			c, err := s.Update(context.Background(), batch(put(fmt.Sprint("k", i), "v", 0)))
			if err == nil {
				counts[i] = c.SyncCount
			}
			return err
		}, dataset.ErrConflict)
		same(t, "accepted", won, 50)
		slices.Sort(counts)
		for i, c := range counts {
			same(t, "count", c, int64(i+1))
		}
		d := list(t, s, alice, "notes", 0).Dataset
		same(t, "records", [2]int64{d.Records, d.Keys}, [2]int64{50, 50})
	}},
	{"the last place for a dataset is given once", func(t *testing.T, s dataset.Store) {
		won, lost := race(40, func(i int) error {
			b := in(batch(put("a", "1", 0)), i)
			b.Limits.Datasets = 5
			_, err := s.Update(context.Background(), b)
			return err
		}, dataset.ErrLimitExceeded)
		same(t, "made and refused", [2]int{won, lost}, [2]int{5, 35})
	}},
	{"a listing shows whole batches", wholeBatches},
	{"one of many deletes", func(t *testing.T, s dataset.Store) {
		update(t, s, batch(put("a", "1", 0)))
		won, lost := race(20, func(i int) error {
			_, err := s.Delete(context.Background(), alice, "notes", start, dataset.Epoch(fmt.Sprintf("%016x", i)))
			return err
		}, dataset.ErrNotFound)
		same(t, "winners and losers", [2]int{won, lost}, [2]int{1, 19})
		same(t, "count", list(t, s, alice, "notes", 0).Dataset.SyncCount, int64(2))
	}},
}

// race runs fn n times at once and counts who succeeded and who got the error.
// Any other error counts as neither.
func race(n int, fn func(i int) error, want error) (won, lost int) {
	errs := make([]error, n)
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-ready
			errs[i] = fn(i)
		})
	}
	close(ready)
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, want):
			lost++
		}
	}
	return won, lost
}

// wholeBatches reads while a writer changes both records of a pair at a time: no
// listing may show the two apart, or a dataset that is not of the same moment.
func wholeBatches(t *testing.T, s dataset.Store) {
	update(t, s, batch(put("a", "0", 0), put("b", "0", 0)))
	done := make(chan error, 1)
	go func() {
		for i := range int64(40) {
			text := fmt.Sprint(i + 1)
			if _, err := s.Update(context.Background(), batch(put("a", text, i+1), put("b", text, i+1))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		page := list(t, s, alice, "notes", 0)
		if len(page.Records) != 2 || page.Records[0].Value != page.Records[1].Value ||
			page.Records[0].SyncCount() != page.Dataset.SyncCount {
			t.Fatalf("half a batch: %v of a dataset at %d", brief(page), page.Dataset.SyncCount)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}
