// Package redisstore keeps short-lived and busy data in Redis: one-time values,
// counters, browser sessions, datasets. It runs on a single server, behind
// Sentinel, or on a Cluster: each script touches keys of one slot only.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// defaultPrefix stands before every key, so that a Redis can be shared.
const defaultPrefix = "poolhouse:"

// A DB is one Redis.
type DB struct {
	client   redis.UniversalClient
	prefix   string
	now      func() time.Time
	warnings []string
}

// Open connects to the Redis that rawURL names and checks that it is fit to keep
// data. The forms are
//
//	redis://user:password@host:6379/0                               one server
//	redis+sentinel://host:26379/0?addr=host2:26379&master_name=main  its master by Sentinel
//	redis+cluster://host:6379?addr=host2:6379                        a Cluster
//
// each also as rediss for TLS. The query may hold go-redis options in snake case
// and prefix, what all keys begin with ("poolhouse:" by default).
func Open(ctx context.Context, rawURL string, now func() time.Time) (*DB, error) {
	client, prefix, err := connect(rawURL)
	if err != nil {
		return nil, err
	}
	db := &DB{client: client, prefix: prefix, now: now}
	if err := db.check(ctx); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return db, nil
}

func connect(rawURL string) (client redis.UniversalClient, prefix string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, "", errors.New("redisstore: the Redis URL is malformed") // the cause would show the password
	}
	q := u.Query()
	prefix = defaultPrefix
	if q.Has("prefix") {
		prefix = q.Get("prefix")
		q.Del("prefix")
		u.RawQuery = q.Encode()
	}
	tls, kind, _ := strings.Cut(u.Scheme, "+")
	if tls != "redis" && tls != "rediss" {
		return nil, "", fmt.Errorf("redisstore: scheme %q is not redis, rediss, redis+sentinel or redis+cluster", u.Scheme)
	}
	u.Scheme = tls
	client, err = newClient(kind, u.String())
	return client, prefix, err
}

func newClient(kind, plain string) (redis.UniversalClient, error) {
	switch kind {
	case "":
		opt, err := redis.ParseURL(plain)
		if err != nil {
			return nil, fmt.Errorf("redisstore: %w", err)
		}
		return redis.NewClient(opt), nil
	case "sentinel":
		opt, err := redis.ParseFailoverURL(plain)
		if err != nil {
			return nil, fmt.Errorf("redisstore: %w", err)
		}
		if opt.MasterName == "" {
			return nil, errors.New("redisstore: a redis+sentinel URL needs master_name in its query")
		}
		return redis.NewFailoverClient(opt), nil
	case "cluster":
		opt, err := redis.ParseClusterURL(plain)
		if err != nil {
			return nil, fmt.Errorf("redisstore: %w", err)
		}
		return redis.NewClusterClient(opt), nil
	}
	return nil, fmt.Errorf("redisstore: unknown kind of Redis %q, want sentinel or cluster", kind)
}

// check refuses a Redis that evicts: a forgotten replay mark lets a code in twice.
func (db *DB) check(ctx context.Context) error {
	var mu sync.Mutex
	return db.eachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx).Result() // all sections: Redis 6 takes one at a time
		if err != nil {
			return fmt.Errorf("redisstore: %w", err)
		}
		if policy := infoField(info, "maxmemory_policy"); policy != "" && policy != "noeviction" {
			return fmt.Errorf("redisstore: %s evicts keys (maxmemory-policy %s); set it to noeviction", c.Options().Addr, policy)
		}
		if infoField(info, "aof_enabled") == "0" {
			mu.Lock()
			defer mu.Unlock()
			db.warnings = append(db.warnings, fmt.Sprintf(
				"redis at %s has no append-only file; what was written since its last snapshot is lost when it restarts", c.Options().Addr))
		}
		return nil
	})
}

func (db *DB) eachMaster(ctx context.Context, fn func(context.Context, *redis.Client) error) error {
	switch c := db.client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, fn)
	case *redis.Client:
		return fn(ctx, c)
	}
	return fmt.Errorf("redisstore: unknown client %T", db.client)
}

// infoField returns the value of a "name:value" line of INFO.
func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Warnings returns what an operator should know of this Redis, a sentence each.
func (db *DB) Warnings() []string { return db.warnings }

// Ping reports whether Redis answers.
func (db *DB) Ping(ctx context.Context) error { return db.client.Ping(ctx).Err() }

// Close closes the connections.
func (db *DB) Close() error { return db.client.Close() }
