package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// userColumns are all columns of a user, listColumns those that lists return.
const (
	listColumns = `u.seq, u.pool, u.username, u.sub, u.status, u.enabled, u.created, u.modified, u.signed_out, u.attributes, u.password_changed,
		(SELECT k.attribute_keys FROM userpool_pools k WHERE k.id = u.pool)`
	userColumns = listColumns + `, u.password, u.password_history, u.srp_salt, u.srp_verifier, u.mfa, u.mfa_secrets`
)

// A userRow is a user with its row number, and what the row calls attributes.
type userRow struct {
	seq  int64
	keys *attributeKeys
	*userpool.User
}

func verifierAAD(u *userpool.User) string {
	return "userpool_users/srp_verifier/" + string(u.Pool) + "/" + u.Sub
}

// scanListed scans listColumns, and more destinations behind them.
func scanListed(row scanner, more ...any) (userRow, error) {
	u := userRow{User: new(userpool.User)}
	var enabled int
	var created, modified, signedOut, changed int64
	var attributes, keys string
	dest := []any{&u.seq, &u.Pool, &u.Username, &u.Sub, &u.Status, &enabled, &created, &modified, &signedOut, &attributes, &changed, &keys}
	if err := row.Scan(append(dest, more...)...); err != nil {
		return u, err
	}
	u.Enabled = enabled != 0
	u.Created, u.Modified, u.SignedOut, u.PasswordChanged = fromMicros(created), fromMicros(modified), fromMicros(signedOut), fromMicros(changed)
	if err := decode(attributes, &u.Attributes); err != nil {
		return u, err
	}
	var err error
	u.keys, err = scanKeys(keys)
	u.Attributes = u.keys.named(u.Attributes)
	return u, err
}

func scanListedRow(row scanner) (userRow, error) { return scanListed(row) }

// scanUser scans userColumns.
func (s *UserpoolStore) scanUser(row scanner) (userRow, error) {
	var password, history, mfa string
	var salt, sealed, secrets []byte
	u, err := scanListed(row, &password, &history, &salt, &sealed, &mfa, &secrets)
	if err != nil {
		return u, err
	}
	u.Password = password
	if len(salt) > 0 {
		u.SRPSalt = salt
	}
	if err := decode(history, &u.PasswordHistory); err != nil {
		return u, err
	}
	if u.SRPVerifier, err = s.open(sealed, verifierAAD(u.User)); err != nil {
		return u, err
	}
	return u, s.scanMFA(u.User, mfa, secrets)
}

// byName finds a user by a name that has one spelling under every case rule.
// CROSS JOIN fixes the order of the join on SQLite: names first.
const byName = ` FROM userpool_names n CROSS JOIN userpool_users u
	WHERE u.seq = n.owner AND n.pool = $1 AND n.value = $2`

// byFoldedName finds a user by a name that is compared as its pool compares names.
// Users of upstream providers keep their case, so the exact name is tried too
// and wins.
const byFoldedName = ` FROM userpool_names n CROSS JOIN userpool_users u
	WHERE u.seq = n.owner AND n.pool = $1 AND n.value IN ($2,
		(SELECT CASE WHEN p.case_sensitive = 1 THEN $2 ELSE $3 END FROM userpool_pools p WHERE p.id = $1))`

// exactFirst prefers the name as given.
const exactFirst = ` ORDER BY n.value = $2 DESC LIMIT 1`

// named returns the parts of a query for the user of a name, and its arguments.
// Most names are in lower case, and spare the question what the pool's rule is.
func named(pool userpool.PoolID, name string) (from, order string, args []any) {
	folded := userpool.FoldCase(name)
	if folded == name {
		return byName, "", []any{pool, name}
	}
	return byFoldedName, exactFirst, []any{pool, name, folded}
}

func (s *UserpoolStore) findUser(ctx context.Context, q querier, pool userpool.PoolID, name, where, lock string) (userRow, error) {
	if strings.ContainsRune(name, 0) { // PostgreSQL has no such text
		return userRow{}, userpool.ErrUserNotFound
	}
	from, order, args := named(pool, name)
	u, err := s.scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+from+where+order+lock, args...))
	return u, notFound(err, userpool.ErrUserNotFound)
}

