package sqlstore_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// The floor of an update: a transaction that reads ten counts and writes ten
// rows, in one statement each.
func BenchmarkUpdateRecords10OnSQLite(b *testing.B) {
	db := bareSQLite(b)
	marks := strings.TrimSuffix(strings.Repeat("?, ", 10), ", ")
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", 10), ", ")
	var keys []any
	for i := range 10 {
		keys = append(keys, fmt.Sprint("key", i))
	}
	datasettest.BenchmarkUpdate(b, sqlstoretest.SQLite(b, time.Now).Datasets(), func(count int64) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		var sum sql.NullInt64
		if err := tx.QueryRow(`SELECT sum(count) FROM records WHERE key IN (`+marks+`)`, keys...).Scan(&sum); err != nil {
			return err
		}
		var args []any
		for _, key := range keys {
			args = append(args, key, strings.Repeat("v", 100), count+1)
		}
		if _, err := tx.Exec(`INSERT INTO records (key, value, count) VALUES `+rows+`
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = excluded.count`, args...); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// The floor of a listing: a select of ten rows.
func BenchmarkListRecords10OnSQLite(b *testing.B) {
	db := bareSQLite(b)
	for i := range 10 {
		if _, err := db.Exec(`INSERT INTO records (key, value, count) VALUES (?, ?, 1)`, fmt.Sprint("key", i), strings.Repeat("v", 100)); err != nil {
			b.Fatal(err)
		}
	}
	datasettest.BenchmarkList(b, sqlstoretest.SQLite(b, time.Now).Datasets(), func() error {
		rows, err := db.Query(`SELECT key, value, count FROM records WHERE count > ?`, 0)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key, value string
			var count int64
			if err := rows.Scan(&key, &value, &count); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// bareSQLite opens a database as OpenSQLite does, with one table.
func bareSQLite(b *testing.B) *sql.DB {
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?"+pragmas.Encode())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT, count INTEGER)`); err != nil {
		b.Fatal(err)
	}
	return db
}
