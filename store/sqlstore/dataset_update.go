package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Update implements dataset.Store.
func (s *DatasetStore) Update(ctx context.Context, b *dataset.Batch) (*dataset.Commit, error) {
	var commit *dataset.Commit
	err := s.db.inTx(ctx, func(tx *sql.Tx) (err error) {
		commit, err = s.update(ctx, tx, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !commit.Repeated {
		s.db.ringDatasets(b.Owner)
	}
	return commit, nil
}

func (s *DatasetStore) update(ctx context.Context, tx *sql.Tx, b *dataset.Batch) (*dataset.Commit, error) {
	if err := s.lockOwner(ctx, tx, b.Owner); err != nil {
		return nil, err
	}
	old, err := loadDataset(ctx, tx, b.Owner, b.Dataset)
	if err != nil {
		return nil, err
	}
	states, err := recordStates(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	next, commit, err := b.Decide(old, states)
	if err != nil || next == nil {
		return commit, err
	}
	if old == nil || old.Deleted {
		if err := checkRoom(ctx, tx, b, old == nil); err != nil {
			return nil, err
		}
	}
	if err := saveDataset(ctx, tx, b.Owner, next); err != nil {
		return nil, err
	}
	if err := saveRecords(ctx, tx, b, commit); err != nil {
		return nil, err
	}
	entry := &dataset.LogEntry{Dataset: b.Dataset, SyncCount: commit.SyncCount, Device: b.Device}
	return commit, appendLog(ctx, tx, b.Owner, entry, commit.At)
}

// checkRoom checks that the owner may have one more dataset.
func checkRoom(ctx context.Context, tx *sql.Tx, b *dataset.Batch, newName bool) error {
	var names, alive int64
	err := tx.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN deleted THEN NULL ELSE 1 END)
		FROM datasets WHERE pool = $1 AND identity = $2`, b.Owner.Pool, b.Owner.Identity).Scan(&names, &alive)
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: count datasets: %w", err)
	case alive >= b.Limits.Datasets:
		return b.Limits.Exceeded(dataset.LimitDatasets)
	case newName && names >= b.Limits.Names:
		return b.Limits.Exceeded(dataset.LimitNames)
	}
	return nil
}

// Rows to a statement: both engines bound its parameters, at 32766 and 65535.
const (
	selectChunk = 1000
	insertChunk = 200
)

// recordStates returns what is stored under the keys of a batch.
func recordStates(ctx context.Context, tx *sql.Tx, b *dataset.Batch) (map[string]dataset.State, error) {
	states := make(map[string]dataset.State, len(b.Patches))
	for chunk := range slices.Chunk(b.Patches, selectChunk) {
		if err := addStates(ctx, tx, b, chunk, states); err != nil {
			return nil, fmt.Errorf("sqlstore: record states: %w", err)
		}
	}
	return states, nil
}

func addStates(ctx context.Context, tx *sql.Tx, b *dataset.Batch, chunk []dataset.Patch, states map[string]dataset.State) error {
	args := []any{b.Owner.Pool, b.Owner.Identity, b.Dataset}
	for i := range chunk {
		args = append(args, []byte(chunk[i].Key))
	}
	rows, err := tx.QueryContext(ctx, `SELECT key, position, removed, length(value), modified, fingerprint
		FROM dataset_records WHERE pool = $1 AND identity = $2 AND dataset = $3
		AND key IN `+placeholders(4, len(chunk)), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, fingerprint []byte
		var modified int64
		var st dataset.State
		if err := rows.Scan(&key, &st.Position, &st.Removed, &st.Bytes, &modified, &fingerprint); err != nil {
			return err
		}
		st.Modified = fromMicros(modified)
		copy(st.Fingerprint[:], fingerprint)
		states[string(key)] = st
	}
	return rows.Err()
}

const recordColumns = 11

// saveRecords writes the records of an accepted batch.
func saveRecords(ctx context.Context, tx *sql.Tx, b *dataset.Batch, c *dataset.Commit) error {
	for start := 0; start < len(b.Patches); start += insertChunk {
		chunk := b.Patches[start:min(start+insertChunk, len(b.Patches))]
		args := make([]any, 0, len(chunk)*recordColumns)
		for i := range chunk {
			p := &chunk[i]
			value := []byte{}
			if !p.Remove {
				value = []byte(p.Value)
			}
			args = append(args, b.Owner.Pool, b.Owner.Identity, b.Dataset, []byte(p.Key), value, p.Remove,
				int64(dataset.At(c.SyncCount, start+i)), micros(c.At), micros(p.DeviceModified), []byte(b.Device), b.Fingerprint[:])
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO dataset_records (pool, identity, dataset, key, value, removed,
				position, modified, device_modified, modified_by, fingerprint)
			VALUES `+rowsOf(len(chunk), recordColumns)+`
			ON CONFLICT (pool, identity, dataset, key) DO UPDATE SET value = excluded.value,
				removed = excluded.removed, position = excluded.position, modified = excluded.modified,
				device_modified = excluded.device_modified, modified_by = excluded.modified_by,
				fingerprint = excluded.fingerprint`, args...)
		if err != nil {
			return fmt.Errorf("sqlstore: save records: %w", err)
		}
	}
	return nil
}
