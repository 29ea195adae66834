package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// An AuditStore keeps the audit log.
type AuditStore struct{ db *DB }

var _ audit.Store = (*AuditStore)(nil)

// Audit returns the store of the audit log.
func (db *DB) Audit() *AuditStore { return &AuditStore{db} }

const auditColumns = `audit.segment, audit.seq, audit.time, event_id, source, name, user_name, access_key, read_only, record, prev, hash`

// Append implements audit.Store.
func (s *AuditStore) Append(ctx context.Context, entries []*audit.Entry) error {
	rows, terms := make([][]any, 0, len(entries)), make([][]any, 0, len(entries))
	for _, e := range entries {
		rows = append(rows, []any{e.Segment, e.Seq, micros(e.Time), e.ID, e.Source, e.Name, e.User, e.AccessKey,
			strconv.FormatBool(e.ReadOnly), string(e.Record), e.Prev, e.Hash})
		for _, term := range e.Terms {
			terms = append(terms, []any{term, micros(e.Time), e.Segment, e.Seq})
		}
	}
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		err := insertRows(ctx, tx, `audit (segment, seq, time, event_id, source, name, user_name, access_key, read_only,
			record, prev, hash)`, `ON CONFLICT (segment, seq) DO NOTHING`, rows)
		if err != nil {
			return err
		}
		return errors.Join(insertRows(ctx, tx, `audit_terms (term, time, segment, seq)`, `ON CONFLICT DO NOTHING`, terms),
			settleIntents(ctx, tx, entries), moveHeads(ctx, tx, entries))
	})
}

// Chain implements audit.Store.
func (s *AuditStore) Chain(ctx context.Context, segment string, seq int64, limit int) ([]*audit.Entry, error) {
	return s.entries(ctx, `SELECT `+auditColumns+` FROM audit WHERE segment = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		segment, seq, limit)
}

// Find implements audit.Store.
func (s *AuditStore) Find(ctx context.Context, q audit.Query) ([]*audit.Entry, string, error) {
	if hasNUL(q.ID, q.Source, q.Name, q.User, q.AccessKey, q.Term()) {
		return nil, "", nil
	}
	table, join := "audit", ""
	if q.Term() != "" { // its order is that of the index, so that a page is read from there
		table, join = "audit_terms", " JOIN audit ON audit.segment = audit_terms.segment AND audit.seq = audit_terms.seq"
	}
	where, args, err := auditWhere(q, table)
	if err != nil {
		return nil, "", err
	}
	args = append(args, q.Limit+1)
	entries, err := s.entries(ctx, fmt.Sprintf(`SELECT %[1]s FROM %[2]s%[3]s%[4]s
		ORDER BY %[2]s.time DESC, %[2]s.segment DESC, %[2]s.seq DESC LIMIT $%[5]d`, auditColumns, table, join, where, len(args)), args...)
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

// auditWhere writes the condition of q. Times and places are those of table.
func auditWhere(q audit.Query, table string) (where string, args []any, err error) {
	var terms []string
	term := func(format string, values ...any) {
		places := make([]any, len(values))
		for i := range values {
			places[i] = len(args) + i + 1
		}
		terms, args = append(terms, fmt.Sprintf(format, places...)), append(args, values...)
	}
	for _, f := range []struct{ column, value string }{{"event_id", q.ID}, {"source", q.Source}, {"name", q.Name},
		{"user_name", q.User}, {"term", q.Term()}} {
		if f.value != "" {
			term(f.column+" = $%d", f.value)
		}
	}
	if q.AccessKey != "" {
		term("access_key = $%d AND access_key <> ''", q.AccessKey) // as the index says
	}
	if q.ReadOnly != nil {
		term("read_only = $%d", strconv.FormatBool(*q.ReadOnly))
	}
	if !q.From.IsZero() {
		term(table+".time >= $%d", micros(q.From))
	}
	if !q.To.IsZero() {
		term(table+".time <= $%d", micros(q.To))
	}
	if q.After != "" {
		token, err := parseAuditToken(q.After)
		if err != nil {
			return "", nil, err
		}
		term(strings.ReplaceAll("(T.time, T.segment, T.seq) < ($%d, $%d, $%d)", "T", table), token.Time, token.Segment, token.Seq)
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
			e        audit.Entry
			us       int64
			readOnly string
		)
		if err := rows.Scan(&e.Segment, &e.Seq, &us, &e.ID, &e.Source, &e.Name, &e.User, &e.AccessKey,
			&readOnly, &e.Record, &e.Prev, &e.Hash); err != nil {
			return nil, err
		}
		e.Time, e.ReadOnly = fromMicros(us), readOnly == "true"
		entries = append(entries, &e)
	}
	return entries, rows.Err()
}
