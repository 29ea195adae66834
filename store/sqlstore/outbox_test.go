package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool/message"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

func TestOutboxOnSQLite(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.SQLite(t, now).Outbox()
	})
}

func TestOutboxOnPostgres(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.Postgres(t, now).Outbox()
	})
}

func TestFarewellsOnSQLite(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.SQLite(t, now).Farewells()
	})
}

func TestFarewellsOnPostgres(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.Postgres(t, now).Farewells()
	})
}

func TestSyncStreamsOnSQLite(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.SQLite(t, now).SyncStreams()
	})
}

func TestSyncStreamsOnPostgres(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.Postgres(t, now).SyncStreams()
	})
}

func TestPushesOnSQLite(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.SQLite(t, now).Pushes()
	})
}

func TestPushesOnPostgres(t *testing.T) {
	messagetest.TestStore(t, func(t *testing.T, now func() time.Time) message.Store {
		return sqlstoretest.Postgres(t, now).Pushes()
	})
}
