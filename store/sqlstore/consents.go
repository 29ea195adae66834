package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/userpool"
)

// A ConsentStore keeps what users allow apps.
type ConsentStore struct{ db *DB }

var _ consent.Store = (*ConsentStore)(nil)

// Consents returns the store of package consent.
func (db *DB) Consents() *ConsentStore { return &ConsentStore{db} }

// consentDoc is the doc column.
type consentDoc struct{ Scopes, Claims, Resources []string }

const consentColumns = `pool, sub, client, given, modified, doc`

// Allow implements consent.Store. The user is locked, so that two callers come one
// after the other.
func (s *ConsentStore) Allow(ctx context.Context, c *consent.Consent) error {
	users := &UserpoolStore{db: s.db}
	err := users.inOwnersTx(ctx, c.Pool, c.Sub, func(tx *sql.Tx, owner int64) error {
		kept, err := scanConsent(tx.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM idp_consents
			WHERE pool = $1 AND sub = $2 AND client = $3`, c.Pool, c.Sub, c.Client))
		if errors.Is(err, consent.ErrNotFound) {
			kept, err = &consent.Consent{Given: c.Modified}, nil
		}
		if err != nil {
			return err
		}
		kept.Add(c)
		return putConsent(ctx, tx, owner, c, kept)
	})
	if errors.Is(err, userpool.ErrUserNotFound) {
		return consent.ErrNotFound
	}
	return err
}

func putConsent(ctx context.Context, tx *sql.Tx, owner int64, c, kept *consent.Consent) error {
	doc, err := json.Marshal(consentDoc{kept.Scopes, kept.Claims, kept.Resources})
	if err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO idp_consents (`+consentColumns+`, owner)
		SELECT pool, $2, id, $4, $5, $6, $7 FROM userpool_clients WHERE pool = $1 AND id = $3
		ON CONFLICT (pool, sub, client) DO UPDATE SET modified = excluded.modified, doc = excluded.doc`,
		c.Pool, c.Sub, c.Client, micros(kept.Given), micros(kept.Modified), string(doc), owner)
	return affected(res, err, consent.ErrNotFound)
}

// Consent implements consent.Store.
func (s *ConsentStore) Consent(ctx context.Context, pool userpool.PoolID, sub string, client userpool.ClientID) (*consent.Consent, error) {
	return scanConsent(s.db.read.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM idp_consents
		WHERE pool = $1 AND sub = $2 AND client = $3`, pool, sub, client))
}

// Consents implements consent.Store.
func (s *ConsentStore) Consents(ctx context.Context, pool userpool.PoolID, sub string) ([]*consent.Consent, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+consentColumns+` FROM idp_consents
		WHERE pool = $1 AND sub = $2 ORDER BY client`, pool, sub)
	return collect(rows, err, scanConsent)
}

// Revoke implements consent.Store.
func (s *ConsentStore) Revoke(ctx context.Context, pool userpool.PoolID, sub string, client userpool.ClientID) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_consents WHERE pool = $1 AND sub = $2 AND client = $3`, pool, sub, client)
	return affected(res, err, consent.ErrNotFound)
}

func scanConsent(row scanner) (*consent.Consent, error) {
	var c consent.Consent
	var given, modified int64
	var text string
	err := row.Scan(&c.Pool, &c.Sub, &c.Client, &given, &modified, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, consent.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var doc consentDoc
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	c.Given, c.Modified = fromMicros(given), fromMicros(modified)
	c.Scopes, c.Claims, c.Resources = doc.Scopes, doc.Claims, doc.Resources
	return &c, nil
}
