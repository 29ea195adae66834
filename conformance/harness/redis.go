package harness

import (
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
)

// OnRedis has a server of the shared profile use the Redis at a URL.
func OnRedis(url string) Option {
	return func(s *Server) {
		if i := slices.Index(s.args, "--redis-url"); i >= 0 {
			separator := "?"
			if strings.Contains(url, "?") {
				separator = "&"
			}
			s.args[i+1] = url + separator + "prefix=t" + randomHex(8)
		}
	}
}

// EachStore is EachProfile, and then on a Redis under Sentinels and on a Cluster, which
// are the test's own.
func EachStore(t *testing.T, run func(t *testing.T, s *Server), options ...Option) {
	EachProfile(t, run, options...)
	t.Run("sentinel", func(t *testing.T) {
		run(t, Start(t, Shared, append(slices.Clone(options), OnRedis(RedisUnderSentinels(t).URL()))...))
	})
	t.Run("cluster", func(t *testing.T) {
		c, err := redisrig.StartCluster(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Stop() })
		run(t, Start(t, Shared, append(slices.Clone(options), OnRedis(c.URL()))...))
	})
}

// RedisUnderSentinels starts a master, its replica and their Sentinels.
func RedisUnderSentinels(t *testing.T) *redisrig.Sentinel {
	t.Helper()
	s, err := redisrig.StartSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// RedisAlone starts a Redis that writes what it acknowledges to its append-only file.
func RedisAlone(t *testing.T) *redisrig.Server {
	t.Helper()
	s, err := redisrig.Alone(t.TempDir(), "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}
