package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/sp/samlsp/samlsptest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestSAMLSourcesOnSQLite(t *testing.T) {
	samlsptest.TestStore(t, func(t *testing.T) samlsptest.Stores {
		db := sqlstoretest.SQLite(t, time.Now)
		return samlsptest.Stores{Sources: db.SAMLSources(), Pools: db.Userpool(keyringtest.New(t))}
	})
}

func TestSAMLSourcesOnPostgres(t *testing.T) {
	samlsptest.TestStore(t, func(t *testing.T) samlsptest.Stores {
		db := sqlstoretest.Postgres(t, time.Now)
		return samlsptest.Stores{Sources: db.SAMLSources(), Pools: db.Userpool(keyringtest.New(t))}
	})
}
