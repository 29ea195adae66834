package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/poolhouse/poolhouse/userpool"
)

// PutRiskConfiguration implements userpool.RiskStore.
func (s *UserpoolStore) PutRiskConfiguration(ctx context.Context, c *userpool.RiskConfiguration) error {
	c.Modified = micro(c.Modified)
	res, err := s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_risks (pool, client, owner, doc)
		SELECT id, $2, $3, $4 FROM userpool_pools
		WHERE id = $1 AND (CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM userpool_clients WHERE id = $3 AND pool = $1))
		ON CONFLICT (pool, client) DO UPDATE SET doc = excluded.doc`, c.Pool, c.Client, nullable(string(c.Client)), encode(c))
	return affected(res, err, userpool.ErrClientNotFound)
}

const selectRisk = `SELECT doc FROM userpool_risks WHERE pool = $1 AND client = $2`

// RiskConfiguration implements userpool.RiskStore.
func (s *UserpoolStore) RiskConfiguration(ctx context.Context, pool userpool.PoolID, client userpool.ClientID) (*userpool.RiskConfiguration, error) {
	return found[userpool.RiskConfiguration](s.db.read.QueryRowContext(ctx, selectRisk, pool, client))
}

// DeleteRiskConfiguration implements userpool.RiskStore.
func (s *UserpoolStore) DeleteRiskConfiguration(ctx context.Context, pool userpool.PoolID, client userpool.ClientID) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_risks WHERE pool = $1 AND client = $2`, pool, client)
	return err
}

const selectHabits = `SELECT doc FROM userpool_habits WHERE pool = $1 AND sub = $2`

// Habits implements userpool.RiskStore.
func (s *UserpoolStore) Habits(ctx context.Context, pool userpool.PoolID, sub string) (*userpool.Habits, error) {
	return habitsOf(s.db.read.QueryRowContext(ctx, selectHabits, pool, sub))
}

// habitsOf scans habits: none for a user who has no row.
func habitsOf(row *sql.Row) (*userpool.Habits, error) {
	h, err := found[userpool.Habits](row)
	if errors.Is(err, userpool.ErrNotFound) {
		return new(userpool.Habits), nil
	}
	return h, err
}

// UpdateHabits implements userpool.RiskStore.
func (s *UserpoolStore) UpdateHabits(ctx context.Context, pool userpool.PoolID, sub string, fn func(*userpool.Habits) error) error {
	return s.inOwnersTx(ctx, pool, sub, func(tx *sql.Tx, owner int64) error {
		h, err := habitsOf(tx.QueryRowContext(ctx, selectHabits, pool, sub))
		if err != nil {
			return err
		}
		if err := fn(h); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO userpool_habits (pool, sub, owner, doc) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, sub) DO UPDATE SET doc = excluded.doc`, pool, sub, owner, encode(h))
		return err
	})
}
