package sqlstore

import (
	"context"

	"github.com/poolhouse/poolhouse/userpool"
)

// Limits implements userpool.LimitStore.
func (s *UserpoolStore) Limits(ctx context.Context) (map[userpool.Category]int32, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT category, per_second FROM userpool_limits`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	set := map[userpool.Category]int32{}
	for rows.Next() {
		var c userpool.Category
		var n int32
		if err := rows.Scan(&c, &n); err != nil {
			return nil, err
		}
		set[c] = n
	}
	return set, rows.Err()
}

// SetLimit implements userpool.LimitStore.
func (s *UserpoolStore) SetLimit(ctx context.Context, c userpool.Category, perSecond int32) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO userpool_limits (category, per_second) VALUES ($1, $2)
		ON CONFLICT (category) DO UPDATE SET per_second = excluded.per_second`, c, perSecond)
	return err
}
