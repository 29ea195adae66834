package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// An EphemeralStore keeps what may be used once, and counters.
type EphemeralStore struct{ db *DB }

var _ ephemeral.Store = (*EphemeralStore)(nil)

// Ephemeral returns the store of short-lived values.
func (db *DB) Ephemeral() *EphemeralStore { return &EphemeralStore{db} }

func hashed(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// Claim implements ephemeral.Store. An expired row is taken over in the same
// statement, so that nobody can slip between its deletion and the insert.
func (s *EphemeralStore) Claim(ctx context.Context, namespace, key string, expires time.Time) (bool, error) {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, `INSERT INTO ephemeral (namespace, key, value, count, expires)
		VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, count = 0, expires = excluded.expires
		WHERE ephemeral.expires <= $5`, namespace, hashed(key), []byte{}, micros(expires), s.now()))
	return n == 1, err
}

// Put implements ephemeral.Store.
func (s *EphemeralStore) Put(ctx context.Context, namespace, key string, value []byte, expires time.Time) error {
	if value == nil {
		value = []byte{} // the column is NOT NULL
	}
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO ephemeral (namespace, key, value, count, expires)
		VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, count = 0, expires = excluded.expires`,
		namespace, hashed(key), value, micros(expires))
	return err
}

// Get implements ephemeral.Store.
func (s *EphemeralStore) Get(ctx context.Context, namespace, key string) ([]byte, error) {
	return s.value(s.db.read.QueryRowContext(ctx, `SELECT value, expires FROM ephemeral
		WHERE namespace = $1 AND key = $2`, namespace, hashed(key)))
}

// Take implements ephemeral.Store.
func (s *EphemeralStore) Take(ctx context.Context, namespace, key string) ([]byte, error) {
	return s.value(s.db.write.QueryRowContext(ctx, `DELETE FROM ephemeral
		WHERE namespace = $1 AND key = $2 RETURNING value, expires`, namespace, hashed(key)))
}

func (s *EphemeralStore) value(row *sql.Row) (value []byte, err error) {
	var expires int64
	err = row.Scan(&value, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && expires <= s.now() {
		return nil, ephemeral.ErrNotFound
	}
	return value, err
}

// Delete implements ephemeral.Store.
func (s *EphemeralStore) Delete(ctx context.Context, namespace, key string) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM ephemeral WHERE namespace = $1 AND key = $2`,
		namespace, hashed(key))
	return err
}

// Count implements ephemeral.Store.
func (s *EphemeralStore) Count(ctx context.Context, namespace, key string, delta int64, window time.Duration) (n int64, err error) {
	if delta == 0 {
		return s.counted(ctx, namespace, key)
	}
	err = s.db.write.QueryRowContext(ctx, `INSERT INTO ephemeral (namespace, key, value, count, expires)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (namespace, key) DO UPDATE SET
			count = CASE WHEN ephemeral.expires <= $6 THEN excluded.count ELSE ephemeral.count + excluded.count END,
			expires = excluded.expires
		RETURNING count`,
		namespace, hashed(key), []byte{}, delta, s.now()+window.Microseconds(), s.now()).Scan(&n)
	return n, err
}

func (s *EphemeralStore) counted(ctx context.Context, namespace, key string) (n int64, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT count FROM ephemeral
		WHERE namespace = $1 AND key = $2 AND expires > $3`, namespace, hashed(key), s.now()).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// DeleteExpired deletes up to limit values that have expired and returns how
// many. The server calls it now and then; nothing but space depends on it.
func (s *EphemeralStore) DeleteExpired(ctx context.Context, limit int) (int64, error) {
	return rowsAffected(s.db.write.ExecContext(ctx, `DELETE FROM ephemeral WHERE expires <= $1
		AND (namespace, key) IN (SELECT namespace, key FROM ephemeral WHERE expires <= $1 LIMIT $2)`, s.now(), limit))
}

func (s *EphemeralStore) now() int64 { return micros(s.db.now()) }
