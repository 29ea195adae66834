package sqlstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

var (
	createTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`)
	alterTable  = regexp.MustCompile(`ALTER TABLE (\w+) ADD COLUMN (.*)`)
	columnLine  = regexp.MustCompile(`^([a-z_0-9]+) +[A-Z]`)
	sealedLine  = regexp.MustCompile(`--.*\bsealed\b`)
)

// schema returns the columns of all tables, true for those that a migration
// says are sealed.
func schema(t *testing.T) map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]bool{}
	add := func(table, line string) {
		if out[table] == nil {
			out[table] = map[string]bool{}
		}
		if m := columnLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			out[table][m[1]] = sealedLine.MatchString(line)
		}
	}
	files, err := fs.Glob(sqlstore.Migrations, "migrations/sqlite/*.sql")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(sqlstore.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, m := range createTable.FindAllStringSubmatch(up, -1) {
			for line := range strings.Lines(m[2]) {
				add(m[1], line)
			}
		}
		for _, m := range alterTable.FindAllStringSubmatch(up, -1) {
			add(m[1], m[2])
		}
	}
	return out
}

// A table or column that a migration adds must be exported, or be left out on
// purpose; what is sealed must be opened.
func TestBackupKnowsTheSchema(t *testing.T) {
	known, real := sqlstore.BackupColumns(), schema(t)
	for table, columns := range real {
		have, ok := known[table]
		switch {
		case !ok:
			t.Errorf("table %s is neither in backupTables nor in backupLeftOut", table)
		case have != nil && !maps.Equal(have, columns):
			t.Errorf("table %s has the columns (true: sealed)\n%v, and is exported as\n%v", table, columns, have)
		}
	}
	for table := range known {
		if real[table] == nil {
			t.Errorf("there is no table %s", table)
		}
	}
}

// ring returns a sealer with a master key of its own, on a fresh canary in db.
func ring(t *testing.T, db *sqlstore.DB, key byte) *keyring.Keys {
	t.Helper()
	k, err := keyring.Open(t.Context(), db.Keys(), bytes.Repeat([]byte{key}, keyring.MasterSize), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func restore(t *testing.T, db *sqlstore.DB, key byte, export []byte) {
	t.Helper()
	if _, err := db.Restore(t.Context(), bytes.NewReader(export), sqlstore.BackupOptions{Sealer: ring(t, db, key)}); err != nil {
		t.Fatal(err)
	}
}

func export(t *testing.T, db *sqlstore.DB, key byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := db.Export(t.Context(), &out, sqlstore.BackupOptions{Sealer: ring(t, db, key), Audit: true}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// records returns the lines but the header, in an order of their own.
func records(t *testing.T, export []byte) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(export)) {
		if !strings.Contains(line, `"type":"header"`) {
			out = append(out, canonical(t, line))
		}
	}
	slices.Sort(out)
	return out
}

// canonical returns a line with its fields in order.
func canonical(t *testing.T, line string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Every column of every table comes from one engine to the other and back,
// each database with a master key of its own.
func TestBackupRoundTrip(t *testing.T) {
	want := sqlstore.SampleBackup()
	for i, db := range []*sqlstore.DB{sqlstoretest.SQLite(t, time.Now), sqlstoretest.Postgres(t, time.Now), sqlstoretest.SQLite(t, time.Now)} {
		restore(t, db, byte(i), want)
		got := export(t, db, byte(i))
		if a, b := records(t, got), records(t, want); !slices.Equal(a, b) {
			t.Fatalf("database %d gives\n%s\nafter\n%s", i, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
		want = got
	}
}

// What was restored opens for the stores under the new master key, and users
// made afterwards are numbered after those restored.
func TestRestoredSecretsOpen(t *testing.T) {
	for name, open := range map[string]func(testing.TB, func() time.Time) *sqlstore.DB{"sqlite": sqlstoretest.SQLite, "postgres": sqlstoretest.Postgres} {
		t.Run(name, func(t *testing.T) {
			from, to := sqlstoretest.SQLite(t, time.Now), open(t, time.Now)
			fillSecrets(t, from.Userpool(ring(t, from, 1)))
			restore(t, to, 2, export(t, from, 1))
			s := to.Userpool(ring(t, to, 2))
			checkSecrets(t, s)
			if err := s.CreateUser(t.Context(), &userpool.User{Pool: "us-east-1_A", Username: "eve", Sub: "s-eve"}); err != nil {
				t.Error("a new user:", err)
			}
		})
	}
}

func fillSecrets(t *testing.T, s *sqlstore.UserpoolStore) {
	t.Helper()
	ctx := t.Context()
	for _, err := range []error{
		s.CreatePool(ctx, &userpool.Pool{ID: "us-east-1_A", PasswordSource: &userpool.PasswordSource{Client: "old", Secret: "four"}}),
		s.CreateClient(ctx, &userpool.Client{ID: "app", Pool: "us-east-1_A", Secret: "one", SecondSecret: "two"}),
		s.CreateClient(ctx, &userpool.Client{ID: "public", Pool: "us-east-1_A"}),
		s.CreateUser(ctx, &userpool.User{Pool: "us-east-1_A", Username: "bob", Sub: "s-bob", SRPVerifier: []byte("verifier"), MFA: userpool.MFA{Secret: []byte("totp")}}),
		s.CreateUser(ctx, &userpool.User{Pool: "us-east-1_A", Username: "ann", Sub: "s-ann"}),
		s.CreateDevice(ctx, &userpool.Device{Pool: "us-east-1_A", Sub: "s-bob", Key: "d", Salt: []byte("salt"), Verifier: []byte("proof")}),
		s.CreateProvider(ctx, &userpool.Provider{Pool: "us-east-1_A", Name: "idp", Details: map[string]string{"client_secret": "three"}}),
		s.CreateProvider(ctx, &userpool.Provider{Pool: "us-east-1_A", Name: "plain"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkSecrets(t *testing.T, s *sqlstore.UserpoolStore) {
	t.Helper()
	ctx := t.Context()
	if p, err := s.Pool(ctx, "us-east-1_A"); err != nil || p.PasswordSource.Secret != "four" {
		t.Errorf("pool %+v, %v", p, err)
	}
	if c, err := s.Client(ctx, "app"); err != nil || c.Secret != "one" || c.SecondSecret != "two" {
		t.Errorf("client %+v, %v", c, err)
	}
	if c, err := s.Client(ctx, "public"); err != nil || c.Secret != "" {
		t.Errorf("public client %+v, %v", c, err)
	}
	if u, err := s.User(ctx, "us-east-1_A", "bob"); err != nil || string(u.SRPVerifier) != "verifier" || string(u.MFA.Secret) != "totp" {
		t.Errorf("user %+v, %v", u, err)
	}
	if u, err := s.User(ctx, "us-east-1_A", "ann"); err != nil || len(u.SRPVerifier) != 0 || len(u.MFA.Secret) != 0 {
		t.Errorf("user without secrets %+v, %v", u, err)
	}
	if d, err := s.Device(ctx, "us-east-1_A", "s-bob", "d"); err != nil || string(d.Verifier) != "proof" {
		t.Errorf("device %+v, %v", d, err)
	}
	if p, err := s.Provider(ctx, "us-east-1_A", "idp"); err != nil || p.Details["client_secret"] != "three" {
		t.Errorf("provider %+v, %v", p, err)
	}
	if p, err := s.Provider(ctx, "us-east-1_A", "plain"); err != nil || len(p.Details) != 0 {
		t.Errorf("provider without details %+v, %v", p, err)
	}
}

// Whatever is wrong with a file, the database is empty afterwards, and takes
// the right one.
func TestRestoreIsAllOrNothing(t *testing.T) {
	whole := string(sqlstore.SampleBackup())
	lines := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	header, first, end := lines[0], lines[1], lines[len(lines)-1]
	tests := []struct {
		name, text string
		want       error
	}{
		{"empty", "", sqlstore.ErrCutExport},
		{"cut before the end", strings.TrimSuffix(whole, end+"\n"), sqlstore.ErrCutExport},
		{"cut in a line", whole[:len(whole)/2], sqlstore.ErrNotExport},
		{"a record too few", strings.Replace(whole, first, "", 1), sqlstore.ErrCutExport},
		{"more after the end", whole + first, sqlstore.ErrCutExport},
		{"another format", strings.Replace(whole, "poolhouse-export", "other", 1), sqlstore.ErrNotExport},
		{"a newer version", strings.Replace(whole, `"version":1`, `"version":2`, 1), sqlstore.ErrNotExport},
		{"an unknown kind", header + `{"type":"robot","data":{}}` + "\n" + end, sqlstore.ErrNotExport},
		{"an unknown field", strings.Replace(whole, `"algorithm":`, `"colour":1,"algorithm":`, 1), sqlstore.ErrNotExport},
		{"a record twice", strings.Replace(whole, first, first+first, 1), nil},
		{"a number for a text", strings.Replace(whole, `"algorithm":"`, `"algorithm":1,"state":"`, 1), nil},
	}
	for name, db := range map[string]*sqlstore.DB{"sqlite": sqlstoretest.SQLite(t, time.Now), "postgres": sqlstoretest.Postgres(t, time.Now)} {
		keys := ring(t, db, 1)
		for _, tt := range tests {
			_, err := db.Restore(t.Context(), strings.NewReader(tt.text), sqlstore.BackupOptions{Sealer: keys})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v, want %v", name, tt.name, err, tt.want)
			}
			if err := db.RequireEmpty(t.Context()); err != nil {
				t.Errorf("%s, %s: afterwards: %v", name, tt.name, err)
			}
		}
		restore(t, db, 1, []byte(whole))
		_, err := db.Restore(t.Context(), strings.NewReader(whole), sqlstore.BackupOptions{Sealer: keys})
		if !errors.Is(err, sqlstore.ErrNotEmpty) || !strings.Contains(err.Error(), "userpool_users") {
			t.Errorf("%s, twice: %v", name, err)
		}
	}
}

// Left-out tables count: a database with a browser session is in use.
func TestEmptyMeansAllTables(t *testing.T) {
	db := sqlstoretest.SQLite(t, time.Now)
	if err := db.Ephemeral().Put(context.Background(), "ns", "key", []byte("v"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := db.RequireEmpty(t.Context()); !errors.Is(err, sqlstore.ErrNotEmpty) || !strings.Contains(err.Error(), "ephemeral") {
		t.Error(err)
	}
}

// An export is not the audit log's unless asked for.
func TestAuditOnRequest(t *testing.T) {
	db := sqlstoretest.SQLite(t, time.Now)
	restore(t, db, 1, sqlstore.SampleBackup())
	var out bytes.Buffer
	if _, err := db.Export(t.Context(), &out, sqlstore.BackupOptions{Sealer: keyringtest.New(t)}); err == nil {
		t.Error("another master key opens it")
	}
	counts, err := db.Export(t.Context(), &out, sqlstore.BackupOptions{Sealer: ring(t, db, 1)})
	if err != nil || counts["audit"] != 0 || counts["user"] != 1 {
		t.Error(counts, err)
	}
}
