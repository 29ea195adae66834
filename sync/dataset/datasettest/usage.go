package datasettest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestUsage is the contract suite of dataset.UsageStore. open returns a store and
// the pools that exist, at least three and in order of their IDs; drop deletes one.
func TestUsage(t *testing.T, open func(t *testing.T) (s dataset.UsageStore, pools []dataset.PoolID, drop func(dataset.PoolID))) {
	ctx := context.Background()
	add := func(t *testing.T, s dataset.UsageStore, changes ...dataset.PoolUsage) {
		t.Helper()
		if err := s.AddUsage(ctx, changes); err != nil {
			t.Fatal(err)
		}
	}
	usage := func(t *testing.T, s dataset.UsageStore, want dataset.PoolUsage) {
		t.Helper()
		got, err := s.Usage(ctx, want.Pool)
		if err != nil || *got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	t.Run("counters", func(t *testing.T) {
		s, pools, _ := open(t)
		a, b := pools[0], pools[1]
		usage(t, s, dataset.PoolUsage{Pool: a})
		add(t, s, dataset.PoolUsage{Pool: a, Sessions: 2, Bytes: 10, Modified: start}, dataset.PoolUsage{Pool: b, Sessions: 1})
		add(t, s, dataset.PoolUsage{Pool: a, Bytes: -4, Modified: start.Add(-time.Second)}, dataset.PoolUsage{Pool: "nobody\x00", Bytes: 1}, dataset.PoolUsage{Pool: "nobody", Bytes: 1})
		usage(t, s, dataset.PoolUsage{Pool: a, Sessions: 2, Bytes: 6, Modified: start})
		usage(t, s, dataset.PoolUsage{Pool: b, Sessions: 1})
		add(t, s, dataset.PoolUsage{Pool: a, Modified: start.Add(time.Microsecond)})
		usage(t, s, dataset.PoolUsage{Pool: a, Sessions: 2, Bytes: 6, Modified: start.Add(time.Microsecond)})
		if _, err := s.Usage(ctx, "nobody"); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("a pool that does not exist: %v", err)
		}
	})
	t.Run("never below nothing", func(t *testing.T) {
		s, pools, _ := open(t)
		add(t, s, dataset.PoolUsage{Pool: pools[0], Bytes: -5})
		usage(t, s, dataset.PoolUsage{Pool: pools[0]})
	})
	t.Run("pages", func(t *testing.T) {
		s, pools, _ := open(t)
		add(t, s, dataset.PoolUsage{Pool: pools[1], Bytes: 7})
		var got []string
		for after, more := dataset.PoolID(""), true; more; {
			var page []dataset.PoolUsage
			var err error
			if page, more, err = s.Usages(ctx, after, 2); err != nil || len(page) > 2 || len(page) == 0 {
				t.Fatalf("%v, %v", page, err)
			}
			for _, u := range page {
				got = append(got, fmt.Sprint(u.Pool, u.Bytes))
			}
			after = page[len(page)-1].Pool
		}
		var want []string
		for i, p := range pools {
			want = append(want, fmt.Sprint(p, []int{0, 7, 0}[min(i, 2)]))
		}
		same(t, "pools", got, want)
	})
	t.Run("they go with their pool", func(t *testing.T) {
		s, pools, drop := open(t)
		add(t, s, dataset.PoolUsage{Pool: pools[0], Bytes: 7})
		drop(pools[0])
		add(t, s, dataset.PoolUsage{Pool: pools[0], Bytes: 7})
		if _, err := s.Usage(ctx, pools[0]); !errors.Is(err, dataset.ErrNotFound) {
			t.Errorf("a deleted pool: %v", err)
		}
		if all, _, err := s.Usages(ctx, "", 10); err != nil || len(all) != len(pools)-1 {
			t.Errorf("%v, %v", all, err)
		}
	})
	t.Run("many nodes", func(t *testing.T) {
		s, pools, _ := open(t)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				changes := []dataset.PoolUsage{{Pool: pools[i%2], Sessions: 1}, {Pool: pools[1-i%2], Sessions: 1}}
				if err := s.AddUsage(ctx, changes); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		usage(t, s, dataset.PoolUsage{Pool: pools[0], Sessions: 10})
		usage(t, s, dataset.PoolUsage{Pool: pools[1], Sessions: 10})
	})
}
