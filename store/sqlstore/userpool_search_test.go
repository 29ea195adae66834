package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestSearchOfUsersFromBefore: users of a database that had no index are found once
// they were indexed, batch by batch; until then a search says that it is not complete.
func TestSearchOfUsersFromBefore(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	keys := keyringtest.New(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func() *sqlstore.DB {
		db, err := sqlstore.OpenSQLite(ctx, dir, time.Now)
		must(err)
		return db
	}
	add := func(s *sqlstore.UserpoolStore, name string) {
		must(s.CreateUser(ctx, &userpool.User{Pool: "us-east-1_A", Username: name, Sub: "sub-" + name, Created: time.Now()}))
	}
	db := open()
	s := db.Userpool(keys)
	must(s.CreatePool(ctx, &userpool.Pool{ID: "us-east-1_A"}))
	for i := range 5 {
		add(s, fmt.Sprint("needle", i))
	}
	must(db.Close())
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "poolhouse.db"))
	must(err)
	files, err := fs.Sub(sqlstore.Migrations, "migrations/sqlite")
	must(err)
	before, err := goose.NewProvider(goose.DialectSQLite3, raw, files)
	must(err)
	_, err = before.DownTo(ctx, 27) // the last before the index
	must(err)
	must(raw.Close())
	db = open()
	defer db.Close()
	s = db.Userpool(keys)
	found := func() int {
		users, _, err := s.SearchUsers(ctx, "us-east-1_A", userpool.UserSearch{Text: "needle"}, "", 50)
		must(err)
		return len(users)
	}
	add(s, "needle-new")
	_, err = s.UpdateUser(ctx, "us-east-1_A", "needle3", func(u *userpool.User) error { u.Attributes["name"] = "changed"; return nil })
	must(err)
	if complete, err := s.SearchComplete(ctx); err != nil || complete || found() != 2 {
		t.Error("before:", complete, err, found())
	}
	for _, want := range []int{2, 2, 1, 0} {
		n, err := s.IndexUsers(ctx, 2)
		must(err)
		if n != want {
			t.Errorf("%d users indexed, want %d", n, want)
		}
	}
	if complete, err := s.SearchComplete(ctx); err != nil || !complete || found() != 6 {
		t.Error("afterwards:", complete, err, found())
	}
}

// TestSearchAfterARestore: an export has no index, and what was restored gets one.
func TestSearchAfterARestore(t *testing.T) {
	ctx := context.Background()
	for name, open := range map[string]func(testing.TB, func() time.Time) *sqlstore.DB{"sqlite": sqlstoretest.SQLite, "postgres": sqlstoretest.Postgres} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t, time.Now), open(t, time.Now)
			keys := keyringtest.New(t)
			s := from.Userpool(keys)
			var file bytes.Buffer
			if err := s.CreatePool(ctx, &userpool.Pool{ID: "us-east-1_A"}); err != nil {
				t.Fatal(err)
			}
			if err := s.CreateUser(ctx, &userpool.User{Pool: "us-east-1_A", Username: "needle", Sub: "s", Created: time.Now()}); err != nil {
				t.Fatal(err)
			}
			if _, err := from.Export(ctx, &file, sqlstore.BackupOptions{Sealer: keys}); err != nil {
				t.Fatal(err)
			}
			if _, err := to.Restore(ctx, &file, sqlstore.BackupOptions{Sealer: keys}); err != nil {
				t.Fatal(err)
			}
			s = to.Userpool(keys)
			if n, err := s.IndexUsers(ctx, 10); n != 1 || err != nil {
				t.Error(n, err)
			}
			users, _, err := s.SearchUsers(ctx, "us-east-1_A", userpool.UserSearch{Text: "needle"}, "", 50)
			if err != nil || len(users) != 1 {
				t.Error(users, err)
			}
		})
	}
}
