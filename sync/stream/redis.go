package stream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// retention is how long a Redis stream keeps records, as Kinesis does by default.
// Without an end it would grow until its server is full.
const retention = 24 * time.Hour

// A redisSink adds records to a Redis stream, as entries with the fields id,
// partition and data.
type redisSink struct {
	client *redis.Client
	key    string
	now    func() time.Time
}

func newRedis(u *url.URL, now func() time.Time) (Sink, error) {
	opt, key, err := redisOptions(u)
	if err != nil {
		return nil, err
	}
	return &redisSink{redis.NewClient(opt), key, now}, nil
}

// redisOptions reads an address. What stands last in its path is the key.
func redisOptions(u *url.URL) (*redis.Options, string, error) {
	plain := *u
	db, key, two := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if !two {
		db, key = "0", db
	}
	if _, err := strconv.Atoi(db); err != nil || key == "" {
		return nil, "", errors.New("want redis://HOST/KEY or redis://HOST/DATABASE/KEY")
	}
	plain.Path, plain.RawPath = "/"+db, ""
	opt, err := redis.ParseURL(plain.String())
	if err != nil {
		return nil, "", errors.New("the Redis URL is malformed") // the cause would show the password
	}
	return opt, key, nil
}

// Put implements Sink. A record that was added and not answered for is added twice.
func (s *redisSink) Put(ctx context.Context, r Record) error {
	err := s.client.XAdd(ctx, &redis.XAddArgs{Stream: s.key, Approx: true,
		MinID:  strconv.FormatInt(s.now().Add(-retention).UnixMilli(), 10),
		Values: []any{"id", r.ID, "partition", r.Partition, "data", r.Body}}).Err()
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// Close implements Sink.
func (s *redisSink) Close() error { return s.client.Close() }
