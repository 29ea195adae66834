package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// A moving is the data of a guest of one server, which stands for Cognito Sync, on its
// way to a guest of another.
type moving struct {
	testing.TB
	old, now *keeper
	state    string
}

func newMoving(t *testing.T) *moving {
	v := &moving{TB: t, old: newKeeper(t), now: newKeeper(t), state: filepath.Join(t.TempDir(), "state.json")}
	for _, args := range [][]string{{"notes", "a", "one"}, {"notes", "b", "two"}, {"notes", "c", "gone"}, {"prefs:v1", "x", "<ü>"}} {
		v.old.sync(t, append([]string{"set"}, args...)...)
	}
	v.old.sync(t, "rm", "notes", "c")
	return v
}

// run imports by a list of identities.
func (v *moving) run(t *testing.T, from, identities string, args ...string) result {
	t.Helper()
	env := map[string]string{"POOLHOUSE_ACCESS_KEY_ID": v.now.env["AWS_ACCESS_KEY_ID"], "POOLHOUSE_SECRET_ACCESS_KEY": v.now.env["AWS_SECRET_ACCESS_KEY"]}
	for name, value := range v.old.env {
		env[name] = value
	}
	return poolhouse(t, env, append([]string{"import", "cognito-sync", "--from", from, "--from-pool", v.old.pool, "--to", v.now.url, "--to-pool", v.now.pool,
		"--state", v.state, "--identities", file(t, "identities", identities)}, args...)...)
}

func (v *moving) want(t *testing.T, r result, lines ...string) {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	for _, line := range lines {
		if !strings.Contains(r.stdout, line+"\n") {
			t.Errorf("the report does not say %q:\n%s", line, r.stdout)
		}
	}
	if n := strings.Count(r.stdout, "\n"); n != len(lines) {
		t.Errorf("the report has %d lines, want %d:\n%s", n, len(lines), r.stdout)
	}
}

func TestImportCognitoSync(t *testing.T) {
	v := newMoving(t)
	ids := "# there, here\n" + v.old.identity + " " + v.now.identity + "\n"
	v.want(t, v.run(t, v.old.url, ids, "--dry-run"), "Would copy identities: 1", "Would copy records: 3")
	if got := v.now.sync(t, "list"); got != "" {
		t.Fatalf("a dry run wrote %s", got)
	}
	v.want(t, v.run(t, v.old.url, ids), "Copied identities: 1", "Copied records: 3")
	if got := v.now.sync(t, "get", "prefs:v1", "x", "--raw"); got != "<ü>" {
		t.Errorf("copied %q", got)
	}
	there, here := record(t, v.old.sync(t, "get", "notes", "a")), record(t, v.now.sync(t, "get", "notes", "a"))
	if here.Modified != there.Modified || *here.Value != "one" {
		t.Errorf("copied %+v as %+v", there, here)
	}
	v.want(t, v.run(t, v.old.url, ids), "Copied identities: 1", "Copied records that were here already: 3")

	v.old.sync(t, "set", "notes", "a", "one, changed there")
	v.old.sync(t, "set", "notes", "b", "two, changed there")
	v.now.sync(t, "set", "notes", "b", "two, changed here afterwards")
	v.old.sync(t, "rm", "prefs:v1", "x")
	v.want(t, v.run(t, v.old.url, ids), "Copied identities: 1", "Copied records: 2",
		"Not copied: dataset notes of identity "+v.now.identity+": 1 records are newer here")
	if got := v.now.sync(t, "get", "notes", "b", "--raw"); got != "two, changed here afterwards" {
		t.Errorf("what is newer became %q", got)
	}
	poolhouse(t, v.now.env, v.now.args("get", "prefs:v1", "x")...).wantFailure(t, 1, "no record x")
	v.want(t, v.run(t, v.old.url, ids, "--overwrite"), "Copied identities: 1", "Copied records: 1", "Copied records that were here already: 2")
	if got := v.now.sync(t, "get", "notes", "b", "--raw"); got != "two, changed there" {
		t.Errorf("with --overwrite: %q", got)
	}
}

// TestImportCognitoSyncOfWhoIsNotHere copies all of a pool under the same IDs, none of
// which is here.
func TestImportCognitoSyncOfWhoIsNotHere(t *testing.T) {
	v := newMoving(t)
	v.want(t, v.run(t, v.old.url, v.old.identity), "Not copied: identity "+v.old.identity+": ResourceNotFoundException: there is no such identity here")
	v.run(t, v.old.url, "# nobody\n").wantFailure(t, 1, "no identity")
	v.run(t, v.old.url, "a b c").wantFailure(t, 1, "line 1")
	poolhouse(t, nil, "import", "cognito-sync", "--from", v.old.url, "--from-pool", v.old.pool).wantFailure(t, 1, "AWS_ACCESS_KEY_ID", "POOLHOUSE_ACCESS_KEY_ID")
}

// TestImportCognitoSyncGoesOn breaks off in the second page of identities.
func TestImportCognitoSyncGoesOn(t *testing.T) {
	v := newMoving(t)
	at, err := url.Parse(v.old.url)
	if err != nil {
		t.Fatal(err)
	}
	var listed atomic.Int32
	var broken atomic.Bool
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/datasets") && listed.Add(1) > 60 && broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	ids := strings.Repeat(v.old.identity+" "+v.now.identity+"\n", 61)
	broken.Store(true)
	if r := v.run(t, front.URL, ids); r.code != 1 || !strings.Contains(r.stderr, "\npoolhouse: identity "+v.old.identity+": 503") {
		t.Errorf("broken off: %d %s", r.code, r.stderr)
	}
	broken.Store(false)
	listed.Store(0)
	v.want(t, v.run(t, front.URL, ids), "Copied identities: 61", "Copied records: 3", "Copied records that were here already: 180")
	if n := listed.Load(); n != 1 {
		t.Errorf("the second run read %d identities, want the one that was left", n)
	}
	if r := v.run(t, v.old.url, ids); r.code != 1 || !strings.Contains(r.stderr, "another import") {
		t.Errorf("the state of another source: %d %s", r.code, r.stderr)
	}
}

// TestImportCognitoSyncOfAPool lists the identities of the pool itself. A pool that is
// copied into itself has nothing to copy.
func TestImportCognitoSyncOfAPool(t *testing.T) {
	k := newKeeper(t)
	k.sync(t, "set", "notes", "a", "one")
	env := map[string]string{"POOLHOUSE_ACCESS_KEY_ID": k.env["AWS_ACCESS_KEY_ID"], "POOLHOUSE_SECRET_ACCESS_KEY": k.env["AWS_SECRET_ACCESS_KEY"],
		"AWS_ACCESS_KEY_ID": k.env["AWS_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": k.env["AWS_SECRET_ACCESS_KEY"]}
	r := poolhouse(t, env, "import", "cognito-sync", "--from", k.url, "--from-pool", k.pool, "--to", k.url, "--state", filepath.Join(t.TempDir(), "state.json"))
	if want := "Copied identities: 1\nCopied records that were here already: 1\n"; r.code != 0 || r.stdout != want {
		t.Errorf("%d %q %s", r.code, r.stdout, r.stderr)
	}
}
