package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

func TestDatasetsOnSQLite(t *testing.T) {
	datasettest.TestStore(t, func(t *testing.T) dataset.Store { return sqlstoretest.SQLite(t, time.Now).Datasets() })
}

func TestDatasetsOnPostgres(t *testing.T) {
	datasettest.TestStore(t, func(t *testing.T) dataset.Store { return sqlstoretest.Postgres(t, time.Now).Datasets() })
}

// The log of SQLite is of one process.
func TestDatasetLogOnSQLite(t *testing.T) {
	datasettest.TestLog(t, func(t *testing.T) (a, b datasettest.LoggedStore) {
		s := sqlstoretest.SQLite(t, time.Now).Datasets()
		return s, s
	})
}

func TestDatasetLogOnPostgres(t *testing.T) {
	datasettest.TestLog(t, func(t *testing.T) (a, b datasettest.LoggedStore) {
		url := sqlstoretest.PostgresURL(t)
		open := func() datasettest.LoggedStore {
			db, err := sqlstore.OpenPostgres(t.Context(), url, 8, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db.Datasets()
		}
		return open(), open()
	})
}

func TestGenerationsOnSQLite(t *testing.T) {
	datasettest.TestGenerations(t, func(t *testing.T) dataset.Generations { return sqlstoretest.SQLite(t, time.Now).DatasetGenerations() })
}

func TestGenerationsOnPostgres(t *testing.T) {
	datasettest.TestGenerations(t, func(t *testing.T) dataset.Generations {
		return sqlstoretest.Postgres(t, time.Now).DatasetGenerations()
	})
}

func TestCopiesOnSQLite(t *testing.T) {
	datasettest.TestCopies(t, func(t *testing.T) dataset.Copies { return sqlstoretest.SQLite(t, time.Now).Datasets() })
}

func TestCopiesOnPostgres(t *testing.T) {
	datasettest.TestCopies(t, func(t *testing.T) dataset.Copies { return sqlstoretest.Postgres(t, time.Now).Datasets() })
}

// TestFirstGeneration: an installation gets a Redis after a time without one. Counts
// that devices have seen are not given again.
func TestFirstGeneration(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		d := &dataset.Dataset{Name: "notes", SyncCount: 500, Epoch: "00000000000000aa"}
		owner := dataset.Owner{Pool: "us-east-1:p", Identity: "us-east-1:i"}
		if err := db.Datasets().Copy(ctx, &dataset.Copy{Owner: owner, Dataset: d}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			entered, err := db.DatasetGenerations().Enter(ctx, []string{"a"}, time.Now())
			if err != nil || len(entered) != 1 || entered[0].Base <= 500 {
				t.Fatalf("entered %v, %v", entered, err)
			}
		}
	})
}

// TestForgetEnded: of an owner that ended nothing stays, not even who had its copies.
func TestForgetEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, s := context.Background(), db.Datasets()
		old, fresh, alive := dataset.Owner{Pool: "p", Identity: "old"}, dataset.Owner{Pool: "p", Identity: "fresh"}, dataset.Owner{Pool: "p", Identity: "alive"}
		for owner, ago := range map[dataset.Owner]time.Duration{old: dataset.KeepEnded, fresh: 0, alive: -1} {
			if _, _, err := s.Fence(ctx, owner, 5); err != nil {
				t.Fatal(err)
			}
			if ago < 0 {
				continue
			}
			if err := s.Close(ctx, owner, time.Now().Add(-ago)); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := s.ForgetEnded(ctx, 10); n != 1 || err != nil {
			t.Fatalf("forgot %d, %v", n, err)
		}
		for owner, want := range map[dataset.Owner]error{old: nil, fresh: dataset.ErrFenced, alive: dataset.ErrFenced} {
			if _, closed, err := s.Fence(ctx, owner, 4); !errors.Is(err, want) || closed != (owner == fresh && err == nil) {
				t.Errorf("%s: closed %t, %v", owner.Identity, closed, err)
			}
		}
	})
}

func onBoth(t *testing.T, run func(t *testing.T, db *sqlstore.DB)) {
	t.Run("sqlite", func(t *testing.T) { run(t, sqlstoretest.SQLite(t, time.Now)) })
	t.Run("postgres", func(t *testing.T) { run(t, sqlstoretest.Postgres(t, time.Now)) })
}
