package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestIDPOnSQLite(t *testing.T) {
	idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore { return sqlstoretest.SQLite(t, now).IDP() })
	idptest.TestGrants(t, func(t *testing.T, now func() time.Time) idp.GrantStore { return sqlstoretest.SQLite(t, now).IDP() })
	idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
		return sqlstoretest.SQLite(t, now).IDP()
	})
}

func TestIDPOnPostgres(t *testing.T) {
	idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore { return sqlstoretest.Postgres(t, now).IDP() })
	idptest.TestGrants(t, func(t *testing.T, now func() time.Time) idp.GrantStore { return sqlstoretest.Postgres(t, now).IDP() })
	idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
		return sqlstoretest.Postgres(t, now).IDP()
	})
}
