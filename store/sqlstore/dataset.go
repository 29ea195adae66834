package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A DatasetStore keeps synchronised data. Texts that devices choose are stored
// as bytes, because PostgreSQL's text holds no NUL.
type DatasetStore struct{ db *DB }

var _ dataset.Store = (*DatasetStore)(nil)

// Datasets returns the store of synchronised data.
func (db *DB) Datasets() *DatasetStore { return &DatasetStore{db} }

const datasetColumns = `d.name, d.sync_count, d.created, d.modified, d.modified_by, d.bytes, d.records, d.keys,
	d.epoch, d.deleted, d.deleted_at, d.gaps`

// datasetTargets returns where to scan datasetColumns, and a function that
// completes d after the scan.
func datasetTargets(d *dataset.Dataset) (targets []any, done func() error) {
	var created, modified int64
	var by []byte
	var gaps string
	targets = []any{&d.Name, &d.SyncCount, &created, &modified, &by, &d.Bytes, &d.Records, &d.Keys,
		&d.Epoch, &d.Deleted, &d.DeletedAt, &gaps}
	return targets, func() (err error) {
		d.Created, d.Modified, d.ModifiedBy = fromMicros(created), fromMicros(modified), string(by)
		d.Gaps, err = dataset.ParseGaps(gaps)
		return err
	}
}

// Datasets implements dataset.Store.
func (s *DatasetStore) Datasets(ctx context.Context, owner dataset.Owner) ([]dataset.Dataset, error) {
	all, err := loadDatasets(ctx, s.db.read, owner, `AND NOT d.deleted`)
	if err != nil {
		return nil, err
	}
	// Sorted here, because a database may sort by another collation than bytes.
	slices.SortFunc(all, func(a, b dataset.Dataset) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// loadDatasets returns the datasets of an owner that a condition takes.
func loadDatasets(ctx context.Context, q querier, owner dataset.Owner, condition string) ([]dataset.Dataset, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+datasetColumns+`
		FROM datasets d WHERE d.pool = $1 AND d.identity = $2 `+condition, owner.Pool, owner.Identity)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: datasets: %w", err)
	}
	defer rows.Close()
	var all []dataset.Dataset
	for rows.Next() {
		var d dataset.Dataset
		targets, done := datasetTargets(&d)
		if err := errors.Join(rows.Scan(targets...), done()); err != nil {
			return nil, fmt.Errorf("sqlstore: datasets: %w", err)
		}
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlstore: datasets: %w", err)
	}
	return all, nil
}

// Dataset implements dataset.Store.
func (s *DatasetStore) Dataset(ctx context.Context, owner dataset.Owner, name string) (*dataset.Dataset, error) {
	d, err := loadDataset(ctx, s.db.read, owner, name)
	if err != nil {
		return nil, err
	}
	if d == nil || d.Deleted {
		return nil, dataset.ErrNotFound
	}
	return d, nil
}

// Delete implements dataset.Store.
func (s *DatasetStore) Delete(ctx context.Context, owner dataset.Owner, name string, at time.Time, epoch dataset.Epoch) (*dataset.Dataset, error) {
	var old *dataset.Dataset
	err := s.db.inTx(ctx, func(tx *sql.Tx) (err error) {
		if err := s.lockOpen(ctx, tx, owner); err != nil {
			return err
		}
		if old, err = loadDataset(ctx, tx, owner, name); err != nil {
			return err
		}
		if old == nil || old.Deleted {
			return dataset.ErrNotFound
		}
		if err := deleteRecords(ctx, tx, owner, name); err != nil {
			return err
		}
		count := old.SyncCount + 1
		err = saveDataset(ctx, tx, owner, &dataset.Dataset{Name: name, SyncCount: count, Created: old.Created,
			Modified: at, Epoch: epoch, Deleted: true, DeletedAt: count})
		if err != nil {
			return err
		}
		return appendLog(ctx, tx, owner, &dataset.LogEntry{Dataset: name, SyncCount: count, Deleted: true}, at)
	})
	if err != nil {
		return nil, err
	}
	s.db.ringDatasets(owner)
	return old, nil
}

func deleteRecords(ctx context.Context, tx *sql.Tx, owner dataset.Owner, name string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM dataset_records WHERE pool = $1 AND identity = $2 AND dataset = $3`,
		owner.Pool, owner.Identity, name)
	if err != nil {
		return fmt.Errorf("sqlstore: delete records: %w", err)
	}
	return nil
}

// lockOwner makes other writers of the same owner wait for the end of tx. It
// locks a number, not a row, since the first dataset of an owner has no row yet.
// A transaction of SQLite is alone anyway.
func (s *DatasetStore) lockOwner(ctx context.Context, tx *sql.Tx, owner dataset.Owner) error {
	if !s.db.postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`,
		"dataset/"+string(owner.Pool)+"/"+string(owner.Identity))
	if err != nil {
		return fmt.Errorf("sqlstore: lock datasets: %w", err)
	}
	return nil
}

// loadDataset returns a dataset, also a deleted one, or nil.
func loadDataset(ctx context.Context, q querier, owner dataset.Owner, name string) (*dataset.Dataset, error) {
	var d dataset.Dataset
	targets, done := datasetTargets(&d)
	err := q.QueryRowContext(ctx, `SELECT `+datasetColumns+`
		FROM datasets d WHERE d.pool = $1 AND d.identity = $2 AND d.name = $3`, owner.Pool, owner.Identity, name).Scan(targets...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: dataset: %w", err)
	}
	return &d, done()
}

func saveDataset(ctx context.Context, tx *sql.Tx, owner dataset.Owner, d *dataset.Dataset) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO datasets (pool, identity, name, sync_count, created, modified,
			modified_by, bytes, records, keys, epoch, deleted, deleted_at, gaps)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (pool, identity, name) DO UPDATE SET sync_count = excluded.sync_count, created = excluded.created,
			modified = excluded.modified, modified_by = excluded.modified_by, bytes = excluded.bytes,
			records = excluded.records, keys = excluded.keys, epoch = excluded.epoch, deleted = excluded.deleted,
			deleted_at = excluded.deleted_at, gaps = excluded.gaps`,
		owner.Pool, owner.Identity, d.Name, d.SyncCount, micros(d.Created), micros(d.Modified),
		[]byte(d.ModifiedBy), d.Bytes, d.Records, d.Keys, d.Epoch, d.Deleted, d.DeletedAt, dataset.PackGaps(d.Gaps))
	if err != nil {
		return fmt.Errorf("sqlstore: save dataset: %w", err)
	}
	return nil
}
