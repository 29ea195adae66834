package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/poolhouse/poolhouse/userpool"
)

// The index of what users are searched for by is one of documents on SQLite (FTS5),
// whose words are grams, and one of arrays on PostgreSQL (GIN): both without an
// extension. They change in the transaction of their user.

// The searches. CROSS JOIN fixes the order of the join on SQLite.
const (
	searchSQLite = `SELECT ` + listColumns + ` FROM userpool_search s CROSS JOIN userpool_users u
		WHERE u.seq = s.rowid AND s.userpool_search MATCH $1 AND s.rowid > $2 AND u.pool = $3 ORDER BY s.rowid LIMIT $4`
	searchPostgres = `SELECT ` + listColumns + ` FROM userpool_search s JOIN userpool_users u ON u.seq = s.owner
		WHERE s.grams @> $1 AND s.owner > $2 AND u.pool = $3 ORDER BY s.owner LIMIT $4`
)

// words are grams as a document, or, joined by AND, as a question for them.
func words(grams []uint32, join string) string {
	all := make([]string, len(grams))
	for i, g := range grams {
		all[i] = strconv.FormatUint(uint64(g), 36)
	}
	return strings.Join(all, join)
}

func signed(grams []uint32) []int32 {
	all := make([]int32, len(grams))
	for i, g := range grams {
		all[i] = int32(g)
	}
	return all
}

// putSearch writes what a user is found by.
func (s *UserpoolStore) putSearch(ctx context.Context, tx *sql.Tx, u userRow) error {
	grams := userpool.SearchGrams(u.User)
	if s.db.postgres {
		_, err := tx.ExecContext(ctx, `INSERT INTO userpool_search (owner, grams) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET grams = excluded.grams`, u.seq, signed(grams))
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO userpool_search (rowid, grams) VALUES ($1, $2)`, u.seq, words(grams, " "))
	return err
}

// changeSearch does so where it differs.
func (s *UserpoolStore) changeSearch(ctx context.Context, tx *sql.Tx, before, after userRow) error {
	if before.Status == after.Status && before.Enabled == after.Enabled && slices.Equal(before.Searched(), after.Searched()) {
		return nil
	}
	return s.putSearch(ctx, tx, after)
}

// maxCandidates bounds the users that one call looks at: others than those who are
// searched for may have all grams too.
const maxCandidates = 1000

// SearchUsers implements userpool.UserStore.
func (s *UserpoolStore) SearchUsers(ctx context.Context, pool userpool.PoolID, q userpool.UserSearch, after string, limit int) ([]*userpool.User, string, error) {
	seq, _ := strconv.ParseInt(after, 10, 64) // a foreign token starts over
	var found []userRow
	for seen := 0; seen < maxCandidates; {
		candidates, err := s.candidates(ctx, pool, q, seq, limit+1)
		if err != nil {
			return nil, "", err
		}
		for _, u := range candidates {
			if seen++; q.Matches(u.User) {
				found = append(found, u)
			}
		}
		if len(found) > limit || len(candidates) <= limit {
			return listed(found, nil, limit, seqOf)
		}
		seq = candidates[len(candidates)-1].seq
	}
	users, _, err := listed(found, nil, limit, seqOf)
	return users, strconv.FormatInt(seq, 10), err
}

func seqOf(u userRow) string { return strconv.FormatInt(u.seq, 10) }

// candidates are users who have all grams of a search.
func (s *UserpoolStore) candidates(ctx context.Context, pool userpool.PoolID, q userpool.UserSearch, after int64, limit int) ([]userRow, error) {
	grams := q.Grams(pool)
	if !s.db.postgres {
		rows, err := s.db.read.QueryContext(ctx, searchSQLite, words(grams, " AND "), after, pool, limit)
		return collect(rows, err, scanListedRow)
	}
	// Planned for these very grams: whether many users have them decides the plan.
	rows, err := s.db.read.QueryContext(ctx, searchPostgres, pgx.QueryExecModeExec, signed(grams), after, string(pool), limit)
	return collect(rows, err, scanListedRow)
}

// SearchComplete implements userpool.UserStore.
func (s *UserpoolStore) SearchComplete(ctx context.Context) (bool, error) {
	var n int
	err := s.db.read.QueryRowContext(ctx, `SELECT count(*) FROM userpool_search_backlog`).Scan(&n)
	return n == 0, err
}

// IndexUsers implements userpool.UserStore.
func (s *UserpoolStore) IndexUsers(ctx context.Context, limit int) (n int, err error) {
	lock := s.db.forUpdate()
	if lock != "" {
		lock += " SKIP LOCKED" // another node is at it
	}
	err = s.db.inTx(ctx, func(tx *sql.Tx) error {
		n = 0
		var after, until int64
		err := tx.QueryRowContext(ctx, `SELECT after, until FROM userpool_search_backlog WHERE until > $1`+lock, 0).Scan(&after, &until)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+listColumns+` FROM userpool_users u WHERE u.seq > $1 AND u.seq <= $2 ORDER BY u.seq LIMIT $3`+s.lockUser(), after, until, limit)
		users, err := collect(rows, err, scanListedRow)
		if err != nil {
			return err
		}
		for _, u := range users {
			if err := s.putSearch(ctx, tx, u); err != nil {
				return err
			}
			after = u.seq
		}
		if n = len(users); n < limit {
			_, err = tx.ExecContext(ctx, `DELETE FROM userpool_search_backlog`)
		} else {
			_, err = tx.ExecContext(ctx, `UPDATE userpool_search_backlog SET after = $1`, after)
		}
		return err
	})
	return n, err
}

// queueSearch has all users indexed who are there, for a database that was filled
// otherwise than user by user.
func queueSearch(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO userpool_search_backlog (after, until) SELECT 0, max(seq) FROM userpool_users HAVING max(seq) IS NOT NULL`)
	return err
}
