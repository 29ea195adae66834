package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const familyColumns = `pool, id, expires, revoked, generation, rotated, doc`

// CreateFamily implements userpool.FamilyStore.
func (s *UserpoolStore) CreateFamily(ctx context.Context, f *userpool.Family) error {
	res, err := s.db.write.ExecContext(ctx, insertFamily, familyRow(f)...)
	if isUnique(err, "") {
		return userpool.ErrConflict
	}
	return affected(res, err, userpool.ErrPoolNotFound)
}

// insertFamily adds no row where the pool is gone.
const insertFamily = `INSERT INTO userpool_families (` + familyColumns + `)
	SELECT id, $2, $3, $4, $5, $6, $7 FROM userpool_pools WHERE id = $1`

// familyRow are the values of familyColumns. Times lose what columns cannot keep.
func familyRow(f *userpool.Family) []any {
	f.AuthTime, f.Created, f.Expires, f.Rotated = micro(f.AuthTime), micro(f.Created), micro(f.Expires), micro(f.Rotated)
	return []any{f.Pool, f.ID, micros(f.Expires), flag(f.Revoked), f.Generation, micros(f.Rotated), encode(f)}
}

// Family implements userpool.FamilyStore.
func (s *UserpoolStore) Family(ctx context.Context, pool userpool.PoolID, id string) (*userpool.Family, error) {
	f, err := scanFamily(s.db.read.QueryRowContext(ctx, `
		SELECT `+familyColumns+` FROM userpool_families WHERE pool = $1 AND id = $2 AND expires > $3`,
		pool, id, micros(s.db.now())))
	return f, notFound(err, userpool.ErrNotFound)
}

// scanFamily lets the columns, which change, win over the document.
func scanFamily(row scanner) (*userpool.Family, error) {
	var pool userpool.PoolID
	var id, doc string
	var expires, rotated int64
	var revoked, generation int
	if err := row.Scan(&pool, &id, &expires, &revoked, &generation, &rotated, &doc); err != nil {
		return nil, err
	}
	f := new(userpool.Family)
	if err := decode(doc, f); err != nil {
		return nil, err
	}
	f.Pool, f.ID, f.Generation, f.Revoked = pool, id, generation, revoked != 0
	f.Expires, f.Rotated = fromMicros(expires), fromMicros(rotated)
	return f, nil
}

// UpdateFamily implements userpool.FamilyStore.
func (s *UserpoolStore) UpdateFamily(ctx context.Context, pool userpool.PoolID, id string, fn func(*userpool.Family) error) (f *userpool.Family, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		f, err = scanFamily(tx.QueryRowContext(ctx, `
			SELECT `+familyColumns+` FROM userpool_families WHERE pool = $1 AND id = $2 AND expires > $3`+s.db.forUpdate(),
			pool, id, micros(s.db.now())))
		if err != nil {
			return notFound(err, userpool.ErrNotFound)
		}
		if err := fn(f); err != nil {
			return err
		}
		f.Pool, f.ID = pool, id
		_, err := tx.ExecContext(ctx, `
			UPDATE userpool_families SET expires = $3, revoked = $4, generation = $5, rotated = $6, doc = $7
			WHERE pool = $1 AND id = $2`, familyRow(f)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// TurnFamily implements userpool.FamilyStore: without a transaction of its own, which
// would be four round trips. The columns, not the document, tell the generation.
func (s *UserpoolStore) TurnFamily(ctx context.Context, pool userpool.PoolID, id string, from int, at time.Time) error {
	res, err := s.db.write.ExecContext(ctx, `
		UPDATE userpool_families SET generation = generation + 1, rotated = $1
		WHERE pool = $2 AND id = $3 AND generation = $4 AND revoked = 0 AND expires > $5`,
		micros(micro(at)), pool, id, from, micros(s.db.now()))
	return affected(res, err, userpool.ErrNotFound)
}

// DeleteExpiredFamilies implements userpool.FamilyStore.
func (s *UserpoolStore) DeleteExpiredFamilies(ctx context.Context, limit int) (int, error) {
	res, err := s.db.write.ExecContext(ctx, `
		DELETE FROM userpool_families WHERE (pool, id) IN (
			SELECT pool, id FROM userpool_families WHERE expires <= $1 ORDER BY expires LIMIT $2)`,
		micros(s.db.now()), limit)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
