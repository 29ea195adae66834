package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	viewPool = userpool.PoolID("us-east-1_View00001")
	viewApp  = userpool.ClientID("viewclient0000000000000000")
)

// Two nodes on one database: whatever one writes the next request to the other sees.
func eachTwoNodes(t *testing.T, run func(t *testing.T, here, there *sqlstore.UserpoolStore, clock *time.Time)) {
	ring := keyringtest.New(t)
	clock := time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return clock }
	open := func(t *testing.T, open func(context.Context) (*sqlstore.DB, error)) *sqlstore.UserpoolStore {
		db, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db.Userpool(ring)
	}
	start := func(t *testing.T, node func(context.Context) (*sqlstore.DB, error)) {
		here, there := open(t, node), open(t, node)
		pool := &userpool.Pool{ID: viewPool, Name: "Pool", Domain: "view", Created: clock, Modified: clock}
		check(t, here.CreatePool(t.Context(), pool))
		check(t, here.CreateClient(t.Context(), &userpool.Client{ID: viewApp, Pool: viewPool, Name: "App", Secret: "s3cret", Created: clock, Modified: clock}))
		check(t, here.PutResourceServer(t.Context(), &userpool.ResourceServer{Pool: viewPool, Identifier: "api", Name: "API"}))
		run(t, here, there, &clock)
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		start(t, func(ctx context.Context) (*sqlstore.DB, error) { return sqlstore.OpenSQLite(ctx, dir, now) })
	})
	t.Run("postgres", func(t *testing.T) {
		url := sqlstoretest.PostgresURL(t)
		start(t, func(ctx context.Context) (*sqlstore.DB, error) { return sqlstore.OpenPostgres(ctx, url, 4, now) })
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seen is what a request reads of the settings, in words.
func seen(t *testing.T, ctx context.Context, s *sqlstore.UserpoolStore) string {
	t.Helper()
	name := func(name string, err error) string {
		if err != nil {
			return "none"
		}
		return name
	}
	pool, err := s.Pool(ctx, viewPool)
	out := name(fmt.Sprint(pool), err)
	if err == nil {
		out = pool.Name
	}
	if p, err := s.PoolByDomain(ctx, "view"); err == nil && p.Name != out {
		t.Errorf("the pool is %s by its domain, %s by its ID", p.Name, out)
	}
	c, err := s.Client(ctx, viewApp)
	if err != nil {
		out += " none"
	} else {
		out += " " + c.Name + ":" + c.Secret
	}
	servers, err := s.ResourceServers(ctx, viewPool)
	check(t, err)
	for _, rs := range servers {
		out += " " + rs.Name
	}
	return out
}

// TestViewIsNeverStale: after each kind of write, by whichever node, the next request
// to either sees it; so does the one that wrote.
func TestViewIsNeverStale(t *testing.T) {
	eachTwoNodes(t, func(t *testing.T, here, there *sqlstore.UserpoolStore, _ *time.Time) {
		both := func(want string) {
			t.Helper()
			for i, s := range []*sqlstore.UserpoolStore{here, there, here, there} {
				if got := seen(t, sqlstore.WithView(t.Context()), s); got != want {
					t.Fatalf("node %d sees %q, want %q", i%2, got, want)
				}
			}
		}
		both("Pool App:s3cret API")
		for _, step := range []struct {
			write func(ctx context.Context, s *sqlstore.UserpoolStore) error
			want  string
		}{
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				_, err := s.UpdatePool(ctx, viewPool, func(p *userpool.Pool) error { p.Name = "Pool2"; return nil })
				return err
			}, "Pool2 App:s3cret API"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				_, err := s.UpdateClient(ctx, viewPool, viewApp, func(c *userpool.Client) error { c.Name, c.Secret = "App2", "new"; return nil })
				return err
			}, "Pool2 App2:new API"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				return s.PutResourceServer(ctx, &userpool.ResourceServer{Pool: viewPool, Identifier: "api", Name: "API2"})
			}, "Pool2 App2:new API2"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				return s.PutResourceServer(ctx, &userpool.ResourceServer{Pool: viewPool, Identifier: "b", Name: "B"})
			}, "Pool2 App2:new API2 B"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				return s.DeleteResourceServer(ctx, viewPool, "b")
			}, "Pool2 App2:new API2"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				return s.DeleteClient(ctx, viewPool, viewApp)
			}, "Pool2 none API2"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error {
				return s.CreateClient(ctx, &userpool.Client{ID: viewApp, Pool: viewPool, Name: "App3", Secret: "x"})
			}, "Pool2 App3:x API2"},
			{func(ctx context.Context, s *sqlstore.UserpoolStore) error { return s.DeletePool(ctx, viewPool) }, "none none"},
		} {
			ctx := sqlstore.WithView(t.Context())
			seen(t, ctx, there)
			check(t, step.write(ctx, there))
			if got := seen(t, ctx, there); got != step.want {
				t.Fatalf("the request that wrote sees %q, want %q", got, step.want)
			}
			both(step.want)
		}
	})
}

