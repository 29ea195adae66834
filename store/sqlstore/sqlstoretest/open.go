// Package sqlstoretest opens empty databases for tests: a file in a temporary
// directory for SQLite, a database of its own for PostgreSQL.
package sqlstoretest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// SQLite opens an empty SQLite database.
func SQLite(t testing.TB, now func() time.Time) *sqlstore.DB {
	t.Helper()
	dir := t.TempDir()
	empty, err := emptySQLite()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, sqlstore.SQLiteFile), empty, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.OpenSQLite(context.Background(), dir, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// emptySQLite is the file of a database that no test has used yet. Every test starts
// from a copy: to run all migrations takes longer than most tests.
var emptySQLite = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "poolhouse-empty")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.OpenSQLite(context.Background(), dir, time.Now)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // which leaves nothing in the write-ahead log
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, sqlstore.SQLiteFile))
})

// Postgres opens an empty database on the server that TEST_POSTGRES_URL names.
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

// PostgresURL makes a database of its own and returns a URL that leads to it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		if os.Getenv("TEST_BACKENDS") == "all" {
			t.Fatal("TEST_BACKENDS=all, but TEST_POSTGRES_URL is not set")
		}
		t.Skip("TEST_POSTGRES_URL is not set; make test starts a database")
	}
	template, err := emptyPostgres()
	if err != nil {
		t.Fatal(err)
	}
	name, drop, err := createDatabase(base, "TEMPLATE "+template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return databaseURL(base, name)
}

// emptyPostgres is a database as emptySQLite is a file. The server that it stands in
// is a test's own, and ends with the tests.
var emptyPostgres = sync.OnceValues(func() (string, error) {
	base := os.Getenv("TEST_POSTGRES_URL")
	name, _, err := createDatabase(base, "")
	if err != nil {
		return "", err
	}
	db, err := sqlstore.OpenPostgres(context.Background(), databaseURL(base, name), 2, time.Now)
	if err != nil {
		return "", err
	}
	return name, db.Close() // a template must have no connections
})

// createDatabase makes a database with a random name on the server of base.
func createDatabase(base, options string) (name string, drop func() error, err error) {
	raw := make([]byte, 8)
	rand.Read(raw)
	name = "t" + hex.EncodeToString(raw)
	admin, err := sql.Open("pgx", base)
	if err != nil {
		return "", nil, err
	}
	defer admin.Close()
	if _, err := admin.Exec(`CREATE DATABASE ` + name + ` ` + options); err != nil {
		return "", nil, err
	}
	return name, func() error {
		admin, err := sql.Open("pgx", base)
		if err != nil {
			return err
		}
		defer admin.Close()
		_, err = admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`)
		return err
	}, nil
}

// databaseURL is base, but for the database that it names.
func databaseURL(base, name string) string {
	u, err := url.Parse(base)
	if err != nil { // createDatabase has connected by it
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}
