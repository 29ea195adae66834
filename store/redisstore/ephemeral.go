package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// An EphemeralStore keeps what may be used once, and counters. A value begins
// with its expiry in microseconds and a colon: the server's clock decides, and
// the key's own time to live only clears it away.
type EphemeralStore struct{ db *DB }

var _ ephemeral.Store = (*EphemeralStore)(nil)

// Ephemeral returns the store of short-lived values.
func (db *DB) Ephemeral() *EphemeralStore { return &EphemeralStore{db} }

// claimScript sets KEYS[1] where it is absent or expired.
// ARGV: now and expiry in microseconds, time to live in milliseconds.
var claimScript = redis.NewScript(`
local old = redis.call('GET', KEYS[1])
if old and tonumber(string.match(old, '^(%d+):')) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ':', 'PX', ARGV[3])
return 1`)

// countScript adds ARGV[4] to the counter in KEYS[1]; the other arguments are
// those of claimScript. Lua's numbers are exact up to 2^53.
var countScript = redis.NewScript(`
local sum = tonumber(ARGV[4])
local old = redis.call('GET', KEYS[1])
if old then
	local expires, n = string.match(old, '^(%d+):(-?%d+)$')
	if n and tonumber(expires) > tonumber(ARGV[1]) then sum = sum + tonumber(n) end
end
redis.call('SET', KEYS[1], ARGV[2] .. ':' .. string.format('%.0f', sum), 'PX', ARGV[3])
return sum`)

// Claim implements ephemeral.Store.
func (s *EphemeralStore) Claim(ctx context.Context, namespace, key string, expires time.Time) (bool, error) {
	now := s.db.now()
	return claimScript.Run(ctx, s.db.client, []string{s.key(namespace, key)},
		now.UnixMicro(), expires.UnixMicro(), timeToLive(now, expires).Milliseconds()).Bool()
}

// Put implements ephemeral.Store.
func (s *EphemeralStore) Put(ctx context.Context, namespace, key string, value []byte, expires time.Time) error {
	stored := append(strconv.AppendInt(nil, expires.UnixMicro(), 10), ':')
	return s.db.client.Set(ctx, s.key(namespace, key), append(stored, value...), timeToLive(s.db.now(), expires)).Err()
}

// Get implements ephemeral.Store.
func (s *EphemeralStore) Get(ctx context.Context, namespace, key string) ([]byte, error) {
	return s.value(s.db.client.Get(ctx, s.key(namespace, key)).Result())
}

// Take implements ephemeral.Store.
func (s *EphemeralStore) Take(ctx context.Context, namespace, key string) ([]byte, error) {
	return s.value(s.db.client.GetDel(ctx, s.key(namespace, key)).Result())
}

func (s *EphemeralStore) value(stored string, err error) ([]byte, error) {
	if errors.Is(err, redis.Nil) {
		return nil, ephemeral.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	head, value, _ := strings.Cut(stored, ":")
	expires, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("redisstore: stored value: %w", err)
	}
	if expires <= s.db.now().UnixMicro() {
		return nil, ephemeral.ErrNotFound
	}
	return []byte(value), nil
}

// Delete implements ephemeral.Store.
func (s *EphemeralStore) Delete(ctx context.Context, namespace, key string) error {
	return s.db.client.Del(ctx, s.key(namespace, key)).Err()
}

// Count implements ephemeral.Store.
func (s *EphemeralStore) Count(ctx context.Context, namespace, key string, delta int64, window time.Duration) (int64, error) {
	if delta == 0 {
		return s.counted(ctx, namespace, key)
	}
	now := s.db.now()
	expires := now.Add(window)
	return countScript.Run(ctx, s.db.client, []string{s.key(namespace, key)},
		now.UnixMicro(), expires.UnixMicro(), timeToLive(now, expires).Milliseconds(), delta).Int64()
}

func (s *EphemeralStore) counted(ctx context.Context, namespace, key string) (int64, error) {
	value, err := s.Get(ctx, namespace, key)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(value), 10, 64)
}

// key returns the Redis key of a value; the caller's key goes in hashed.
func (s *EphemeralStore) key(namespace, key string) string {
	sum := sha256.Sum256([]byte(key))
	return s.db.prefix + "once:" + namespace + ":" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// timeToLive is at least a millisecond, because Redis refuses none.
func timeToLive(now, expires time.Time) time.Duration {
	return max(expires.Sub(now), time.Millisecond)
}
