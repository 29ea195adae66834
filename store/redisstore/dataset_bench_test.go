package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// The floor of an update: the same compare-and-set of ten records as bare as a
// script can be, without limits, tombstones, positions, or owners.
var bareUpdate = redis.NewScript(`
local keys, values, counts = {}, {}, {}
for i = 1, #ARGV, 3 do keys[#keys + 1] = ARGV[i] end
local now = redis.call('HMGET', KEYS[2], unpack(keys))
for n = 1, #keys do
	if (now[n] or '0') ~= ARGV[n * 3 - 1] then return -1 end
end
local count = redis.call('INCR', KEYS[3])
for n = 1, #keys do
	values[n * 2 - 1], values[n * 2] = keys[n], ARGV[n * 3]
	counts[n * 2 - 1], counts[n * 2] = keys[n], count
end
redis.call('HSET', KEYS[1], unpack(values))
redis.call('HSET', KEYS[2], unpack(counts))
return count`)

func BenchmarkUpdateRecords10(b *testing.B) {
	store := redisstoretest.Datasets(b)
	bare := bareClient(b)
	prefix := fmt.Sprintf("test-bench-%d:", time.Now().UnixNano())
	keys := []string{prefix + "{x}v", prefix + "{x}c", prefix + "{x}n"}
	b.Cleanup(func() { bare.Del(context.Background(), keys...) })
	datasettest.BenchmarkUpdate(b, store, func(count int64) error {
		args := make([]any, 0, 30)
		for i := range 10 {
			args = append(args, fmt.Sprint("key", i), count, strings.Repeat("v", 100))
		}
		return bareUpdate.Run(context.Background(), bare, keys, args...).Err()
	})
}

func BenchmarkListRecords10(b *testing.B) {
	store := redisstoretest.Datasets(b)
	bare := bareClient(b)
	key := fmt.Sprintf("test-bench-%d:h", time.Now().UnixNano())
	b.Cleanup(func() { bare.Del(context.Background(), key) })
	for i := range 10 {
		if err := bare.HSet(context.Background(), key, fmt.Sprint("key", i), strings.Repeat("v", 180)).Err(); err != nil {
			b.Fatal(err)
		}
	}
	datasettest.BenchmarkList(b, store, func() error {
		return bare.HGetAll(context.Background(), key).Err()
	})
}

func bareClient(b *testing.B) *redis.Client {
	opt, err := redis.ParseURL(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		b.Fatal(err)
	}
	c := redis.NewClient(opt)
	b.Cleanup(func() { c.Close() })
	return c
}
