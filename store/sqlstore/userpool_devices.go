package sqlstore

import (
	"context"
	"database/sql"

	"github.com/poolhouse/poolhouse/userpool"
)

// deviceSecrets are what is sealed of a device.
type deviceSecrets struct{ Salt, Verifier []byte }

func deviceAAD(d *userpool.Device) string {
	return "userpool_devices/secret/" + string(d.Pool) + "/" + d.Sub + "/" + d.Key
}

// deviceValues are the columns of a device that may change.
func (s *UserpoolStore) deviceValues(d *userpool.Device) (sealed []byte, doc string, err error) {
	d.Created, d.Modified, d.Authenticated = micro(d.Created), micro(d.Modified), micro(d.Authenticated)
	sealed, err = s.seal([]byte(encode(deviceSecrets{d.Salt, d.Verifier})), deviceAAD(d))
	return sealed, encode(d), err
}

// CreateDevice implements userpool.DeviceStore.
func (s *UserpoolStore) CreateDevice(ctx context.Context, d *userpool.Device) error {
	sealed, doc, err := s.deviceValues(d)
	if err != nil {
		return err
	}
	return s.inOwnersTx(ctx, d.Pool, d.Sub, func(tx *sql.Tx, owner int64) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO userpool_devices (pool, key, sub, owner, secret, doc) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.Pool, d.Key, d.Sub, owner, sealed, doc)
		if isUnique(err, "") {
			return userpool.ErrDeviceKeyExists
		}
		return err
	})
}

const selectDevice = `SELECT pool, sub, key, doc, secret FROM userpool_devices WHERE pool = $1 AND key = $2 AND sub = $3`

// scanDevice lets the columns, which the seal is bound to, win over the document.
func (s *UserpoolStore) scanDevice(row scanner) (*userpool.Device, error) {
	d := new(userpool.Device)
	var pool userpool.PoolID
	var sub, key, doc string
	var sealed []byte
	if err := row.Scan(&pool, &sub, &key, &doc, &sealed); err != nil {
		return nil, err
	}
	if err := decode(doc, d); err != nil {
		return nil, err
	}
	d.Pool, d.Sub, d.Key = pool, sub, key
	plain, err := s.open(sealed, deviceAAD(d))
	if err != nil {
		return nil, err
	}
	var secrets deviceSecrets
	if err := decode(string(plain), &secrets); err != nil {
		return nil, err
	}
	d.Salt, d.Verifier = secrets.Salt, secrets.Verifier
	return d, nil
}

// Device implements userpool.DeviceStore.
func (s *UserpoolStore) Device(ctx context.Context, pool userpool.PoolID, sub, key string) (*userpool.Device, error) {
	if hasNUL(sub, key) {
		return nil, userpool.ErrNotFound
	}
	d, err := s.scanDevice(s.db.read.QueryRowContext(ctx, selectDevice, pool, key, sub))
	return d, notFound(err, userpool.ErrNotFound)
}

// UpdateDevice implements userpool.DeviceStore.
func (s *UserpoolStore) UpdateDevice(ctx context.Context, pool userpool.PoolID, sub, key string, fn func(*userpool.Device) error) (d *userpool.Device, err error) {
	if hasNUL(sub, key) {
		return nil, userpool.ErrNotFound
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		d, err = s.scanDevice(tx.QueryRowContext(ctx, selectDevice+s.db.forUpdate(), pool, key, sub))
		if err != nil {
			return notFound(err, userpool.ErrNotFound)
		}
		created := d.Created
		if err := fn(d); err != nil {
			return err
		}
		d.Pool, d.Sub, d.Key, d.Created = pool, sub, key, created
		sealed, doc, err := s.deviceValues(d)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE userpool_devices SET secret = $3, doc = $4 WHERE pool = $1 AND key = $2`, pool, key, sealed, doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// DeleteDevice implements userpool.DeviceStore.
func (s *UserpoolStore) DeleteDevice(ctx context.Context, pool userpool.PoolID, sub, key string) error {
	if hasNUL(sub, key) {
		return userpool.ErrNotFound
	}
	res, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_devices WHERE pool = $1 AND key = $2 AND sub = $3`, pool, key, sub)
	return affected(res, err, userpool.ErrNotFound)
}

const listDevices = `SELECT doc FROM userpool_devices WHERE pool = $1 AND sub = $2 AND key > $3 ORDER BY key LIMIT $4`

// Devices implements userpool.DeviceStore.
func (s *UserpoolStore) Devices(ctx context.Context, pool userpool.PoolID, sub, after string, limit int) ([]*userpool.Device, string, error) {
	rows, err := s.db.read.QueryContext(ctx, listDevices, pool, sub, after, limit+1)
	all, err := collect(rows, err, scanDoc[userpool.Device])
	devices, next := page(all, limit, func(d *userpool.Device) string { return d.Key })
	return devices, next, err
}
