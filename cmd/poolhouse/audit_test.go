package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// audited returns a directory that a server ran on and recorded five calls in.
func audited(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p, at := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--data", dir)
	for range 5 { // refused: nobody signs
		resp, err := http.PostForm(at, url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	p.stop(t)
	return dir
}

func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "poolhouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if res, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	} else if n, _ := res.RowsAffected(); n == 0 {
		t.Fatalf("%s changed nothing", statement)
	}
}

func TestAuditVerify(t *testing.T) {
	for name, tt := range map[string]struct {
		statement string
		want      []string
	}{
		"changed":         {`UPDATE audit SET record = '{}' WHERE seq = 3`, []string{"after entry 2", "was changed"}},
		"removed":         {`DELETE FROM audit WHERE seq = 3`, []string{"after entry 2", "is missing"}},
		"tail cut":        {`DELETE FROM audit WHERE seq > 3`, []string{"after entry 3", "up to 5", "are gone"}},
		"log gone":        {`DELETE FROM audit`, []string{"after entry 0", "are gone"}},
		"no checkpoints":  {`DELETE FROM audit_checkpoints`, nil}, // see --checkpoint
		"forged":          {`UPDATE audit_checkpoints SET jws = jws || 'A'`, []string{"checkpoints after number 0", "signature"}},
		"nothing touched": {``, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := audited(t)
			if tt.statement != "" {
				change(t, dir, tt.statement)
			}
			r := poolhouse(t, nil, "audit", "verify", "--data", dir)
			if tt.want != nil {
				r.wantFailure(t, 1, tt.want...)
			} else if r.code != 0 || !strings.Contains(r.stdout, "5 entries in 1 chains") {
				t.Error(r)
			}
		})
	}
}

// A checkpoint that was kept elsewhere finds out a log that was set back as a whole.
func TestAuditVerifyWithACheckpoint(t *testing.T) {
	dir := audited(t)
	db, err := sql.Open("sqlite", filepath.Join(dir, "poolhouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var jws string
	if err := db.QueryRow(`SELECT jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1`).Scan(&jws); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(map[string]string{"checkpoint": jws})
	if err != nil {
		t.Fatal(err)
	}
	kept := file(t, "sink.jsonl", "{\"eventName\":\"GetUser\"}\n"+string(line)+"\n")
	if r := poolhouse(t, nil, "audit", "verify", "--data", dir, "--checkpoint", kept); r.code != 0 {
		t.Error(r)
	}
	poolhouse(t, nil, "audit", "verify", "--data", dir, "--checkpoint", file(t, "empty", "")).wantFailure(t, 1, "no checkpoint")
	change(t, dir, `DELETE FROM audit`)
	change(t, dir, `DELETE FROM audit_checkpoints`)
	change(t, dir, `DELETE FROM audit_segments`)
	if r := poolhouse(t, nil, "audit", "verify", "--data", dir); r.code != 0 {
		t.Error("an empty log is whole", r)
	}
	poolhouse(t, nil, "audit", "verify", "--data", dir, "--checkpoint", kept).wantFailure(t, 1, "kept elsewhere", "is not there")
}

func TestAuditExportAndKeys(t *testing.T) {
	dir := audited(t)
	r := poolhouse(t, nil, "audit", "export", "--data", dir)
	lines := bytes.Split(bytes.TrimSpace([]byte(r.stdout)), []byte("\n"))
	var record struct{ EventName, ErrorCode string }
	if r.code != 0 || len(lines) != 5 || json.Unmarshal(lines[0], &record) != nil || record.EventName != "GetCallerIdentity" ||
		record.ErrorCode != "MissingAuthenticationToken" {
		t.Error(r)
	}
	if r := poolhouse(t, nil, "audit", "keys", "--data", dir); r.code != 0 || !strings.Contains(r.stdout, `"crv":"P-256"`) ||
		strings.Contains(r.stdout, `"d":`) {
		t.Error(r)
	}
	if r := poolhouse(t, nil, "audit", "rotate-key", "--data", dir); r.code != 0 {
		t.Error(r)
	}
	if r := poolhouse(t, nil, "audit", "keys", "--data", dir); r.code != 0 || strings.Count(r.stdout, `"crv":"P-256"`) != 2 {
		t.Error("the old key is gone", r)
	}
	if r := poolhouse(t, nil, "audit", "verify", "--data", dir); r.code != 0 {
		t.Error("with another key", r)
	}
	empty := t.TempDir()
	for _, command := range []string{"verify", "export", "keys", "rotate-key"} {
		poolhouse(t, nil, "audit", command, "--data", empty).wantFailure(t, 1, "no database", empty)
	}
}
