package sqlstore

import (
	"slices"
	"testing"
)

func TestPositional(t *testing.T) {
	for query, want := range map[string]string{
		`SELECT a FROM t WHERE b = $1 AND c = $2`:                `SELECT a FROM t WHERE b = ? AND c = ?`,
		`VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`:  `VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		`SELECT 'it''s $1', "$1", j->>'$.a' FROM t WHERE b = $1`: `SELECT 'it''s $1', "$1", j->>'$.a' FROM t WHERE b = ?`,
		`SELECT 1`: `SELECT 1`,
		`SELECT a FROM t WHERE b = $2 AND c = $1`:         `SELECT a FROM t WHERE b = ? AND c = ?`,
		`SELECT a FROM t WHERE b = $1 OR $1 = ''`:         "",
		`SELECT a FROM t WHERE b = $12`:                   "",
		`SELECT a FROM t WHERE b = $0`:                    "",
		`SELECT a FROM t WHERE b = $name`:                 "",
		`SELECT a FROM t WHERE b = $99999999999999999999`: "",
		`SELECT a FROM t WHERE b = $1 AND c = ?`:          "",
		"SELECT a FROM t -- it's\nWHERE b = $1":           "",
		`SELECT a FROM t /* it's */ WHERE b = $1`:         "",
		`SELECT a FROM t WHERE b = $1 AND c = 'open`:      "",
	} {
		if want == "" {
			want = query
		}
		if got, _ := positional(query); got != want {
			t.Errorf("%s\n%s\nwant\n%s", query, got, want)
		}
	}
	if _, order := positional(`UPDATE t SET b = $3, c = $2 WHERE d = $1`); !slices.Equal(order, []int{2, 1, 0}) {
		t.Errorf("order %v", order)
	}
}

// Whatever the order of the placeholders, each has its own argument.
func TestArgumentsFindTheirPlaces(t *testing.T) {
	db := keptSQLite(t)
	for _, query := range []string{
		`SELECT $1 || $2 || $3 WHERE $1 <> ''`,
		`SELECT $1 || $2 || $3`,
		`SELECT y || z || x FROM (SELECT $3 AS x, $1 AS y, $2 AS z)`,
	} {
		for range 2 {
			var got string
			if err := db.QueryRow(query, "a", "b", "c").Scan(&got); err != nil || got != "abc" {
				t.Errorf("%s: %q, %v", query, got, err)
			}
		}
		if err := db.QueryRow(query, "a", "b").Scan(new(string)); err == nil {
			t.Errorf("%s ran with an argument missing", query)
		}
	}
	mustRun(t, db, `UPDATE a SET n = $2 WHERE n = $1`, 3, 30)
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM a WHERE n = $1`, 30).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestRowsOf(t *testing.T) {
	if got := rowsOf(2, 3); got != "($1, $2, $3), ($4, $5, $6)" {
		t.Error(got)
	}
	if got := placeholders(4, 2); got != "($4, $5)" {
		t.Error(got)
	}
}
