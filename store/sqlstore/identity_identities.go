package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/poolhouse/poolhouse/sts/identity"
)

const (
	insertIdentity = `INSERT INTO identity (id, pool, disabled, created, modified) VALUES ($1, $2, 0, $3, $4)`
	selectIdentity = `SELECT i.id, i.pool, i.disabled, i.created, i.modified, l.provider, l.subject
		FROM identity i LEFT JOIN identity_login l ON l.identity = i.id `
)

// CreateIdentity implements identity.Store.
func (s *IdentityStore) CreateIdentity(ctx context.Context, i *identity.Identity) error {
	_, err := s.db.write.ExecContext(ctx, insertIdentity, i.ID, i.Pool, micros(i.Created), micros(i.Modified))
	if isUnique(err, "") {
		return identity.ErrConflict
	}
	return err
}

// Identity implements identity.Store.
func (s *IdentityStore) Identity(ctx context.Context, id identity.ID) (*identity.Identity, error) {
	return oneIdentity(ctx, s.db.read, id)
}

func oneIdentity(ctx context.Context, q querier, id identity.ID) (*identity.Identity, error) {
	found, err := identities(ctx, q, selectIdentity+`WHERE i.id = $1 ORDER BY l.provider`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, identity.ErrNotFound
	}
	return found[0], nil
}

// identities reads the rows of selectIdentity, a row for each login; those of an
// identity must follow each other.
func identities(ctx context.Context, q querier, query string, args ...any) (out []*identity.Identity, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			i                           identity.Identity
			disabled, created, modified int64
			provider, subject           sql.NullString
		)
		if err := rows.Scan(&i.ID, &i.Pool, &disabled, &created, &modified, &provider, &subject); err != nil {
			return nil, err
		}
		i.Disabled, i.Created, i.Modified = disabled != 0, fromMicros(created), fromMicros(modified)
		if len(out) == 0 || out[len(out)-1].ID != i.ID {
			out = append(out, &i)
		}
		if last := out[len(out)-1]; provider.Valid {
			last.Logins = append(last.Logins, identity.Login{Provider: provider.String, Subject: subject.String})
		}
	}
	return out, rows.Err()
}

// Identities implements identity.Store.
func (s *IdentityStore) Identities(ctx context.Context, q identity.Listing) ([]*identity.Identity, string, error) {
	hide := 0
	if q.HideDisabled {
		hide = 1
	}
	found, err := identities(ctx, s.db.read, selectIdentity+`WHERE i.id IN (
			SELECT id FROM identity WHERE pool = $1 AND id > $2 AND disabled <= 1 - $3 ORDER BY id LIMIT $4)
		ORDER BY i.id, l.provider`, q.Pool, q.After, hide, q.Limit+1)
	if err != nil || len(found) <= q.Limit {
		return found, "", err
	}
	return found[:q.Limit], string(found[q.Limit-1].ID), nil
}

