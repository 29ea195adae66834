// Package samlsptest is the contract of samlsp.Store as tests.
package samlsptest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Stores are what the suite needs: sources belong to providers.
type Stores struct {
	Sources samlsp.Store
	Pools   userpool.Store
}

const (
	pool  = userpool.PoolID("us-east-1_Test00001")
	other = userpool.PoolID("us-east-1_Test00002")
)

var at = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// TestStore runs every check on a store of its own.
func TestStore(t *testing.T, open func(t *testing.T) Stores) {
	for _, tt := range []struct {
		name string
		run  func(*testing.T, Stores)
	}{
		{"RoundTrip", testRoundTrip}, {"Apart", testApart}, {"Claim", testClaim}, {"ParallelClaim", testParallelClaim},
		{"Dies", testDies}, {"Cancelled", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			for _, id := range []userpool.PoolID{pool, other} {
				addProviders(t, s.Pools, id)
			}
			tt.run(t, s)
		})
	}
}

func addProviders(t *testing.T, pools userpool.Store, id userpool.PoolID) {
	t.Helper()
	if err := pools.CreatePool(t.Context(), &userpool.Pool{ID: id, Name: "test", Created: at, Modified: at}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"A", "B", "a"} {
		p := &userpool.Provider{Pool: id, Name: name, Type: userpool.ProviderSAML, Details: map[string]string{}, Created: at, Modified: at}
		if err := pools.CreateProvider(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func source(id userpool.PoolID, provider string) *samlsp.Source {
	return &samlsp.Source{Pool: id, Provider: provider, URL: "https://idp.example/" + provider, Document: []byte("<a>ä\x00</a>"),
		ETag: `W/"1"`, Fetched: at, Next: at.Add(time.Hour), Failures: 3}
}

func put(t *testing.T, s Stores, all ...*samlsp.Source) {
	t.Helper()
	for _, src := range all {
		if err := s.Sources.PutSource(t.Context(), src); err != nil {
			t.Fatal(err)
		}
	}
}

func want(t *testing.T, s Stores, src *samlsp.Source) {
	t.Helper()
	got, err := s.Sources.Source(t.Context(), src.Pool, src.Provider)
	if err != nil || !reflect.DeepEqual(got, src) {
		t.Errorf("got %+v, %v; want %+v", got, err, src)
	}
}

func wantNone(t *testing.T, s Stores, id userpool.PoolID, provider string) {
	t.Helper()
	if got, err := s.Sources.Source(t.Context(), id, provider); !errors.Is(err, samlsp.ErrNotFound) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func testRoundTrip(t *testing.T, s Stores) {
	wantNone(t, s, pool, "A")
	src := source(pool, "A")
	put(t, s, src)
	want(t, s, src)
	src.URL, src.Document, src.ETag, src.Failures = "https://elsewhere.example/", []byte("new"), "", 0
	src.Fetched, src.Next = at.Add(time.Minute), at.Add(2*time.Hour)
	put(t, s, src)
	want(t, s, src)
	if err := s.Sources.PutSource(t.Context(), source(pool, "C")); !errors.Is(err, samlsp.ErrNotFound) {
		t.Errorf("of no provider: %v", err)
	}
}

func testApart(t *testing.T, s Stores) {
	all := []*samlsp.Source{source(pool, "A"), source(pool, "a"), source(other, "A")}
	all[1].Document, all[2].Document = []byte("lower"), []byte("other")
	put(t, s, all...)
	for _, src := range all {
		want(t, s, src)
	}
	if err := s.Sources.DeleteSource(t.Context(), pool, "A"); err != nil {
		t.Fatal(err)
	}
	wantNone(t, s, pool, "A")
	want(t, s, all[1])
	want(t, s, all[2])
	if err := s.Sources.DeleteSource(t.Context(), pool, "A"); err != nil {
		t.Errorf("an absent one: %v", err)
	}
}

func testClaim(t *testing.T, s Stores) {
	late, early := source(pool, "A"), source(other, "B")
	late.Next, early.Next = at.Add(2*time.Minute), at.Add(time.Minute)
	put(t, s, late, early)
	until := at.Add(time.Hour)
	if _, err := s.Sources.ClaimSource(t.Context(), at, until); !errors.Is(err, samlsp.ErrNotFound) {
		t.Errorf("before any is due: %v", err)
	}
	for _, src := range []*samlsp.Source{early, late} {
		got, err := s.Sources.ClaimSource(t.Context(), at.Add(2*time.Minute), until)
		src.Next = until
		if err != nil || !reflect.DeepEqual(got, src) {
			t.Errorf("claimed %+v, %v; want %+v", got, err, src)
		}
		want(t, s, src)
	}
	if _, err := s.Sources.ClaimSource(t.Context(), at.Add(3*time.Minute), until); !errors.Is(err, samlsp.ErrNotFound) {
		t.Errorf("claimed twice: %v", err)
	}
}

func testParallelClaim(t *testing.T, s Stores) {
	put(t, s, source(pool, "A"), source(pool, "B"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for range 20 {
		wg.Go(func() {
			src, err := s.Sources.ClaimSource(t.Context(), at.Add(time.Hour), at.Add(2*time.Hour))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won[src.Provider]++
			} else if !errors.Is(err, samlsp.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won["A"] != 1 || won["B"] != 1 {
		t.Errorf("claimed %v", won)
	}
}

func testDies(t *testing.T, s Stores) {
	put(t, s, source(pool, "A"), source(other, "A"))
	if err := s.Pools.DeleteProvider(t.Context(), pool, "A"); err != nil {
		t.Fatal(err)
	}
	wantNone(t, s, pool, "A")
	want(t, s, source(other, "A"))
	if err := s.Pools.DeletePool(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	wantNone(t, s, other, "A")
}

func testCancelled(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sources.Source(ctx, pool, "A"); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
	if err := s.Sources.PutSource(ctx, source(pool, "A")); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v", err)
	}
}
