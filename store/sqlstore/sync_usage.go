package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A SyncUsageStore keeps what identity pools use.
type SyncUsageStore struct{ db *DB }

var _ dataset.UsageStore = (*SyncUsageStore)(nil)

// SyncUsage returns the store of what identity pools use.
func (db *DB) SyncUsage() *SyncUsageStore { return &SyncUsageStore{db} }

const selectUsage = `SELECT p.id, COALESCE(u.sessions, 0), COALESCE(u.bytes, 0), COALESCE(u.modified, 0)
	FROM identity_pool p LEFT JOIN sync_usage u ON u.pool = p.id WHERE p.deleted = 0 `

// AddUsage implements dataset.UsageStore. The pools are taken in one order, so that
// nodes do not wait for each other in a circle.
func (s *SyncUsageStore) AddUsage(ctx context.Context, changes []dataset.PoolUsage) error {
	changes = slices.SortedFunc(slices.Values(changes), func(a, b dataset.PoolUsage) int { return strings.Compare(string(a.Pool), string(b.Pool)) })
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, c := range changes {
			if hasNUL(string(c.Pool)) {
				continue
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO sync_usage (pool, sessions, bytes, modified)
				SELECT id, $2, $3, $4 FROM identity_pool WHERE id = $1 AND deleted = 0
				ON CONFLICT (pool) DO UPDATE SET sessions = sync_usage.sessions + excluded.sessions, bytes = sync_usage.bytes + excluded.bytes,
					modified = CASE WHEN excluded.modified > sync_usage.modified THEN excluded.modified ELSE sync_usage.modified END`,
				c.Pool, c.Sessions, c.Bytes, micros(c.Modified))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Usage implements dataset.UsageStore.
func (s *SyncUsageStore) Usage(ctx context.Context, pool dataset.PoolID) (*dataset.PoolUsage, error) {
	u, err := scanUsage(s.db.read.QueryRowContext(ctx, selectUsage+`AND p.id = $1`, pool))
	return u, notFound(err, dataset.ErrNotFound)
}

func scanUsage(row scanner) (*dataset.PoolUsage, error) {
	u := new(dataset.PoolUsage)
	var modified int64
	if err := row.Scan(&u.Pool, &u.Sessions, &u.Bytes, &modified); err != nil {
		return nil, err
	}
	u.Bytes, u.Modified = max(u.Bytes, 0), fromMicros(modified)
	return u, nil
}

// Usages implements dataset.UsageStore.
func (s *SyncUsageStore) Usages(ctx context.Context, after dataset.PoolID, limit int) (all []dataset.PoolUsage, more bool, err error) {
	rows, err := s.db.read.QueryContext(ctx, selectUsage+`AND p.id > $1 ORDER BY p.id LIMIT $2`, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		u, err := scanUsage(rows)
		if err != nil {
			return nil, false, err
		}
		all = append(all, *u)
	}
	if len(all) > limit {
		return all[:limit], true, rows.Err()
	}
	return all, false, rows.Err()
}
