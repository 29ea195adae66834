package sqlstore_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func TestOpen(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		if err := sqlstoretest.SQLite(t, time.Now).Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		if err := sqlstoretest.Postgres(t, time.Now).Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

// The database holds every password's hash: no other account may read it.
func TestSQLiteFilesAreTheOwners(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "poolhouse.db"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.OpenSQLite(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := filepath.Glob(filepath.Join(dir, "poolhouse.db*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

// A folder's name may have what means something in the address of a file.
func TestSQLiteInOddFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a#b?c%41 d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sqlstore.OpenSQLite(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if info, err := os.Stat(filepath.Join(dir, "poolhouse.db")); err != nil || info.Size() == 0 {
		t.Errorf("the database is elsewhere: %v", err)
	}
}
