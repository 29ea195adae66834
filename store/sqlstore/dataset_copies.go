package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var _ dataset.Copies = (*DatasetStore)(nil)

// Fence implements dataset.Copies.
func (s *DatasetStore) Fence(ctx context.Context, owner dataset.Owner, generation int64) (all []dataset.Dataset, closed bool, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		err := s.lockOpen(ctx, tx, owner)
		closed = errors.Is(err, dataset.ErrEnded)
		if err != nil && !closed {
			return err
		}
		if err := setFence(ctx, tx, owner, generation); err != nil {
			return err
		}
		all, err = loadDatasets(ctx, tx, owner, "")
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return all, closed, nil
}

// setFence makes the copies of an owner belong to a generation that is not before
// the one that they belong to.
func setFence(ctx context.Context, tx *sql.Tx, owner dataset.Owner, generation int64) error {
	n, err := rowsAffected(tx.ExecContext(ctx, `INSERT INTO dataset_fences (pool, identity, generation) VALUES ($1, $2, $3)
		ON CONFLICT (pool, identity) DO UPDATE SET generation = excluded.generation
		WHERE excluded.generation >= dataset_fences.generation`, owner.Pool, owner.Identity, generation))
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: fence of datasets: %w", err)
	case n == 0:
		return dataset.ErrFenced
	}
	return nil
}

// Copied implements dataset.Copies.
func (s *DatasetStore) Copied(ctx context.Context, owner dataset.Owner, name string) (int64, error) {
	d, err := loadDataset(ctx, s.db.read, owner, name)
	if err != nil || d == nil {
		return 0, err
	}
	return d.SyncCount, nil
}

// Copy implements dataset.Copies.
func (s *DatasetStore) Copy(ctx context.Context, c *dataset.Copy) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOpen(ctx, tx, c.Owner); err != nil {
			return err
		}
		if err := setFence(ctx, tx, c.Owner, c.Generation); err != nil {
			return err
		}
		old, err := loadDataset(ctx, tx, c.Owner, c.Dataset.Name)
		if err != nil {
			return err
		}
		if old == nil {
			old = new(dataset.Dataset)
		}
		if old.SyncCount != c.Since {
			return dataset.ErrConflict
		}
		if c.Dataset.DeletedAt > c.Since {
			if err := deleteRecords(ctx, tx, c.Owner, c.Dataset.Name); err != nil {
				return err
			}
		}
		if err := saveDataset(ctx, tx, c.Owner, c.Dataset); err != nil {
			return err
		}
		return copyRecords(ctx, tx, c)
	})
}

func copyRecords(ctx context.Context, tx *sql.Tx, c *dataset.Copy) error {
	return writeRecords(ctx, tx, len(c.Records), func(args []any, i int) []any {
		r := &c.Records[i]
		return append(args, c.Owner.Pool, c.Owner.Identity, c.Dataset.Name, []byte(r.Key), []byte(r.Value), r.Removed,
			int64(r.Position), micros(r.Modified), micros(r.DeviceModified), []byte(r.ModifiedBy), r.Fingerprint[:])
	})
}
