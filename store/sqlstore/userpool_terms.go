package sqlstore

import (
	"context"
	"database/sql"

	"github.com/poolhouse/poolhouse/userpool"
)

// CreateTerms implements userpool.BrandingStore.
func (s *UserpoolStore) CreateTerms(ctx context.Context, t *userpool.Terms) error {
	t.Created, t.Modified = micro(t.Created), micro(t.Modified)
	res, err := s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_terms (pool, id, client, name, doc)
		SELECT pool, $2, id, $4, $5 FROM userpool_clients WHERE pool = $1 AND id = $3`, t.Pool, t.ID, t.Client, t.Name, encode(t))
	if isUnique(err, "") {
		return userpool.ErrTermsExist
	}
	return affected(res, err, userpool.ErrClientNotFound)
}

// Terms implements userpool.BrandingStore.
func (s *UserpoolStore) Terms(ctx context.Context, pool userpool.PoolID, id string) (*userpool.Terms, error) {
	return found[userpool.Terms](s.db.read.QueryRowContext(ctx, `SELECT doc FROM userpool_terms WHERE pool = $1 AND id = $2`, pool, id))
}

// UpdateTerms implements userpool.BrandingStore.
func (s *UserpoolStore) UpdateTerms(ctx context.Context, pool userpool.PoolID, id string, fn func(*userpool.Terms) error) (t *userpool.Terms, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		t, err = found[userpool.Terms](tx.QueryRowContext(ctx, `SELECT doc FROM userpool_terms WHERE pool = $1 AND id = $2`+s.db.forUpdate(), pool, id))
		if err != nil {
			return err
		}
		client, created := t.Client, t.Created
		if err := fn(t); err != nil {
			return err
		}
		t.ID, t.Pool, t.Client, t.Created, t.Modified = id, pool, client, created, micro(t.Modified)
		_, err := tx.ExecContext(ctx, `UPDATE userpool_terms SET name = $3, doc = $4 WHERE pool = $1 AND id = $2`, pool, id, t.Name, encode(t))
		if isUnique(err, "") {
			return userpool.ErrTermsExist
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// DeleteTerms implements userpool.BrandingStore.
func (s *UserpoolStore) DeleteTerms(ctx context.Context, pool userpool.PoolID, id string) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_terms WHERE pool = $1 AND id = $2`, pool, id)
	return affected(res, err, userpool.ErrNotFound)
}

// TermsPage implements userpool.BrandingStore.
func (s *UserpoolStore) TermsPage(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.Terms, string, error) {
	rows, err := s.db.read.QueryContext(ctx,
		`SELECT doc FROM userpool_terms WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`, pool, after, limit+1)
	all, err := collect(rows, err, scanDoc[userpool.Terms])
	terms, next := page(all, limit, func(t *userpool.Terms) string { return t.ID })
	return terms, next, err
}

const listTermsOf = `SELECT doc FROM userpool_terms WHERE client = $1 ORDER BY name`

// TermsOf implements userpool.BrandingStore.
func (s *UserpoolStore) TermsOf(ctx context.Context, pool userpool.PoolID, client userpool.ClientID) ([]*userpool.Terms, error) {
	rows, err := s.db.read.QueryContext(ctx, listTermsOf, client)
	all, err := collect(rows, err, scanDoc[userpool.Terms])
	for _, t := range all {
		if t.Pool != pool {
			return nil, userpool.ErrClientNotFound
		}
	}
	return all, err
}