// User implements userpool.UserStore.
func (s *UserpoolStore) User(ctx context.Context, pool userpool.PoolID, name string) (*userpool.User, error) {
	u, err := s.findUser(ctx, s.db.read, pool, name, "", "")
	if err != nil {
		return nil, err
	}
	return u.User, nil
}

// UserBySub implements userpool.UserStore.
func (s *UserpoolStore) UserBySub(ctx context.Context, pool userpool.PoolID, sub string) (*userpool.User, error) {
	u, err := s.findUser(ctx, s.db.read, pool, sub, " AND u.sub = $2", "")
	if err != nil {
		return nil, err
	}
	return u.User, nil
}

// poolRules are what decides the names of a pool's users, and of their attributes.
type poolRules struct {
	*userpool.Pool
	keys *attributeKeys
}

func readRules(ctx context.Context, tx *sql.Tx, pool userpool.PoolID) (*poolRules, error) {
	p := &poolRules{Pool: &userpool.Pool{ID: pool}}
	var sensitive int
	var aliases, usernames, keys string
	err := tx.QueryRowContext(ctx, `
		SELECT case_sensitive, alias_attributes, username_attributes, attribute_keys FROM userpool_pools WHERE id = $1`, pool).
		Scan(&sensitive, &aliases, &usernames, &keys)
	if err != nil {
		return nil, notFound(err, userpool.ErrPoolNotFound)
	}
	p.CaseSensitive = sensitive != 0
	p.keys, err = scanKeys(keys)
	return p, errors.Join(err, decode(aliases, &p.AliasAttributes), decode(usernames, &p.UsernameAttributes))
}

// CreateUser implements userpool.UserStore.
func (s *UserpoolStore) CreateUser(ctx context.Context, u *userpool.User) error {
	return s.createUser(ctx, u, false)
}

// CreateUserTaking implements userpool.UserStore.
func (s *UserpoolStore) CreateUserTaking(ctx context.Context, u *userpool.User) error {
	return s.createUser(ctx, u, true)
}

// CreateUsers is CreateUser for many users of one pool, in one transaction: all of
// them are added, or none.
func (s *UserpoolStore) CreateUsers(ctx context.Context, pool userpool.PoolID, users []*userpool.User) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		rules, err := readRules(ctx, tx, pool)
		if err != nil {
			return err
		}
		for _, u := range users {
			if _, err := s.addUser(ctx, tx, rules, u, false); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *UserpoolStore) createUser(ctx context.Context, u *userpool.User, take bool) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		rules, err := readRules(ctx, tx, u.Pool)
		if err != nil {
			return err
		}
		_, err = s.addUser(ctx, tx, rules, u, take)
		return err
	})
}

// addUser adds a user to the pool whose rules are given, and returns the row's number.
func (s *UserpoolStore) addUser(ctx context.Context, tx *sql.Tx, rules *poolRules, u *userpool.User, take bool) (int64, error) {
	u.Pool = rules.ID
	seq, err := s.insertUser(ctx, tx, rules.keys, u)
	if err != nil {
		return 0, err
	}
	row := userRow{seq, rules.keys, u}
	if err := s.addNames(ctx, tx, rules.Pool, row, rules.Names(u), take); err != nil {
		return 0, err
	}
	if err := addIndex(ctx, tx, row, indexed(u)); err != nil {
		return 0, err
	}
	return seq, s.putSearch(ctx, tx, row)
}

// values are the columns of u that may change, in the order of writableColumns.
func (s *UserpoolStore) values(keys *attributeKeys, u *userpool.User) ([]any, error) {
	u.Created, u.Modified, u.SignedOut, u.PasswordChanged = micro(u.Created), micro(u.Modified), micro(u.SignedOut), micro(u.PasswordChanged)
	sealed, err := s.seal(u.SRPVerifier, verifierAAD(u))
	if err != nil {
		return nil, err
	}
	secrets, err := s.sealMFA(u)
	salt := u.SRPSalt
	if salt == nil {
		salt = []byte{}
	}
	if u.Attributes == nil {
		u.Attributes = map[string]string{}
	}
	return []any{u.Status, flag(u.Enabled), micros(u.Created), micros(u.Modified), micros(u.SignedOut), encode(keys.stored(u.Attributes)),
		micros(u.PasswordChanged), u.Password, encode(u.PasswordHistory), salt, sealed,
		encode(u.MFA), secrets}, err
}

