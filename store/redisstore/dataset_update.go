package redisstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Update implements dataset.Store. The client sends the script again when an
// answer is lost on the way; the fingerprint makes that harmless.
func (s *DatasetStore) Update(ctx context.Context, b *dataset.Batch) (*dataset.Commit, error) {
	answer, err := s.runs(ctx, updateScript, b.Owner, b.Dataset, func(known string) []any { return updateArgs(b, known) })
	if err != nil {
		return nil, fmt.Errorf("redisstore: update records: %w", err)
	}
	return commit(b, answer)
}

// updateArgs returns the arguments of dataset_update.lua.
func updateArgs(b *dataset.Batch, known string) []any {
	l := b.Limits
	args := make([]any, 0, 14+5*len(b.Patches))
	args = append(args, b.Dataset, micros(b.At), b.Device, packFingerprint(b.Fingerprint), string(b.Epoch), b.Seen,
		string(b.NewEpoch), l.Datasets, l.Names, l.Records, l.Keys, l.Bytes, flag(b.Exact), flag(b.Existing), known)
	for i := range b.Patches {
		p := &b.Patches[i]
		value := p.Value
		if p.Remove {
			value = ""
		}
		args = append(args, p.Key, p.SyncCount, flag(p.Remove), micros(p.DeviceModified), value)
	}
	return args
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// commit reads the answer of dataset_update.lua.
func commit(b *dataset.Batch, answer []any) (*dataset.Commit, error) {
	kind, _ := answer[0].(string)
	switch {
	case kind == "ended":
		return nil, dataset.ErrEnded
	case kind == "none":
		return nil, dataset.ErrNotFound
	case kind == "stale":
		return nil, dataset.ErrStaleSession
	case kind == "moved":
		return nil, dataset.ErrConflict
	case kind == "limit" && len(answer) == 2:
		which, _ := answer[1].(string)
		return nil, b.Limits.Exceeded(dataset.Limit(which))
	case len(answer) < 3:
		return nil, fmt.Errorf("redisstore: update records: answer %q", answer)
	}
	first, _ := answer[1].(int64)
	if kind == "conflict" {
		p := &b.Patches[first-1]
		server, _ := answer[2].(int64)
		return nil, &dataset.Conflict{Key: p.Key, Server: server, Sent: p.SyncCount}
	}
	at, _ := answer[2].(string)
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || kind != "stored" && kind != "repeated" {
		return nil, fmt.Errorf("redisstore: update records: answer %q", answer)
	}
	c := &dataset.Commit{SyncCount: first, At: fromMicros(us), Repeated: kind == "repeated"}
	if len(answer) > 3 {
		c.Growth, _ = answer[3].(int64)
	}
	return c, nil
}
