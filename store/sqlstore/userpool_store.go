package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// A UserpoolStore keeps user pools. Client secrets and SRP verifiers are sealed,
// each bound to its table and row. What is never searched for stands in a JSON
// column "doc", which is the domain's struct.
type UserpoolStore struct {
	db     *DB
	sealer keyring.Sealer
	known  *userpoolDocs
}

// userpoolDocs are the documents that are read over and over.
type userpoolDocs struct {
	pools   decoded[userpool.Pool]
	clients decoded[userpool.Client]
	groups  decoded[userpool.Group]
}

var _ userpool.Store = (*UserpoolStore)(nil)

// Userpool returns the store of user pools in db.
func (db *DB) Userpool(sealer keyring.Sealer) *UserpoolStore {
	return &UserpoolStore{db, sealer, &db.docs.userpool}
}

// A querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// notFound turns sql.ErrNoRows into kind.
func notFound(err, kind error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return kind
	}
	return err
}

// affected returns kind where a statement changed no row.
func affected(res sql.Result, err, kind error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return kind
	}
	return err
}

// collect scans all rows and closes them.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// page cuts a list that was read with one row more than limit, and returns the
// key of the last row kept as the token of the next page.
func page[T any](all []T, limit int, key func(T) string) ([]T, string) {
	if len(all) <= limit {
		return all, ""
	}
	return all[:limit], key(all[limit-1])
}

// encode returns v as JSON text. The domain's structs can always be encoded.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sqlstore: encode %T: %v", v, err))
	}
	return string(b)
}

func decode(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("sqlstore: decode %T: %w", v, err)
	}
	return nil
}

// micro cuts times to what the store keeps.
func micro(t time.Time) time.Time { return fromMicros(micros(t)) }

func (s *UserpoolStore) seal(plain []byte, aad string) ([]byte, error) {
	if len(plain) == 0 {
		return []byte{}, nil
	}
	return s.sealer.Seal(plain, aad)
}

func (s *UserpoolStore) open(sealed []byte, aad string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return s.sealer.Open(sealed, aad)
}