// DeleteIdentity implements identity.Store.
func (s *IdentityStore) DeleteIdentity(ctx context.Context, id identity.ID) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM identity WHERE id = $1`, id)
	return err
}

// Unlink implements identity.Store.
func (s *IdentityStore) Unlink(ctx context.Context, id identity.ID, providers []string, now time.Time) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, provider := range providers {
			_, err := tx.ExecContext(ctx, `DELETE FROM identity_login WHERE identity = $1 AND provider = $2`, id, provider)
			if err != nil {
				return err
			}
		}
		n, err := rowsAffected(tx.ExecContext(ctx, `UPDATE identity SET modified = $1,
			disabled = CASE WHEN EXISTS (SELECT 1 FROM identity_login WHERE identity = $2) THEN disabled ELSE 1 END
			WHERE id = $2`, micros(now), id))
		if err == nil && n == 0 {
			return identity.ErrNotFound
		}
		return err
	})
}

// errRace says that another link won; the transaction starts over and sees it.
var errRace = errors.New("sqlstore: another link came first")

// Link implements identity.Store.
func (s *IdentityStore) Link(ctx context.Context, l *identity.Linking) (owner *identity.Identity, err error) {
	for range 20 {
		err = s.db.inTx(ctx, func(tx *sql.Tx) error {
			owner, err = s.link(ctx, tx, l)
			return err
		})
		if !errors.Is(err, errRace) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return owner, nil
}

func (s *IdentityStore) link(ctx context.Context, tx *sql.Tx, l *identity.Linking) (*identity.Identity, error) {
	involved, err := s.involved(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	union, err := l.Union(involved)
	if err != nil {
		return nil, err
	}
	owner := l.Owner(involved)
	if owner == nil {
		owner = &identity.Identity{ID: l.Fresh, Pool: l.Pool, Created: l.Now}
		if _, err := tx.ExecContext(ctx, insertIdentity, owner.ID, owner.Pool, micros(l.Now), micros(l.Now)); err != nil {
			return nil, err
		}
	}
	for _, i := range involved {
		if i.ID != owner.ID {
			if err := disableIdentity(ctx, tx, i.ID, l.Now); err != nil {
				return nil, err
			}
		}
	}
	return owner, s.own(ctx, tx, owner, union, involved, l)
}

// involved returns the given identity and the owners of the logins, locked in
// one order so that two merges do not wait for each other.
func (s *IdentityStore) involved(ctx context.Context, tx *sql.Tx, l *identity.Linking) ([]*identity.Identity, error) {
	ids := map[identity.ID]bool{}
	if l.Given != "" {
		ids[l.Given] = true
	}
	for _, login := range l.Logins {
		var id identity.ID
		err := tx.QueryRowContext(ctx, `SELECT identity FROM identity_login WHERE pool = $1 AND provider = $2 AND subject = $3`,
			l.Pool, login.Provider, login.Subject).Scan(&id)
		if err == nil {
			ids[id] = true
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	var out []*identity.Identity
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		i, err := s.locked(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if i.Pool != l.Pool {
			return nil, identity.ErrNotFound
		}
		if i.Disabled && id != l.Given {
			return nil, errRace // merged since its login was read
		}
		if i.Disabled {
			return nil, identity.ErrNotFound
		}
		out = append(out, i)
	}
	return out, nil
}

func (s *IdentityStore) locked(ctx context.Context, tx *sql.Tx, id identity.ID) (*identity.Identity, error) {
	var got string
	err := tx.QueryRowContext(ctx, `SELECT id FROM identity WHERE id = $1`+s.db.forUpdate(), id).Scan(&got)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, identity.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return oneIdentity(ctx, tx, id)
}

func disableIdentity(ctx context.Context, tx *sql.Tx, id identity.ID, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE identity SET disabled = 1, modified = $1 WHERE id = $2`, micros(now), id)
	return err
}

// own gives all logins to the owner: moved from those involved, or new. One that
// changed hands since it was read is errRace.
func (s *IdentityStore) own(ctx context.Context, tx *sql.Tx, owner *identity.Identity, union []identity.Login,
	involved []*identity.Identity, l *identity.Linking) error {
	held := map[identity.Login]identity.ID{}
	for _, i := range involved {
		for _, login := range i.Logins {
			held[login] = i.ID
		}
	}
	for _, login := range union {
		if err := ownLogin(ctx, tx, owner, login, held[login]); err != nil {
			return err
		}
	}
	owner.Logins, owner.Modified = union, l.Now
	_, err := tx.ExecContext(ctx, `UPDATE identity SET modified = $1 WHERE id = $2`, micros(l.Now), owner.ID)
	return err
}

// ownLogin gives a login to the owner. holder is who has it, empty for nobody.
func ownLogin(ctx context.Context, tx *sql.Tx, owner *identity.Identity, login identity.Login, holder identity.ID) error {
	switch holder {
	case owner.ID:
		return nil
	case "":
		_, err := tx.ExecContext(ctx, `INSERT INTO identity_login (pool, provider, subject, identity) VALUES ($1, $2, $3, $4)`,
			owner.Pool, login.Provider, login.Subject, owner.ID)
		if isUnique(err, "") {
			return errRace
		}
		return err
	}
	n, err := rowsAffected(tx.ExecContext(ctx, `UPDATE identity_login SET identity = $1
		WHERE pool = $2 AND provider = $3 AND subject = $4 AND identity = $5`,
		owner.ID, owner.Pool, login.Provider, login.Subject, holder))
	if err == nil && n == 0 {
		return errRace
	}
	return err
}
