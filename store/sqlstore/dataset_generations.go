package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A GenerationStore remembers the generations of a store of datasets that may lose
// writes.
type GenerationStore struct{ db *DB }

var _ dataset.Generations = (*GenerationStore)(nil)

// DatasetGenerations returns the store of generations.
func (db *DB) DatasetGenerations() *GenerationStore { return &GenerationStore{db} }

// Enter implements dataset.Generations.
func (s *GenerationStore) Enter(ctx context.Context, ids []string, at time.Time) ([]dataset.Generation, error) {
	var entered []dataset.Generation
	err := s.db.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		before, err := loadGenerations(ctx, tx)
		if err != nil {
			return err
		}
		entered, err = enterGenerations(ctx, tx, before, ids, at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: generations: %w", err)
	}
	return entered, nil
}

// lock makes other nodes wait that have new ones too. A transaction of SQLite is alone
// anyway.
func (s *GenerationStore) lock(ctx context.Context, tx *sql.Tx) error {
	if !s.db.postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `LOCK TABLE dataset_generations IN EXCLUSIVE MODE`)
	return err
}

func loadGenerations(ctx context.Context, tx *sql.Tx) ([]dataset.Generation, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, base, began FROM dataset_generations`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []dataset.Generation
	for rows.Next() {
		var g dataset.Generation
		var began int64
		if err := rows.Scan(&g.ID, &g.Base, &began); err != nil {
			return nil, err
		}
		g.From = fromMicros(began)
		all = append(all, g)
	}
	return all, rows.Err()
}

// enterGenerations returns the generations with these IDs, and stores those that were
// not among before.
func enterGenerations(ctx context.Context, tx *sql.Tx, before []dataset.Generation, ids []string, at time.Time) ([]dataset.Generation, error) {
	known := make(map[string]dataset.Generation, len(before))
	for _, g := range before {
		known[g.ID] = g
	}
	base := dataset.NextBase(before, at)
	if len(before) == 0 {
		var err error
		if base, err = firstBase(ctx, tx); err != nil {
			return nil, err
		}
	}
	entered := make([]dataset.Generation, len(ids))
	for i, id := range ids {
		g, ok := known[id]
		if !ok {
			g = dataset.Generation{ID: id, Base: base, From: at.UTC().Truncate(time.Microsecond)}
			known[id] = g
			if _, err := tx.ExecContext(ctx, `INSERT INTO dataset_generations (id, base, began) VALUES ($1, $2, $3)`,
				id, base, micros(at)); err != nil {
				return nil, err
			}
		}
		entered[i] = g
	}
	return entered, nil
}

// firstBase returns where counts begin in the first generation: above those of the
// datasets that are here from a time without one. Devices have seen them, and a copy
// must not look newer than what was written since.
func firstBase(ctx context.Context, tx *sql.Tx) (base int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(sync_count), 0) FROM datasets`).Scan(&base)
	if base > 0 {
		base += dataset.Room
	}
	return base, err
}
