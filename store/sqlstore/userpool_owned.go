package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// inOwnersTx runs fn with the row number of the user whose sub it is. The user is
// locked: one writer at a time adds what belongs to a user, and none to a user who
// is being deleted.
func (s *UserpoolStore) inOwnersTx(ctx context.Context, pool userpool.PoolID, sub string, fn func(tx *sql.Tx, owner int64) error) error {
	if hasNUL(sub) {
		return userpool.ErrUserNotFound
	}
	from, order, args := named(pool, sub)
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		var owner int64
		row := tx.QueryRowContext(ctx, `SELECT u.seq`+from+` AND u.sub = $2`+order+s.lockUser(), args...)
		if err := row.Scan(&owner); err != nil {
			return notFound(err, userpool.ErrUserNotFound)
		}
		return fn(tx, owner)
	})
}

// hasNUL reports whether a text has the character that PostgreSQL cannot compare.
func hasNUL(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsRune(s, 0) })
}

// scanDoc scans a row that is a document alone.
func scanDoc[T any](row scanner) (*T, error) {
	var doc string
	if err := row.Scan(&doc); err != nil {
		return nil, err
	}
	v := new(T)
	return v, decode(doc, v)
}
