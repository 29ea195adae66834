package sqlstore

import (
	"context"
	"database/sql"

	"github.com/poolhouse/poolhouse/userpool"
)

// SetRecoveryCodes implements userpool.RecoveryCodeStore.
func (s *UserpoolStore) SetRecoveryCodes(ctx context.Context, pool userpool.PoolID, sub string, hashes [][]byte) error {
	return s.inOwnersTx(ctx, pool, sub, func(tx *sql.Tx, owner int64) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM userpool_recovery_codes WHERE owner = $1`, owner); err != nil {
			return err
		}
		for _, h := range hashes {
			_, err := tx.ExecContext(ctx, `INSERT INTO userpool_recovery_codes (pool, sub, hash, owner) VALUES ($1, $2, $3, $4)`, pool, sub, h, owner)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

const hasRecoveryCode = `SELECT count(*) FROM userpool_recovery_codes WHERE pool = $1 AND sub = $2 AND hash = $3`

// HasRecoveryCode implements userpool.RecoveryCodeStore.
func (s *UserpoolStore) HasRecoveryCode(ctx context.Context, pool userpool.PoolID, sub string, hash []byte) (bool, error) {
	var n int
	err := s.db.read.QueryRowContext(ctx, hasRecoveryCode, pool, sub, hash).Scan(&n)
	return n > 0, err
}

// UseRecoveryCode implements userpool.RecoveryCodeStore.
func (s *UserpoolStore) UseRecoveryCode(ctx context.Context, pool userpool.PoolID, sub string, hash []byte) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_recovery_codes WHERE pool = $1 AND sub = $2 AND hash = $3`, pool, sub, hash)
	return affected(res, err, userpool.ErrNotFound)
}

const countRecoveryCodes = `SELECT count(*) FROM userpool_recovery_codes WHERE pool = $1 AND sub = $2`

// CountRecoveryCodes implements userpool.RecoveryCodeStore.
func (s *UserpoolStore) CountRecoveryCodes(ctx context.Context, pool userpool.PoolID, sub string) (n int, err error) {
	err = s.db.read.QueryRowContext(ctx, countRecoveryCodes, pool, sub).Scan(&n)
	return n, err
}
