package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sts/identity/identitytest"
)

func TestIdentityOnSQLite(t *testing.T) {
	identitytest.TestStore(t, func(t *testing.T) identity.Store { return sqlstoretest.SQLite(t, time.Now).Identity() })
}

func TestIdentityOnPostgres(t *testing.T) {
	identitytest.TestStore(t, func(t *testing.T) identity.Store { return sqlstoretest.Postgres(t, time.Now).Identity() })
}
