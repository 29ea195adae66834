package redisrig

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(m.Run())
}

// silent keeps the client from telling of each try.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestAlone(t *testing.T) {
	s, err := Alone(t.TempDir(), "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	ctx := context.Background()
	if err := s.Do(ctx, "SET", "a", "1").Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := s.Do(ctx, "PING").Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Do(ctx, "GET", "a").Text(); err != nil || got != "1" {
		t.Errorf("after a crash: %q, %v", got, err)
	}
}

func TestCluster(t *testing.T) {
	c, err := StartCluster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
}

func TestSentinel(t *testing.T) {
	s, err := StartSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
}
