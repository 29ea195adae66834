package sqlstore

import (
	"context"
	"database/sql"

	"github.com/poolhouse/poolhouse/userpool"
)

func providerAAD(p *userpool.Provider) string {
	return "userpool_providers/details/" + string(p.Pool) + "/" + p.Name
}

// sealProvider returns the columns of p that may change.
func (s *UserpoolStore) sealProvider(p *userpool.Provider) (details []byte, doc string, err error) {
	p.Created, p.Modified = micro(p.Created), micro(p.Modified)
	open := *p
	open.Details = nil
	details, err = s.seal([]byte(encode(p.Details)), providerAAD(p))
	return details, encode(open), err
}

const selectProvider = `SELECT p.pool, p.name, p.doc, p.details FROM userpool_providers p`

// scanProvider lets the columns, which the seal is bound to, win over the document.
func (s *UserpoolStore) scanProvider(row scanner) (*userpool.Provider, error) {
	p := new(userpool.Provider)
	var pool userpool.PoolID
	var name, doc string
	var details []byte
	if err := row.Scan(&pool, &name, &doc, &details); err != nil {
		return nil, notFound(err, userpool.ErrNotFound)
	}
	if err := decode(doc, p); err != nil {
		return nil, err
	}
	p.Pool, p.Name = pool, name
	plain, err := s.open(details, providerAAD(p))
	if err != nil {
		return nil, err
	}
	return p, decode(string(plain), &p.Details)
}

// CreateProvider implements userpool.ProviderStore.
func (s *UserpoolStore) CreateProvider(ctx context.Context, p *userpool.Provider) error {
	details, doc, err := s.sealProvider(p)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_providers (pool, name, details, doc)
			SELECT id, $2, $3, $4 FROM userpool_pools WHERE id = $1`, p.Pool, p.Name, details, doc)
		if isUnique(err, "") {
			return userpool.ErrProviderExists
		}
		if err := affected(res, err, userpool.ErrPoolNotFound); err != nil {
			return err
		}
		return addIdentifiers(ctx, tx, p)
	})
}

func addIdentifiers(ctx context.Context, tx *sql.Tx, p *userpool.Provider) error {
	for _, id := range p.Identifiers {
		_, err := tx.ExecContext(ctx, `INSERT INTO userpool_provider_identifiers (pool, identifier, provider) VALUES ($1, $2, $3)`,
			p.Pool, id, p.Name)
		if isUnique(err, "") {
			return userpool.ErrConflict
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Provider implements userpool.ProviderStore.
func (s *UserpoolStore) Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error) {
	if hasNUL(name) {
		return nil, userpool.ErrNotFound
	}
	return s.scanProvider(s.db.read.QueryRowContext(ctx, selectProvider+` WHERE p.pool = $1 AND p.name = $2`, pool, name))
}

// ProviderByIdentifier implements userpool.ProviderStore.
func (s *UserpoolStore) ProviderByIdentifier(ctx context.Context, pool userpool.PoolID, identifier string) (*userpool.Provider, error) {
	if hasNUL(identifier) {
		return nil, userpool.ErrNotFound
	}
	return s.scanProvider(s.db.read.QueryRowContext(ctx, selectProvider+`
		JOIN userpool_provider_identifiers i ON p.pool = i.pool AND p.name = i.provider
		WHERE i.pool = $1 AND i.identifier = $2`, pool, identifier))
}

// UpdateProvider implements userpool.ProviderStore.
func (s *UserpoolStore) UpdateProvider(ctx context.Context, pool userpool.PoolID, name string, fn func(*userpool.Provider) error) (p *userpool.Provider, err error) {
	if hasNUL(name) {
		return nil, userpool.ErrNotFound
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		p, err = s.scanProvider(tx.QueryRowContext(ctx, selectProvider+` WHERE p.pool = $1 AND p.name = $2`+s.db.forUpdate(), pool, name))
		if err != nil {
			return err
		}
		kind, created := p.Type, p.Created
		if err := fn(p); err != nil {
			return err
		}
		p.Pool, p.Name, p.Type, p.Created = pool, name, kind, created
		details, doc, err := s.sealProvider(p)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE userpool_providers SET details = $3, doc = $4 WHERE pool = $1 AND name = $2`, pool, name, details, doc)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM userpool_provider_identifiers WHERE pool = $1 AND provider = $2`, pool, name)
		if err != nil {
			return err
		}
		return addIdentifiers(ctx, tx, p)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// DeleteProvider implements userpool.ProviderStore. The rest goes by ON DELETE CASCADE.
func (s *UserpoolStore) DeleteProvider(ctx context.Context, pool userpool.PoolID, name string) error {
	if hasNUL(name) {
		return userpool.ErrNotFound
	}
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_providers WHERE pool = $1 AND name = $2`, pool, name)
	return affected(res, err, userpool.ErrNotFound)
}

// Providers implements userpool.ProviderStore.
func (s *UserpoolStore) Providers(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.Provider, string, error) {
	rows, err := s.db.read.QueryContext(ctx, selectProvider+` WHERE p.pool = $1 AND p.name > $2 ORDER BY p.name LIMIT $3`, pool, after, limit+1)
	all, err := collect(rows, err, s.scanProvider)
	providers, next := page(all, limit, func(p *userpool.Provider) string { return p.Name })
	return providers, next, err
}

// CountProviders implements userpool.ProviderStore.
func (s *UserpoolStore) CountProviders(ctx context.Context, pool userpool.PoolID) (n int, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT count(*) FROM userpool_providers WHERE pool = $1`, pool).Scan(&n)
	return n, err
}
