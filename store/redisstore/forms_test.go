package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

// The Sentinels and the Cluster that all contract suites of this package run on.
// They start with the first test that needs them.
var (
	rigs     string // the directory of both
	sentinel = sync.OnceValues(func() (*redisrig.Sentinel, error) { return redisrig.StartSentinel(rigs) })
	cluster  = sync.OnceValues(func() (*redisrig.Cluster, error) { return redisrig.StartCluster(rigs) })
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(withRigs(m))
}

// silent keeps the client from telling of each new master.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func withRigs(m *testing.M) int {
	dir, err := os.MkdirTemp("", "redisstore")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	rigs = dir
	defer os.RemoveAll(dir)
	// What was not started by then fails at once: the directory is a file's.
	defer func() {
		rigs = os.DevNull
		if s, err := sentinel(); err == nil {
			s.Stop()
		}
		if c, err := cluster(); err == nil {
			c.Stop()
		}
	}()
	return m.Run()
}

// onEachForm runs a suite on one server, on a pair under Sentinels, and on a Cluster.
func onEachForm(t *testing.T, suite func(t *testing.T, open func(t testing.TB, now func() time.Time) *redisstore.DB)) {
	onEachURL(t, func(t *testing.T, apart func(testing.TB) string) {
		suite(t, func(t testing.TB, now func() time.Time) *redisstore.DB {
			t.Helper()
			return redisstoretest.OpenURL(t, apart(t), now)
		})
	})
}

// onEachURL is onEachForm for what opens a store more than once. apart returns the URL
// of an empty one.
func onEachURL(t *testing.T, suite func(t *testing.T, apart func(testing.TB) string)) {
	t.Run("alone", func(t *testing.T) { suite(t, redisstoretest.URL) })
	for name, url := range map[string]func() (string, error){
		"sentinel": func() (string, error) {
			s, err := sentinel()
			if err != nil {
				return "", err
			}
			return s.URL(), nil
		},
		"cluster": func() (string, error) {
			c, err := cluster()
			if err != nil {
				return "", err
			}
			return c.URL(), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			base, err := url()
			if err != nil {
				t.Fatal(err)
			}
			suite(t, func(t testing.TB) string {
				t.Helper()
				apart, _ := redisstoretest.Apart(t, base)
				return apart
			})
		})
	}
}
