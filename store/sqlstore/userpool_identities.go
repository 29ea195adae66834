package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/userpool"
)

// UserByIdentity implements userpool.ProviderStore.
func (s *UserpoolStore) UserByIdentity(ctx context.Context, pool userpool.PoolID, key userpool.IdentityKey) (*userpool.User, error) {
	if hasNUL(key.Provider, key.Attribute, key.Value) {
		return nil, userpool.ErrUserNotFound
	}
	u, err := s.scanUser(s.db.read.QueryRowContext(ctx, `SELECT `+userColumns+`
		FROM userpool_identities i CROSS JOIN userpool_users u
		WHERE u.seq = i.owner AND i.pool = $1 AND i.provider = $2 AND i.attribute = $3 AND i.value = $4`,
		pool, key.Provider, key.Attribute, key.Value))
	if err != nil {
		return nil, notFound(err, userpool.ErrUserNotFound)
	}
	return u.User, nil
}

// CreateFederated implements userpool.ProviderStore.
func (s *UserpoolStore) CreateFederated(ctx context.Context, u *userpool.User, identity userpool.Identity) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		rules, err := readRules(ctx, tx, u.Pool)
		if err != nil {
			return err
		}
		seq, err := s.addUser(ctx, tx, rules, u, false)
		if err != nil {
			return err
		}
		return changeIdentities(ctx, tx, userRow{seq, rules.keys, u}, nil, []userpool.Identity{identity})
	})
}

// UpdateIdentities implements userpool.ProviderStore.
func (s *UserpoolStore) UpdateIdentities(ctx context.Context, pool userpool.PoolID, username string,
	fn func(u *userpool.User, held []userpool.Identity) ([]userpool.Identity, error)) (u *userpool.User, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		row, err := s.findUser(ctx, tx, pool, username, " AND n.kind = 'username'", s.lockUser())
		if err != nil {
			return err
		}
		held, err := identitiesOf(ctx, tx, row)
		if err != nil {
			return err
		}
		u = row.User
		before := *u
		before.Attributes = maps.Clone(u.Attributes)
		wanted, err := fn(u, slices.Clone(held))
		if err != nil {
			return err
		}
		u.Pool, u.Username, u.Sub, u.Created = before.Pool, before.Username, before.Sub, before.Created
		if err := changeIdentities(ctx, tx, row, held, wanted); err != nil {
			return err
		}
		return s.writeUser(ctx, tx, userRow{row.seq, row.keys, &before}, u, false)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// identitiesOf reads the identities of one user: few, so that sorting them is cheap.
func identitiesOf(ctx context.Context, tx *sql.Tx, u userRow) ([]userpool.Identity, error) {
	rows, err := tx.QueryContext(ctx, `SELECT doc FROM userpool_identities WHERE owner = $1 ORDER BY provider, attribute, value`, u.seq)
	all, err := collect(rows, err, func(row scanner) (userpool.Identity, error) {
		i, err := scanDoc[userpool.Identity](row)
		if err != nil {
			return userpool.Identity{}, err
		}
		return *i, nil
	})
	slices.SortStableFunc(all, func(a, b userpool.Identity) int { return a.Created.Compare(b.Created) })
	return all, err
}

func changeIdentities(ctx context.Context, tx *sql.Tx, u userRow, held, wanted []userpool.Identity) error {
	for _, i := range held {
		if slices.Contains(wanted, i) {
			continue
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM userpool_identities WHERE pool = $1 AND provider = $2 AND attribute = $3 AND value = $4 AND owner = $5`,
			u.Pool, i.Provider, i.Attribute, i.Value, u.seq)
		if err != nil {
			return err
		}
	}
	for _, i := range wanted {
		if slices.Contains(held, i) {
			continue
		}
		i.Created = micro(i.Created)
		res, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_identities (pool, provider, attribute, value, owner, doc)
			SELECT pool, name, $3, $4, $5, $6 FROM userpool_providers WHERE pool = $1 AND name = $2`,
			u.Pool, i.Provider, i.Attribute, i.Value, u.seq, encode(i))
		if isUnique(err, "") {
			return userpool.ErrAliasExists
		}
		if err := affected(res, err, userpool.ErrNotFound); err != nil {
			return err
		}
	}
	return nil
}

// LinkedUsers implements userpool.ProviderStore.
func (s *UserpoolStore) LinkedUsers(ctx context.Context, pool userpool.PoolID, provider string, limit int) ([]string, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT DISTINCT u.username
		FROM userpool_identities i CROSS JOIN userpool_users u
		WHERE u.seq = i.owner AND i.pool = $1 AND i.provider = $2 LIMIT $3`, pool, provider, limit)
	return collect(rows, err, func(row scanner) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	})
}
