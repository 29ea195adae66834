package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestIDPOnSQLite(t *testing.T) {
	idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore { return sqlstoretest.SQLite(t, now).IDP() })
	idptest.TestGrants(t, func(t *testing.T, now func() time.Time) idptest.Grants {
		return grants(t, sqlstoretest.SQLite(t, now))
	})
	idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
		return sqlstoretest.SQLite(t, now).IDP()
	})
}

func TestIDPOnPostgres(t *testing.T) {
	idptest.TestSessions(t, func(t *testing.T, now func() time.Time) idp.SessionStore { return sqlstoretest.Postgres(t, now).IDP() })
	idptest.TestGrants(t, func(t *testing.T, now func() time.Time) idptest.Grants {
		return grants(t, sqlstoretest.Postgres(t, now))
	})
	idptest.TestParticipants(t, func(t *testing.T, now func() time.Time) idp.ParticipantStore {
		return sqlstoretest.Postgres(t, now).IDP()
	})
}

func grants(t *testing.T, db *sqlstore.DB) idptest.Grants {
	return idptest.Grants{GrantStore: db.IDP(), Users: db.Userpool(keyringtest.New(t))}
}
