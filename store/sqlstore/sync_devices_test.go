package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/device/devicetest"
)

func TestSyncDevicesOnSQLite(t *testing.T) {
	devicetest.TestStore(t, func(t *testing.T) device.Store {
		db := sqlstoretest.SQLite(t, time.Now)
		return db.SyncDevices(ring(t, db, 1))
	})
}

func TestSyncDevicesOnPostgres(t *testing.T) {
	devicetest.TestStore(t, func(t *testing.T) device.Store {
		db := sqlstoretest.Postgres(t, time.Now)
		return db.SyncDevices(ring(t, db, 1))
	})
}
