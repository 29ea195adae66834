package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// A writer is a pool of connections that writes. Under a context with the intent of
// an administrator's write the first transaction stores that too: neither is there
// without the other.
type writer struct{ *sql.DB }

// ExecContext is that of *sql.DB, in a transaction with an intent that waits.
func (w writer) ExecContext(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	if audit.IntentOf(ctx) == nil {
		defer forget(ctx)
		return w.DB.ExecContext(ctx, query, args...)
	}
	err = w.tryTx(ctx, func(tx *sql.Tx) (err error) {
		res, err = tx.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

func (w writer) tryTx(ctx context.Context, fn func(*sql.Tx) error) error {
	defer forget(ctx)
	tx, err := w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	intent := audit.IntentOf(ctx)
	if err := keep(ctx, tx, intent); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if intent != nil {
		intent.Kept()
	}
	return nil
}

// keep stores an intent, if there is one.
func keep(ctx context.Context, tx *sql.Tx, intent *audit.Intent) error {
	if intent == nil {
		return nil
	}
	record, err := intent.Record()
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO audit_intents (id, time, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			intent.ID, micros(intent.Time), string(record))
	}
	if err != nil {
		return fmt.Errorf("an administrator's write is refused, its audit record cannot be stored: %w", err)
	}
	return nil
}
