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
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// Open opens an empty store.
func Open(t testing.TB, now func() time.Time) *redisstore.DB {
	t.Helper()
	return OpenURL(t, URL(t), now)
}

// OpenURL opens the store at a URL until the test ends.
func OpenURL(t testing.TB, rawURL string, now func() time.Time) *redisstore.DB {
	t.Helper()
	db, err := redisstore.Open(context.Background(), rawURL, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Datasets opens an empty store of datasets that knows no generation yet.
func Datasets(t testing.TB) *redisstore.DatasetStore {
	t.Helper()
	return Open(t, time.Now).Datasets(new(datasettest.Memory))
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
	rawURL, prefix := Apart(t, base)
	t.Cleanup(func() { deleteAll(t, base, prefix) })
	return rawURL
}

// Apart returns a URL with a random key prefix, and that. Nobody deletes the keys.
func Apart(t testing.TB, base string) (rawURL, prefix string) {
	t.Helper()
	raw := make([]byte, 8)
	rand.Read(raw)
	prefix = "test-" + hex.EncodeToString(raw) + ":"
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("prefix", prefix)
	u.RawQuery = q.Encode()
	return u.String(), prefix
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
