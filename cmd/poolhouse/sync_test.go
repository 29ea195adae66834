package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// A keeper is a server with an identity pool and one guest in it.
type keeper struct {
	url, pool, identity string
	client              *awsclient.Client
	env                 map[string]string
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	const id, secret = "AKIASYNCSYNCSYNCSYNC", "sync/sync/sync/sync/sync/sync/sync/sync1"
	_, at := start(t, map[string]string{"POOLHOUSE_ROOT_ACCESS_KEY_ID": id, "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": secret},
		"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir())
	k := &keeper{url: at, client: awsclient.New(at, "us-east-1"), env: map[string]string{"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}}
	var pool struct{ IdentityPoolId string }
	k.call(t, "CreateIdentityPool", map[string]any{"IdentityPoolName": "sync", "AllowUnauthenticatedIdentities": true}, &pool)
	k.pool = pool.IdentityPoolId
	k.identity = k.guest(t)
	return k
}

func (k *keeper) call(t *testing.T, op string, in, out any) {
	t.Helper()
	key := &awsclient.Key{AccessKeyID: k.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: k.env["AWS_SECRET_ACCESS_KEY"]}
	if err := k.client.JSON(t.Context(), "AWSCognitoIdentityService."+op, in, out, key); err != nil {
		t.Fatal(err)
	}
}

func (k *keeper) guest(t *testing.T) string {
	t.Helper()
	var out struct{ IdentityId string }
	k.call(t, "GetId", map[string]any{"IdentityPoolId": k.pool}, &out)
	return out.IdentityId
}

// args is a command about the guest's data.
func (k *keeper) args(args ...string) []string {
	return append([]string{"sync", args[0], "--endpoint", k.url, "--identity-pool", k.pool, "--identity", k.identity}, args[1:]...)
}

// sync runs it, and returns what it printed.
func (k *keeper) sync(t *testing.T, args ...string) string {
	t.Helper()
	r := poolhouse(t, k.env, k.args(args...)...)
	if r.code != 0 {
		t.Fatalf("%v: %s", args, r.stderr)
	}
	return r.stdout
}

func record(t *testing.T, line string) recordLine {
	t.Helper()
	var r recordLine
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return r
}

func TestSyncCommands(t *testing.T) {
	k := newKeeper(t)
	if r := record(t, k.sync(t, "set", "notes", "a", "<one>")); r.SyncCount != 1 || r.By != "poolhouse" {
		t.Errorf("set printed %+v", r)
	}
	k.sync(t, "set", "notes", "b", "two", "--device", "phone")
	if got := k.sync(t, "get", "notes", "a", "--raw"); got != "<one>" {
		t.Errorf("get --raw printed %q", got)
	}
	lines := strings.Split(strings.TrimSpace(k.sync(t, "get", "notes")), "\n")
	if len(lines) != 2 || *record(t, lines[0]).Value != "<one>" || record(t, lines[1]).By != "phone" {
		t.Errorf("get printed %q", lines)
	}
	if got := k.sync(t, "list"); !strings.Contains(got, `"dataset":"notes"`) || !strings.Contains(got, `"records":2`) {
		t.Errorf("list printed %q", got)
	}
	k.sync(t, "set", "notes", "a", "three", "--sync-count", "1")
	poolhouse(t, k.env, k.args("set", "notes", "a", "four", "--sync-count", "1")...).wantFailure(t, 1, "somebody else", "409")
	poolhouse(t, k.env, k.args("set", "notes", "a", "four", "--sync-count", "0")...).wantFailure(t, 1, "somebody else")
	k.sync(t, "rm", "notes", "b")
	poolhouse(t, k.env, k.args("get", "notes", "b")...).wantFailure(t, 1, "no record b")
	poolhouse(t, k.env, k.args("rm", "notes", "c")...).wantFailure(t, 1, "no record c")
	poolhouse(t, k.env, k.args("rm", "notes")...).wantFailure(t, 2, "--all")
	if got := k.sync(t, "get", "notes", "a", "--raw"); got != "three" {
		t.Errorf("after the refusals: %q", got)
	}
	k.sync(t, "rm", "notes", "--all")
	poolhouse(t, k.env, k.args("get", "notes")...).wantFailure(t, 1, "no dataset notes")
	poolhouse(t, nil, k.args("list")...).wantFailure(t, 2, "AWS_ACCESS_KEY_ID")
	poolhouse(t, map[string]string{"POOLHOUSE_HOME": t.TempDir()}, "sync", "list").wantFailure(t, 1, "poolhouse login")
}

// follow starts a watch, and returns what waits for a part of what it prints.
func (k *keeper) follow(t *testing.T, args ...string) (stop func(), wait func(part string)) {
	t.Helper()
	p := &process{code: make(chan int, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		p.code <- run(ctx, k.args(append([]string{"watch"}, args...)...), func(name string) string { return k.env[name] }, nil, &p.stdout, &p.stderr)
	}()
	p.cancel = cancel
	wait = func(part string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !strings.Contains(p.stdout.String()+p.stderr.String(), part); {
			if time.Now().After(end) {
				t.Fatalf("%q does not come:\n%s%s", part, &p.stdout, &p.stderr)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return func() { p.stop(t) }, wait
}

func TestSyncWatch(t *testing.T) {
	k := newKeeper(t)
	k.sync(t, "set", "notes", "old", "1")
	stop, wait := k.follow(t)
	wait("Watching.")
	k.sync(t, "set", "notes", "a", "new")
	wait(`{"dataset":"notes","key":"a","value":"new","syncCount":2`)
	k.sync(t, "set", "other", "b", "of another dataset")
	wait(`{"dataset":"other","key":"b"`)
	k.sync(t, "rm", "notes", "a")
	wait(`"key":"a","removed":true,"syncCount":3`)
	k.sync(t, "rm", "notes", "--all")
	wait(`{"dataset":"notes","deleted":true}`)
	k.sync(t, "set", "notes", "again", "1")
	wait(`"key":"again"`)
	stop()

	stop, wait = k.follow(t, "other", "--now")
	wait(`{"dataset":"other","key":"b"`)
	stop()
}

// TestSyncWatchComesBack breaks the connection of a watch, and changes something while
// it is broken.
func TestSyncWatchComesBack(t *testing.T) {
	k := newKeeper(t)
	at, err := url.Parse(k.url)
	if err != nil {
		t.Fatal(err)
	}
	var broken atomic.Bool
	resumed := make(chan string, 100)
	proxy := &httputil.ReverseProxy{FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/live") {
			if broken.Load() {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			resumed <- r.Header.Get("Last-Event-ID")
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	direct := *k
	k.url = front.URL
	stop, wait := k.follow(t)
	wait("Watching.")
	if id := <-resumed; id != "" {
		t.Errorf("the first connection resumes %q", id)
	}
	direct.sync(t, "set", "notes", "a", "before")
	wait(`"key":"a"`)
	broken.Store(true)
	front.CloseClientConnections()
	wait("the connection is made again")
	direct.sync(t, "set", "notes", "b", "meanwhile")
	broken.Store(false)
	wait(`"key":"b","value":"meanwhile"`)
	if id := <-resumed; id == "" {
		t.Error("the second connection does not resume the first")
	}
	stop()
}
