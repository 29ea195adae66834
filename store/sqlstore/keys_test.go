package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestKeysOnSQLite(t *testing.T) {
	keyringtest.TestStore(t, func(t *testing.T) keyring.Store { return sqlstoretest.SQLite(t, time.Now).Keys() })
}

func TestKeysOnPostgres(t *testing.T) {
	keyringtest.TestStore(t, func(t *testing.T) keyring.Store { return sqlstoretest.Postgres(t, time.Now).Keys() })
}
