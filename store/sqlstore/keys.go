package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// A KeyStore keeps the rows of the keyring.
type KeyStore struct{ db *DB }

var _ keyring.Store = (*KeyStore)(nil)

// Keys returns the store of the keyring.
func (db *DB) Keys() *KeyStore { return &KeyStore{db} }

// LoadKeys implements keyring.Store.
func (s *KeyStore) LoadKeys(ctx context.Context, scopes ...string) ([]*keyring.Row, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	values := make([]any, len(scopes))
	for i, scope := range scopes {
		values[i] = scope
	}
	rows, err := s.db.read.QueryContext(ctx, `SELECT id, scope, algorithm, state, material, created, not_after, sign_from
		FROM keys WHERE scope IN `+placeholders(1, len(scopes))+` ORDER BY created, id`, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*keyring.Row
	for rows.Next() {
		var (
			r                           keyring.Row
			created, notAfter, signFrom int64
		)
		if err := rows.Scan(&r.ID, &r.Scope, &r.Algorithm, &r.State, &r.Material, &created, &notAfter, &signFrom); err != nil {
			return nil, err
		}
		r.Created, r.NotAfter, r.SignFrom = fromMicros(created), fromMicros(notAfter), fromMicros(signFrom)
		out = append(out, &r)
	}
	return out, rows.Err()
}

const insertKey = `INSERT INTO keys (id, scope, algorithm, state, material, created, not_after, sign_from)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func keyValues(r *keyring.Row) []any {
	return []any{r.ID, r.Scope, r.Algorithm, string(r.State), r.Material, micros(r.Created), micros(r.NotAfter), micros(r.SignFrom)}
}

// InsertKey implements keyring.Store.
func (s *KeyStore) InsertKey(ctx context.Context, r *keyring.Row) error {
	_, err := s.db.write.ExecContext(ctx, insertKey, keyValues(r)...)
	if isUnique(err, "") {
		return keyring.ErrExists
	}
	return err
}

// SwitchKeys implements keyring.Store.
func (s *KeyStore) SwitchKeys(ctx context.Context, sw *keyring.Switch) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		n, err := rowsAffected(tx.ExecContext(ctx, `UPDATE keys SET state = 'retired', not_after = $1
			WHERE id = $2 AND state = 'active'`, micros(sw.Until), sw.From))
		if err != nil {
			return err
		}
		if n == 0 {
			return keyring.ErrNotFound
		}
		n, err = rowsAffected(tx.ExecContext(ctx, `UPDATE keys SET state = 'active' WHERE id = $1`, sw.To.ID))
		if err == nil && n == 0 {
			_, err = tx.ExecContext(ctx, insertKey, keyValues(sw.To)...)
		}
		_, gone := tx.ExecContext(ctx, `DELETE FROM keys WHERE scope = $1 AND state = 'retired' AND not_after < $2`,
			sw.To.Scope, micros(sw.Now))
		return errors.Join(err, gone)
	})
}

// ScheduleKey implements keyring.Store.
func (s *KeyStore) ScheduleKey(ctx context.Context, id string, from time.Time) error {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, `UPDATE keys SET sign_from = $1 WHERE id = $2 AND state = 'next'`, micros(from), id))
	if err == nil && n == 0 {
		err = keyring.ErrNotFound
	}
	return err
}

// DeleteKey implements keyring.Store.
func (s *KeyStore) DeleteKey(ctx context.Context, id string) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM keys WHERE id = $1`, id)
	return err
}

// DeleteKeys implements keyring.Store. A comparison of prefixes, because LIKE
// gives meaning to characters that a scope may hold.
func (s *KeyStore) DeleteKeys(ctx context.Context, scope string) error {
	below := scope + "/"
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM keys WHERE scope = $1 OR substr(scope, 1, $2) = $3`,
		scope, len([]rune(below)), below)
	return err
}

// rowsAffected returns the number of rows that a statement changed.
func rowsAffected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
