// Package harness starts the built binary for the black-box suites, on both
// storage profiles, and runs stock clients of other languages against it.
package harness

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

// Region and Account are those of every server started here.
const (
	Region  = "us-east-1"
	Account = "000000000000"
)

// A Profile is a way to store data.
type Profile string

// The storage profiles.
const (
	Embedded Profile = "embedded" // SQLite in a directory
	Shared   Profile = "shared"   // PostgreSQL and Redis
)

// A Server is a running binary.
type Server struct {
	URL     string
	Profile Profile

	AccessKeyID, SecretAccessKey string // the account's root key

	// HTTP trusts the server's certificate; the usual client where it has none.
	HTTP *http.Client

	Ledger *Ledger // of what AWS clients are answered; nil for none

	binary string
	mail   string // directory that messages are written into
	args   []string
	env    []string
	cmd    *exec.Cmd
	log    *Log
}

// An Option changes how a server is started.
type Option func(*Server)

// Args adds command-line flags.
func Args(args ...string) Option { return func(s *Server) { s.args = append(s.args, args...) } }

// Env adds NAME=value to the environment.
func Env(env ...string) Option { return func(s *Server) { s.env = append(s.env, env...) } }

// EachProfile runs a test on a fresh server of each storage profile.
func EachProfile(t *testing.T, run func(t *testing.T, s *Server), options ...Option) {
	for _, p := range []Profile{Embedded, Shared} {
		t.Run(string(p), func(t *testing.T) { run(t, Start(t, p, options...)) })
	}
}

// Start starts a server on a free port, waits until it is ready, and stops it
// when the test ends.
func Start(t testing.TB, p Profile, options ...Option) *Server {
	t.Helper()
	s := &Server{Profile: p, binary: Binary(t), log: new(Log), HTTP: http.DefaultClient,
		AccessKeyID: "AKIA" + strings.ToUpper(randomHex(8)), SecretAccessKey: randomHex(20)}
	addr := FreeAddress(t)
	s.URL = "http://" + addr
	s.mail = t.TempDir()
	s.args = []string{"serve", "--addr", addr, "--data", t.TempDir(), "--mail-dir", s.mail, "--allow-private-fetch"}
	if p == Shared {
		s.args = append(s.args, "--database-url", sqlstoretest.PostgresURL(t), "--redis-url", redisURL(t))
	}
	for _, o := range options {
		o(s)
	}
	s.env = append(s.env, "POOLHOUSE_ROOT_ACCESS_KEY_ID="+s.AccessKeyID, "POOLHOUSE_ROOT_SECRET_ACCESS_KEY="+s.SecretAccessKey)
	s.Launch(t)
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("server log:\n%s", s.log)
		}
	})
	return s
}

// Second starts another process on the same stores, with the same root key and
// the data directory that holds the master key.
func (s *Server) Second(t testing.TB) *Server {
	t.Helper()
	other := *s
	addr := FreeAddress(t)
	other.args = append([]string(nil), s.args...)
	for i, a := range other.args {
		if a == "--addr" {
			other.args[i+1] = addr
		}
	}
	// Both nodes are one service: they name themselves by the first one's URL.
	other.args = append(other.args, "--public-url", s.URL)
	other.URL, other.log = "http://"+addr, new(Log)
	other.Launch(t)
	t.Cleanup(func() { other.Stop(t) })
	return &other
}

// Launch starts the process, again after Kill or Stop, and waits until it is
// ready.
func (s *Server) Launch(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.binary, s.args...)
	s.cmd.Env = append(os.Environ(), s.env...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitReady(t, s.HTTP, s.URL, s.log)
}

// WaitReady waits until the server at url says that it can serve.
func WaitReady(t testing.TB, url string, log interface{ String() string }) {
	t.Helper()
	waitReady(t, http.DefaultClient, url, log)
}

func waitReady(t testing.TB, client *http.Client, url string, log interface{ String() string }) {
	t.Helper()
	Until(t, 30*time.Second, func() string { return url + "/readyz\n" + log.String() }, func() bool {
		resp, err := client.Get(url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// Kill ends the process as a power cut would.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.cmd.Wait() // it was killed: the error says so
	s.cmd = nil
}

// Stop ends the process in order.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping the server: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		t.Error("the server did not end within 30 s of SIGTERM")
	}
}

// Printed returns what the process printed so far.
func (s *Server) Printed() string { return s.log.String() }

var build struct {
	sync.Once
	path string
	err  error
	out  []byte
}

// Binary builds the binary once a test process and returns its path. The path
// is the same for all packages of a checkout: a finished build replaces the one before it.
func Binary(t testing.TB) string {
	t.Helper()
	build.Do(func() {
		checkout := fnv.New32a()
		checkout.Write([]byte(Root(t)))
		dir := filepath.Join(os.TempDir(), fmt.Sprintf("poolhouse-conformance-%d-%x", os.Getuid(), checkout.Sum32()))
		if build.err = os.MkdirAll(dir, 0o700); build.err != nil {
			return
		}
		fresh := filepath.Join(dir, "build-"+randomHex(8))
		cmd := exec.Command("go", "build", "-o", fresh, "./cmd/poolhouse")
		cmd.Dir = Root(t)
		if build.out, build.err = cmd.CombinedOutput(); build.err != nil {
			return
		}
		build.path = filepath.Join(dir, "poolhouse")
		build.err = os.Rename(fresh, build.path)
	})
	if build.err != nil {
		t.Fatalf("building the binary: %v\n%s", build.err, build.out)
	}
	return build.path
}

// Root is the repository.
func Root(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// FreeAddress is a loopback address that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var redisDB = regexp.MustCompile(`/\d+$`)

// redisURL returns the test Redis with a key prefix of its own.
func redisURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_REDIS_URL")
	if base == "" {
		Missing(t, "TEST_REDIS_URL is not set; make test starts a Redis")
	}
	if !redisDB.MatchString(base) {
		base += "/0"
	}
	return base + "?prefix=t" + randomHex(8)
}

// Missing skips a test for want of something on this machine, but fails it
// where TEST_BACKENDS says that everything is there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TEST_BACKENDS") == "all" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// A Log collects what a process prints.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *Log) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *Log) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// WaitFor waits until the process has printed text: what it printed before it
// was ready may still be on its way through the pipe.
func (b *Log) WaitFor(t testing.TB, text string) {
	t.Helper()
	Until(t, 10*time.Second, func() string { return fmt.Sprintf("%q is printed\n%s", text, b) }, func() bool { return strings.Contains(b.String(), text) })
}
