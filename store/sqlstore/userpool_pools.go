package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

const poolColumns = `doc, source_secret`

func poolAAD(id userpool.PoolID) string { return "userpool_pools/source_secret/" + string(id) }

// sealPool returns the columns of p that poolColumns names.
func (s *UserpoolStore) sealPool(p *userpool.Pool) (doc string, secret []byte, err error) {
	if p.PasswordSource == nil {
		return encode(p), []byte{}, nil
	}
	open, source := *p, *p.PasswordSource
	source.Secret, open.PasswordSource = "", &source
	secret, err = s.seal([]byte(p.PasswordSource.Secret), poolAAD(p.ID))
	return encode(open), secret, err
}

// CreatePool implements userpool.PoolStore.
func (s *UserpoolStore) CreatePool(ctx context.Context, p *userpool.Pool) error {
	p.Created, p.Modified = micro(p.Created), micro(p.Modified)
	doc, secret, err := s.sealPool(p)
	if err != nil {
		return err
	}
	_, err = s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_pools (id, domain, custom_domain, case_sensitive, alias_attributes, username_attributes, attribute_keys, `+poolColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		p.ID, nullable(p.Domain), nullable(p.CustomDomain), flag(p.CaseSensitive), encode(p.AliasAttributes), encode(p.UsernameAttributes), keysOf(p), doc, secret)
	return poolConflict(err)
}

// poolConflict names the unique constraint that a write of a pool violated.
func poolConflict(err error) error {
	switch {
	case isUnique(err, "userpool_pools.domain"), isUnique(err, "userpool_pools_domain"), // SQLite, PostgreSQL
		isUnique(err, "userpool_pools.custom_domain"), isUnique(err, "userpool_pools_custom"):
		return userpool.ErrDomainExists
	case isUnique(err, ""):
		return userpool.ErrConflict
	}
	return err
}

func nullable(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// flag stores a boolean as an integer, which both engines index and compare alike.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Pool implements userpool.PoolStore.
func (s *UserpoolStore) Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error) {
	p, err := s.settledPool(ctx, "id", string(id))
	return p, notFound(err, userpool.ErrPoolNotFound)
}

// settledPool returns the pool that has such a value in a column.
func (s *UserpoolStore) settledPool(ctx context.Context, column, value string) (*userpool.Pool, error) {
	row, err := settled(ctx, s.db, "pool/"+column+"/"+value, func() (row poolRow, err error) {
		err = row.scan(s.db.read.QueryRowContext(ctx, `SELECT `+poolColumns+` FROM userpool_pools WHERE `+column+` = $1`, value))
		return row, err
	})
	if err != nil {
		return nil, err
	}
	return s.openPool(row)
}

// PoolByDomain implements userpool.PoolStore.
func (s *UserpoolStore) PoolByDomain(ctx context.Context, domain string) (*userpool.Pool, error) {
	column := "domain"
	if strings.Contains(domain, ".") {
		column = "custom_domain"
	}
	p, err := s.settledPool(ctx, column, domain)
	return p, notFound(err, userpool.ErrDomainNotFound)
}

// A poolRow is poolColumns.
type poolRow struct {
	doc    string
	secret []byte
}

func (r *poolRow) scan(row scanner) error { return row.Scan(&r.doc, &r.secret) }

func (s *UserpoolStore) scanPool(row scanner) (*userpool.Pool, error) {
	var r poolRow
	if err := r.scan(row); err != nil {
		return nil, err
	}
	return s.openPool(r)
}

func (s *UserpoolStore) openPool(r poolRow) (*userpool.Pool, error) {
	p, err := s.known.pools.decode(r.doc)
	if err != nil || p.PasswordSource == nil {
		return p, err
	}
	plain, err := s.open(r.secret, poolAAD(p.ID))
	p.PasswordSource.Secret = string(plain)
	return p, err
}

// UpdatePool implements userpool.PoolStore.
func (s *UserpoolStore) UpdatePool(ctx context.Context, id userpool.PoolID, fn func(*userpool.Pool) error) (p *userpool.Pool, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		p, err = s.changePool(ctx, tx, id, fn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// changePool is UpdatePool in a transaction.
func (s *UserpoolStore) changePool(ctx context.Context, tx *sql.Tx, id userpool.PoolID, fn func(*userpool.Pool) error) (*userpool.Pool, error) {
	p, err := s.scanPool(tx.QueryRowContext(ctx, `SELECT `+poolColumns+` FROM userpool_pools WHERE id = $1`+s.db.forUpdate(), id))
	if err != nil {
		return nil, notFound(err, userpool.ErrPoolNotFound)
	}
	created := p.Created
	if err := fn(p); err != nil {
		return nil, err
	}
	p.ID, p.Created, p.Modified = id, created, micro(p.Modified)
	doc, secret, err := s.sealPool(p)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE userpool_pools SET domain = $2, custom_domain = $3, case_sensitive = $4, alias_attributes = $5,
			username_attributes = $6, attribute_keys = $7, doc = $8, source_secret = $9
		WHERE id = $1`,
		id, nullable(p.Domain), nullable(p.CustomDomain), flag(p.CaseSensitive), encode(p.AliasAttributes), encode(p.UsernameAttributes), keysOf(p), doc, secret)
	return p, poolConflict(err)
}

