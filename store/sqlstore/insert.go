package sqlstore

import (
	"context"
	"database/sql"
	"slices"
)

// insertRows writes rows of the same length into a table, named with its columns. A
// statement writes many, of few numbers, so that each stays prepared.
func insertRows(ctx context.Context, tx *sql.Tx, into, conflict string, rows [][]any) error {
	for len(rows) > 0 {
		n := 1
		for _, size := range []int{8, 32} {
			if len(rows) >= size {
				n = size
			}
		}
		text := `INSERT INTO ` + into + ` VALUES ` + rowsOf(n, len(rows[0])) + ` ` + conflict
		if _, err := tx.ExecContext(ctx, text, slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
