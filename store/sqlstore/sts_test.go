package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/ststest"
)

func TestSTSOnSQLite(t *testing.T) {
	ststest.TestStore(t, func(t *testing.T) sts.Store {
		return sqlstoretest.SQLite(t, time.Now).STS(keyringtest.New(t))
	})
}

func TestSTSOnPostgres(t *testing.T) {
	ststest.TestStore(t, func(t *testing.T) sts.Store {
		return sqlstoretest.Postgres(t, time.Now).STS(keyringtest.New(t))
	})
}