// DeletePool implements userpool.PoolStore.
func (s *UserpoolStore) DeletePool(ctx context.Context, id userpool.PoolID) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		// Lock the pool first: no user can be added to it any more.
		res, err := tx.ExecContext(ctx, `UPDATE userpool_pools SET domain = NULL WHERE id = $1`, id)
		if err := affected(res, err, userpool.ErrPoolNotFound); err != nil {
			return err
		}
		for _, table := range []string{"names", "index", "members", "pools"} {
			column := "pool"
			if table == "pools" {
				column = "id" // the rest goes by ON DELETE CASCADE
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM userpool_`+table+` WHERE `+column+` = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Pools implements userpool.PoolStore.
func (s *UserpoolStore) Pools(ctx context.Context, after string, limit int) ([]*userpool.Pool, string, error) {
	rows, err := s.db.read.QueryContext(ctx,
		`SELECT `+poolColumns+` FROM userpool_pools WHERE id > $1 ORDER BY id LIMIT $2`, after, limit+1)
	all, err := collect(rows, err, s.scanPool)
	pools, next := page(all, limit, func(p *userpool.Pool) string { return string(p.ID) })
	return pools, next, err
}

// PutResourceServer implements userpool.PoolStore.
func (s *UserpoolStore) PutResourceServer(ctx context.Context, rs *userpool.ResourceServer) error {
	res, err := s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_resource_servers (pool, identifier, doc)
		SELECT id, $2, $3 FROM userpool_pools WHERE id = $1
		ON CONFLICT (pool, identifier) DO UPDATE SET doc = excluded.doc`,
		rs.Pool, rs.Identifier, encode(rs))
	return affected(res, err, userpool.ErrPoolNotFound)
}

// ResourceServer implements userpool.PoolStore.
func (s *UserpoolStore) ResourceServer(ctx context.Context, pool userpool.PoolID, identifier string) (*userpool.ResourceServer, error) {
	rs, err := scanResourceServer(s.db.read.QueryRowContext(ctx,
		`SELECT doc FROM userpool_resource_servers WHERE pool = $1 AND identifier = $2`, pool, identifier))
	return rs, notFound(err, userpool.ErrNotFound)
}

func scanResourceServer(row scanner) (*userpool.ResourceServer, error) {
	doc, err := scanText(row)
	if err != nil {
		return nil, err
	}
	return openResourceServer(doc)
}

func openResourceServer(doc string) (*userpool.ResourceServer, error) {
	rs := new(userpool.ResourceServer)
	return rs, decode(doc, rs)
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// ResourceServers implements userpool.PoolStore.
func (s *UserpoolStore) ResourceServers(ctx context.Context, pool userpool.PoolID) ([]*userpool.ResourceServer, error) {
	docs, err := settled(ctx, s.db, "resource servers/"+string(pool), func() ([]string, error) {
		rows, err := s.db.read.QueryContext(ctx,
			`SELECT doc FROM userpool_resource_servers WHERE pool = $1 ORDER BY identifier`, pool)
		return collect(rows, err, scanText)
	})
	if err != nil {
		return nil, err
	}
	var all []*userpool.ResourceServer
	for _, doc := range docs {
		rs, err := openResourceServer(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, rs)
	}
	return all, nil
}

// DeleteResourceServer implements userpool.PoolStore.
func (s *UserpoolStore) DeleteResourceServer(ctx context.Context, pool userpool.PoolID, identifier string) error {
	res, err := s.db.write.ExecContext(ctx,
		`DELETE FROM userpool_resource_servers WHERE pool = $1 AND identifier = $2`, pool, identifier)
	return affected(res, err, userpool.ErrNotFound)
}
