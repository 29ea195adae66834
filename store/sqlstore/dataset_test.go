package sqlstore_test

import (
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
