package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/userpool"
)

// PoolSettings implements samlidp.Store.
func (s *SAMLStore) PoolSettings(ctx context.Context, pool userpool.PoolID) (*samlidp.PoolSettings, error) {
	p := &samlidp.PoolSettings{Pool: pool}
	var doc string
	err := s.db.read.QueryRowContext(ctx, `SELECT doc FROM saml_pools WHERE pool = $1`, pool).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return p, json.Unmarshal([]byte(doc), p)
}

// PutPoolSettings implements samlidp.Store.
func (s *SAMLStore) PutPoolSettings(ctx context.Context, p *samlidp.PoolSettings) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = s.db.write.ExecContext(ctx, `INSERT INTO saml_pools (pool, doc) VALUES ($1, $2)
		ON CONFLICT (pool) DO UPDATE SET doc = excluded.doc`, p.Pool, string(doc))
	if isForeignKey(err) {
		return userpool.ErrPoolNotFound
	}
	return err
}

// AddName implements samlidp.Store.
func (s *SAMLStore) AddName(ctx context.Context, pool userpool.PoolID, id samlidp.ApplicationID, sub string) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO saml_names (pool, app, sub, owner)
		SELECT u.pool, a.id, u.sub, u.seq FROM userpool_users u JOIN saml_applications a ON a.pool = u.pool
		WHERE u.pool = $1 AND a.id = $2 AND u.sub = $3
		ON CONFLICT (pool, app, sub) DO NOTHING`, pool, id, sub)
	return err
}

// IsNamed implements samlidp.Store.
func (s *SAMLStore) IsNamed(ctx context.Context, pool userpool.PoolID, id samlidp.ApplicationID, sub string) (bool, error) {
	var n int
	err := s.db.read.QueryRowContext(ctx, `SELECT count(*) FROM saml_names WHERE pool = $1 AND app = $2 AND sub = $3`, pool, id, sub).Scan(&n)
	return n > 0, err
}
