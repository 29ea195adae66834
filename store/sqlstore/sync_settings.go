package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// A SyncSettingsStore keeps what owners of identity pools choose for their
// synchronised data. A row is made by the first choice and goes with its pool.
type SyncSettingsStore struct{ db *DB }

var _ settings.Store = (*SyncSettingsStore)(nil)

// SyncSettings returns the store of settings of synchronised data.
func (db *DB) SyncSettings() *SyncSettingsStore { return &SyncSettingsStore{db} }

const syncSettingsOf = `SELECT p.id, COALESCE(s.doc, '{}') FROM identity_pool p LEFT JOIN sync_settings s ON s.pool = p.id
	WHERE p.id = $1 AND p.deleted = 0`

// Settings implements settings.Store.
func (s *SyncSettingsStore) Settings(ctx context.Context, pool dataset.PoolID) (*settings.Settings, error) {
	_, v, err := scanSyncSettings(s.db.read.QueryRowContext(ctx, syncSettingsOf, pool))
	return v, err
}

func scanSyncSettings(row scanner) (pool dataset.PoolID, v *settings.Settings, err error) {
	var doc string
	if err := row.Scan(&pool, &doc); err != nil {
		return "", nil, notFound(err, dataset.ErrNotFound)
	}
	v = new(settings.Settings)
	return pool, v, decode(doc, v)
}

// UpdateSettings implements settings.Store. It locks the pool, since the settings
// may have no row yet, and reads them by a statement of its own, which sees what the
// last holder of the lock wrote.
func (s *SyncSettingsStore) UpdateSettings(ctx context.Context, pool dataset.PoolID, fn func(*settings.Settings) error) (v *settings.Settings, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPool(ctx, tx, pool); err != nil {
			return err
		}
		if _, v, err = scanSyncSettings(tx.QueryRowContext(ctx, syncSettingsOf, pool)); err != nil {
			return err
		}
		if err := fn(v); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sync_settings (pool, doc, publishing, held) VALUES ($1, $2, $3, 0)
			ON CONFLICT (pool) DO UPDATE SET doc = excluded.doc, publishing = excluded.publishing`,
			pool, encode(v), v.Bulk.Status == settings.BulkInProgress)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (s *SyncSettingsStore) lockPool(ctx context.Context, tx *sql.Tx, pool dataset.PoolID) error {
	var id string
	err := tx.QueryRowContext(ctx, `SELECT id FROM identity_pool WHERE id = $1 AND deleted = 0`+s.db.forUpdate(), pool).Scan(&id)
	return notFound(err, dataset.ErrNotFound)
}

// ClaimBulk implements settings.Store. Nodes that claim at once on PostgreSQL step
// over each other's rows.
func (s *SyncSettingsStore) ClaimBulk(ctx context.Context, until time.Time) (dataset.PoolID, *settings.Settings, error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	return scanSyncSettings(s.db.write.QueryRowContext(ctx, `UPDATE sync_settings SET held = $1 WHERE pool IN (
		SELECT pool FROM sync_settings WHERE publishing AND held <= $2
		AND EXISTS (SELECT 1 FROM identity_pool p WHERE p.id = pool AND p.deleted = 0) ORDER BY held, pool LIMIT 1`+lock+`) RETURNING pool, doc`,
		micros(until), micros(s.db.now())))
}

// HoldBulk implements settings.Store.
func (s *SyncSettingsStore) HoldBulk(ctx context.Context, pool dataset.PoolID, until time.Time) error {
	_, err := s.db.write.ExecContext(ctx, `UPDATE sync_settings SET held = $2 WHERE pool = $1`, pool, micros(until))
	return err
}