func (s *UserpoolStore) insertUser(ctx context.Context, tx *sql.Tx, keys *attributeKeys, u *userpool.User) (seq int64, err error) {
	values, err := s.values(keys, u)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO userpool_users (status, enabled, created, modified, signed_out, attributes,
			password_changed, password, password_history, srp_salt, srp_verifier, mfa, mfa_secrets, pool, username, sub)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		RETURNING seq`, append(values, u.Pool, u.Username, u.Sub)...).Scan(&seq)
	return seq, err
}

// UpdateUser implements userpool.UserStore.
func (s *UserpoolStore) UpdateUser(ctx context.Context, pool userpool.PoolID, username string, fn func(*userpool.User) error) (*userpool.User, error) {
	return s.updateUser(ctx, pool, username, fn, false)
}

// UpdateUserTaking implements userpool.UserStore.
func (s *UserpoolStore) UpdateUserTaking(ctx context.Context, pool userpool.PoolID, username string, fn func(*userpool.User) error) (*userpool.User, error) {
	return s.updateUser(ctx, pool, username, fn, true)
}

func (s *UserpoolStore) updateUser(ctx context.Context, pool userpool.PoolID, username string, fn func(*userpool.User) error, take bool) (u *userpool.User, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		row, err := s.findUser(ctx, tx, pool, username, " AND n.kind = 'username'", s.lockUser())
		if err != nil {
			return err
		}
		u = row.User
		before := *u
		before.Attributes = maps.Clone(u.Attributes)
		if err := fn(u); err != nil {
			return err
		}
		u.Pool, u.Username, u.Sub, u.Created = before.Pool, before.Username, before.Sub, before.Created
		return s.writeUser(ctx, tx, userRow{row.seq, row.keys, &before}, u, take)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// lockUser locks the user alone: a lock on its names would make two users who
// exchange an alias wait for each other.
func (s *UserpoolStore) lockUser() string {
	if s.db.postgres {
		return s.db.forUpdate() + " OF u"
	}
	return ""
}

// writeUser writes what differs between the stored user and the wanted one.
func (s *UserpoolStore) writeUser(ctx context.Context, tx *sql.Tx, before userRow, u *userpool.User, take bool) error {
	values, err := s.values(before.keys, u)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE userpool_users SET status = $1, enabled = $2, created = $3, modified = $4, signed_out = $5, attributes = $6,
			password_changed = $7, password = $8, password_history = $9, srp_salt = $10, srp_verifier = $11,
			mfa = $12, mfa_secrets = $13
		WHERE seq = $14`, append(values, before.seq)...)
	if err != nil {
		return err
	}
	pool, err := readRules(ctx, tx, u.Pool)
	if err != nil {
		return err
	}
	row := userRow{before.seq, before.keys, u}
	if err := s.changeNames(ctx, tx, pool.Pool, row, pool.Names(before.User), pool.Names(u), take); err != nil {
		return err
	}
	if err := changeIndex(ctx, tx, row, indexed(before.User), indexed(u)); err != nil {
		return err
	}
	return s.changeSearch(ctx, tx, before, row)
}

// DeleteUser implements userpool.UserStore.
func (s *UserpoolStore) DeleteUser(ctx context.Context, pool userpool.PoolID, username string) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		u, err := s.findUser(ctx, tx, pool, username, " AND n.kind = 'username'", s.lockUser())
		if err != nil {
			return err
		}
		rules, err := readRules(ctx, tx, pool)
		if err != nil {
			return err
		}
		if err := dropNames(ctx, tx, u, rules.Names(u.User)); err != nil {
			return err
		}
		if err := changeIndex(ctx, tx, u, indexed(u.User), nil); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM userpool_users WHERE seq = $1`, u.seq)
		return err
	})
}

// CountUsers implements userpool.UserStore.
func (s *UserpoolStore) CountUsers(ctx context.Context, pool userpool.PoolID) (n int, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT count(*) FROM userpool_users WHERE pool = $1`, pool).Scan(&n)
	return n, err
}
