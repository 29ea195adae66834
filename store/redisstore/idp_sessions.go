package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A SessionStore keeps browser sessions. A session is a JSON value; the sessions
// of a pool share a hash slot with the sets that list them by user, so that each
// step is one script. A member of such a set may be dead: its key decides. The
// clock that was given judges expiry; Redis's own only clears away.
type SessionStore struct{ db *DB }

var _ idp.SessionStore = (*SessionStore)(nil)

// Sessions returns the store of browser sessions.
func (db *DB) Sessions() *SessionStore { return &SessionStore{db} }

// createScript adds a session. KEYS: session, its user's set, and for a renewal
// the old session. ARGV: value, id, time to live of the session and of the set in
// milliseconds, now in microseconds, the old id.
// It answers "exists", "gone" or "ok".
var createScript = redis.NewScript(`
if KEYS[3] then
	local old = redis.call('GET', KEYS[3])
	if not old or cjson.decode(old).ExpiresMicros <= tonumber(ARGV[5]) then return 'gone' end
	redis.call('DEL', KEYS[3])
	redis.call('SREM', KEYS[2], ARGV[6])
end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[2])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
return 'ok'`)

// replaceScript writes a session that still is what it was read as.
// KEYS: session. ARGV: old value, new value, time to live in milliseconds.
var replaceScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// stored is a session and its expiry as a number that a script can compare.
type stored struct {
	idp.Session
	ExpiresMicros int64
}

func encodeSession(s *idp.Session) ([]byte, error) {
	return json.Marshal(stored{*s, s.Expires.UnixMicro()})
}

// Create implements idp.SessionStore.
func (s *SessionStore) Create(ctx context.Context, sess *idp.Session) error {
	return s.create(ctx, sess, "")
}

// Renew implements idp.SessionStore. The old session may be another user's: its
// set then keeps a dead member until it expires.
func (s *SessionStore) Renew(ctx context.Context, old idp.Handle, sess *idp.Session) error {
	return s.create(ctx, sess, old)
}

func (s *SessionStore) create(ctx context.Context, sess *idp.Session, old idp.Handle) error {
	value, err := encodeSession(sess)
	if err != nil {
		return err
	}
	keys := []string{s.key(sess.Pool, sess.ID), s.userKey(sess.Pool, sess.Sub)}
	if old != "" {
		keys = append(keys, s.key(sess.Pool, old))
	}
	now := s.db.now()
	answer, err := createScript.Run(ctx, s.db.client, keys, value, string(sess.ID), timeToLive(now, sess.Expires).Milliseconds(),
		timeToLive(now, sess.Limit).Milliseconds(), now.UnixMicro(), string(old)).Text()
	switch {
	case err != nil:
		return err
	case answer == "exists":
		return idp.ErrSessionExists
	case answer == "gone":
		return idp.ErrSessionNotFound
	}
	return nil
}

// Get implements idp.SessionStore.
func (s *SessionStore) Get(ctx context.Context, pool userpool.PoolID, id idp.Handle) (*idp.Session, error) {
	sess, _, err := s.read(ctx, pool, id)
	return sess, err
}

func (s *SessionStore) read(ctx context.Context, pool userpool.PoolID, id idp.Handle) (*idp.Session, string, error) {
	raw, err := s.db.client.Get(ctx, s.key(pool, id)).Result()
	if errors.Is(err, redis.Nil) {
		return nil, "", idp.ErrSessionNotFound
	}
	if err != nil {
		return nil, "", err
	}
	sess, err := s.decode(raw)
	return sess, raw, err
}

func (s *SessionStore) decode(raw string) (*idp.Session, error) {
	var v stored
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return nil, err
	}
	if !s.db.now().Before(v.Expires) {
		return nil, idp.ErrSessionNotFound
	}
	if v.Root == "" { // written by a release that knew none
		v.Root = v.ID
	}
	return &v.Session, nil
}

// Touch implements idp.SessionStore. Where somebody else touched the session
// meanwhile, theirs is as good.
func (s *SessionStore) Touch(ctx context.Context, pool userpool.PoolID, id idp.Handle, seen, expires time.Time) error {
	sess, old, err := s.read(ctx, pool, id)
	if err != nil {
		return err
	}
	sess.LastSeen, sess.Expires = seen, expires
	value, err := encodeSession(sess)
	if err != nil {
		return err
	}
	done, err := replaceScript.Run(ctx, s.db.client, []string{s.key(pool, id)}, old, value,
		timeToLive(s.db.now(), expires).Milliseconds()).Bool()
	if err != nil || done {
		return err
	}
	_, _, err = s.read(ctx, pool, id)
	return err
}

// List implements idp.SessionStore.
func (s *SessionStore) List(ctx context.Context, pool userpool.PoolID, sub string) ([]*idp.Session, error) {
	ids, err := s.db.client.SMembers(ctx, s.userKey(pool, sub)).Result()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.key(pool, idp.Handle(id))
	}
	values, err := s.db.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, err
	}
	var list []*idp.Session
	for _, v := range values {
		raw, ok := v.(string)
		if !ok {
			continue // dead, and cleared away
		}
		sess, err := s.decode(raw)
		if errors.Is(err, idp.ErrSessionNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if sess.Sub == sub {
			list = append(list, sess)
		}
	}
	slices.SortFunc(list, func(a, b *idp.Session) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return list, nil
}

// Revoke implements idp.SessionStore.
func (s *SessionStore) Revoke(ctx context.Context, pool userpool.PoolID, id idp.Handle) error {
	return s.db.client.Del(ctx, s.key(pool, id)).Err()
}

// revokeAllScript deletes the sessions of a user's set but one. KEYS: the set.
// ARGV: what the key of a session begins with, the id that stays. The keys that
// it makes up share the set's slot.
var revokeAllScript = redis.NewScript(`
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
	if id ~= ARGV[2] then
		redis.call('DEL', ARGV[1] .. id)
		redis.call('SREM', KEYS[1], id)
	end
end
return 1`)

// RevokeAll implements idp.SessionStore.
func (s *SessionStore) RevokeAll(ctx context.Context, pool userpool.PoolID, sub string, except idp.Handle) error {
	return revokeAllScript.Run(ctx, s.db.client, []string{s.userKey(pool, sub)}, s.key(pool, ""), string(except)).Err()
}

// DeleteExpired implements idp.SessionStore. Redis clears away what is dead.
func (s *SessionStore) DeleteExpired(ctx context.Context, _ int) (int, error) { return 0, ctx.Err() }

func (s *SessionStore) key(pool userpool.PoolID, id idp.Handle) string {
	return s.db.prefix + "session:{" + string(pool) + "}:" + string(id)
}

func (s *SessionStore) userKey(pool userpool.PoolID, sub string) string {
	return s.db.prefix + "session-user:{" + string(pool) + "}:" + sub
}
