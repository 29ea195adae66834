// Package redisstoretest opens empty corners of a Redis for tests: keys under a
// random prefix, deleted afterwards.
package redisstoretest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/store/redisstore"
)

// Open opens an empty store.
func Open(t testing.TB, now func() time.Time) *redisstore.DB {
	t.Helper()
	db, err := redisstore.Open(context.Background(), URL(t), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// URL returns the Redis that TEST_REDIS_URL names, with a random key prefix.
// Without one the test is skipped, but fails where TEST_BACKENDS is "all".
func URL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_REDIS_URL")
	if base == "" {
		if os.Getenv("TEST_BACKENDS") == "all" {
			t.Fatal("TEST_BACKENDS=all, but TEST_REDIS_URL is not set")
		}
		t.Skip("TEST_REDIS_URL is not set; make test starts a Redis")
	}
	raw := make([]byte, 8)
	rand.Read(raw)
	prefix := "test-" + hex.EncodeToString(raw) + ":"
	t.Cleanup(func() { deleteAll(t, base, prefix) })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("prefix", prefix)
	u.RawQuery = q.Encode()
	return u.String()
}

func deleteAll(t testing.TB, base, prefix string) {
	ctx := context.Background()
	opt, err := redis.ParseURL(base)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(opt)
	defer c.Close()
	keys := c.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := c.Unlink(ctx, keys.Val()).Err(); err != nil {
			t.Error(err)
		}
	}
	if err := keys.Err(); err != nil {
		t.Error(err)
	}
}
