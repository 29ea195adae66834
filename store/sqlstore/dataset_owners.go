package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Close implements dataset.Store. It waits for writers of the owner, and those that
// wait for it find the owner closed.
func (s *DatasetStore) Close(ctx context.Context, owner dataset.Owner, at time.Time) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, owner); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO dataset_ends (pool, identity, ended) VALUES ($1, $2, $3)
			ON CONFLICT (pool, identity) DO UPDATE SET ended = excluded.ended`, owner.Pool, owner.Identity, micros(at))
		if err != nil {
			return fmt.Errorf("sqlstore: close datasets: %w", err)
		}
		return nil
	})
}

// lockOpen is lockOwner for what is refused once the owner is closed.
func (s *DatasetStore) lockOpen(ctx context.Context, tx *sql.Tx, owner dataset.Owner) error {
	if err := s.lockOwner(ctx, tx, owner); err != nil {
		return err
	}
	var ended int64
	err := tx.QueryRowContext(ctx, `SELECT ended FROM dataset_ends WHERE pool = $1 AND identity = $2`, owner.Pool, owner.Identity).Scan(&ended)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("sqlstore: end of datasets: %w", err)
	}
	return dataset.ErrEnded
}

// Adopt implements dataset.Store.
func (s *DatasetStore) Adopt(ctx context.Context, a *dataset.Adoption) (added bool, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		added = false
		if err := s.lockOpen(ctx, tx, a.Owner); err != nil {
			return err
		}
		if err := forgetMerged(ctx, tx, a.Owner, a.At.Add(-dataset.KeepMerged)); err != nil {
			return err
		}
		names, err := datasetNames(ctx, tx, a.Owner)
		if err != nil {
			return err
		}
		if _, had := names[a.Dataset.Name]; had {
			return nil
		}
		if int64(len(names)) >= a.Names {
			return dataset.Limits{Names: a.Names}.Exceeded(dataset.LimitNames)
		}
		if err := saveDataset(ctx, tx, a.Owner, a.Dataset); err != nil {
			return err
		}
		added = true
		if err := adoptRecords(ctx, tx, a); err != nil {
			return err
		}
		return appendLog(ctx, tx, a.Owner, &dataset.LogEntry{Dataset: a.Dataset.Name, SyncCount: a.Dataset.SyncCount}, a.At)
	})
	if err != nil {
		return false, err
	}
	if added {
		s.db.ringDatasets(a.Owner)
	}
	return added, nil
}

// forgetMerged deletes the rows of merged datasets that were deleted before a time.
func forgetMerged(ctx context.Context, tx *sql.Tx, owner dataset.Owner, before time.Time) error {
	names, err := datasetNames(ctx, tx, owner)
	if err != nil {
		return err
	}
	for name, deleted := range names {
		if _, merged := dataset.IsMerged(name); !merged || !deleted {
			continue
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM datasets WHERE pool = $1 AND identity = $2 AND name = $3 AND modified <= $4`,
			owner.Pool, owner.Identity, name, micros(before))
		if err != nil {
			return fmt.Errorf("sqlstore: forget merged datasets: %w", err)
		}
	}
	return nil
}

// adoptRecords writes the records of an adoption, without the fingerprints of the
// batches that they came in: none of those can come again.
func adoptRecords(ctx context.Context, tx *sql.Tx, a *dataset.Adoption) error {
	var none dataset.Fingerprint
	return writeRecords(ctx, tx, len(a.Records), func(args []any, i int) []any {
		r := &a.Records[i]
		return append(args, a.Owner.Pool, a.Owner.Identity, a.Dataset.Name, []byte(r.Key), []byte(r.Value), r.Removed,
			int64(r.Position), micros(r.Modified), micros(r.DeviceModified), []byte(r.ModifiedBy), none[:])
	})
}

// Erase implements dataset.Store.
func (s *DatasetStore) Erase(ctx context.Context, owner dataset.Owner) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"dataset_records", "datasets", "dataset_log"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE pool = $1 AND identity = $2`, owner.Pool, owner.Identity); err != nil {
				return fmt.Errorf("sqlstore: erase %s: %w", table, err)
			}
		}
		return nil
	})
}

// ForgetEnded deletes up to limit marks of owners that were closed KeepEnded ago and
// have nothing left, and returns how many there were. With a mark goes the owner's
// fence, which would be the last that is known of it.
func (s *DatasetStore) ForgetEnded(ctx context.Context, limit int) (n int, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		const due = `FROM dataset_ends e WHERE e.ended <= $1
			AND NOT EXISTS (SELECT 1 FROM datasets d WHERE d.pool = e.pool AND d.identity = e.identity)`
		before := micros(s.db.now().Add(-dataset.KeepEnded))
		if _, err := tx.ExecContext(ctx, `DELETE FROM dataset_fences WHERE (pool, identity) IN (SELECT e.pool, e.identity `+due+`)`, before); err != nil {
			return err
		}
		deleted, err := rowsAffected(tx.ExecContext(ctx, `DELETE FROM dataset_ends WHERE (pool, identity) IN (
			SELECT e.pool, e.identity `+due+` LIMIT $2)`, before, limit))
		n = int(deleted)
		return err
	})
	return n, err
}
