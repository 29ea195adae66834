package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/audit/audittest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestAuditOnSQLite(t *testing.T) {
	audittest.TestStore(t, func(t *testing.T) audit.Store { return sqlstoretest.SQLite(t, time.Now).Audit() })
}

func TestAuditOnPostgres(t *testing.T) {
	audittest.TestStore(t, func(t *testing.T) audit.Store { return sqlstoretest.Postgres(t, time.Now).Audit() })
}
