// Package sqlstore keeps the domain's data in SQLite or PostgreSQL. Both engines
// run the same statements where they can: placeholders are $1, $2 …; times are
// integers, microseconds since 1970 UTC; lists and maps are JSON text.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations
var migrations embed.FS

// A DB is one database, SQLite or PostgreSQL. SQLite has one writing connection
// beside a pool of readers, because it has one writer at a time anyway and a
// queue in Go is fairer than its busy loop.
type DB struct {
	read     reader
	write    writer
	postgres bool
	now      func() time.Time
	docs     *documents
	editions editions
	dsn      string // of PostgreSQL, for a connection beside the pool
	bell     *bell
}

// A reader is a pool of connections that reads.
type reader struct {
	*sql.DB
	brief bool
}

// whole returns the context that a read runs under. On SQLite a read waits for
// nobody and takes microseconds: to be ready to stop it, two goroutines each time,
// costs as much. So a caller that goes away is noticed between reads.
func (r reader) whole(ctx context.Context) context.Context {
	if r.brief {
		return whole(ctx)
	}
	return ctx
}

// QueryContext is that of *sql.DB.
func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.DB.QueryContext(r.whole(ctx), query, args...)
}

// QueryRowContext is that of *sql.DB.
func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return r.DB.QueryRowContext(r.whole(ctx), query, args...)
}

// SQLiteFile is the name of the database file.
const SQLiteFile = "poolhouse.db"

// OpenSQLite opens, or makes, the database file SQLiteFile in dir.
func OpenSQLite(ctx context.Context, dir string, now func() time.Time) (*DB, error) {
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"busy_timeout(10000)", "cache_size(-16000)"}, "_txlock": {"immediate"}}
	file := filepath.Join(dir, SQLiteFile)
	if err := ownersAlone(file); err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + pragmas.Encode()
	connector, err := keepStatements(dsn)
	if err != nil {
		return nil, err
	}
	write, read := sql.OpenDB(connector), sql.OpenDB(connector)
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	db := &DB{read: reader{read, true}, write: writer{write}, now: now, docs: newDocuments(), bell: newBell()}
	return db.migrated(ctx, goose.DialectSQLite3, "migrations/sqlite")
}

// ownersAlone makes a file, if need be, and has its owner alone read it, whatever
// the folder allows. SQLite gives the files beside it the same mode.
func ownersAlone(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// OpenPostgres opens the database that dsn names. maxConns bounds the pool.
func OpenPostgres(ctx context.Context, dsn string, maxConns int, now func() time.Time) (*DB, error) {
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	db := &DB{read: reader{pool, false}, write: writer{pool}, postgres: true, now: now, docs: newDocuments(), dsn: dsn, bell: newBell()}
	return db.migrated(ctx, goose.DialectPostgres, "migrations/postgres")
}

func (db *DB) migrated(ctx context.Context, dialect goose.Dialect, dir string) (*DB, error) {
	if err := db.migrate(ctx, dialect, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: migrate: %w", err), db.Close())
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, dialect goose.Dialect, dir string) (err error) {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	if db.postgres { // two nodes may start at once
		conn, err := db.write.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		const lock = 0x706f6f6c // "pool"
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lock); err != nil {
			return err
		}
		defer func() {
			_, failed := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lock)
			err = errors.Join(err, failed)
		}()
	}
	p, err := goose.NewProvider(dialect, db.write.DB, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Close closes the database.
func (db *DB) Close() error {
	db.bell.finished.Wait()
	if db.read.DB == db.write.DB {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// inTx runs fn in a transaction and retries it when the engine asks for that:
// SQLite busy, PostgreSQL serialization failure or deadlock.
func (db *DB) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	for try := 0; ; try++ {
		err := db.tryTx(ctx, fn)
		if err == nil || !isRetryable(err) || try == 20 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try+1) * time.Millisecond):
		}
	}
}

func (db *DB) tryTx(ctx context.Context, fn func(*sql.Tx) error) error {
	return db.write.tryTx(ctx, fn)
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// forUpdate is appended to a SELECT that a write of the same row follows.
// SQLite's transactions are exclusive already.
func (db *DB) forUpdate() string {
	if db.postgres {
		return " FOR UPDATE"
	}
	return ""
}

func isRetryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// isUnique reports whether err is a violated unique constraint whose name or
// columns contain part; an empty part matches any.
func isUnique(err error, part string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" && strings.Contains(pg.ConstraintName+" "+pg.Detail, part)
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	unique := lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	return unique && strings.Contains(lite.Error(), part)
}

// micros and fromMicros convert times for columns. The zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
