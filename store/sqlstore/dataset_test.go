package sqlstore_test

import (
	"testing"
	"time"

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
