// Package sqlstoretest opens empty databases for tests: a file in a temporary
// directory for SQLite, a schema of its own for PostgreSQL.
package sqlstoretest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// SQLite opens an empty SQLite database.
func SQLite(t testing.TB, now func() time.Time) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.OpenSQLite(context.Background(), t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Postgres opens an empty schema in the database that TEST_POSTGRES_URL names.
// Without one the test is skipped, but fails where TEST_BACKENDS is "all".
func Postgres(t testing.TB, now func() time.Time) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.OpenPostgres(context.Background(), PostgresURL(t), 8, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// PostgresURL makes a schema of its own and returns a URL that leads to it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		if os.Getenv("TEST_BACKENDS") == "all" {
			t.Fatal("TEST_BACKENDS=all, but TEST_POSTGRES_URL is not set")
		}
		t.Skip("TEST_POSTGRES_URL is not set; make test starts a database")
	}
	raw := make([]byte, 8)
	rand.Read(raw)
	schema := "t" + hex.EncodeToString(raw)
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(`CREATE SCHEMA ` + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP SCHEMA ` + schema + ` CASCADE`); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
