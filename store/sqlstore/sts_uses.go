package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// RecordUse implements sts.Store. A use that is older than the one known, from a
// node whose write was late, changes nothing.
func (s *STSStore) RecordUse(ctx context.Context, account, id string, u sts.Use) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO sts_last_used (account, id, used, service, region) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, id) DO UPDATE SET used = excluded.used, service = excluded.service, region = excluded.region
		WHERE excluded.used > sts_last_used.used`, account, id, u.Time.UnixMicro(), u.Service, u.Region)
	return err
}

// LastUse implements sts.Store.
func (s *STSStore) LastUse(ctx context.Context, account, id string) (u sts.Use, err error) {
	var used int64
	err = s.db.read.QueryRowContext(ctx, `SELECT used, service, region FROM sts_last_used WHERE account = $1 AND id = $2`, account, id).
		Scan(&used, &u.Service, &u.Region)
	if errors.Is(err, sql.ErrNoRows) {
		return sts.Use{}, nil
	}
	u.Time = time.UnixMicro(used).UTC()
	return u, err
}

// ForgetUse implements sts.Store.
func (s *STSStore) ForgetUse(ctx context.Context, account, id string) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM sts_last_used WHERE account = $1 AND id = $2`, account, id)
	return err
}
