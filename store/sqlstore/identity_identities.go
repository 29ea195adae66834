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
	selectIdentity = `SELECT i.id, i.pool, i.disabled, i.merged_into, i.created, i.modified, l.provider, l.subject, l.developer
		FROM identity i JOIN identity_pool p ON p.id = i.pool AND p.deleted = 0 LEFT JOIN identity_login l ON l.identity = i.id `
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
	found, err := identities(ctx, q, selectIdentity+`WHERE i.id = $1 ORDER BY l.provider, l.developer, l.subject`, id)
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
			developer                   sql.NullInt64
		)
		if err := rows.Scan(&i.ID, &i.Pool, &disabled, &i.MergedInto, &created, &modified, &provider, &subject, &developer); err != nil {
			return nil, err
		}
		i.Disabled, i.Created, i.Modified = disabled != 0, fromMicros(created), fromMicros(modified)
		if len(out) == 0 || out[len(out)-1].ID != i.ID {
			out = append(out, &i)
		}
		if last := out[len(out)-1]; provider.Valid {
			last.Logins = append(last.Logins, identity.Login{Provider: provider.String, Subject: subject.String, Developer: developer.Int64 != 0})
		}
	}
	return out, rows.Err()
}

// Identities implements identity.Store.
func (s *IdentityStore) Identities(ctx context.Context, q identity.Listing) ([]*identity.Identity, string, error) {
	found, err := identities(ctx, s.db.read, selectIdentity+`WHERE i.id IN (
			SELECT id FROM identity WHERE pool = $1 AND id > $2 AND disabled <= 1 - $3 ORDER BY id LIMIT $4)
		ORDER BY i.id, l.provider, l.developer, l.subject`, q.Pool, q.After, flag(q.HideDisabled), q.Limit+1)
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

// Owner implements identity.Store.
func (s *IdentityStore) Owner(ctx context.Context, pool identity.PoolID, login identity.Login) (*identity.Identity, error) {
	if hasNUL(login.Provider, login.Subject) {
		return nil, identity.ErrNotFound
	}
	id, err := ownerOf(ctx, s.db.read, pool, login)
	if err != nil {
		return nil, notFound(err, identity.ErrNotFound)
	}
	return oneIdentity(ctx, s.db.read, id)
}

func ownerOf(ctx context.Context, q querier, pool identity.PoolID, l identity.Login) (id identity.ID, err error) {
	err = q.QueryRowContext(ctx, `SELECT identity FROM identity_login WHERE pool = $1 AND developer = $2 AND provider = $3 AND subject = $4`,
		pool, flag(l.Developer), l.Provider, l.Subject).Scan(&id)
	return id, err
}

// Unlink implements identity.Store.
func (s *IdentityStore) Unlink(ctx context.Context, id identity.ID, logins []identity.Login, now time.Time) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := s.locked(ctx, tx, id); err != nil { // or a link at the same time counts logins that go
			return err
		}
		for _, l := range logins {
			_, err := tx.ExecContext(ctx, `DELETE FROM identity_login WHERE identity = $1 AND developer = $2 AND provider = $3 AND subject = $4`,
				id, flag(l.Developer), l.Provider, l.Subject)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE identity SET modified = $1,
			disabled = CASE WHEN EXISTS (SELECT 1 FROM identity_login WHERE identity = $2) THEN disabled ELSE 1 END
			WHERE id = $2`, micros(now), id)
		return err
	})
}

// errRace says that another link won; the transaction starts over and sees it.
var errRace = errors.New("sqlstore: another link came first")

// Link implements identity.Store.
func (s *IdentityStore) Link(ctx context.Context, l *identity.Linking) (out *identity.Linked, err error) {
	for range 20 {
		err = s.db.inTx(ctx, func(tx *sql.Tx) error {
			out, err = s.link(ctx, tx, l)
			return err
		})
		if !errors.Is(err, errRace) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *IdentityStore) link(ctx context.Context, tx *sql.Tx, l *identity.Linking) (*identity.Linked, error) {
	involved, err := s.involved(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	union, err := l.Union(involved)
	if err != nil {
		return nil, err
	}
	out := &identity.Linked{Owner: l.Owner(involved)}
	if out.Owner == nil {
		out.Owner = &identity.Identity{ID: l.Fresh, Pool: l.Pool, Created: l.Now}
		if _, err := tx.ExecContext(ctx, insertIdentity, out.Owner.ID, out.Owner.Pool, micros(l.Now), micros(l.Now)); err != nil {
			return nil, err
		}
	}
	for _, i := range involved {
		if i.ID != out.Owner.ID {
			if err := mergeIdentity(ctx, tx, i.ID, out.Owner.ID, l); err != nil {
				return nil, err
			}
			out.Merged = append(out.Merged, i.ID)
		}
	}
	return out, s.own(ctx, tx, out.Owner, union, involved, l)
}

// involved returns the given identity and the owners of the logins, locked in
// one order so that two merges do not wait for each other.
func (s *IdentityStore) involved(ctx context.Context, tx *sql.Tx, l *identity.Linking) ([]*identity.Identity, error) {
	ids := map[identity.ID]bool{}
	if l.Given != "" {
		ids[l.Given] = true
	}
	for _, login := range l.Logins {
		id, err := ownerOf(ctx, tx, l.Pool, login)
		switch {
		case err == nil:
			ids[id] = true
		case !errors.Is(err, sql.ErrNoRows):
			return nil, err
		case l.Existing:
			return nil, identity.ErrNotFound
		}
	}
	var out []*identity.Identity
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		i, err := s.locked(ctx, tx, id)
		if errors.Is(err, identity.ErrNotFound) && id != l.Given {
			return nil, errRace // deleted since its login was read
		}
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
	if err != nil {
		return nil, notFound(err, identity.ErrNotFound)
	}
	return oneIdentity(ctx, tx, id)
}

// mergeIdentity disables an identity in favour of another. What was merged into it
// before points there at once, so that nobody ever follows a chain.
func mergeIdentity(ctx context.Context, tx *sql.Tx, id, into identity.ID, l *identity.Linking) error {
	_, err := tx.ExecContext(ctx, `UPDATE identity SET disabled = 1, merged_into = $1, modified = $2 WHERE id = $3`, into, micros(l.Now), id)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO identity_merges (identity, due) VALUES ($1, $2)`, id, micros(l.Due())); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE identity SET merged_into = $1 WHERE merged_into = $2 AND merged_into <> ''`, into, id)
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
		_, err := tx.ExecContext(ctx, `INSERT INTO identity_login (pool, developer, provider, subject, identity) VALUES ($1, $2, $3, $4, $5)`,
			owner.Pool, flag(login.Developer), login.Provider, login.Subject, owner.ID)
		if isUnique(err, "") {
			return errRace
		}
		return err
	}
	n, err := rowsAffected(tx.ExecContext(ctx, `UPDATE identity_login SET identity = $1
		WHERE pool = $2 AND developer = $3 AND provider = $4 AND subject = $5 AND identity = $6`,
		owner.ID, owner.Pool, flag(login.Developer), login.Provider, login.Subject, holder))
	if err == nil && n == 0 {
		return errRace
	}
	return err
}