// TestViewIsOne: a request sees the settings of one moment, for as long as a request may
// take; who stays longer sees what is new.
func TestViewIsOne(t *testing.T) {
	eachTwoNodes(t, func(t *testing.T, here, there *sqlstore.UserpoolStore, clock *time.Time) {
		ctx := sqlstore.WithView(t.Context())
		seen(t, ctx, here)
		_, err := there.UpdatePool(t.Context(), viewPool, func(p *userpool.Pool) error { p.Name = "Pool2"; return nil })
		check(t, err)
		if got := seen(t, ctx, here); got != "Pool App:s3cret API" {
			t.Errorf("in the middle of a request: %s", got)
		}
		*clock = clock.Add(time.Second)
		if got := seen(t, ctx, here); got != "Pool2 App:s3cret API" {
			t.Errorf("a second later: %s", got)
		}
	})
}

// TestViewOfAFailedWrite: what was rolled back nobody has seen.
func TestViewOfAFailedWrite(t *testing.T) {
	eachTwoNodes(t, func(t *testing.T, here, there *sqlstore.UserpoolStore, _ *time.Time) {
		failed := errors.New("no")
		_, err := here.UpdatePool(t.Context(), viewPool, func(p *userpool.Pool) error {
			seen(t, sqlstore.WithView(t.Context()), there)
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if got := seen(t, sqlstore.WithView(t.Context()), there); got != "Pool App:s3cret API" {
			t.Error(got)
		}
	})
}

// What a request is given is its own: to change it changes nothing for others.
func TestViewsShareNothing(t *testing.T) {
	eachTwoNodes(t, func(t *testing.T, here, _ *sqlstore.UserpoolStore, _ *time.Time) {
		for range 2 {
			ctx := sqlstore.WithView(t.Context())
			p, err := here.Pool(ctx, viewPool)
			check(t, err)
			c, err := here.Client(ctx, viewApp)
			check(t, err)
			servers, err := here.ResourceServers(ctx, viewPool)
			check(t, err)
			if p.Name != "Pool" || c.Secret != "s3cret" || servers[0].Name != "API" {
				t.Fatalf("%s %s %s", p.Name, c.Secret, servers[0].Name)
			}
			p.Name, c.Secret, servers[0].Name = "changed", "changed", "changed"
		}
	})
}

// TestViewInRaces: while one node writes, each request to the other sees what was
// written before it began, or later.
func TestViewInRaces(t *testing.T) {
	eachTwoNodes(t, func(t *testing.T, here, there *sqlstore.UserpoolStore, _ *time.Time) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		written := 0
		wg.Go(func() {
			for i := 1; i <= 50; i++ {
				_, err := here.UpdateClient(context.Background(), viewPool, viewApp, func(c *userpool.Client) error { c.Name = fmt.Sprint(i); return nil })
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				written = i
				mu.Unlock()
			}
		})
		for range 4 {
			wg.Go(func() {
				for range 100 {
					mu.Lock()
					least := written
					mu.Unlock()
					c, err := there.Client(sqlstore.WithView(context.Background()), viewApp)
					if err != nil {
						t.Error(err)
						return
					}
					got := 0
					fmt.Sscan(c.Name, &got)
					if got < least {
						t.Errorf("request sees %d after %d was written", got, least)
					}
				}
			})
		}
		wg.Wait()
	})
}
