package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// changeNames replaces the names before by those after.
func (s *UserpoolStore) changeNames(ctx context.Context, tx *sql.Tx, pool *userpool.Pool, u userRow, before, after []userpool.Name, take bool) error {
	if err := dropNames(ctx, tx, u, without(before, after)); err != nil {
		return err
	}
	return s.addNames(ctx, tx, pool, u, without(after, before), take)
}

// without returns what is in a but not in b, in an order that is the same for
// every writer, so that two of them never wait for each other's rows.
func without(a, b []userpool.Name) []userpool.Name {
	var rest []userpool.Name
	for _, n := range a {
		if !slices.Contains(b, n) {
			rest = append(rest, n)
		}
	}
	slices.SortFunc(rest, func(x, y userpool.Name) int { return strings.Compare(x.Value, y.Value) })
	return rest
}

func dropNames(ctx context.Context, tx *sql.Tx, u userRow, names []userpool.Name) error {
	for _, n := range names {
		_, err := tx.ExecContext(ctx, `DELETE FROM userpool_names WHERE pool = $1 AND value = $2 AND owner = $3`, u.Pool, n.Value, u.seq)
		if err != nil {
			return err
		}
	}
	return nil
}

// addNames adds names to u. One that somebody else holds is an error, or, with
// take, is taken from its owner if it is an alias.
func (s *UserpoolStore) addNames(ctx context.Context, tx *sql.Tx, pool *userpool.Pool, u userRow, names []userpool.Name, take bool) error {
	names = without(names, nil)
	for {
		added, err := insertNames(ctx, tx, u, names)
		if err != nil || added == len(names) {
			return err
		}
		taken, err := takenNames(ctx, tx, u, names)
		if err != nil {
			return err
		}
		for _, n := range taken {
			if err := s.resolve(ctx, tx, pool, u, n, take); err != nil {
				return err
			}
		}
		names = taken
	}
}

// insertNames inserts those names that are free and says how many they were.
func insertNames(ctx context.Context, tx *sql.Tx, u userRow, names []userpool.Name) (int, error) {
	if len(names) == 0 {
		return 0, nil
	}
	query, args := `INSERT INTO userpool_names (pool, owner, value, kind) VALUES `, []any{u.Pool, u.seq}
	for i, n := range names {
		if i > 0 {
			query += ", "
		}
		query += fmt.Sprintf("($1, $2, $%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, n.Value, n.Kind)
	}
	res, err := tx.ExecContext(ctx, query+` ON CONFLICT (pool, value) DO NOTHING`, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// takenNames returns the names that are not u's.
func takenNames(ctx context.Context, tx *sql.Tx, u userRow, names []userpool.Name) ([]userpool.Name, error) {
	var taken []userpool.Name
	for _, n := range names {
		var owner int64
		err := tx.QueryRowContext(ctx, `SELECT owner FROM userpool_names WHERE pool = $1 AND value = $2`, u.Pool, n.Value).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) || err == nil && owner != u.seq {
			taken = append(taken, n) // a name that was freed meanwhile is tried again
		} else if err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// resolve frees a name that somebody else holds, or says why it cannot.
func (s *UserpoolStore) resolve(ctx context.Context, tx *sql.Tx, pool *userpool.Pool, u userRow, n userpool.Name, take bool) error {
	conflict := error(&userpool.AliasError{Attribute: n.Kind})
	if n.Kind == userpool.NameUsername || n.Kind == userpool.NameSub {
		conflict = userpool.ErrUserExists
	}
	if !take || conflict == userpool.ErrUserExists {
		return conflict
	}
	owner, err := s.scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+`
		FROM userpool_names n CROSS JOIN userpool_users u
		WHERE u.seq = n.owner AND n.pool = $1 AND n.value = $2 AND n.kind = $3`+s.lockUser(), u.Pool, n.Value, n.Kind))
	if errors.Is(err, sql.ErrNoRows) {
		return s.freed(ctx, tx, u, n, conflict)
	}
	if err != nil {
		return err
	}
	before := *owner.User
	after := *owner.User
	after.Attributes = cloneMap(owner.Attributes)
	after.Modified = u.Modified
	if !pool.Unalias(&after, n.Kind) {
		return conflict
	}
	return s.writeUser(ctx, tx, userRow{owner.seq, owner.keys, &before}, &after, false)
}

// freed reports nil where nobody holds the name any more, else the conflict:
// the name is another user's username.
func (s *UserpoolStore) freed(ctx context.Context, tx *sql.Tx, u userRow, n userpool.Name, conflict error) error {
	var owner int64
	err := tx.QueryRowContext(ctx, `SELECT owner FROM userpool_names WHERE pool = $1 AND value = $2`, u.Pool, n.Value).Scan(&owner)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return conflict
}

func cloneMap(m map[string]string) map[string]string {
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
