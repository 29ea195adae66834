package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A State is what can be said of a database without changing it.
type State struct {
	Engine  string // name and version
	Schema  int64  // number of the last migration, 0 where none ran
	Wanted  int64  // the last that this build has
	Now     time.Time
	Conns   int      // how many connections the server takes; 0 for SQLite
	Damaged []string // what SQLite's own check found, a few lines
	// Unchecked says that the check would have taken longer than there was time for.
	Unchecked bool
}

// InspectSQLite looks at the database file in dir. fs.ErrNotExist says that there is none.
// SQLite's own check reads all of it, for checkTime at most.
func InspectSQLite(ctx context.Context, dir string, checkTime time.Duration) (*State, error) {
	file := filepath.Join(dir, SQLiteFile)
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	s := &State{Now: time.Now()} // it has no clock of its own
	err = errors.Join(s.sqlite(ctx, db, checkTime), db.Close())
	return s, err
}

func (s *State) sqlite(ctx context.Context, db *sql.DB, checkTime time.Duration) error {
	var version string
	if err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version); err != nil {
		return err
	}
	s.Engine = "SQLite " + version
	part, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if err := s.check(part, db); err != nil {
		if part.Err() == nil || ctx.Err() != nil {
			return err
		}
		s.Unchecked = true
	}
	return s.schema(ctx, db, "migrations/sqlite", `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`)
}

// check has SQLite look for damage.
func (s *State) check(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `PRAGMA quick_check(5)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			s.Damaged = append(s.Damaged, line)
		}
	}
	return rows.Err()
}

// InspectPostgres looks at the database that dsn names.
func InspectPostgres(ctx context.Context, dsn string) (*State, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	s := new(State)
	err = errors.Join(s.postgres(ctx, db), db.Close())
	return s, err
}

func (s *State) postgres(ctx context.Context, db *sql.DB) error {
	var version, conns string
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('max_connections'), clock_timestamp()`).
		Scan(&version, &conns, &s.Now)
	if err != nil {
		return err
	}
	s.Engine = "PostgreSQL " + version
	if s.Conns, err = strconv.Atoi(conns); err != nil {
		return err
	}
	return s.schema(ctx, db, "migrations/postgres", `SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')`)
}

// schema reads how far the migrations came, where any ran.
func (s *State) schema(ctx context.Context, db *sql.DB, dir, exists string) error {
	var err error
	if s.Wanted, err = lastMigration(dir); err != nil {
		return err
	}
	var tables int
	if err := db.QueryRowContext(ctx, exists).Scan(&tables); err != nil || tables == 0 {
		return err
	}
	return db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&s.Schema)
}

func lastMigration(dir string) (last int64, err error) {
	files, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("sqlstore: migration %s has no number", f.Name())
		}
		last = max(last, n)
	}
	return last, nil
}
