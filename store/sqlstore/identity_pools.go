package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/poolhouse/poolhouse/sts/identity"
)

// An IdentityStore keeps identity pools and identities.
type IdentityStore struct{ db *DB }

var _ identity.Store = (*IdentityStore)(nil)

// Identity returns the store of identity pools.
func (db *DB) Identity() *IdentityStore { return &IdentityStore{db} }

// CreatePool implements identity.Store.
func (s *IdentityStore) CreatePool(ctx context.Context, p *identity.Pool) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = s.db.write.ExecContext(ctx, `INSERT INTO identity_pool (id, data) VALUES ($1, $2)`, p.ID, string(data))
	if isUnique(err, "") {
		return identity.ErrConflict
	}
	return err
}

// Pool implements identity.Store.
func (s *IdentityStore) Pool(ctx context.Context, id identity.PoolID) (*identity.Pool, error) {
	return scanIdentityPool(s.db.read.QueryRowContext(ctx, `SELECT data FROM identity_pool WHERE id = $1 AND deleted = 0`, id))
}

func scanIdentityPool(row interface{ Scan(...any) error }) (*identity.Pool, error) {
	var data []byte
	if err := row.Scan(&data); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, identity.ErrNotFound
		}
		return nil, err
	}
	p := new(identity.Pool)
	return p, json.Unmarshal(data, p)
}

// UpdatePool implements identity.Store.
func (s *IdentityStore) UpdatePool(ctx context.Context, id identity.PoolID, fn func(*identity.Pool) error) (p *identity.Pool, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		p, err = scanIdentityPool(tx.QueryRowContext(ctx, `SELECT data FROM identity_pool WHERE id = $1 AND deleted = 0`+s.db.forUpdate(), id))
		if err != nil {
			return err
		}
		if err := fn(p); err != nil {
			return err
		}
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE identity_pool SET data = $1 WHERE id = $2`, string(data), id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// DeletePool implements identity.Store.
func (s *IdentityStore) DeletePool(ctx context.Context, id identity.PoolID) error {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, `UPDATE identity_pool SET deleted = 1 WHERE id = $1 AND deleted = 0`, id))
	if err == nil && n == 0 {
		return identity.ErrNotFound
	}
	return err
}

// EmptyPools implements identity.Store.
func (s *IdentityStore) EmptyPools(ctx context.Context) (pools []identity.PoolID, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT id FROM identity_pool p WHERE deleted = 1
		AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.pool = p.id)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id identity.PoolID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		pools = append(pools, id)
	}
	return pools, rows.Err()
}

// ErasePool implements identity.Store.
func (s *IdentityStore) ErasePool(ctx context.Context, id identity.PoolID) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM identity_pool WHERE id = $1 AND deleted = 1`, id)
	return err
}

// Pools implements identity.Store.
func (s *IdentityStore) Pools(ctx context.Context, after string, limit int) (pools []*identity.Pool, next string, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT data FROM identity_pool WHERE id > $1 AND deleted = 0 ORDER BY id LIMIT $2`, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanIdentityPool(rows)
		if err != nil {
			return nil, "", err
		}
		pools = append(pools, p)
	}
	if len(pools) > limit {
		pools = pools[:limit]
		next = string(pools[limit-1].ID)
	}
	return pools, next, rows.Err()
}
