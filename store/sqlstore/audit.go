package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// An AuditStore keeps the audit log.
type AuditStore struct{ db *DB }

var _ audit.Store = (*AuditStore)(nil)

// Audit returns the store of the audit log.
func (db *DB) Audit() *AuditStore { return &AuditStore{db} }

const auditColumns = `segment, seq, time, event_id, source, name, user_name, access_key, record, prev, hash`

// Append implements audit.Store.
func (s *AuditStore) Append(ctx context.Context, entries []*audit.Entry) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO audit (`+auditColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (segment, seq) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, e := range entries {
			if _, err := insert.ExecContext(ctx, e.Segment, e.Seq, micros(e.Time), e.ID, e.Source, e.Name, e.User,
				e.AccessKey, string(e.Record), e.Prev, e.Hash); err != nil {
				return err
			}
		}
		return nil
	})
}

// Segments implements audit.Store.
func (s *AuditStore) Segments(ctx context.Context) (names []string, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT DISTINCT segment FROM audit ORDER BY segment`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Chain implements audit.Store.
func (s *AuditStore) Chain(ctx context.Context, segment string, seq int64, limit int) ([]*audit.Entry, error) {
	return s.entries(ctx, `SELECT `+auditColumns+` FROM audit WHERE segment = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		segment, seq, limit)
}

// Find implements audit.Store.
func (s *AuditStore) Find(ctx context.Context, q audit.Query) ([]*audit.Entry, string, error) {
	where, args, err := auditWhere(q)
	if err != nil {
		return nil, "", err
	}
	args = append(args, q.Limit+1)
	entries, err := s.entries(ctx, fmt.Sprintf(`SELECT %s FROM audit%s ORDER BY time DESC, segment DESC, seq DESC LIMIT $%d`,
		auditColumns, where, len(args)), args...)
	if err != nil || len(entries) <= q.Limit {
		return entries, "", err
	}
	entries = entries[:q.Limit]
	last := entries[q.Limit-1]
	token, err := json.Marshal(auditToken{micros(last.Time), last.Segment, last.Seq})
	return entries, base64.RawURLEncoding.EncodeToString(token), err
}

// An auditToken is the last entry of a page.
type auditToken struct {
	Time    int64
	Segment string
	Seq     int64
}

func auditWhere(q audit.Query) (where string, args []any, err error) {
	var terms []string
	term := func(format string, values ...any) {
		places := make([]any, len(values))
		for i := range values {
			places[i] = len(args) + i + 1
		}
		terms, args = append(terms, fmt.Sprintf(format, places...)), append(args, values...)
	}
	for _, f := range []struct{ column, value string }{{"event_id", q.ID}, {"source", q.Source}, {"name", q.Name},
		{"user_name", q.User}, {"access_key", q.AccessKey}} {
		if f.value != "" {
			term(f.column+" = $%d", f.value)
		}
	}
	if !q.From.IsZero() {
		term("time >= $%d", micros(q.From))
	}
	if !q.To.IsZero() {
		term("time <= $%d", micros(q.To))
	}
	if q.After != "" {
		token, err := parseAuditToken(q.After)
		if err != nil {
			return "", nil, err
		}
		term("(time, segment, seq) < ($%d, $%d, $%d)", token.Time, token.Segment, token.Seq)
	}
	if len(terms) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args, nil
}

func parseAuditToken(text string) (token auditToken, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &token) != nil || token.Seq == 0 {
		return token, audit.ErrBadToken
	}
	return token, nil
}

func (s *AuditStore) entries(ctx context.Context, query string, args ...any) (entries []*audit.Entry, err error) {
	rows, err := s.db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			e  audit.Entry
			us int64
		)
		if err := rows.Scan(&e.Segment, &e.Seq, &us, &e.ID, &e.Source, &e.Name, &e.User, &e.AccessKey,
			&e.Record, &e.Prev, &e.Hash); err != nil {
			return nil, err
		}
		e.Time = fromMicros(us)
		entries = append(entries, &e)
	}
	return entries, rows.Err()
}
