package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// moveHeads notes where the chains of entries end now.
func moveHeads(ctx context.Context, tx *sql.Tx, entries []*audit.Entry) error {
	last := map[string]*audit.Entry{}
	for _, e := range entries {
		if l := last[e.Segment]; l == nil || l.Seq < e.Seq {
			last[e.Segment] = e
		}
	}
	for _, e := range last {
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit_segments (segment, seq, hash) VALUES ($1, $2, $3)
			ON CONFLICT (segment) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE audit_segments.seq < excluded.seq`,
			e.Segment, e.Seq, e.Hash); err != nil {
			return err
		}
	}
	return nil
}

// Segments implements audit.Store.
func (s *AuditStore) Segments(ctx context.Context) ([]audit.Head, error) {
	return s.heads(ctx, `SELECT segment, seq, hash FROM audit_segments WHERE seq > 0 ORDER BY segment`)
}

// Advanced implements audit.Store.
func (s *AuditStore) Advanced(ctx context.Context) ([]audit.Head, error) {
	return s.heads(ctx, `SELECT segment, seq, hash FROM audit_segments WHERE seq > marked ORDER BY segment`)
}

func (s *AuditStore) heads(ctx context.Context, query string, args ...any) (heads []audit.Head, err error) {
	rows, err := s.db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var h audit.Head
		if err := rows.Scan(&h.Segment, &h.Seq, &h.Hash); err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	return heads, rows.Err()
}

// AddCheckpoint implements audit.Store.
func (s *AuditStore) AddCheckpoint(ctx context.Context, c audit.SignedCheckpoint, heads []audit.Head) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		n, err := rowsAffected(tx.ExecContext(ctx, `INSERT INTO audit_checkpoints (number, jws) VALUES ($1, $2) ON CONFLICT DO NOTHING`, c.Number, c.JWS))
		if err != nil {
			return err
		}
		if n == 0 {
			return audit.ErrTaken
		}
		for _, h := range heads {
			if _, err := tx.ExecContext(ctx, `UPDATE audit_segments SET marked = $2 WHERE segment = $1 AND marked < $2`, h.Segment, h.Seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastCheckpoint implements audit.Store.
func (s *AuditStore) LastCheckpoint(ctx context.Context) (c audit.SignedCheckpoint, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT number, jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1`).Scan(&c.Number, &c.JWS)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	return c, err
}

// Checkpoints implements audit.Store.
func (s *AuditStore) Checkpoints(ctx context.Context, after int64, limit int) (list []audit.SignedCheckpoint, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT number, jws FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c audit.SignedCheckpoint
		if err := rows.Scan(&c.Number, &c.JWS); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// termsAtOnce bounds the rows that one question names: SQLite takes 32,766 parameters.
const termsAtOnce = 500

// Unindexed implements audit.Store.
func (s *AuditStore) Unindexed(ctx context.Context, entries []*audit.Entry) (missing int, err error) {
	var rows [][]any
	for _, e := range entries {
		for _, term := range e.Terms {
			rows = append(rows, []any{term, micros(e.Time), e.Segment, e.Seq})
		}
	}
	for batch := range slices.Chunk(rows, termsAtOnce) {
		var found int
		var places []string
		var args []any
		for _, row := range batch {
			n := len(args)
			places, args = append(places, fmt.Sprintf("(CAST($%d AS TEXT), CAST($%d AS BIGINT), CAST($%d AS TEXT), CAST($%d AS BIGINT))", n+1, n+2, n+3, n+4)), append(args, row...)
		}
		err := s.db.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_terms WHERE (term, time, segment, seq) IN (VALUES `+strings.Join(places, ", ")+`)`, args...).Scan(&found)
		if err != nil {
			return 0, err
		}
		missing += len(batch) - found
	}
	return missing, nil
}

// Remove implements audit.Store.
func (s *AuditStore) Remove(ctx context.Context, entries []*audit.Entry) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			if _, err := tx.ExecContext(ctx, `DELETE FROM audit WHERE segment = $1 AND seq = $2`, e.Segment, e.Seq); err != nil {
				return err
			}
			for _, term := range e.Terms {
				if _, err := tx.ExecContext(ctx, `DELETE FROM audit_terms WHERE term = $1 AND time = $2 AND segment = $3 AND seq = $4`,
					term, micros(e.Time), e.Segment, e.Seq); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Beat implements audit.Store.
func (s *AuditStore) Beat(ctx context.Context, segment string, until time.Time) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO audit_segments (segment, seq, hash, alive) VALUES ($1, 0, $2, $3)
		ON CONFLICT (segment) DO UPDATE SET alive = excluded.alive`, segment, []byte{}, beat(until))
	return err
}

// Orphans implements audit.Store.
func (s *AuditStore) Orphans(ctx context.Context, sink string, now time.Time) ([]audit.Head, error) {
	return s.heads(ctx, `SELECT g.segment, g.seq, g.hash FROM audit_segments g LEFT JOIN audit_cursors c ON c.sink = $1 AND c.segment = g.segment
		WHERE g.alive < $2 AND g.seq > COALESCE(c.seq, 0) ORDER BY g.segment`, sink, micros(now))
}

// beat is how the end of a process's life is stored: 0 for one that is over.
func beat(until time.Time) int64 {
	if until.IsZero() {
		return 0
	}
	return micros(until)
}

// Cursor implements audit.Store.
func (s *AuditStore) Cursor(ctx context.Context, sink, segment string) (seq int64, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT seq FROM audit_cursors WHERE sink = $1 AND segment = $2`, sink, segment).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// MoveCursor implements audit.Store.
func (s *AuditStore) MoveCursor(ctx context.Context, sink, segment string, seq int64) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO audit_cursors (sink, segment, seq) VALUES ($1, $2, $3)
		ON CONFLICT (sink, segment) DO UPDATE SET seq = excluded.seq WHERE audit_cursors.seq < excluded.seq`, sink, segment, seq)
	return err
}

// BeginSink implements audit.Store.
func (s *AuditStore) BeginSink(ctx context.Context, sink string) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		var known int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_cursors WHERE sink = $1`, sink).Scan(&known); err != nil || known > 0 {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO audit_cursors (sink, segment, seq)
			SELECT CAST($1 AS TEXT), segment, seq FROM audit_segments UNION ALL
			SELECT CAST($1 AS TEXT), '', COALESCE(MAX(number), 0) FROM audit_checkpoints`, sink)
		return err
	})
}
