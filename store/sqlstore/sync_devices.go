package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
)

// A SyncDeviceStore keeps the devices that changes are pushed to, their tokens
// sealed. A hash finds a token again.
type SyncDeviceStore struct {
	db     *DB
	sealer keyring.Sealer
}

var _ device.Store = (*SyncDeviceStore)(nil)

// SyncDevices returns the store of devices and their subscriptions.
func (db *DB) SyncDevices(sealer keyring.Sealer) *SyncDeviceStore {
	return &SyncDeviceStore{db, sealer}
}

func syncDeviceAAD(o dataset.Owner, id device.ID) string {
	return "sync_devices/token/" + string(o.Pool) + "/" + string(o.Identity) + "/" + string(id)
}

// Register implements device.Store.
func (s *SyncDeviceStore) Register(ctx context.Context, d *device.Device, most int) (id device.ID, err error) {
	sealed, err := s.sealer.Seal([]byte(d.Token), syncDeviceAAD(d.Owner, d.ID))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(string(d.Platform) + "/" + d.Token))
	hash := hex.EncodeToString(sum[:])
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO sync_devices (pool, identity, id, platform, token_hash, token, endpoint, registered)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7)
			ON CONFLICT (pool, identity, token_hash) DO UPDATE SET registered = excluded.registered RETURNING id`,
			d.Owner.Pool, d.Owner.Identity, d.ID, d.Platform, hash, sealed, micros(d.Registered)).Scan(&id)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM sync_devices WHERE pool = $1 AND identity = $2 AND id NOT IN (
			SELECT id FROM sync_devices WHERE pool = $1 AND identity = $2 ORDER BY registered DESC, id LIMIT $3)`,
			d.Owner.Pool, d.Owner.Identity, most)
		return err
	})
	return id, err
}

// Device implements device.Store.
func (s *SyncDeviceStore) Device(ctx context.Context, owner dataset.Owner, id device.ID) (*device.Device, error) {
	if hasNUL(string(id)) {
		return nil, dataset.ErrNotFound
	}
	d := &device.Device{ID: id, Owner: owner}
	var sealed []byte
	var registered int64
	err := s.db.read.QueryRowContext(ctx, `SELECT platform, token, endpoint, registered FROM sync_devices
		WHERE pool = $1 AND identity = $2 AND id = $3`, owner.Pool, owner.Identity, id).Scan(&d.Platform, &sealed, &d.Endpoint, &registered)
	if err != nil {
		return nil, notFound(err, dataset.ErrNotFound)
	}
	token, err := s.sealer.Open(sealed, syncDeviceAAD(owner, id))
	d.Token, d.Registered = string(token), fromMicros(registered)
	return d, err
}

// SetEndpoint implements device.Store.
func (s *SyncDeviceStore) SetEndpoint(ctx context.Context, d *device.Device, endpoint string) error {
	_, err := s.db.write.ExecContext(ctx, `UPDATE sync_devices SET endpoint = $1
		WHERE pool = $2 AND identity = $3 AND id = $4 AND endpoint = $5`, endpoint, d.Owner.Pool, d.Owner.Identity, d.ID, d.Endpoint)
	return err
}

// Subscribe implements device.Store.
func (s *SyncDeviceStore) Subscribe(ctx context.Context, owner dataset.Owner, id device.ID, name string) error {
	err := s.db.inTx(ctx, func(tx *sql.Tx) error {
		var found string
		err := tx.QueryRowContext(ctx, `SELECT id FROM sync_devices WHERE pool = $1 AND identity = $2 AND id = $3`+s.db.forUpdate(),
			owner.Pool, owner.Identity, id).Scan(&found)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sync_subscriptions (pool, identity, dataset, id) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, identity, dataset, id) DO NOTHING`, owner.Pool, owner.Identity, name, id)
		return err
	})
	return notFound(err, dataset.ErrNotFound)
}

// Unsubscribe implements device.Store.
func (s *SyncDeviceStore) Unsubscribe(ctx context.Context, owner dataset.Owner, id device.ID, name string) error {
	n, err := rowsAffected(s.db.write.ExecContext(ctx, `DELETE FROM sync_subscriptions
		WHERE pool = $1 AND identity = $2 AND dataset = $3 AND id = $4`, owner.Pool, owner.Identity, name, id))
	if err == nil && n == 0 {
		return dataset.ErrNotFound
	}
	return err
}

// Subscribed implements device.Store.
func (s *SyncDeviceStore) Subscribed(ctx context.Context, owner dataset.Owner, name string) (ids []device.ID, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT id FROM sync_subscriptions
		WHERE pool = $1 AND identity = $2 AND dataset = $3 ORDER BY id`, owner.Pool, owner.Identity, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id device.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Erase implements device.Store.
func (s *SyncDeviceStore) Erase(ctx context.Context, owner dataset.Owner) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM sync_devices WHERE pool = $1 AND identity = $2`, owner.Pool, owner.Identity)
	return err
}
