package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/userpool"
)

// An indexEntry is a value that a user can be filtered by.
type indexEntry struct{ attribute, value string }

// indexed returns everything that u can be found by in lists.
func indexed(u *userpool.User) []indexEntry {
	enabled := "Disabled"
	if u.Enabled {
		enabled = "Enabled"
	}
	all := []indexEntry{{"username", u.Username}, {"sub", u.Sub}, {"status", enabled}, {"cognito:user_status", string(u.Status)}}
	for _, a := range userpool.IndexedAttributes {
		if v := u.Attributes[a]; v != "" {
			all = append(all, indexEntry{a, v})
		}
	}
	return all
}

// addIndex adds entries, in one statement because there is one for each user.
func addIndex(ctx context.Context, tx *sql.Tx, u userRow, entries []indexEntry) error {
	if len(entries) == 0 {
		return nil
	}
	query, args := `INSERT INTO userpool_index (pool, owner, attribute, value) VALUES `, []any{u.Pool, u.seq}
	for i, e := range entries {
		if i > 0 {
			query += ", "
		}
		query += fmt.Sprintf("($1, $2, $%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, e.attribute, e.value)
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

func changeIndex(ctx context.Context, tx *sql.Tx, u userRow, before, after []indexEntry) error {
	for _, e := range before {
		if slices.Contains(after, e) {
			continue
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM userpool_index WHERE pool = $1 AND attribute = $2 AND value = $3 AND owner = $4`,
			u.Pool, e.attribute, e.value, u.seq)
		if err != nil {
			return err
		}
	}
	added := slices.DeleteFunc(slices.Clone(after), func(e indexEntry) bool { return slices.Contains(before, e) })
	return addIndex(ctx, tx, u, added)
}

// The lists of users. CROSS JOIN fixes the order of the join on SQLite.
const (
	listAll = `SELECT ` + listColumns + ` FROM userpool_users u
		WHERE u.pool = $1 AND u.seq > $2 ORDER BY u.seq LIMIT $3`
	listEqual = `SELECT ` + listColumns + `, i.value FROM userpool_index i CROSS JOIN userpool_users u
		WHERE u.seq = i.owner AND i.pool = $1 AND i.attribute = $2
			AND i.value = $3 AND i.owner > $4 ORDER BY i.owner LIMIT $5`
	listPrefix = `SELECT ` + listColumns + `, i.value FROM userpool_index i CROSS JOIN userpool_users u
		WHERE u.seq = i.owner AND i.pool = $1 AND i.attribute = $2
			AND (i.value, i.owner) > ($3, $4) AND i.value < $6 ORDER BY i.value, i.owner LIMIT $5`
	listMembers = `SELECT ` + listColumns + ` FROM userpool_members m CROSS JOIN userpool_users u
		WHERE u.seq = m.owner AND m.pool = $1 AND m.name = $2 AND m.owner > $3 ORDER BY m.owner LIMIT $4`
)

// Users implements userpool.UserStore. Every query walks an index in its order
// from the token on, so that a page costs the same wherever it stands.
func (s *UserpoolStore) Users(ctx context.Context, pool userpool.PoolID, f userpool.UserFilter, after string, limit int) ([]*userpool.User, string, error) {
	if strings.ContainsRune(f.Value, 0) {
		return nil, "", nil
	}
	if f.Attribute == "" {
		return s.allUsers(ctx, pool, after, limit)
	}
	return s.filteredUsers(ctx, pool, f, after, limit)
}

func (s *UserpoolStore) allUsers(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.User, string, error) {
	seq, _ := strconv.ParseInt(after, 10, 64) // a foreign token starts over
	rows, err := s.db.read.QueryContext(ctx, listAll, pool, seq, limit+1)
	all, err := collect(rows, err, scanListedRow)
	return listed(all, err, limit, func(u userRow) string { return strconv.FormatInt(u.seq, 10) })
}

// A place in a filtered list: behind the user seq among those with this value.
type place struct {
	Value string
	Seq   int64
}

func (s *UserpoolStore) filteredUsers(ctx context.Context, pool userpool.PoolID, f userpool.UserFilter, after string, limit int) ([]*userpool.User, string, error) {
	from := place{f.Value, 0}
	if after != "" {
		if err := decode(after, &from); err != nil {
			return nil, "", err
		}
	}
	query, args := listEqual, []any{pool, f.Attribute, from.Value, from.Seq, limit + 1}
	if f.Prefix {
		query, args = listPrefix, append(args, afterPrefix(f.Value))
	}
	values := map[int64]string{}
	rows, err := s.db.read.QueryContext(ctx, query, args...)
	all, err := collect(rows, err, func(row scanner) (userRow, error) {
		var value string
		u, err := scanListed(row, &value)
		values[u.seq] = value
		return u, err
	})
	return listed(all, err, limit, func(u userRow) string { return encode(place{values[u.seq], u.seq}) })
}

// afterPrefix returns the least string, in the order of bytes, that is greater
// than every valid string with this prefix.
func afterPrefix(prefix string) string {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		switch r := runes[i]; {
		case r == utf8.MaxRune:
			continue
		case r == 0xD7FF: // surrogates are no characters
			return string(runes[:i]) + "\uE000"
		default:
			return string(runes[:i]) + string(r+1)
		}
	}
	return strings.Repeat(string(rune(utf8.MaxRune)), 600) // longer than any value
}

func listed(all []userRow, err error, limit int, key func(userRow) string) ([]*userpool.User, string, error) {
	if err != nil {
		return nil, "", err
	}
	all, next := page(all, limit, key)
	users := make([]*userpool.User, len(all))
	for i, u := range all {
		users[i] = u.User
	}
	return users, next, nil
}
