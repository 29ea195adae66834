package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// copied opens a store with copies in a database of its own, and its Copier, which
// works when it is told to.
func copied(t *testing.T, db *redisstore.DB) (*redisstore.DatasetStore, *redisstore.Copier) {
	t.Helper()
	return copiedTo(t, db, sqlstoretest.SQLite(t, time.Now))
}

func copiedTo(t *testing.T, db *redisstore.DB, sql *sqlstore.DB) (*redisstore.DatasetStore, *redisstore.Copier) {
	store := db.Datasets(sql.DatasetGenerations()).CopiedTo(sql.Datasets())
	return store, store.Copier(func(err error) { t.Error(err) })
}

// TestDatasetsWithCopies: a store that keeps copies is a store like any other.
func TestDatasetsWithCopies(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		datasettest.TestStore(t, func(t *testing.T) dataset.Store {
			store, _ := copiedTo(t, open(t, time.Now), sqlstoretest.SQLite(t, time.Now))
			return store
		})
	})
}

// emptied is a store whose Redis loses all that it has; what is saved is what was copied.
type emptied struct {
	*redisstore.DatasetStore
	copier *redisstore.Copier
	server *redisrig.Server
}

func (s *emptied) Save() error { return s.copier.Flush(context.Background()) }

func (s *emptied) Lose() error {
	ctx := context.Background()
	if err := s.server.Do(ctx, "FLUSHALL").Err(); err != nil {
		return err
	}
	return s.server.Promote(ctx)
}

func TestLostRedis(t *testing.T) {
	server := alone(t)
	datasettest.TestLostWrites(t, func(t *testing.T) datasettest.Lossy {
		if err := server.Do(context.Background(), "FLUSHALL").Err(); err != nil {
			t.Fatal(err)
		}
		store, copier := copied(t, redisstoretest.OpenURL(t, server.URL(), time.Now))
		return &emptied{store, copier, server}
	})
}

func alone(t *testing.T) *redisrig.Server {
	t.Helper()
	s, err := redisrig.Alone(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// TestRedisStartsEmpty kills a Redis that keeps nothing on disk.
func TestRedisStartsEmpty(t *testing.T) {
	s := alone(t)
	store, copier := copiedTo(t, redisstoretest.OpenURL(t, s.URL(), time.Now), sqlstoretest.Postgres(t, time.Now))
	loseAndConverge(t, store, func() {
		if err := copier.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}, func() { restart(t, s) })
}

// unreachable copies fail while they are down.
type unreachable struct {
	*sqlstore.DatasetStore
	down atomic.Bool
}

var errDown = errors.New("nobody there")

func (u *unreachable) Copied(ctx context.Context, owner dataset.Owner, name string) (int64, error) {
	if u.down.Load() {
		return 0, errDown
	}
	return u.DatasetStore.Copied(ctx, owner, name)
}

// TestCopiesDown: writes go on while the copies cannot be reached, and all is copied
// afterwards, by another node too. On a Cluster others look through all queues by and by,
// which is too long for a test.
func TestCopiesDown(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		sql := sqlstoretest.Postgres(t, time.Now)
		copies := &unreachable{DatasetStore: sql.Datasets()}
		db := open(t, time.Now)
		store := db.Datasets(sql.DatasetGenerations()).CopiedTo(copies)
		failed := make(chan error, 100)
		copier := store.Copier(func(err error) { failed <- err })
		a, b := phones(t, store)
		a.write("x", "0")
		copies.down.Store(true)
		for i := range 5 {
			a.write("x", fmt.Sprint(i))
			b.write("y", fmt.Sprint(i))
		}
		if err := copier.Flush(context.Background()); !errors.Is(err, errDown) {
			t.Fatalf("copied to nobody: %v", err)
		}
		if n, since := copier.Waiting(); n != 1 || time.Since(since) > time.Minute {
			t.Errorf("%d wait since %v", n, since)
		}
		copies.down.Store(false)
		ctx, stop := context.WithCancel(context.Background())
		other := copier
		if !strings.HasSuffix(t.Name(), "/cluster") {
			other = db.Datasets(sql.DatasetGenerations()).CopiedTo(copies).Copier(func(err error) { failed <- err })
		}
		done := make(chan struct{})
		go func() { defer close(done); other.Run(ctx) }()
		want, err := store.Dataset(ctx, carol, "notes")
		if err != nil {
			t.Fatal(err)
		}
		a.answered(func(ctx context.Context) error {
			if n, err := copies.Copied(ctx, carol, "notes"); err != nil || n != want.SyncCount {
				return fmt.Errorf("copied at %d, want %d: %w", n, want.SyncCount, errDown)
			}
			return nil
		})
		stop()
		<-done
		if n, _ := other.Waiting(); n != 0 || len(failed) > 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

// overtaken copies are brought up to date in part, once, between the moment that they
// are looked at and the moment that they are written: as by a node whose commit came
// through after it had given up on it.
type overtaken struct {
	*sqlstore.DatasetStore
	by *dataset.Copy
}

func (o *overtaken) Copy(ctx context.Context, c *dataset.Copy) error {
	if by := o.by; by != nil {
		o.by = nil
		if err := o.DatasetStore.Copy(ctx, by); err != nil {
			return err
		}
	}
	return o.DatasetStore.Copy(ctx, c)
}

// TestCopyOvertaken: a dataset goes on waiting until its copy is what it is, not until
// somebody tried.
func TestCopyOvertaken(t *testing.T) {
	ctx := context.Background()
	sql := sqlstoretest.SQLite(t, time.Now)
	copies := &overtaken{DatasetStore: sql.Datasets()}
	server := alone(t)
	store := redisstoretest.OpenURL(t, server.URL(), time.Now).Datasets(sql.DatasetGenerations()).CopiedTo(copies)
	copier := store.Copier(func(err error) { t.Error(err) })
	a, _ := phones(t, store)
	a.write("x", "1")
	page, err := store.Records(ctx, dataset.Query{Owner: carol, Dataset: "notes", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	copies.by = &dataset.Copy{Owner: carol, Dataset: page.Dataset, Records: page.Records}
	a.write("x", "2")
	for range 2 {
		if err := copier.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	page, err = sql.Datasets().Records(ctx, dataset.Query{Owner: carol, Dataset: "notes", Limit: 10})
	if err != nil || len(page.Records) != 1 || page.Records[0].Value != "2" {
		t.Errorf("the copy is %+v, %v", page, err)
	}
}

// TestFencedCopies: what a master that was replaced still answers is not copied over
// what its successor has.
func TestFencedCopies(t *testing.T) {
	ctx := context.Background()
	sql := sqlstoretest.Postgres(t, time.Now)
	old, successor := alone(t), alone(t)
	before, oldCopier := copiedTo(t, redisstoretest.OpenURL(t, old.URL(), time.Now), sql)
	a, _ := phones(t, before)
	a.write("x", "old")
	if err := oldCopier.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	after, copier := copiedTo(t, redisstoretest.OpenURL(t, successor.URL(), time.Now), sql)
	b, _ := phones(t, after)
	b.write("x", "new")
	a.write("x", "lost")
	if err := oldCopier.Flush(ctx); !errors.Is(err, dataset.ErrFenced) {
		t.Errorf("copied from a master that was replaced: %v", err)
	}
	if err := copier.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	page, err := sql.Datasets().Records(ctx, dataset.Query{Owner: carol, Dataset: "notes", Limit: 10})
	if err != nil || len(page.Records) != 1 || page.Records[0].Value != "new" {
		t.Errorf("the copy is %+v, %v", page, err)
	}
}
