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

// An IDPStore keeps browser sessions and grants.
type IDPStore struct{ db *DB }

var (
	_ idp.SessionStore = (*IDPStore)(nil)
	_ idp.GrantStore   = (*IDPStore)(nil)

	_ idp.ParticipantStore = (*IDPStore)(nil)
)

// IDP returns the store of package idp.
func (db *DB) IDP() *IDPStore { return &IDPStore{db} }

const sessionColumns = `pool, id, sub, auth_time, methods, created, last_seen, expires, life_limit, address, user_agent, root, upstream`

// An idpExecer is a *sql.DB or a *sql.Tx.
type idpExecer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Create implements idp.SessionStore.
func (s *IDPStore) Create(ctx context.Context, sess *idp.Session) error {
	return insertSession(ctx, s.db.write, sess)
}

func insertSession(ctx context.Context, ex idpExecer, s *idp.Session) error {
	methods, err := json.Marshal(s.Methods)
	if err != nil {
		return err
	}
	upstream, err := encodeUpstream(s.Upstream)
	if err != nil {
		return err
	}
	_, err = ex.ExecContext(ctx, `INSERT INTO idp_sessions (`+sessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		s.Pool, s.ID, s.Sub, micros(s.AuthTime), string(methods), micros(s.Created), micros(s.LastSeen),
		micros(s.Expires), micros(s.Limit), s.Address, s.UserAgent, s.Root, upstream)
	if isUnique(err, "") {
		return idp.ErrSessionExists
	}
	return err
}

// Get implements idp.SessionStore.
func (s *IDPStore) Get(ctx context.Context, pool userpool.PoolID, id idp.Handle) (*idp.Session, error) {
	row := s.db.read.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM idp_sessions
		WHERE pool = $1 AND id = $2 AND expires > $3`, pool, id, micros(s.db.now()))
	sess, err := scanSession(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, idp.ErrSessionNotFound
	}
	return sess, err
}

// Renew implements idp.SessionStore.
func (s *IDPStore) Renew(ctx context.Context, old idp.Handle, sess *idp.Session) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM idp_sessions WHERE pool = $1 AND id = $2 AND expires > $3`,
			sess.Pool, old, micros(s.db.now()))
		if err := idpChanged(res, err, idp.ErrSessionNotFound); err != nil {
			return err
		}
		return insertSession(ctx, tx, sess)
	})
}

// Touch implements idp.SessionStore.
func (s *IDPStore) Touch(ctx context.Context, pool userpool.PoolID, id idp.Handle, seen, expires time.Time) error {
	res, err := s.db.write.ExecContext(ctx, `UPDATE idp_sessions SET last_seen = $1, expires = $2
		WHERE pool = $3 AND id = $4 AND expires > $5`, micros(seen), micros(expires), pool, id, micros(s.db.now()))
	return idpChanged(res, err, idp.ErrSessionNotFound)
}

// List implements idp.SessionStore.
func (s *IDPStore) List(ctx context.Context, pool userpool.PoolID, sub string) ([]*idp.Session, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+sessionColumns+` FROM idp_sessions
		WHERE pool = $1 AND sub = $2 AND expires > $3 ORDER BY created DESC, id`, pool, sub, micros(s.db.now()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*idp.Session
	for rows.Next() {
		sess, err := scanSession(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, sess)
	}
	return list, rows.Err()
}

// Revoke implements idp.SessionStore.
func (s *IDPStore) Revoke(ctx context.Context, pool userpool.PoolID, id idp.Handle) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_sessions WHERE pool = $1 AND id = $2`, pool, id)
	return err
}

// RevokeAll implements idp.SessionStore.
func (s *IDPStore) RevokeAll(ctx context.Context, pool userpool.PoolID, sub string, except idp.Handle) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_sessions WHERE pool = $1 AND sub = $2 AND id <> $3`, pool, sub, except)
	return err
}

// DeleteExpired implements idp.SessionStore.
func (s *IDPStore) DeleteExpired(ctx context.Context, limit int) (int, error) {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM idp_sessions WHERE (pool, id) IN (
		SELECT pool, id FROM idp_sessions WHERE expires <= $1 ORDER BY expires LIMIT $2)`, micros(s.db.now()), limit)
	return idpDeleted(res, err)
}

// An idpRow is a *sql.Row or *sql.Rows.
type idpRow interface{ Scan(dest ...any) error }

func scanSession(row idpRow) (*idp.Session, error) {
	var s idp.Session
	var methods, upstream string
	var authTime, created, seen, expires, limit int64
	if err := row.Scan(&s.Pool, &s.ID, &s.Sub, &authTime, &methods, &created, &seen, &expires, &limit,
		&s.Address, &s.UserAgent, &s.Root, &upstream); err != nil {
		return nil, err
	}
	s.AuthTime, s.Created, s.LastSeen = fromMicros(authTime), fromMicros(created), fromMicros(seen)
	s.Expires, s.Limit = fromMicros(expires), fromMicros(limit)
	if upstream != "" {
		if err := json.Unmarshal([]byte(upstream), &s.Upstream); err != nil {
			return nil, err
		}
	}
	return &s, json.Unmarshal([]byte(methods), &s.Methods)
}

// encodeUpstream is what the column keeps: empty for those who signed in here.
func encodeUpstream(u *idp.Upstream) (string, error) {
	if u == nil {
		return "", nil
	}
	raw, err := json.Marshal(u)
	return string(raw), err
}

// idpChanged turns a statement that changed nothing into missing.
func idpChanged(res sql.Result, err, missing error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return missing
	}
	return err
}

func idpDeleted(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
