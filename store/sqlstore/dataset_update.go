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
	if err := s.lockOpen(ctx, tx, b.Owner); err != nil {
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

// checkRoom checks that the owner may have one more dataset. What came with a
// merge does not count as a dataset of the owner's.
func checkRoom(ctx context.Context, tx *sql.Tx, b *dataset.Batch, newName bool) error {
	names, err := datasetNames(ctx, tx, b.Owner)
	if err != nil {
		return err
	}
	var own int64
	for name, deleted := range names {
		if _, merged := dataset.IsMerged(name); !merged && !deleted {
			own++
		}
	}
	switch {
	case own >= b.Limits.Datasets:
		return b.Limits.Exceeded(dataset.LimitDatasets)
	case newName && int64(len(names)) >= b.Limits.Names:
		return b.Limits.Exceeded(dataset.LimitNames)
	}
	return nil
}

// datasetNames returns the names that an owner has used, and which of them are
// deleted.
func datasetNames(ctx context.Context, tx *sql.Tx, owner dataset.Owner) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT name, deleted FROM datasets WHERE pool = $1 AND identity = $2`, owner.Pool, owner.Identity)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: dataset names: %w", err)
	}
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		var deleted bool
		if err := rows.Scan(&name, &deleted); err != nil {
			return nil, fmt.Errorf("sqlstore: dataset names: %w", err)
		}
		names[name] = deleted
	}
	return names, rows.Err()
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
	return writeRecords(ctx, tx, len(b.Patches), func(args []any, i int) []any {
		p := &b.Patches[i]
		value := []byte{}
		if !p.Remove {
			value = []byte(p.Value)
		}
		return append(args, b.Owner.Pool, b.Owner.Identity, b.Dataset, []byte(p.Key), value, p.Remove,
			int64(dataset.At(c.SyncCount, i)), micros(c.At), micros(p.DeviceModified), []byte(b.Device), b.Fingerprint[:])
	})
}

// writeRecords writes n rows of dataset_records; row appends the columns of one.
func writeRecords(ctx context.Context, tx *sql.Tx, n int, row func(args []any, i int) []any) error {
	for start := 0; start < n; start += insertChunk {
		rows := min(insertChunk, n-start)
		args := make([]any, 0, rows*recordColumns)
		for i := range rows {
			args = row(args, start+i)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO dataset_records (pool, identity, dataset, key, value, removed,
				position, modified, device_modified, modified_by, fingerprint)
			VALUES `+rowsOf(rows, recordColumns)+`
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
