package sqlstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// TestInspectOfALargeFile: one that SQLite's check does not get through in time is no
// damaged one, and what else there is to know of it is known.
func TestInspectOfALargeFile(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlstore.OpenSQLite(t.Context(), dir, time.Now)
	check(t, err)
	check(t, db.Close())
	for _, unchecked := range []bool{true, false} {
		checkTime := time.Minute
		if unchecked {
			checkTime = 0
		}
		s, err := sqlstore.InspectSQLite(t.Context(), dir, checkTime)
		check(t, err)
		if s.Unchecked != unchecked || len(s.Damaged) > 0 || s.Schema == 0 || s.Schema != s.Wanted {
			t.Errorf("%+v", s)
		}
	}
}
