package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/userpooltest"
)

func TestUserpoolOnSQLite(t *testing.T) {
	userpooltest.TestStore(t, func(t *testing.T, now func() time.Time) userpool.Store {
		return sqlstoretest.SQLite(t, now).Userpool(keyringtest.New(t))
	})
}

func TestUserpoolOnPostgres(t *testing.T) {
	userpooltest.TestStore(t, func(t *testing.T, now func() time.Time) userpool.Store {
		return sqlstoretest.Postgres(t, now).Userpool(keyringtest.New(t))
	})
}

// TestUserpoolSeals looks for secrets in the file itself, and moves a sealed
// value to another row, where it must not open.
func TestUserpoolSeals(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db, err := sqlstore.OpenSQLite(ctx, dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := db.Userpool(keyringtest.New(t))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.CreatePool(ctx, &userpool.Pool{ID: "us-east-1_A"}))
	for _, name := range []string{"bob", "eve"} {
		must(s.CreateClient(ctx, &userpool.Client{ID: userpool.ClientID(name), Pool: "us-east-1_A", Secret: "plain-secret-" + name, SecondSecret: "plain-second-" + name}))
		must(s.CreateUser(ctx, &userpool.User{Pool: "us-east-1_A", Username: name, Sub: "s-" + name, SRPVerifier: []byte("plain-verifier-" + name),
			MFA: userpool.MFA{Secret: []byte("plain-secret-" + name)}}))
		must(s.CreateDevice(ctx, &userpool.Device{Pool: "us-east-1_A", Sub: "s-" + name, Key: name, Verifier: []byte("plain-verifier-" + name)}))
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "poolhouse.db"))
	must(err)
	defer raw.Close()
	var found int
	must(raw.QueryRow(`SELECT
		(SELECT count(*) FROM userpool_clients WHERE instr(secret, 'plain') OR instr(doc, 'plain')) +
		(SELECT count(*) FROM userpool_devices WHERE instr(secret, 'cGxhaW4') OR instr(doc, 'cGxhaW4')) +
		(SELECT count(*) FROM userpool_users WHERE instr(srp_verifier, 'plain') OR instr(mfa, 'plain') OR instr(mfa_secrets, 'cGxhaW4'))`).Scan(&found))
	if found != 0 {
		t.Errorf("%d secrets stand in the database in the clear", found)
	}
	_, err = raw.Exec(`UPDATE userpool_clients SET secret = (SELECT secret FROM userpool_clients WHERE id = 'bob') WHERE id = 'eve'`)
	must(err)
	_, err = raw.Exec(`UPDATE userpool_users SET srp_verifier = (SELECT srp_verifier FROM userpool_users WHERE username = 'bob') WHERE username = 'eve'`)
	must(err)
	_, err = raw.Exec(`UPDATE userpool_devices SET secret = (SELECT secret FROM userpool_devices WHERE key = 'bob') WHERE key = 'eve'`)
	must(err)
	if _, err := s.Device(ctx, "us-east-1_A", "s-eve", "eve"); err == nil {
		t.Error("a moved device's verifier opened")
	}
	if c, err := s.Client(ctx, "eve"); err == nil {
		t.Errorf("a moved client secret opened: %q", c.Secret)
	}
	if _, err := s.User(ctx, "us-east-1_A", "eve"); err == nil {
		t.Error("a moved verifier opened")
	}
}

// TestUserpoolPlans reads SQLite's plan of every statement that runs on the
// sign-in path or over all users: an index for each table, no sorting.
func TestUserpoolPlans(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db, err := sqlstore.OpenSQLite(ctx, dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "poolhouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for name, query := range sqlstore.UserpoolQueries {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(query, "$"))
			for i := range args {
				args[i] = fmt.Sprint(i)
			}
			rows, err := raw.Query("EXPLAIN QUERY PLAN "+query, args[:maxPlaceholder(query)]...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(step, "SCAN") {
					t.Errorf("full scan: %s", step)
				}
				if strings.Contains(step, "TEMP B-TREE") && !strings.Contains(query, "LIMIT 1") {
					t.Errorf("sorts: %s", step)
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// maxPlaceholder returns the highest $n of a query.
func maxPlaceholder(query string) (n int) {
	for i := 1; strings.Contains(query, fmt.Sprintf("$%d", i)); i++ {
		n = i
	}
	return n
}
