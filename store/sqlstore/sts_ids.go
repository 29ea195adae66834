package sqlstore

import (
	"context"

	"github.com/poolhouse/poolhouse/sts"
)

// UserByID returns the user with a stable ID, by the index on it.
func (s *STSStore) UserByID(ctx context.Context, account, id string) (*sts.User, error) {
	return byID(ctx, plain(s.db, "sts_users", exact, &s.db.docs.sts.users), account, id)
}

// RoleByID returns the role with a stable ID, by the index on it.
func (s *STSStore) RoleByID(ctx context.Context, account, id string) (*sts.Role, error) {
	return byID(ctx, plain(s.db, "sts_roles", exact, &s.db.docs.sts.roles), account, id)
}

func byID[T any, P keyed[T]](ctx context.Context, c *collection[T, P], account, id string) (*T, error) {
	stable := `json_extract(entity, '$.ID')`
	if c.db.postgres {
		stable = `((entity::jsonb)->>'ID')`
	}
	row := c.db.read.QueryRowContext(ctx, `SELECT entity FROM `+c.table+` WHERE account = $1 AND `+stable+` = $2`, account, id)
	return c.scan(row, account, id)
}
