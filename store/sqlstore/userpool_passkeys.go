package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/poolhouse/poolhouse/userpool"
)

// CreatePasskey implements userpool.PasskeyStore.
func (s *UserpoolStore) CreatePasskey(ctx context.Context, k *userpool.Passkey, limit int) error {
	k.Created, k.Used = micro(k.Created), micro(k.Used)
	return s.inOwnersTx(ctx, k.Pool, k.Sub, func(tx *sql.Tx, owner int64) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM userpool_passkeys WHERE owner = $1`, owner).Scan(&n); err != nil {
			return err
		}
		if n >= limit {
			return userpool.ErrLimitExceeded
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO userpool_passkeys (pool, id, sub, owner, doc) VALUES ($1, $2, $3, $4, $5)`,
			k.Pool, k.ID, k.Sub, owner, encode(k))
		if isUnique(err, "") {
			return userpool.ErrConflict
		}
		return err
	})
}

const listPasskeys = `SELECT doc FROM userpool_passkeys WHERE pool = $1 AND sub = $2`

// Passkeys implements userpool.PasskeyStore.
func (s *UserpoolStore) Passkeys(ctx context.Context, pool userpool.PoolID, sub string) ([]*userpool.Passkey, error) {
	rows, err := s.db.read.QueryContext(ctx, listPasskeys, pool, sub)
	all, err := collect(rows, err, scanDoc[userpool.Passkey])
	slices.SortFunc(all, func(a, b *userpool.Passkey) int { return a.Created.Compare(b.Created) })
	return all, err
}

// UpdatePasskey implements userpool.PasskeyStore.
func (s *UserpoolStore) UpdatePasskey(ctx context.Context, pool userpool.PoolID, sub, id string, fn func(*userpool.Passkey) error) (k *userpool.Passkey, err error) {
	if hasNUL(sub, id) {
		return nil, userpool.ErrNotFound
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		k, err = scanDoc[userpool.Passkey](tx.QueryRowContext(ctx, listPasskeys+` AND id = $3`+s.db.forUpdate(), pool, sub, id))
		if err != nil {
			return notFound(err, userpool.ErrNotFound)
		}
		created := k.Created
		if err := fn(k); err != nil {
			return err
		}
		k.Pool, k.Sub, k.ID, k.Created, k.Used = pool, sub, id, created, micro(k.Used)
		_, err := tx.ExecContext(ctx, `UPDATE userpool_passkeys SET doc = $3 WHERE pool = $1 AND id = $2`, pool, id, encode(k))
		return err
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// DeletePasskey implements userpool.PasskeyStore.
func (s *UserpoolStore) DeletePasskey(ctx context.Context, pool userpool.PoolID, sub, id string) error {
	if hasNUL(sub, id) {
		return userpool.ErrNotFound
	}
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_passkeys WHERE pool = $1 AND id = $2 AND sub = $3`, pool, id, sub)
	return affected(res, err, userpool.ErrNotFound)
}
