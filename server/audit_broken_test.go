package server_test

import (
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// database opens the database of a server for statements that no server makes.
func database(t *testing.T, cfg server.Config) *sql.DB {
	t.Helper()
	driver, address := "sqlite", "file:"+filepath.Join(cfg.Data, sqlstore.SQLiteFile)+"?_pragma=busy_timeout(10000)"
	if cfg.DatabaseURL != "" {
		driver, address = "pgx", cfg.DatabaseURL
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// TestNoWriteWithoutItsRecord: where the database does not take the record of an
// administrator's write, the write fails as a whole; reading goes on, and so does
// writing when the database is whole again.
func TestNoWriteWithoutItsRecord(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		s, stop := servertest.Open(t, cfg, servertest.Options{})
		defer stop()
		db, client := database(t, cfg), awsclient.New(s.URL(), "us-east-1")
		root := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`
		writes := map[string]func() error{
			"cognito-idp": func() error {
				return client.JSON(t.Context(), "AWSCognitoIdentityProviderService.CreateUserPool", map[string]string{"PoolName": "made"}, &struct{}{}, root)
			},
			"cognito-identity": func() error {
				return client.JSON(t.Context(), "AWSCognitoIdentityService.CreateIdentityPool", map[string]any{"IdentityPoolName": "made", "AllowUnauthenticatedIdentities": false}, &struct{}{}, root)
			},
			"iam": func() error {
				return client.Query(t.Context(), "iam", "CreateRole", map[string]string{"RoleName": "made", "AssumeRolePolicyDocument": trust}, &struct{}{}, root)
			},
			"poolhouse": func() error {
				return client.JSON(t.Context(), "Poolhouse.UpdateAccountSettings", map[string]any{"DisabledRegions": []string{"eu-west-1"}}, &struct{}{}, root)
			},
		}
		count := func() (n int) {
			if err := db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM userpool_pools) + (SELECT COUNT(*) FROM sts_roles)`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		execute(t, db, `ALTER TABLE audit_intents RENAME TO audit_intents_away`)
		for service, write := range writes {
			var e *awsclient.APIError
			if err := write(); !errors.As(err, &e) || e.Status != http.StatusInternalServerError || strings.Contains(e.Message, "audit") {
				t.Errorf("%s: %v, want a failure of the server that tells nothing", service, err)
			}
		}
		if n := count(); n != 0 {
			t.Errorf("%d were written without a record", n)
		}
		if err := client.JSON(t.Context(), "AWSCognitoIdentityProviderService.ListUserPools", map[string]int{"MaxResults": 1}, &struct{}{}, root); err != nil {
			t.Errorf("reading: %v", err)
		}
		execute(t, db, `ALTER TABLE audit_intents_away RENAME TO audit_intents`)
		for service, write := range writes {
			if err := write(); err != nil {
				t.Errorf("%s, with the table back: %v", service, err)
			}
		}
		if n := count(); n != 2 {
			t.Errorf("%d were written", n)
		}
	})
}

// TestBrokenSink: a sink that cannot write holds up nobody, and gets all when it can.
func TestBrokenSink(t *testing.T) {
	cfg, dir := servertest.Config(t, servertest.Embedded), filepath.Join(t.TempDir(), "later")
	cfg.AuditFile = filepath.Join(dir, "audit.jsonl")
	create := func(name string) {
		s, stop := servertest.Open(t, cfg, servertest.Options{})
		defer stop()
		root := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		err := awsclient.New(s.URL(), "us-east-1").JSON(t.Context(), "AWSCognitoIdentityProviderService.CreateUserPool", map[string]string{"PoolName": name}, &struct{}{}, root)
		if err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	create("one")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("held up for %v", took)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	create("two")
	raw, err := os.ReadFile(cfg.AuditFile)
	if err != nil || strings.Count(string(raw), `"eventName":"CreateUserPool"`) != 2 {
		t.Errorf("%v: %s", err, raw)
	}
}
