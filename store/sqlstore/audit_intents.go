package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
)

func settleIntents(ctx context.Context, tx *sql.Tx, entries []*audit.Entry) error {
	for _, e := range entries {
		if !e.Settles {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM audit_intents WHERE id = $1`, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// Intents implements audit.Store.
func (s *AuditStore) Intents(ctx context.Context, before time.Time, limit int) (intents []*audit.Entry, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT id, time, record FROM audit_intents WHERE time < $1 ORDER BY time LIMIT $2`,
		micros(before), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			e  audit.Entry
			us int64
		)
		if err := rows.Scan(&e.ID, &us, &e.Record); err != nil {
			return nil, err
		}
		e.Time = fromMicros(us)
		intents = append(intents, &e)
	}
	return intents, rows.Err()
}
