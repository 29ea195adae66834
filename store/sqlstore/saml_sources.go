package sqlstore

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A SAMLSourceStore keeps the metadata of SAML providers that are named by URL.
type SAMLSourceStore struct{ db *DB }

var _ samlsp.Store = (*SAMLSourceStore)(nil)

// SAMLSources returns the store of metadata that is named by URL.
func (db *DB) SAMLSources() *SAMLSourceStore { return &SAMLSourceStore{db} }

const sourceColumns = `pool, provider, url, document, etag, fetched, next, failures`

func scanSource(row scanner) (*samlsp.Source, error) {
	var src samlsp.Source
	var fetched, next int64
	err := row.Scan(&src.Pool, &src.Provider, &src.URL, &src.Document, &src.ETag, &fetched, &next, &src.Failures)
	if err != nil {
		return nil, notFound(err, samlsp.ErrNotFound)
	}
	src.Fetched, src.Next = fromMicros(fetched), fromMicros(next)
	return &src, nil
}

// Source implements samlsp.Store.
func (s *SAMLSourceStore) Source(ctx context.Context, pool userpool.PoolID, provider string) (*samlsp.Source, error) {
	return scanSource(s.db.read.QueryRowContext(ctx, `SELECT `+sourceColumns+` FROM userpool_saml_sources WHERE pool = $1 AND provider = $2`, pool, provider))
}

// PutSource implements samlsp.Store.
func (s *SAMLSourceStore) PutSource(ctx context.Context, src *samlsp.Source) error {
	_, err := s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_saml_sources (`+sourceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (pool, provider) DO UPDATE SET url = excluded.url, document = excluded.document, etag = excluded.etag,
			fetched = excluded.fetched, next = excluded.next, failures = excluded.failures`,
		src.Pool, src.Provider, src.URL, src.Document, src.ETag, micros(src.Fetched), micros(src.Next), src.Failures)
	if isForeignKey(err) {
		return samlsp.ErrNotFound
	}
	return err
}

// ClaimSource implements samlsp.Store. Nodes that claim at once on PostgreSQL step
// over each other's rows.
func (s *SAMLSourceStore) ClaimSource(ctx context.Context, now, until time.Time) (*samlsp.Source, error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	return scanSource(s.db.write.QueryRowContext(ctx, `UPDATE userpool_saml_sources SET next = $1 WHERE (pool, provider) IN (
		SELECT pool, provider FROM userpool_saml_sources WHERE next <= $2
		ORDER BY next, pool, provider LIMIT 1`+lock+`) RETURNING `+sourceColumns, micros(until), micros(now)))
}

// DeleteSource implements samlsp.Store.
func (s *SAMLSourceStore) DeleteSource(ctx context.Context, pool userpool.PoolID, provider string) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_saml_sources WHERE pool = $1 AND provider = $2`, pool, provider)
	return err
}
