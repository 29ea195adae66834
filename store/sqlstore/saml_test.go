package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp/samltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestSAMLOnSQLite(t *testing.T) {
	samltest.TestStore(t, func(t *testing.T) samltest.Stores {
		db := sqlstoretest.SQLite(t, time.Now)
		return samltest.Stores{Apps: db.SAML(), Pools: db.Userpool(keyringtest.New(t))}
	})
}

func TestSAMLOnPostgres(t *testing.T) {
	samltest.TestStore(t, func(t *testing.T) samltest.Stores {
		db := sqlstoretest.Postgres(t, time.Now)
		return samltest.Stores{Apps: db.SAML(), Pools: db.Userpool(keyringtest.New(t))}
	})
}
