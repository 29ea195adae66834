// Package redisstore keeps short-lived and busy data in Redis: one-time values,
// counters, browser sessions, datasets. It runs on a single server, behind
// Sentinel, or on a Cluster: each script touches keys of one slot only.
package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

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
//	unix:///run/redis/redis.sock?db=0                               one server on this machine
//	redis+sentinel://host:26379/0?addr=host2:26379&master_name=main  its master by Sentinel
//	redis+cluster://host:6379?addr=host2:6379                        a Cluster
//
// each but unix also as rediss for TLS, and with addr as often as there are further
// nodes; one that answers is enough. User and password are those of the masters and, on
// Sentinel, sentinel_username and sentinel_password its own. The query may hold go-redis options in snake case
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
	db.checkChannels(ctx)
	return db, nil
}

// Warnings returns what an operator should know of this Redis, a sentence each.
func (db *DB) Warnings() []string { return db.warnings }

// Ping reports whether Redis answers.
func (db *DB) Ping(ctx context.Context) error { return db.client.Ping(ctx).Err() }

// Close closes the connections.
func (db *DB) Close() error { return db.client.Close() }
