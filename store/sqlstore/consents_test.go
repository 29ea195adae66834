package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/consent/consenttest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

func consents(t *testing.T, db *sqlstore.DB) (consent.Store, userpool.Store) {
	return db.Consents(), db.Userpool(keyringtest.New(t))
}

func TestConsentsOnSQLite(t *testing.T) {
	consenttest.TestStore(t, func(t *testing.T, now func() time.Time) (consent.Store, userpool.Store) {
		return consents(t, sqlstoretest.SQLite(t, now))
	})
}

func TestConsentsOnPostgres(t *testing.T) {
	consenttest.TestStore(t, func(t *testing.T, now func() time.Time) (consent.Store, userpool.Store) {
		return consents(t, sqlstoretest.Postgres(t, now))
	})
}
