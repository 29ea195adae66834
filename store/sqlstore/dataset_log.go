package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var _ dataset.Log = (*DatasetStore)(nil)

// trimEvery is after how many entries of an owner the oldest are dropped.
const trimEvery = 64

// appendLog notes a change in the log of its owner, in the transaction of the change.
// It is the owner's only one: lockOwner and SQLite see to that.
func appendLog(ctx context.Context, tx *sql.Tx, owner dataset.Owner, e *dataset.LogEntry, at time.Time) error {
	var seq int64
	err := tx.QueryRowContext(ctx, `INSERT INTO dataset_log (pool, identity, seq, at, dataset, sync_count, device, deleted)
		VALUES ($1, $2, (SELECT coalesce(max(seq), 0) + 1 FROM dataset_log WHERE pool = $1 AND identity = $2), $3, $4, $5, $6, $7)
		RETURNING seq`, owner.Pool, owner.Identity, micros(at), e.Dataset, e.SyncCount, []byte(e.Device), e.Deleted).Scan(&seq)
	if err == nil && seq%trimEvery == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM dataset_log WHERE pool = $1 AND identity = $2 AND seq <= $3`,
			owner.Pool, owner.Identity, seq-dataset.LogLength)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: log a change: %w", err)
	}
	return nil
}

// A logPosition is a LogID: the number of an entry and its time. The time tells
// the entry from another one that got its number after a backup was restored.
type logPosition struct{ seq, at int64 }

func (p logPosition) id() dataset.LogID {
	return dataset.LogID(strconv.FormatInt(p.seq, 10) + "-" + strconv.FormatInt(p.at, 10))
}

func parseLogID(id dataset.LogID) (p logPosition, ok bool) {
	seq, at, _ := strings.Cut(string(id), "-")
	var err1, err2 error
	p.seq, err1 = strconv.ParseInt(seq, 10, 64)
	p.at, err2 = strconv.ParseInt(at, 10, 64)
	return p, err1 == nil && err2 == nil && p.id() == id
}

// LogTail implements dataset.Log.
func (s *DatasetStore) LogTail(ctx context.Context, owner dataset.Owner) (dataset.LogID, error) {
	var p logPosition
	err := s.db.read.QueryRowContext(ctx, `SELECT seq, at FROM dataset_log WHERE pool = $1 AND identity = $2
		ORDER BY seq DESC LIMIT 1`, owner.Pool, owner.Identity).Scan(&p.seq, &p.at)
	if errors.Is(err, sql.ErrNoRows) {
		return dataset.LogStart, nil
	}
	if err != nil {
		return "", fmt.Errorf("sqlstore: tail of the log: %w", err)
	}
	return p.id(), nil
}

// LogSince implements dataset.Log. It reads from the entry of the ID on, which
// must still be there.
func (s *DatasetStore) LogSince(ctx context.Context, owner dataset.Owner, after dataset.LogID) ([]dataset.LogEntry, error) {
	p, ok := parseLogID(after)
	if !ok && after != dataset.LogStart {
		return nil, dataset.ErrGap
	}
	rows, err := s.db.read.QueryContext(ctx, `SELECT seq, at, dataset, sync_count, device, deleted FROM dataset_log
		WHERE pool = $1 AND identity = $2 AND seq >= $3 ORDER BY seq`, owner.Pool, owner.Identity, p.seq)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: log: %w", err)
	}
	defer rows.Close()
	next, entries := p, []dataset.LogEntry{}
	if after == dataset.LogStart {
		next.seq = 1
	}
	for rows.Next() {
		e, at, err := scanLog(rows)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: log: %w", err)
		}
		if len(entries) == 0 && (at.seq != next.seq || ok && at != p) {
			return nil, dataset.ErrGap
		}
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlstore: log: %w", err)
	}
	if !ok {
		return entries, nil
	}
	if len(entries) == 0 {
		return nil, dataset.ErrGap
	}
	return entries[1:], nil
}

func scanLog(rows *sql.Rows) (e dataset.LogEntry, at logPosition, err error) {
	var device []byte
	err = rows.Scan(&at.seq, &at.at, &e.Dataset, &e.SyncCount, &device, &e.Deleted)
	e.ID, e.Device = at.id(), string(device)
	return e, at, err
}
