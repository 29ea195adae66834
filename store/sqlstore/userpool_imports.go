package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// CreateImport implements userpool.ImportStore.
func (s *UserpoolStore) CreateImport(ctx context.Context, j *userpool.ImportJob) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO userpool_imports (pool, id, status, held, doc) VALUES ($1, $2, $3, 0, $4)`,
		j.Pool, j.ID, j.Status, encode(j))
	if isUnique(err, "userpool_imports") {
		return userpool.ErrConflict
	}
	return err
}

// Import implements userpool.ImportStore.
func (s *UserpoolStore) Import(ctx context.Context, pool userpool.PoolID, id string) (*userpool.ImportJob, error) {
	return scanImport(s.db.read.QueryRowContext(ctx, `SELECT doc FROM userpool_imports WHERE pool = $1 AND id = $2`, pool, id))
}

func scanImport(row scanner) (*userpool.ImportJob, error) {
	var doc string
	if err := row.Scan(&doc); err != nil {
		return nil, notFound(err, userpool.ErrNotFound)
	}
	j := new(userpool.ImportJob)
	return j, decode(doc, j)
}

// UpdateImport implements userpool.ImportStore.
func (s *UserpoolStore) UpdateImport(ctx context.Context, pool userpool.PoolID, id string, fn func(*userpool.ImportJob) error) (j *userpool.ImportJob, err error) {
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		j, err = scanImport(tx.QueryRowContext(ctx, `SELECT doc FROM userpool_imports WHERE pool = $1 AND id = $2`+s.db.forUpdate(), pool, id))
		if err != nil {
			return err
		}
		if err := fn(j); err != nil {
			return err
		}
		j.Pool, j.ID = pool, id
		_, err = tx.ExecContext(ctx, `UPDATE userpool_imports SET status = $3, doc = $4 WHERE pool = $1 AND id = $2`, pool, id, j.Status, encode(j))
		return err
	})
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Imports implements userpool.ImportStore.
func (s *UserpoolStore) Imports(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.ImportJob, string, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT doc FROM userpool_imports WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`, pool, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	var all []*userpool.ImportJob
	for rows.Next() {
		j, err := scanImport(rows)
		if err != nil {
			return nil, "", err
		}
		all = append(all, j)
	}
	jobs, next := page(all, limit, func(j *userpool.ImportJob) string { return j.ID })
	return jobs, next, rows.Err()
}

// unfinished are the states of jobs that are to run.
const unfinished = `status IN ('Pending', 'InProgress', 'Stopping')`

// ImportRuns implements userpool.ImportStore.
func (s *UserpoolStore) ImportRuns(ctx context.Context, pool userpool.PoolID) (bool, error) {
	var n int
	err := s.db.read.QueryRowContext(ctx, `SELECT count(*) FROM userpool_imports WHERE pool = $1 AND `+unfinished, pool).Scan(&n)
	return n > 0, err
}

// ClaimImport implements userpool.ImportStore. Nodes that claim at once on
// PostgreSQL step over each other's rows.
func (s *UserpoolStore) ClaimImport(ctx context.Context, until time.Time) (*userpool.ImportJob, error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED"
	}
	return scanImport(s.db.write.QueryRowContext(ctx, `UPDATE userpool_imports SET held = $1 WHERE (pool, id) IN (
		SELECT pool, id FROM userpool_imports WHERE `+unfinished+` AND held <= $2
		ORDER BY held, pool, id LIMIT 1`+lock+`) RETURNING doc`, micros(until), micros(s.db.now())))
}

// HoldImport implements userpool.ImportStore.
func (s *UserpoolStore) HoldImport(ctx context.Context, pool userpool.PoolID, id string, until time.Time) error {
	_, err := s.db.write.ExecContext(ctx, `UPDATE userpool_imports SET held = $3 WHERE pool = $1 AND id = $2`, pool, id, micros(until))
	return err
}

// PutImportChunk implements userpool.ImportStore.
func (s *UserpoolStore) PutImportChunk(ctx context.Context, pool userpool.PoolID, id string, n int, data []byte) error {
	_, err := s.db.write.ExecContext(ctx, `INSERT INTO userpool_import_chunks (pool, id, n, data) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool, id, n) DO UPDATE SET data = excluded.data`, pool, id, n, data)
	return err
}

// ImportChunk implements userpool.ImportStore.
func (s *UserpoolStore) ImportChunk(ctx context.Context, pool userpool.PoolID, id string, n int) (data []byte, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT data FROM userpool_import_chunks WHERE pool = $1 AND id = $2 AND n = $3`, pool, id, n).Scan(&data)
	return data, notFound(err, userpool.ErrNotFound)
}

// DeleteImportFile implements userpool.ImportStore.
func (s *UserpoolStore) DeleteImportFile(ctx context.Context, pool userpool.PoolID, id string) error {
	_, err := s.db.write.ExecContext(ctx, `DELETE FROM userpool_import_chunks WHERE pool = $1 AND id = $2`, pool, id)
	return err
}

// AddImportFailures implements userpool.ImportStore. A row that was tried before, by
// a node that died, is written once.
func (s *UserpoolStore) AddImportFailures(ctx context.Context, pool userpool.PoolID, id string, failures []userpool.ImportFailure) error {
	return s.db.inTx(ctx, func(tx *sql.Tx) error {
		for _, f := range failures {
			_, err := tx.ExecContext(ctx, `INSERT INTO userpool_import_failures (pool, id, line, username, reason) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (pool, id, line) DO NOTHING`, pool, id, f.Line, f.Username, f.Reason)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ImportFailures implements userpool.ImportStore.
func (s *UserpoolStore) ImportFailures(ctx context.Context, pool userpool.PoolID, id string, after, limit int) (list []userpool.ImportFailure, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT line, username, reason FROM userpool_import_failures
		WHERE pool = $1 AND id = $2 AND line > $3 ORDER BY line LIMIT $4`, pool, id, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f userpool.ImportFailure
		if err := rows.Scan(&f.Line, &f.Username, &f.Reason); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, rows.Err()
}
