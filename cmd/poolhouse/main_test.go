package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// A result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

// poolhouse runs a command line that ends by itself.
func poolhouse(t *testing.T, environment map[string]string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, func(name string) string { return environment[name] }, nil, &stdout, &stderr)
	if ctx.Err() != nil {
		t.Fatalf("%v did not end by itself\n%s%s", args, &stdout, &stderr)
	}
	return result{code, stdout.String(), stderr.String()}
}

// wantFailure checks the exit code and that the message names every part.
func (r result) wantFailure(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, part := range parts {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("message does not say %q:\n%s", part, r.stderr)
		}
	}
	if !strings.HasPrefix(r.stderr, "poolhouse: ") || strings.Contains(r.stderr, "goroutine") {
		t.Errorf("message %q", r.stderr)
	}
}

// A process is a command that runs until it is stopped.
type process struct {
	stdout, stderr buffer
	cancel         context.CancelFunc
	code           chan int
}

var servesAt = regexp.MustCompile(`Poolhouse serves at (\S+)`)

// start runs a server and waits until it is ready.
func start(t *testing.T, environment map[string]string, args ...string) (p *process, url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p = &process{cancel: cancel, code: make(chan int, 1)}
	go func() {
		p.code <- run(ctx, args, func(name string) string { return environment[name] }, nil, &p.stdout, &p.stderr)
	}()
	t.Cleanup(cancel)
	deadline := time.After(time.Minute)
	for {
		select {
		case code := <-p.code:
			t.Fatalf("%v ended with %d\n%s", args, code, &p.stderr)
		case <-deadline:
			t.Fatalf("%v is not ready after a minute\n%s", args, &p.stderr)
		case <-time.After(5 * time.Millisecond):
		}
		if m := servesAt.FindStringSubmatch(p.stdout.String()); m != nil && ready(m[1]) {
			return p, m[1]
		}
	}
}

func ready(url string) bool {
	resp, err := http.Get(url + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

// stop ends the process as SIGTERM does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cancel()
	if code := <-p.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// file writes a file and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// deadEndpoint is a URL that nobody answers at.
func deadEndpoint(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestHelpListsTheCommands(t *testing.T) {
	r := poolhouse(t, nil, "--help")
	if r.code != 0 {
		t.Errorf("exit code %d", r.code)
	}
	for _, command := range []string{"serve", "demo", "tour", "apply", "export", "restore", "sync", "version"} {
		if !regexp.MustCompile(`(?m)^\s+` + command + `\b`).MatchString(r.stdout) {
			t.Errorf("help does not list %s:\n%s", command, r.stdout)
		}
	}
	if r := poolhouse(t, nil, "serve", "--help"); r.code != 0 || !strings.Contains(r.stdout, "--database-url") {
		t.Errorf("help of serve: %d\n%s", r.code, r.stdout)
	}
}

func TestVersion(t *testing.T) {
	if r := poolhouse(t, nil, "version"); r.code != 0 || !strings.HasPrefix(r.stdout, "poolhouse ") {
		t.Errorf("%+v", r)
	}
}

func TestCommandLineMistakes(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		parts []string
	}{
		{"unknown flag", []string{"serve", "--no-such-flag"}, []string{"--no-such-flag"}},
		{"unknown command", []string{"sevre"}, []string{"sevre"}},
		{"no command", nil, []string{"serve", "demo"}},
		{"value outside the list", []string{"serve", "--log-level", "loud"}, []string{"--log-level", "loud"}},
		{"apply without a file", []string{"apply"}, []string{"--file"}},
		{"configuration file that is not there", []string{"serve", "--config", "/nowhere/poolhouse.yaml"}, []string{"/nowhere/poolhouse.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { poolhouse(t, nil, tt.args...).wantFailure(t, 2, tt.parts...) })
	}
}

// The name of the configuration file may come from the environment, as any flag.
func TestConfigurationFileOfTheEnvironment(t *testing.T) {
	named := map[string]string{"POOLHOUSE_CONFIG": "/nowhere/poolhouse.yaml"}
	poolhouse(t, named, "serve").wantFailure(t, 2, "/nowhere/poolhouse.yaml")
}

func TestTourWithoutServer(t *testing.T) {
	endpoint := deadEndpoint(t)
	poolhouse(t, nil, "tour", "--endpoint", endpoint).wantFailure(t, 1, strings.TrimPrefix(endpoint, "http://"), "refused")
}

func TestDemoRefusesOtherMachines(t *testing.T) {
	poolhouse(t, nil, "demo", "--addr", "0.0.0.0:0", "--data", t.TempDir()).wantFailure(t, 1, "loopback")
}

func TestApplyMistakes(t *testing.T) {
	key := map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
	bad := file(t, "company.yaml", "pools:\n  - name: Company\n    colour: blue\n")
	poolhouse(t, key, "apply", "-f", bad).wantFailure(t, 1, bad, "line 3", "colour")
	twice := file(t, "company.yaml", "pools:\n  - name: Company\n  - name: Company\nroles:\n  - path: /\n")
	poolhouse(t, key, "apply", "-f", twice).wantFailure(t, 1, "Company", "twice", "a role has no name")
	good := file(t, "company.yaml", "pools:\n  - name: Company\n")
	poolhouse(t, nil, "apply", "-f", good).wantFailure(t, 1, "AWS_ACCESS_KEY_ID")
	endpoint := deadEndpoint(t)
	poolhouse(t, key, "apply", "-f", good, "--endpoint", endpoint).wantFailure(t, 1, "refused")
}

// callerARN asks a server whom a key belongs to.
func callerARN(t *testing.T, url, id, secret string) (string, error) {
	t.Helper()
	var out struct {
		Arn string `xml:"GetCallerIdentityResult>Arn"`
	}
	err := awsclient.New(url, "us-east-1").Query(t.Context(), "sts", "GetCallerIdentity", nil, &out,
		&awsclient.Key{AccessKeyID: id, SecretAccessKey: secret})
	return out.Arn, err
}
