package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

func TestSyncUsageOnSQLite(t *testing.T) {
	testSyncUsage(t, func(t *testing.T) *sqlstore.DB { return sqlstoretest.SQLite(t, time.Now) })
}

func TestSyncUsageOnPostgres(t *testing.T) {
	testSyncUsage(t, func(t *testing.T) *sqlstore.DB { return sqlstoretest.Postgres(t, time.Now) })
}

func testSyncUsage(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
	datasettest.TestUsage(t, func(t *testing.T) (dataset.UsageStore, []dataset.PoolID, func(dataset.PoolID)) {
		db := open(t)
		pools := []dataset.PoolID{"us-east-1:1", "us-east-1:2", "us-east-1:3"}
		for _, id := range pools {
			if err := db.Identity().CreatePool(t.Context(), &identity.Pool{ID: identity.PoolID(id)}); err != nil {
				t.Fatal(err)
			}
		}
		return db.SyncUsage(), pools, func(id dataset.PoolID) {
			if err := db.Identity().DeletePool(t.Context(), identity.PoolID(id)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
