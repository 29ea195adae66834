package pushed_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	pool   userpool.PoolID   = "us-east-1_AAAAAAAAA"
	client userpool.ClientID = "abcdefghij0123456789abcdef"
)

// backends open the stores that a server may have.
var backends = map[string]func(*testing.T, func() time.Time) ephemeral.Store{
	"SQLite": func(t *testing.T, now func() time.Time) ephemeral.Store {
		return sqlstoretest.SQLite(t, now).Ephemeral()
	},
	"Postgres": func(t *testing.T, now func() time.Time) ephemeral.Store {
		return sqlstoretest.Postgres(t, now).Ephemeral()
	},
	"Redis": func(t *testing.T, now func() time.Time) ephemeral.Store {
		return redisstoretest.Open(t, now).Ephemeral()
	},
}

func newStore(t *testing.T) (*pushed.Store, *idptest.Clock) {
	clock := idptest.NewClock()
	return &pushed.Store{Ephemeral: ephemeraltest.New(clock.Now), Now: clock.Now}, clock
}

func push(t *testing.T, s *pushed.Store) string {
	t.Helper()
	name, err := s.Push(t.Context(), pool, &pushed.Request{Client: client, Params: url.Values{"state": {"x"}, "resource": {"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func load(t *testing.T, s *pushed.Store, name string) *pushed.Request {
	t.Helper()
	r, err := s.Load(t.Context(), pool, client, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gone(t *testing.T, s *pushed.Store, what, name string) {
	t.Helper()
	if _, err := s.Load(t.Context(), pool, client, name); !errors.Is(err, pushed.ErrNotFound) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestPushed(t *testing.T) {
	s, clock := newStore(t)
	name := push(t, s)
	if !pushed.IsName(name) || pushed.IsVisit(name) || len(name) < 40 {
		t.Errorf("name %q", name)
	}
	for range 2 {
		if r := load(t, s, name); r.Params.Get("state") != "x" || len(r.Params["resource"]) != 2 || r.Name() != name {
			t.Errorf("%+v", r)
		}
	}
	for what, err := range map[string]error{
		"another client": func() error { _, err := s.Load(t.Context(), pool, "other", name); return err }(),
		"another pool":   func() error { _, err := s.Load(t.Context(), "us-east-1_B", client, name); return err }(),
		"cut short":      func() error { _, err := s.Load(t.Context(), pool, client, name[:len(name)-1]); return err }(),
		"made longer":    func() error { _, err := s.Load(t.Context(), pool, client, name+"x"); return err }(),
		"another kind": func() error {
			_, secret, _ := strings.Cut(name, "request_uri:")
			_, err := s.Load(t.Context(), pool, client, "urn:poolhouse:visit:"+secret)
			return err
		}(),
		"no name of ours": func() error { _, err := s.Load(t.Context(), pool, client, "https://app.example/r.jwt"); return err }(),
	} {
		if !errors.Is(err, pushed.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	load(t, s, name) // and nobody burned it (F7)
	clock.Add(pushed.Life)
	gone(t, s, "expired", name)
}

// TestVisit outlives the pushed request, and both end together.
func TestVisit(t *testing.T) {
	s, clock := newStore(t)
	name := push(t, s)
	r := load(t, s, name)
	if err := s.Visit(t.Context(), pool, r); err != nil || !pushed.IsVisit(r.Name()) {
		t.Fatal(err, r.Name())
	}
	visit := r.Name()
	if err := s.Visit(t.Context(), pool, r); err != nil || r.Name() != visit {
		t.Errorf("a visit keeps its name: %v", err)
	}
	clock.Add(time.Minute)
	again := load(t, s, visit)
	if err := s.Use(t.Context(), pool, again); err != nil {
		t.Fatal(err)
	}
	gone(t, s, "the pushed request", name)
	gone(t, s, "the visit", visit)
	if err := s.Use(t.Context(), pool, r); !errors.Is(err, pushed.ErrNotFound) {
		t.Errorf("used twice: %v", err)
	}
}

func TestVisitWithoutPush(t *testing.T) {
	s, _ := newStore(t)
	r := &pushed.Request{Client: client, Params: url.Values{"state": {"x"}}}
	if err := s.Use(t.Context(), pool, &pushed.Request{Client: client}); err != nil {
		t.Errorf("what was never kept: %v", err)
	}
	if err := s.Visit(t.Context(), pool, r); err != nil {
		t.Fatal(err)
	}
	a, b := load(t, s, r.Name()), load(t, s, r.Name())
	if err := s.Use(t.Context(), pool, a); err != nil {
		t.Fatal(err)
	}
	if err := s.Use(t.Context(), pool, b); !errors.Is(err, pushed.ErrNotFound) {
		t.Errorf("used twice: %v", err)
	}
}

// TestOneOfFifty (S2): of many callers that use a request up, through the pushed name
// or visits of it, one wins, on every store.
func TestOneOfFifty(t *testing.T) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			clock := idptest.NewClock()
			s := &pushed.Store{Ephemeral: open(t, clock.Now), Now: clock.Now}
			uri := push(t, s)
			var requests []*pushed.Request
			for i := range 50 {
				requests = append(requests, load(t, s, uri))
				if i%2 == 0 {
					if err := s.Visit(t.Context(), pool, requests[i]); err != nil {
						t.Fatal(err)
					}
				}
			}
			var won atomic.Int32
			var all sync.WaitGroup
			for _, r := range requests {
				all.Go(func() {
					err := s.Use(context.Background(), pool, r)
					if err == nil {
						won.Add(1)
					} else if !errors.Is(err, pushed.ErrNotFound) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Errorf("%d winners", won.Load())
			}
			gone(t, s, "afterwards", uri)
		})
	}
}
