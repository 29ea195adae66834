package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

func clientAAD(c *userpool.Client) string {
	return "userpool_clients/secret/" + string(c.Pool) + "/" + string(c.ID)
}

// secretBreak stands between a client's two secrets. No secret has it in it.
const secretBreak = "\n"

// sealClient returns the columns of c.
func (s *UserpoolStore) sealClient(c *userpool.Client) (secret []byte, doc string, err error) {
	open := *c
	open.Secret, open.SecondSecret = "", ""
	plain := c.Secret
	if c.SecondSecret != "" {
		plain += secretBreak + c.SecondSecret
	}
	secret, err = s.seal([]byte(plain), clientAAD(c))
	return secret, encode(open), err
}

// A clientRow are the columns of a client, the secret sealed.
type clientRow struct {
	secret []byte
	doc    string
}

func (r *clientRow) scan(row scanner) error { return row.Scan(&r.secret, &r.doc) }

func (s *UserpoolStore) scanClient(row scanner) (*userpool.Client, error) {
	var r clientRow
	if err := r.scan(row); err != nil {
		return nil, err
	}
	return s.openClient(r)
}

func (s *UserpoolStore) openClient(r clientRow) (*userpool.Client, error) {
	c, err := s.known.clients.decode(r.doc)
	if err != nil {
		return nil, err
	}
	plain, err := s.open(r.secret, clientAAD(c))
	c.Secret, c.SecondSecret, _ = strings.Cut(string(plain), secretBreak)
	return c, err
}

// CreateClient implements userpool.ClientStore.
func (s *UserpoolStore) CreateClient(ctx context.Context, c *userpool.Client) error {
	c.Created, c.Modified = micro(c.Created), micro(c.Modified)
	secret, doc, err := s.sealClient(c)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_clients (id, pool, secret, doc)
			SELECT $1, id, $3, $4 FROM userpool_pools WHERE id = $2`, c.ID, c.Pool, secret, doc)
		if isUnique(err, "") {
			return userpool.ErrConflict
		}
		if err := affected(res, err, userpool.ErrPoolNotFound); err != nil || c.OpenID.Logo == nil {
			return err
		}
		return addImages(ctx, tx, c.Pool, logoRecord(c.ID), c.ID, []userpool.Image{c.OpenID.Logo.Image})
	})
}

func logoRecord(id userpool.ClientID) string { return "logo/" + string(id) }

// replaceLogo writes the logo of a client anew where it changed. One that came
// without its body is of a moment that another writer ended: the client has none.
func replaceLogo(ctx context.Context, tx *sql.Tx, old *userpool.Logo, c *userpool.Client) error {
	var images []userpool.Image
	switch next := c.OpenID.Logo; {
	case next == nil && old == nil || next != nil && old != nil && next.Hash == old.Hash:
		return nil
	case next != nil && next.Body == nil:
		c.OpenID.Logo = nil
	case next != nil:
		images = append(images, next.Image)
	}
	return replaceImages(ctx, tx, c.Pool, logoRecord(c.ID), c.ID, images)
}

// Client implements userpool.ClientStore.
func (s *UserpoolStore) Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error) {
	row, err := settled(ctx, s.db, "client/"+string(id), func() (row clientRow, err error) {
		err = row.scan(s.db.read.QueryRowContext(ctx, `SELECT secret, doc FROM userpool_clients WHERE id = $1`, id))
		return row, err
	})
	if err != nil {
		return nil, notFound(err, userpool.ErrClientNotFound)
	}
	return s.openClient(row)
}

// UpdateClient implements userpool.ClientStore.
func (s *UserpoolStore) UpdateClient(ctx context.Context, pool userpool.PoolID, id userpool.ClientID, fn func(*userpool.Client) error) (c *userpool.Client, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		c, err = s.scanClient(tx.QueryRowContext(ctx,
			`SELECT secret, doc FROM userpool_clients WHERE id = $1 AND pool = $2`+s.db.forUpdate(), id, pool))
		if err != nil {
			return notFound(err, userpool.ErrClientNotFound)
		}
		created, logo := c.Created, c.OpenID.Logo
		if err := fn(c); err != nil {
			return err
		}
		c.ID, c.Pool, c.Created, c.Modified = id, pool, created, micro(c.Modified)
		if err := replaceLogo(ctx, tx, logo, c); err != nil {
			return err
		}
		secret, doc, err := s.sealClient(c)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE userpool_clients SET secret = $2, doc = $3 WHERE id = $1`, id, secret, doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DeleteClient implements userpool.ClientStore.
func (s *UserpoolStore) DeleteClient(ctx context.Context, pool userpool.PoolID, id userpool.ClientID) error {
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_clients WHERE id = $1 AND pool = $2`, id, pool)
	return affected(res, err, userpool.ErrClientNotFound)
}

// Clients implements userpool.ClientStore.
func (s *UserpoolStore) Clients(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.Client, string, error) {
	rows, err := s.db.read.QueryContext(ctx, `
		SELECT secret, doc FROM userpool_clients WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`, pool, after, limit+1)
	all, err := collect(rows, err, s.scanClient)
	clients, next := page(all, limit, func(c *userpool.Client) string { return string(c.ID) })
	return clients, next, err
}
