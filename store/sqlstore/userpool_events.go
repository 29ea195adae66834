package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/poolhouse/poolhouse/userpool"
)

// eventPlace sorts events, the newest first.
func eventPlace(e *userpool.Event) string {
	return fmt.Sprintf("%016x/%s", math.MaxInt64-micros(e.Created), e.ID)
}

// AddEvent implements userpool.EventStore.
func (s *UserpoolStore) AddEvent(ctx context.Context, e *userpool.Event) error {
	e.Created = micro(e.Created)
	return s.inOwnersTx(ctx, e.Pool, e.Sub, func(tx *sql.Tx, owner int64) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_events (pool, sub, place, id, owner, created, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			e.Pool, e.Sub, eventPlace(e), e.ID, owner, micros(e.Created), encode(e))
		return err
	})
}

const selectEvent = `SELECT doc FROM userpool_events WHERE pool = $1 AND sub = $2 AND id = $3`

// UpdateEvent implements userpool.EventStore.
func (s *UserpoolStore) UpdateEvent(ctx context.Context, pool userpool.PoolID, sub, id string, fn func(*userpool.Event) error) (e *userpool.Event, err error) {
	if hasNUL(sub, id) {
		return nil, userpool.ErrNotFound
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		e, err = found[userpool.Event](tx.QueryRowContext(ctx, selectEvent+s.db.forUpdate(), pool, sub, id))
		if err != nil {
			return err
		}
		created := e.Created
		if err := fn(e); err != nil {
			return err
		}
		e.Pool, e.Sub, e.ID, e.Created = pool, sub, id, created
		_, err := tx.ExecContext(ctx, `UPDATE userpool_events SET doc = $4 WHERE pool = $1 AND sub = $2 AND id = $3`, pool, sub, id, encode(e))
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

const listEvents = `SELECT doc FROM userpool_events WHERE pool = $1 AND sub = $2 AND place > $3 ORDER BY place LIMIT $4`

// Events implements userpool.EventStore.
func (s *UserpoolStore) Events(ctx context.Context, pool userpool.PoolID, sub, after string, limit int) ([]*userpool.Event, string, error) {
	rows, err := s.db.read.QueryContext(ctx, listEvents, pool, sub, after, limit+1)
	all, err := collect(rows, err, scanDoc[userpool.Event])
	events, next := page(all, limit, eventPlace)
	return events, next, err
}

// DeleteOldEvents implements userpool.EventStore.
func (s *UserpoolStore) DeleteOldEvents(ctx context.Context, limit int) (int, error) {
	res, err := s.db.write.ExecContext(ctx, `
		DELETE FROM userpool_events WHERE (pool, sub, place) IN (
			SELECT pool, sub, place FROM userpool_events WHERE created <= $1 ORDER BY created LIMIT $2)`,
		micros(s.db.now().Add(-userpool.EventLife)), limit)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
