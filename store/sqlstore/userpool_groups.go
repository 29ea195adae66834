package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"github.com/poolhouse/poolhouse/userpool"
)

// precedence is the column of a group's precedence, NULL without one.
func precedence(g *userpool.Group) sql.NullInt64 {
	if g.Precedence == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: int64(*g.Precedence), Valid: true}
}

// CreateGroup implements userpool.GroupStore.
func (s *UserpoolStore) CreateGroup(ctx context.Context, g *userpool.Group) error {
	g.Created, g.Modified = micro(g.Created), micro(g.Modified)
	res, err := s.db.write.ExecContext(ctx, `
		INSERT INTO userpool_groups (pool, name, precedence, doc)
		SELECT id, $2, $3, $4 FROM userpool_pools WHERE id = $1`, g.Pool, g.Name, precedence(g), encode(g))
	if isUnique(err, "") {
		return userpool.ErrGroupExists
	}
	return affected(res, err, userpool.ErrPoolNotFound)
}

func (s *UserpoolStore) scanGroup(row scanner) (*userpool.Group, error) {
	var doc string
	if err := row.Scan(&doc); err != nil {
		return nil, err
	}
	return s.known.groups.decode(doc)
}

// Group implements userpool.GroupStore.
func (s *UserpoolStore) Group(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Group, error) {
	g, err := s.scanGroup(s.db.read.QueryRowContext(ctx, `SELECT doc FROM userpool_groups WHERE pool = $1 AND name = $2`, pool, name))
	return g, notFound(err, userpool.ErrGroupNotFound)
}

// UpdateGroup implements userpool.GroupStore.
func (s *UserpoolStore) UpdateGroup(ctx context.Context, pool userpool.PoolID, name string, fn func(*userpool.Group) error) (g *userpool.Group, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		g, err = s.scanGroup(tx.QueryRowContext(ctx,
			`SELECT doc FROM userpool_groups WHERE pool = $1 AND name = $2`+s.db.forUpdate(), pool, name))
		if err != nil {
			return notFound(err, userpool.ErrGroupNotFound)
		}
		created := g.Created
		if err := fn(g); err != nil {
			return err
		}
		g.Pool, g.Name, g.Created, g.Modified = pool, name, created, micro(g.Modified)
		_, err := tx.ExecContext(ctx, `UPDATE userpool_groups SET precedence = $3, doc = $4 WHERE pool = $1 AND name = $2`,
			pool, name, precedence(g), encode(g))
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// DeleteGroup implements userpool.GroupStore. Its memberships go with it.
func (s *UserpoolStore) DeleteGroup(ctx context.Context, pool userpool.PoolID, name string) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_groups WHERE pool = $1 AND name = $2`, pool, name)
	return affected(res, err, userpool.ErrGroupNotFound)
}

// Groups implements userpool.GroupStore.
func (s *UserpoolStore) Groups(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.Group, string, error) {
	rows, err := s.db.read.QueryContext(ctx,
		`SELECT doc FROM userpool_groups WHERE pool = $1 AND name > $2 ORDER BY name LIMIT $3`, pool, after, limit+1)
	all, err := collect(rows, err, s.scanGroup)
	groups, next := page(all, limit, func(g *userpool.Group) string { return g.Name })
	return groups, next, err
}

// AddMember implements userpool.GroupStore.
func (s *UserpoolStore) AddMember(ctx context.Context, pool userpool.PoolID, group, username string) error {
	return s.membership(ctx, pool, group, username,
		`INSERT INTO userpool_members (pool, name, owner) VALUES ($1, $2, $3) ON CONFLICT (pool, name, owner) DO UPDATE SET source = ''`)
}

// RemoveMember implements userpool.GroupStore.
func (s *UserpoolStore) RemoveMember(ctx context.Context, pool userpool.PoolID, group, username string) error {
	return s.membership(ctx, pool, group, username,
		`DELETE FROM userpool_members WHERE pool = $1 AND name = $2 AND owner = $3`)
}

func (s *UserpoolStore) membership(ctx context.Context, pool userpool.PoolID, group, username, statement string) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		var name string
		err := tx.QueryRowContext(ctx, `SELECT name FROM userpool_groups WHERE pool = $1 AND name = $2`+s.db.forUpdate(), pool, group).Scan(&name)
		if err != nil {
			return notFound(err, userpool.ErrGroupNotFound)
		}
		u, err := s.findUser(ctx, tx, pool, username, " AND n.kind = 'username'", s.lockUser())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, statement, pool, name, u.seq)
		return err
	})
}

// SetUpstreamGroups implements userpool.ProviderStore.
func (s *UserpoolStore) SetUpstreamGroups(ctx context.Context, pool userpool.PoolID, username, provider string, groups []string) error {
	groups = slices.Sorted(slices.Values(groups)) // so that two writers never wait for each other's rows
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		u, err := s.findUser(ctx, tx, pool, username, " AND n.kind = 'username'", s.lockUser())
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT name FROM userpool_members WHERE owner = $1 AND pool = $2 AND source = $3`, u.seq, pool, provider)
		held, err := collect(rows, err, func(row scanner) (name string, err error) {
			err = row.Scan(&name)
			return name, err
		})
		if err != nil {
			return err
		}
		for _, name := range held {
			if slices.Contains(groups, name) {
				continue
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM userpool_members WHERE pool = $1 AND name = $2 AND owner = $3`, pool, name, u.seq); err != nil {
				return err
			}
		}
		for _, name := range groups {
			if slices.Contains(held, name) {
				continue
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO userpool_members (pool, name, owner, source)
				SELECT pool, name, $3, $4 FROM userpool_groups WHERE pool = $1 AND name = $2
				ON CONFLICT (pool, name, owner) DO NOTHING`, pool, name, u.seq, provider)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Members implements userpool.GroupStore.
func (s *UserpoolStore) Members(ctx context.Context, pool userpool.PoolID, group, after string, limit int) ([]*userpool.User, string, error) {
	if _, err := s.Group(ctx, pool, group); err != nil {
		return nil, "", err
	}
	seq, _ := strconv.ParseInt(after, 10, 64)
	rows, err := s.db.read.QueryContext(ctx, listMembers, pool, group, seq, limit+1)
	all, err := collect(rows, err, scanListedRow)
	return listed(all, err, limit, func(u userRow) string { return strconv.FormatInt(u.seq, 10) })
}

// groupsOf reads the groups of one user, found by from and order: few groups, so
// that sorting them is cheap.
func groupsOf(from, order string) string {
	return `SELECT g.doc FROM userpool_members m CROSS JOIN userpool_groups g
	WHERE m.owner = (SELECT u.seq` + from + ` AND n.kind = 'username'` + order + `)
		AND m.pool = $1 AND g.pool = m.pool AND g.name = m.name
	ORDER BY g.precedence IS NULL, g.precedence, g.name`
}

// GroupsOf implements userpool.GroupStore.
func (s *UserpoolStore) GroupsOf(ctx context.Context, pool userpool.PoolID, username string) ([]*userpool.Group, error) {
	from, order, args := named(pool, username)
	rows, err := s.db.read.QueryContext(ctx, groupsOf(from, order), args...)
	return collect(rows, err, s.scanGroup)
}
