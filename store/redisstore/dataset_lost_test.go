package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

func TestLostWrites(t *testing.T) {
	server, err := redisrig.Alone(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	direct := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { direct.Close() })
	datasettest.TestLostWrites(t, func(t *testing.T) datasettest.Lossy {
		if err := direct.FlushAll(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		db := redisstoretest.OpenURL(t, server.URL(), time.Now)
		return &thrownBack{DatasetStore: db.Datasets(new(datasettest.Memory)), direct: direct, server: server}
	})
}

// A thrownBack store puts back what it dumped, and changes its replication ID as a
// promotion does.
type thrownBack struct {
	*redisstore.DatasetStore
	direct *redis.Client
	server *redisrig.Server
	saved  map[string]string
}

func (s *thrownBack) Save() error {
	ctx := context.Background()
	keys, err := s.direct.Keys(ctx, "*").Result()
	s.saved = map[string]string{}
	for _, key := range keys {
		if err == nil {
			s.saved[key], err = s.direct.Dump(ctx, key).Result()
		}
	}
	return err
}

func (s *thrownBack) Lose() error {
	ctx := context.Background()
	if err := s.direct.FlushAll(ctx).Err(); err != nil {
		return err
	}
	for key, value := range s.saved {
		if err := s.direct.Restore(ctx, key, 0, value).Err(); err != nil {
			return err
		}
	}
	return s.server.Promote(ctx)
}
