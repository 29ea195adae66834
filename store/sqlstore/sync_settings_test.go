package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings/settingstest"
)

func syncSettings(db *sqlstore.DB) settingstest.Backend {
	pools := db.Identity()
	return settingstest.Backend{
		Store: db.SyncSettings(),
		MakePool: func(t *testing.T, id dataset.PoolID) {
			if err := pools.CreatePool(t.Context(), &identity.Pool{ID: identity.PoolID(id)}); err != nil {
				t.Fatal(err)
			}
		},
		DropPool: func(t *testing.T, id dataset.PoolID) {
			if err := pools.DeletePool(t.Context(), identity.PoolID(id)); err != nil {
				t.Fatal(err)
			}
		},
		ErasePool: func(t *testing.T, id dataset.PoolID) {
			if err := pools.ErasePool(t.Context(), identity.PoolID(id)); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestSyncSettingsOnSQLite(t *testing.T) {
	settingstest.TestStore(t, func(t *testing.T, now func() time.Time) settingstest.Backend {
		return syncSettings(sqlstoretest.SQLite(t, now))
	})
}

func TestSyncSettingsOnPostgres(t *testing.T) {
	settingstest.TestStore(t, func(t *testing.T, now func() time.Time) settingstest.Backend {
		return syncSettings(sqlstoretest.Postgres(t, now))
	})
}
