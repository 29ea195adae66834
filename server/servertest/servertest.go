// Package servertest starts a whole server inside the test's process, on each
// storage profile.
package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

// The root key of every server started here.
const (
	RootAccessKeyID     = "AKIASERVERTEST000000"
	RootSecretAccessKey = "root-secret-of-servertest-0123456789abcd"
)

// A Profile is a way to store data.
type Profile string

// The storage profiles.
const (
	Embedded Profile = "embedded" // SQLite in a directory
	Shared   Profile = "shared"   // PostgreSQL and Redis
)

// Options say how a server differs from the usual one.
type Options struct {
	Demo bool                 // seeded, as by poolhouse demo
	Now  func() time.Time     // time.Now where nil
	Edit func(*server.Config) // changes the configuration before the start
	Log  *Log                 // gets what the server logs, down to debugging
}

// Config is the configuration of a server on fresh stores: loopback, a free
// port, and no fixed URL. Starting it twice finds the same data.
func Config(t testing.TB, p Profile) server.Config {
	t.Helper()
	cfg := server.Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Region: "us-east-1", Account: "000000000000", AllowPrivateFetch: true,
		RootAccessKeyID: RootAccessKeyID, RootSecretAccessKey: RootSecretAccessKey}
	if p == Shared {
		cfg.DatabaseURL, cfg.DatabaseConns = sqlstoretest.PostgresURL(t), 8
		cfg.RedisURL = redisURL(t)
	}
	return cfg
}

// Start starts a server on fresh stores and stops it when the test ends.
func Start(t testing.TB, p Profile, o Options) *server.Server {
	t.Helper()
	s, stop := Open(t, Config(t, p), o)
	t.Cleanup(stop)
	return s
}

// Open starts a server with that configuration, so that a test can stop it and
// start another one on the same data. stop may be called once.
func Open(t testing.TB, cfg server.Config, o Options) (s *server.Server, stop func()) {
	t.Helper()
	if o.Edit != nil {
		o.Edit(&cfg)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	open := server.Open
	if o.Demo {
		open = server.OpenDemo
	}
	log, level := new(Log), slog.LevelInfo
	if o.Log != nil {
		log, level = o.Log, slog.LevelDebug
	}
	s, err := open(context.Background(), cfg, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	return s, func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the server:\n%s", log)
		}
	}
}

// Each runs a test on every storage profile.
func Each(t *testing.T, run func(t *testing.T, p Profile)) {
	for _, p := range []Profile{Embedded, Shared} {
		t.Run(string(p), func(t *testing.T) { run(t, p) })
	}
}

// redisURL leads to the test Redis under a key prefix of its own. Without one
// the test is skipped, but fails where TEST_BACKENDS is "all".
func redisURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_REDIS_URL")
	if base == "" {
		if os.Getenv("TEST_BACKENDS") == "all" {
			t.Fatal("TEST_BACKENDS=all, but TEST_REDIS_URL is not set")
		}
		t.Skip("TEST_REDIS_URL is not set; make test starts a Redis")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 8)
	rand.Read(raw)
	q := u.Query()
	q.Set("prefix", "t"+hex.EncodeToString(raw))
	u.RawQuery = q.Encode()
	return u.String()
}

// A Log collects what a server logs.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
