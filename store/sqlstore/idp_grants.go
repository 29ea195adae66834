package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

const grantColumns = `pool, code, client, sub, session, scopes, nonce, auth_time, challenge, redirect_uri, resource,
	created, expires, redeemed_by, redeemed, replayed, family, particulars`

// CreateGrant implements idp.GrantStore.
func (s *IDPStore) CreateGrant(ctx context.Context, g *idp.Grant) error {
	scopes, err := json.Marshal(g.Scopes)
	if err != nil {
		return err
	}
	particulars, err := json.Marshal(g.Particulars)
	if err != nil {
		return err
	}
	_, err = s.db.write.ExecContext(ctx, `INSERT INTO idp_grants (`+grantColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', 0, 0, '', $14)`,
		g.Pool, g.Code, g.Client, g.Sub, g.Session, string(scopes), g.Nonce, micros(g.AuthTime), g.Challenge,
		g.RedirectURI, g.Resource, micros(g.Created), micros(g.Expires), string(particulars))
	if isUnique(err, "") {
		return idp.ErrGrantExists
	}
	return err
}

// Grant implements idp.GrantStore.
func (s *IDPStore) Grant(ctx context.Context, pool userpool.PoolID, code idp.Handle) (*idp.Grant, error) {
	row := s.db.read.QueryRowContext(ctx, `SELECT `+grantColumns+` FROM idp_grants WHERE pool = $1 AND code = $2`, pool, code)
	g, err := scanGrant(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, idp.ErrGrantNotFound
	}
	return g, err
}

// Redeem implements idp.GrantStore. The condition on the row lets one caller win.
func (s *IDPStore) Redeem(ctx context.Context, code idp.Handle, f *userpool.Family, at time.Time) error {
	row := familyRow(f)
	if s.db.postgres { // one round trip instead of four
		res, err := s.db.write.ExecContext(ctx, `WITH spent AS (
			UPDATE idp_grants SET redeemed_by = $8, redeemed = $9, family = $2
				WHERE pool = $1 AND code = $10 AND redeemed_by = '' RETURNING pool)
			INSERT INTO userpool_families (`+familyColumns+`) SELECT pool, $2, $3, $4, $5, $6, $7 FROM spent`,
			append(row, f.Client, micros(at), code)...)
		return idpChanged(res, err, idp.ErrGrantUsed)
	}
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE idp_grants SET redeemed_by = $1, redeemed = $2, family = $3
			WHERE pool = $4 AND code = $5 AND redeemed_by = ''`, f.Client, micros(at), f.ID, f.Pool, code)
		if err := idpChanged(res, err, idp.ErrGrantUsed); err != nil {
			return err
		}
		res, err = tx.ExecContext(ctx, insertFamily, row...)
		return affected(res, err, userpool.ErrPoolNotFound)
	})
}

// MarkReplayed implements idp.GrantStore.
func (s *IDPStore) MarkReplayed(ctx context.Context, pool userpool.PoolID, code idp.Handle) (string, error) {
	var family string
	err := s.db.write.QueryRowContext(ctx, `UPDATE idp_grants SET replayed = 1
		WHERE pool = $1 AND code = $2 AND redeemed_by <> '' RETURNING family`, pool, code).Scan(&family)
	if errors.Is(err, sql.ErrNoRows) {
		err = idp.ErrGrantNotFound
	}
	return family, err
}

// DeleteExpiredGrants implements idp.GrantStore.
func (s *IDPStore) DeleteExpiredGrants(ctx context.Context, limit int) (int, error) {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_grants WHERE (pool, code) IN (
		SELECT pool, code FROM idp_grants WHERE expires <= $1 ORDER BY expires LIMIT $2)`,
		micros(s.db.now().Add(-idp.CodeMemory)), limit)
	return idpDeleted(res, err)
}

func scanGrant(row idpRow) (*idp.Grant, error) {
	var g idp.Grant
	var scopes, particulars string
	var authTime, created, expires, redeemed, replayed int64
	if err := row.Scan(&g.Pool, &g.Code, &g.Client, &g.Sub, &g.Session, &scopes, &g.Nonce, &authTime, &g.Challenge,
		&g.RedirectURI, &g.Resource, &created, &expires, &g.RedeemedBy, &redeemed, &replayed, &g.Family, &particulars); err != nil {
		return nil, err
	}
	g.AuthTime, g.Created, g.Expires = fromMicros(authTime), fromMicros(created), fromMicros(expires)
	g.Redeemed, g.Replayed = fromMicros(redeemed), replayed != 0
	return &g, errors.Join(json.Unmarshal([]byte(scopes), &g.Scopes), json.Unmarshal([]byte(particulars), &g.Particulars))
}
