package sqlstore

import (
	"context"
	"database/sql"

	"github.com/poolhouse/poolhouse/userpool"
)

// CreateBranding implements userpool.BrandingStore.
func (s *UserpoolStore) CreateBranding(ctx context.Context, b *userpool.Branding) error {
	b.Created, b.Modified = micro(b.Created), micro(b.Modified)
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_branding (pool, id, client, doc)
			SELECT pool, $2, id, $4 FROM userpool_clients WHERE pool = $1 AND id = $3`, b.Pool, b.ID, b.Client, encode(b))
		if isUnique(err, "") {
			return userpool.ErrBrandingExists
		}
		if err := affected(res, err, userpool.ErrClientNotFound); err != nil {
			return err
		}
		return addImages(ctx, tx, b.Pool, brandingRecord(b.ID), b.Client, brandingImages(b))
	})
}

func brandingRecord(id string) string { return "branding/" + id }

func brandingImages(b *userpool.Branding) []userpool.Image {
	var images []userpool.Image
	for _, a := range b.Assets {
		images = append(images, a.Image)
	}
	return images
}

// Branding implements userpool.BrandingStore.
func (s *UserpoolStore) Branding(ctx context.Context, pool userpool.PoolID, id string) (*userpool.Branding, error) {
	return found[userpool.Branding](s.db.read.QueryRowContext(ctx, `SELECT doc FROM userpool_branding WHERE pool = $1 AND id = $2`, pool, id))
}

const selectBrandingOf = `SELECT doc FROM userpool_branding WHERE pool = $1 AND client = $2`

// BrandingOf implements userpool.BrandingStore.
func (s *UserpoolStore) BrandingOf(ctx context.Context, pool userpool.PoolID, client userpool.ClientID) (*userpool.Branding, error) {
	return found[userpool.Branding](s.db.read.QueryRowContext(ctx, selectBrandingOf, pool, client))
}

// found is scanDoc for one row, which there may not be.
func found[T any](row *sql.Row) (*T, error) {
	v, err := scanDoc[T](row)
	return v, notFound(err, userpool.ErrNotFound)
}

// ReplaceBranding implements userpool.BrandingStore.
func (s *UserpoolStore) ReplaceBranding(ctx context.Context, b *userpool.Branding) error {
	b.Modified = micro(b.Modified)
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		old, err := found[userpool.Branding](tx.QueryRowContext(ctx,
			`SELECT doc FROM userpool_branding WHERE pool = $1 AND id = $2`+s.db.forUpdate(), b.Pool, b.ID))
		if err != nil {
			return err
		}
		b.Client, b.Created = old.Client, old.Created
		if _, err := tx.ExecContext(ctx, `UPDATE userpool_branding SET doc = $3 WHERE pool = $1 AND id = $2`, b.Pool, b.ID, encode(b)); err != nil {
			return err
		}
		return replaceImages(ctx, tx, b.Pool, brandingRecord(b.ID), b.Client, brandingImages(b))
	})
}

// DeleteBranding implements userpool.BrandingStore.
func (s *UserpoolStore) DeleteBranding(ctx context.Context, pool userpool.PoolID, id string) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM userpool_branding WHERE pool = $1 AND id = $2`, pool, id)
		if err := affected(res, err, userpool.ErrNotFound); err != nil {
			return err
		}
		return replaceImages(ctx, tx, pool, brandingRecord(id), "", nil)
	})
}

// PutCustomization implements userpool.BrandingStore.
func (s *UserpoolStore) PutCustomization(ctx context.Context, c *userpool.Customization) error {
	c.Created, c.Modified = micro(c.Created), micro(c.Modified)
	owner := c.Client
	if owner == userpool.AllClients {
		owner = ""
	}
	var images []userpool.Image
	if c.Image != nil {
		images = append(images, *c.Image)
	}
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		old, err := found[userpool.Customization](tx.QueryRowContext(ctx, selectCustomization+s.db.forUpdate(), c.Pool, c.Client))
		if err == nil {
			c.Created = old.Created
		} else if err != userpool.ErrNotFound {
			return err
		}
		res, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_ui (pool, client, owner, doc)
			SELECT id, $2, $3, $4 FROM userpool_pools
			WHERE id = $1 AND (CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM userpool_clients WHERE id = $3 AND pool = $1))
			ON CONFLICT (pool, client) DO UPDATE SET doc = excluded.doc`, c.Pool, c.Client, nullable(string(owner)), encode(c))
		if err := affected(res, err, userpool.ErrClientNotFound); err != nil {
			return err
		}
		return replaceImages(ctx, tx, c.Pool, "ui/"+string(c.Client), owner, images)
	})
}

const selectCustomization = `SELECT doc FROM userpool_ui WHERE pool = $1 AND client = $2`

// Customization implements userpool.BrandingStore.
func (s *UserpoolStore) Customization(ctx context.Context, pool userpool.PoolID, client userpool.ClientID) (*userpool.Customization, error) {
	return found[userpool.Customization](s.db.read.QueryRowContext(ctx, selectCustomization, pool, client))
}

// replaceImages gives a record other images.
func replaceImages(ctx context.Context, tx *sql.Tx, pool userpool.PoolID, record string, client userpool.ClientID, images []userpool.Image) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM userpool_images WHERE pool = $1 AND record = $2`, pool, record); err != nil {
		return err
	}
	return addImages(ctx, tx, pool, record, client, images)
}

// addImages adds images of a record. One that is there twice is kept once.
func addImages(ctx context.Context, tx *sql.Tx, pool userpool.PoolID, record string, client userpool.ClientID, images []userpool.Image) error {
	for _, i := range images {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_images (pool, hash, record, client, type, body) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (pool, hash, record) DO NOTHING`, pool, i.Hash, record, nullable(string(client)), i.Type, i.Body)
		if err != nil {
			return err
		}
	}
	return nil
}

const selectImage = `SELECT type, body FROM userpool_images WHERE pool = $1 AND hash = $2 LIMIT 1`

// Image implements userpool.BrandingStore.
func (s *UserpoolStore) Image(ctx context.Context, pool userpool.PoolID, hash string) (*userpool.Image, error) {
	i := &userpool.Image{Hash: hash}
	err := s.db.read.QueryRowContext(ctx, selectImage, pool, hash).Scan(&i.Type, &i.Body)
	if err != nil {
		return nil, notFound(err, userpool.ErrNotFound)
	}
	return i, nil
}
