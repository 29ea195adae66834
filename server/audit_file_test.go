package server_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
)

// TestAuditFile: what a server recorded is in its file when it has stopped, with a
// checkpoint behind it that the log verifies by.
func TestAuditFile(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		cfg := servertest.Config(t, p)
		cfg.AuditFile = filepath.Join(t.TempDir(), "audit.jsonl")
		s, stop := servertest.Open(t, cfg, servertest.Options{})
		client := awsclient.New(s.URL(), "us-east-1")
		root := &awsclient.Key{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		var pool struct{ UserPool struct{ Id string } }
		if err := client.JSON(t.Context(), "AWSCognitoIdentityProviderService.CreateUserPool", map[string]string{"PoolName": "audited"}, &pool, root); err != nil {
			t.Fatal(err)
		}
		stop()
		raw, err := os.ReadFile(cfg.AuditFile)
		if err != nil {
			t.Fatal(err)
		}
		var created, checkpoints int
		for line := range bytes.Lines(raw) {
			var r struct {
				EventName, Checkpoint string
				ResponseElements      struct{ UserPool struct{ ID string } }
			}
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			if r.EventName == "CreateUserPool" && r.ResponseElements.UserPool.ID == pool.UserPool.Id {
				created++
			}
			if r.Checkpoint != "" {
				checkpoints++
			}
		}
		if created != 1 || checkpoints == 0 {
			t.Errorf("%d events, %d checkpoints in\n%s", created, checkpoints, raw)
		}
		if r, err := server.VerifyAudit(t.Context(), cfg, bytes.NewReader(raw)); err != nil || r.Entries == 0 || r.Unsigned != 0 {
			t.Errorf("report %+v, %v", r, err)
		}
	})
}
