package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// keptSQLite opens a database of one table with ten rows, on one connection.
func keptSQLite(t *testing.T) *sql.DB {
	t.Helper()
	connector, err := keepStatements("file:" + filepath.Join(t.TempDir(), "kept.db"))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1)
	mustRun(t, db, `CREATE TABLE a (n INTEGER PRIMARY KEY)`)
	for i := range 10 {
		mustRun(t, db, `INSERT INTO a (n) VALUES ($1)`, i)
	}
	return db
}

func mustRun(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// kept returns what the one connection of db keeps.
func kept(t *testing.T, db *sql.DB) map[string]*statement {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var all map[string]*statement
	if err := conn.Raw(func(c any) error { all = c.(*keepingConn).kept; return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStatementsAreKept(t *testing.T) {
	db := keptSQLite(t)
	insert := kept(t, db)[`INSERT INTO a (n) VALUES ($1)`]
	mustRun(t, db, `INSERT INTO a (n) VALUES ($1)`, 10)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, tx, `INSERT INTO a (n) VALUES ($1)`, 11)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	all := kept(t, db)
	if insert == nil || all[`INSERT INTO a (n) VALUES ($1)`] != insert || len(all) != 1 {
		t.Errorf("kept %v, and %p at first", all, insert)
	}
}

// A statement whose rows are being read must not be run again under them.
func TestStatementWithinItself(t *testing.T) {
	db := keptSQLite(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const query = `SELECT n FROM a WHERE n >= $1 ORDER BY n`
	outer, err := tx.Query(query, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer outer.Close()
	var seen []string
	for outer.Next() {
		var n, first int
		if err := outer.Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRow(query, 3).Scan(&first); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fmt.Sprint(n, first))
	}
	if got := strings.Join(seen, ", "); got != "8 3, 9 3" || outer.Err() != nil {
		t.Errorf("%s, %v", got, outer.Err())
	}
}

func TestStatementsAreBounded(t *testing.T) {
	db := keptSQLite(t)
	const hot = `SELECT n FROM a WHERE n = $1`
	var n int
	for i := range keptStatements + 50 {
		mustRun(t, db, fmt.Sprintf(`UPDATE a SET n = $1 WHERE n = $1 AND n <> %d`, -1-i), i)
		if err := db.QueryRow(hot, 5).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, db, `UPDATE a SET n = $1 WHERE n = $1 -- `+strings.Repeat("x", longestKept), 1)
	all := kept(t, db)
	if len(all) > keptStatements {
		t.Errorf("%d statements are kept", len(all))
	}
	if all[hot] == nil {
		t.Error("the statement in use went before others")
	}
	for query := range all {
		if len(query) > longestKept {
			t.Error("a long statement is kept")
		}
	}
}

// Statements outlive a change of the schema, by this connection or another, and
// an error in one run does not show in the next.
func TestStatementsOutliveChanges(t *testing.T) {
	db := keptSQLite(t)
	const query = `SELECT count(*) FROM a WHERE n > $1`
	var n int
	for _, change := range []string{`CREATE INDEX b ON a (n)`, `ALTER TABLE a ADD COLUMN c TEXT`, `DROP INDEX b`} {
		if err := db.QueryRow(query, -1).Scan(&n); err != nil || n != 10 {
			t.Fatal(n, err)
		}
		mustRun(t, db, change)
	}
	for range 2 {
		if _, err := db.Exec(`INSERT INTO a (n) VALUES ($1)`, 3); !isUnique(err, "a.n") {
			t.Fatal(err)
		}
		mustRun(t, db, `INSERT INTO a (n) VALUES ($1) ON CONFLICT DO NOTHING`, 3)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.QueryRowContext(ctx, query, -1).Scan(&n); err != context.Canceled {
		t.Error(err)
	}
	if err := db.QueryRow(query, 0).Scan(&n); err != nil || n != 9 {
		t.Error(n, err)
	}
}

func TestStatementsInParallel(t *testing.T) {
	db := keptSQLite(t)
	db.SetMaxOpenConns(4)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				var n int
				if err := db.QueryRow(`SELECT n FROM a WHERE n = $1`, i).Scan(&n); err != nil || n != i {
					t.Error(n, err)
				}
			}
		})
	}
	wg.Wait()
}
