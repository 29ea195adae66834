package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// An OutboxStore keeps messages until they are delivered.
type OutboxStore struct {
	db    *DB
	table string // each queue has one, so that a slow one holds up no other
}

var _ message.Store = (*OutboxStore)(nil)

// Outbox returns the store of messages to users that wait.
func (db *DB) Outbox() *OutboxStore { return &OutboxStore{db, "outbox"} }

// Farewells returns the store of logout tokens to clients that wait.
func (db *DB) Farewells() *OutboxStore { return &OutboxStore{db, "idp_farewells"} }

// SyncStreams returns the store of changes of datasets that wait for their stream.
func (db *DB) SyncStreams() *OutboxStore { return &OutboxStore{db, "sync_stream_outbox"} }

// Pushes returns the store of changes that devices wait to be told of.
func (db *DB) Pushes() *OutboxStore { return &OutboxStore{db, "sync_pushes"} }

const outboxColumns = `id, pool, medium, kind, destination, sealed, created, due, tries, closed, reason`

// Put implements message.Store.
func (s *OutboxStore) Put(ctx context.Context, it *message.Item) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO `+s.table+` (`+outboxColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET pool = excluded.pool, medium = excluded.medium, kind = excluded.kind,
			destination = excluded.destination, sealed = excluded.sealed, created = excluded.created, due = excluded.due, tries = excluded.tries,
			closed = excluded.closed, reason = excluded.reason`,
		it.ID, it.Pool, it.Medium, it.Kind, it.Destination, it.Sealed, micros(it.Created), micros(it.Due), it.Tries, micros(it.Closed), it.Reason)
	return err
}

// Claim implements message.Store. Nodes that claim at once on PostgreSQL step
// over each other's rows; on SQLite they come one after the other.
func (s *OutboxStore) Claim(ctx context.Context, until time.Time, limit int) ([]*message.Item, error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	return s.items(ctx, s.db.write.QueryContext, `WITH picked AS (
			SELECT id FROM `+s.table+` WHERE closed = 0 AND due <= $1 ORDER BY due LIMIT $2`+lock+`)
		UPDATE `+s.table+` SET tries = tries + 1, due = $3 WHERE id IN (SELECT id FROM picked)
		RETURNING `+outboxColumns, s.now(), limit, micros(until))
}

// Delivered implements message.Store.
func (s *OutboxStore) Delivered(ctx context.Context, it *message.Item) error {
	return s.Close(ctx, it, "")
}

// Postpone implements message.Store.
func (s *OutboxStore) Postpone(ctx context.Context, it *message.Item, due time.Time, reason string) error {
	return s.settle(ctx, `UPDATE `+s.table+` SET due = $3, reason = $4 WHERE id = $1 AND tries = $2 AND closed = 0`,
		it.ID, it.Tries, micros(due), reason)
}

// Close implements message.Store.
func (s *OutboxStore) Close(ctx context.Context, it *message.Item, reason string) error {
	return s.settle(ctx, `UPDATE `+s.table+` SET closed = $3, reason = $4, sealed = $5 WHERE id = $1 AND tries = $2 AND closed = 0`,
		it.ID, it.Tries, s.now(), reason, []byte{})
}

// settle runs a statement that must find its row.
func (s *OutboxStore) settle(ctx context.Context, query string, args ...any) error {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, query, args...))
	if err == nil && n == 0 {
		return message.ErrLost
	}
	return err
}

// inState selects the items in a state.
var inState = map[message.State]string{
	"":                "",
	message.Waiting:   " AND closed = 0",
	message.Delivered: " AND closed > 0 AND reason = ''",
	message.Failed:    " AND closed > 0 AND reason <> ''",
}

// Log implements message.Store.
func (s *OutboxStore) Log(ctx context.Context, pool userpool.PoolID, state message.State, after string, limit int) ([]*message.Item, string, error) {
	where, ok := inState[state]
	if !ok {
		return nil, "", userpool.Fail(userpool.ErrInvalidParameter, "Unknown state of a message.")
	}
	args := []any{pool, limit + 1}
	if after != "" {
		created, id, found := strings.Cut(after, "/")
		at, err := strconv.ParseInt(created, 10, 64)
		if !found || err != nil {
			return nil, "", userpool.Fail(userpool.ErrInvalidParameter, "Invalid pagination token given.")
		}
		where += " AND (created, id) < ($3, $4)"
		args = append(args, at, id)
	}
	all, err := s.items(ctx, s.db.read.QueryContext, `SELECT `+outboxColumns+` FROM `+s.table+`
		WHERE pool = $1`+where+` ORDER BY created DESC, id DESC LIMIT $2`, args...)
	for _, it := range all {
		it.Sealed = nil
	}
	items, next := page(all, limit, func(it *message.Item) string { return fmt.Sprintf("%d/%s", micros(it.Created), it.ID) })
	return items, next, err
}

// DeleteClosed implements message.Store.
func (s *OutboxStore) DeleteClosed(ctx context.Context, limit int) (int, error) {
	return s.DeleteClosedFor(ctx, message.KeepClosed, limit)
}

// DeleteClosedFor is DeleteClosed for a queue whose log nobody reads: it deletes
// what was closed so long ago.
func (s *OutboxStore) DeleteClosedFor(ctx context.Context, keep time.Duration, limit int) (int, error) {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, `DELETE FROM `+s.table+` WHERE id IN (
		SELECT id FROM `+s.table+` WHERE closed > 0 AND closed <= $1 LIMIT $2)`,
		micros(s.db.now().Add(-keep)), limit))
	return int(n), err
}

func (s *OutboxStore) items(ctx context.Context, query func(context.Context, string, ...any) (*sql.Rows, error), text string, args ...any) (items []*message.Item, err error) {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			it                   message.Item
			created, due, closed int64
		)
		if err := rows.Scan(&it.ID, &it.Pool, &it.Medium, &it.Kind, &it.Destination, &it.Sealed, &created, &due, &it.Tries, &closed, &it.Reason); err != nil {
			return nil, err
		}
		it.Created, it.Due, it.Closed = fromMicros(created), fromMicros(due), fromMicros(closed)
		items = append(items, &it)
	}
	return items, rows.Err()
}

func (s *OutboxStore) now() int64 { return micros(s.db.now()) }
