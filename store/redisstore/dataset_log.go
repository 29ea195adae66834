package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var _ dataset.Log = (*DatasetStore)(nil)

// logKey is the key of an owner's log, a stream that the scripts add to, and the
// name of the channel that they ring at.
func (s *DatasetStore) logKey(owner dataset.Owner) string { return s.ownerKey(owner) + "log" }

// LogTail implements dataset.Log.
func (s *DatasetStore) LogTail(ctx context.Context, owner dataset.Owner) (dataset.LogID, error) {
	last, err := s.db.client.XRevRangeN(ctx, s.logKey(owner), "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("redisstore: tail of the log: %w", err)
	}
	if len(last) == 0 {
		return dataset.LogStart, nil
	}
	return dataset.LogID(last[0].ID), nil
}

// LogSince implements dataset.Log. An ID is good while its own entry is there:
// then so is all behind it, also on a Redis that had lost its last writes.
func (s *DatasetStore) LogSince(ctx context.Context, owner dataset.Owner, after dataset.LogID) ([]dataset.LogEntry, error) {
	from := string(after)
	if after == dataset.LogStart {
		from = "-"
	} else if !isStreamID(from) {
		return nil, dataset.ErrGap
	}
	found, err := s.db.client.XRange(ctx, s.logKey(owner), from, "+").Result()
	switch {
	case err != nil:
		return nil, fmt.Errorf("redisstore: log: %w", err)
	case after != dataset.LogStart:
		if len(found) == 0 || found[0].ID != from {
			return nil, dataset.ErrGap
		}
		found = found[1:]
	case len(found) >= dataset.LogLength: // it may have been trimmed; a shorter one never was
		return nil, dataset.ErrGap
	}
	return logEntries(found)
}

// isStreamID reports whether s is an ID in the one form that Redis writes.
func isStreamID(s string) bool {
	ms, seq, ok := strings.Cut(s, "-")
	for _, part := range []string{ms, seq} {
		n, err := strconv.ParseUint(part, 10, 64)
		ok = ok && err == nil && strconv.FormatUint(n, 10) == part
	}
	return ok
}

func logEntries(found []redis.XMessage) ([]dataset.LogEntry, error) {
	entries := make([]dataset.LogEntry, len(found))
	for i, m := range found {
		field := func(name string) string {
			text, _ := m.Values[name].(string)
			return text
		}
		count, err := strconv.ParseInt(field("count"), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("redisstore: log entry %s: %w", m.ID, err)
		}
		entries[i] = dataset.LogEntry{ID: dataset.LogID(m.ID), Dataset: field("dataset"), SyncCount: count,
			Device: field("device"), Deleted: field("deleted") == "1"}
	}
	return entries, nil
}
