package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/poolhouse/poolhouse/sts"
)

// keyed is a pointer to an entity that knows what it is stored under.
type keyed[T any] interface {
	*T
	Key() (account, name string)
}

// A collection keeps entities in one table of account, name and entity. Its
// statements are put together from the table's name, which is a constant.
type collection[T any, P keyed[T]] struct {
	db     *DB
	table  string
	fold   func(name string) string // names that fold alike are one
	encode func(*T) (any, error)
	decode func(account, name string, raw []byte) (*T, error)
}

func (c *collection[T, P]) Create(ctx context.Context, entity *T) error {
	account, name := P(entity).Key()
	value, err := c.encode(entity)
	if err != nil {
		return err
	}
	_, err = c.db.write.ExecContext(ctx,
		`INSERT INTO `+c.table+` (account, name, entity) VALUES ($1, $2, $3)`, account, c.fold(name), value)
	if isUnique(err, "") {
		return sts.ErrExists
	}
	return err
}

func (c *collection[T, P]) Get(ctx context.Context, account, name string) (*T, error) {
	row := c.db.read.QueryRowContext(ctx, c.selectOne(), account, c.fold(name))
	return c.scan(row, account, c.fold(name))
}

func (c *collection[T, P]) selectOne() string {
	return `SELECT entity FROM ` + c.table + ` WHERE account = $1 AND name = $2`
}

func (c *collection[T, P]) scan(row *sql.Row, account, name string) (*T, error) {
	var raw []byte
	if err := row.Scan(&raw); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, sts.ErrNotFound
		}
		return nil, err
	}
	return c.decode(account, name, raw)
}

func (c *collection[T, P]) lock(ctx context.Context, tx *sql.Tx, account, name string) (*T, error) {
	return c.scan(tx.QueryRowContext(ctx, c.selectOne()+c.db.forUpdate(), account, c.fold(name)), account, c.fold(name))
}

func (c *collection[T, P]) Update(ctx context.Context, account, name string, fn func(*T) error) (entity *T, err error) {
	err = c.db.inTx(ctx, func(tx *sql.Tx) error {
		if entity, err = c.lock(ctx, tx, account, name); err != nil {
			return err
		}
		if err := fn(entity); err != nil {
			return err
		}
		value, err := c.encode(entity)
		if err != nil {
			return err
		}
		_, renamed := P(entity).Key()
		_, err = tx.ExecContext(ctx, `UPDATE `+c.table+` SET entity = $1, name = $2 WHERE account = $3 AND name = $4`,
			value, c.fold(renamed), account, c.fold(name))
		return err
	})
	if isUnique(err, "") {
		return nil, sts.ErrExists
	}
	if err != nil {
		return nil, err
	}
	return entity, nil
}

func (c *collection[T, P]) Delete(ctx context.Context, account, name string, check func(*T) error) error {
	return c.db.inTx(ctx, func(tx *sql.Tx) error {
		entity, err := c.lock(ctx, tx, account, name)
		if err != nil {
			return err
		}
		if err := check(entity); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM `+c.table+` WHERE account = $1 AND name = $2`, account, c.fold(name))
		return err
	})
}

func (c *collection[T, P]) List(ctx context.Context, account, after string, limit int) (entities []*T, next string, err error) {
	rows, err := c.db.read.QueryContext(ctx, `SELECT name, entity FROM `+c.table+
		` WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3`, account, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	last := ""
	for rows.Next() {
		if len(entities) == limit {
			return entities, last, nil
		}
		var raw []byte
		if err := rows.Scan(&last, &raw); err != nil {
			return nil, "", err
		}
		e, err := c.decode(account, last, raw)
		if err != nil {
			return nil, "", err
		}
		entities = append(entities, e)
	}
	return entities, "", rows.Err()
}
