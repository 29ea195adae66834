package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Records implements dataset.Store. One statement reads the dataset and the
// page, so that both are of one moment without a transaction.
func (s *DatasetStore) Records(ctx context.Context, q dataset.Query) (*dataset.Page, error) {
	until := dataset.After(dataset.MaxSyncCount)
	if q.Until > 0 {
		until = dataset.After(q.Until)
	}
	fingerprint := `NULL`
	if q.Fingerprints {
		fingerprint = `r.fingerprint`
	}
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+datasetColumns+`,
			r.key, r.value, r.removed, r.position, r.modified, r.device_modified, r.modified_by, `+fingerprint+`
		FROM datasets d LEFT JOIN dataset_records r
			ON r.pool = d.pool AND r.identity = d.identity AND r.dataset = d.name
			AND r.position > $4 AND r.position <= $5
		WHERE d.pool = $1 AND d.identity = $2 AND d.name = $3
		ORDER BY r.position LIMIT $6`,
		q.Owner.Pool, q.Owner.Identity, q.Dataset, int64(q.After), int64(until), q.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: records: %w", err)
	}
	defer rows.Close()
	page := &dataset.Page{}
	for rows.Next() {
		if err := scanRecord(rows, page); err != nil {
			return nil, fmt.Errorf("sqlstore: records: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlstore: records: %w", err)
	}
	if len(page.Records) > q.Limit {
		page.Records, page.More = page.Records[:q.Limit], true
	}
	page.Beside, err = s.beside(ctx, q.Owner, q.Dataset)
	return page, err
}

// beside returns the owner's datasets whose names begin with this one's and a dot.
func (s *DatasetStore) beside(ctx context.Context, owner dataset.Owner, name string) (names []string, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT name FROM datasets
		WHERE pool = $1 AND identity = $2 AND NOT deleted AND substr(name, 1, length($3) + 1) = $3 || '.'`, owner.Pool, owner.Identity, name)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: datasets beside: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("sqlstore: datasets beside: %w", err)
		}
		names = append(names, one)
	}
	return names, rows.Err()
}

// scanRecord adds one row to the page: a dataset, and a record if there is one.
func scanRecord(rows *sql.Rows, page *dataset.Page) error {
	var d dataset.Dataset
	var key, value, by, fingerprint []byte
	var removed sql.NullBool
	var position, modified, deviceModified sql.NullInt64
	targets, done := datasetTargets(&d)
	targets = append(targets, &key, &value, &removed, &position, &modified, &deviceModified, &by, &fingerprint)
	if err := rows.Scan(targets...); err != nil {
		return err
	}
	if page.Dataset == nil {
		if err := done(); err != nil {
			return err
		}
		page.Dataset = &d
	}
	if !position.Valid {
		return nil
	}
	r := dataset.Record{Key: string(key), Value: string(value), Removed: removed.Bool,
		Position: dataset.Position(position.Int64), Modified: fromMicros(modified.Int64),
		DeviceModified: fromMicros(deviceModified.Int64), ModifiedBy: string(by)}
	copy(r.Fingerprint[:], fingerprint)
	page.Records = append(page.Records, r)
	return nil
}
