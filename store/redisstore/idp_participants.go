package redisstore

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A ParticipantStore keeps who takes part in browser sessions: one hash for a user,
// with a field for each root, kind and client.
type ParticipantStore struct{ db *DB }

var _ idp.ParticipantStore = (*ParticipantStore)(nil)

// Participants returns the store of those who take part in browser sessions.
func (db *DB) Participants() *ParticipantStore { return &ParticipantStore{db} }

// joinScript sets a field, and takes away the dead ones once there are many. KEYS:
// the hash. ARGV: field, value, time to live in milliseconds, now in microseconds.
var joinScript = redis.NewScript(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
if redis.call('HLEN', KEYS[1]) > 64 then
	local all = redis.call('HGETALL', KEYS[1])
	for i = 1, #all, 2 do
		if cjson.decode(all[i + 1]).ExpiresMicros <= tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], all[i]) end
	end
end
return 1`)

// leaveScript deletes a field that still is what it was read as. KEYS: the hash.
// ARGV: field, value.
var leaveScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`)

// storedParticipant is a participant and its expiry as a number that a script can compare.
type storedParticipant struct {
	idp.Participant
	ExpiresMicros int64
}

func encodeParticipant(p *idp.Participant) ([]byte, error) {
	return json.Marshal(storedParticipant{*p, p.Expires.UnixMicro()})
}

// Join implements idp.ParticipantStore.
func (s *ParticipantStore) Join(ctx context.Context, p *idp.Participant) error {
	value, err := encodeParticipant(p)
	if err != nil {
		return err
	}
	now := s.db.now()
	return joinScript.Run(ctx, s.db.client, []string{s.key(p.Pool, p.Sub)}, participantField(p), value,
		timeToLive(now, p.Expires).Milliseconds(), now.UnixMicro()).Err()
}

// Participants implements idp.ParticipantStore.
func (s *ParticipantStore) Participants(ctx context.Context, pool userpool.PoolID, sub string, root idp.Handle) ([]*idp.Participant, error) {
	values, err := s.db.client.HVals(ctx, s.key(pool, sub)).Result()
	if err != nil {
		return nil, err
	}
	var list []*idp.Participant
	for _, raw := range values {
		var p storedParticipant
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			return nil, err
		}
		if s.db.now().Before(p.Expires) && (root == "" || p.Root == root) {
			list = append(list, &p.Participant)
		}
	}
	slices.SortFunc(list, func(a, b *idp.Participant) int {
		return cmp.Or(cmp.Compare(a.Root, b.Root), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Client, b.Client))
	})
	return list, nil
}

// Leave implements idp.ParticipantStore.
func (s *ParticipantStore) Leave(ctx context.Context, p *idp.Participant) error {
	value, err := encodeParticipant(p)
	if err != nil {
		return err
	}
	return leaveScript.Run(ctx, s.db.client, []string{s.key(p.Pool, p.Sub)}, participantField(p), value).Err()
}

// DeleteExpiredParticipants implements idp.ParticipantStore. Redis clears away what
// is dead.
func (s *ParticipantStore) DeleteExpiredParticipants(ctx context.Context, _ int) (int, error) {
	return 0, ctx.Err()
}

// participantField tells participants of a user apart: no root, kind or client has
// a space. Those without a kind were here first.
func participantField(p *idp.Participant) string {
	if p.Kind == idp.OpenIDClient {
		return string(p.Root) + " " + string(p.Client)
	}
	return string(p.Root) + " " + string(p.Kind) + " " + string(p.Client)
}

func (s *ParticipantStore) key(pool userpool.PoolID, sub string) string {
	return s.db.prefix + "session-clients:{" + string(pool) + "}:" + sub
}
