package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A DatasetStore keeps synchronised data. Each call is one command or one
// script, and all keys of an owner share a hash tag, so that it works on a
// Cluster:
//
//	cs:{pool/identity}:ds         hash: dataset to packed state; of deleted ones too;
//	                              "@" to the base of the owner's generation
//	cs:{pool/identity}:d:name:r   hash: record key to value
//	cs:{pool/identity}:d:name:s   hash: record key to packed state, so that
//	                              comparing counts reads no values
//	cs:{pool/identity}:d:name:z   sorted set: record keys by position
//	cs:{pool/identity}:log        stream: what changed, about the last dataset.LogLength
type DatasetStore struct {
	db          *DB
	generations *generations
	copies      dataset.Copies // nil where none are kept
	queues      *queues        // of what waits to be copied
}

var _ dataset.Store = (*DatasetStore)(nil)

// Datasets returns the store of synchronised data. What is known of generations
// must outlive Redis.
func (db *DB) Datasets(known dataset.Generations) *DatasetStore {
	return &DatasetStore{db: db, generations: &generations{db: db, store: known}}
}

var (
	//go:embed dataset_generation.lua
	generationLua string
	//go:embed dataset_update.lua
	updateLua string
	//go:embed dataset_records.lua
	recordsLua string
	//go:embed dataset_delete.lua
	deleteLua string
	//go:embed dataset_adopt.lua
	adoptLua string
	//go:embed dataset_load.lua
	loadLua string
	//go:embed dataset_loaded.lua
	loadedLua string
	//go:embed dataset_copied.lua
	copiedLua string

	updateScript  = redis.NewScript(generationLua + updateLua)
	recordsScript = redis.NewScript(generationLua + recordsLua)
	deleteScript  = redis.NewScript(generationLua + deleteLua)
	adoptScript   = redis.NewScript(generationLua + adoptLua)
	loadScript    = redis.NewScript(generationLua + loadLua)
	loadedScript  = redis.NewScript(generationLua + loadedLua)
	copiedScript  = redis.NewScript(copiedLua)
)

// Datasets implements dataset.Store.
func (s *DatasetStore) Datasets(ctx context.Context, owner dataset.Owner) ([]dataset.Dataset, error) {
	if err := s.ensure(ctx, owner); err != nil {
		return nil, err
	}
	packed, err := s.db.client.HGetAll(ctx, s.ownerKey(owner)+"ds").Result()
	if err != nil {
		return nil, fmt.Errorf("redisstore: datasets: %w", err)
	}
	var all []dataset.Dataset
	for name, p := range packed {
		if name == endField || name == generationField {
			continue
		}
		d, err := unpackDataset(name, p)
		if err != nil {
			return nil, err
		}
		if !d.Deleted {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(a, b dataset.Dataset) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Dataset implements dataset.Store.
func (s *DatasetStore) Dataset(ctx context.Context, owner dataset.Owner, name string) (*dataset.Dataset, error) {
	if err := s.ensure(ctx, owner); err != nil {
		return nil, err
	}
	packed, err := s.db.client.HGet(ctx, s.ownerKey(owner)+"ds", name).Result()
	if errors.Is(err, redis.Nil) {
		return nil, dataset.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: dataset: %w", err)
	}
	d, err := unpackDataset(name, packed)
	if err != nil {
		return nil, err
	}
	if d.Deleted {
		return nil, dataset.ErrNotFound
	}
	return d, nil
}

// Delete implements dataset.Store.
func (s *DatasetStore) Delete(ctx context.Context, owner dataset.Owner, name string, at time.Time, epoch dataset.Epoch) (*dataset.Dataset, error) {
	if err := s.ensure(ctx, owner); err != nil {
		return nil, err
	}
	before, err := s.db.client.HGet(ctx, s.ownerKey(owner)+"ds", name).Result() // for an answer that is lost
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("redisstore: delete dataset: %w", err)
	}
	answer, err := s.runs(ctx, deleteScript, owner, name, func(known string) []any {
		return []any{name, micros(at), string(epoch), known}
	})
	if errors.Is(err, redis.Nil) {
		return nil, dataset.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: delete dataset: %w", err)
	}
	switch packed, _ := answer[0].(string); packed {
	case "ended":
		return nil, dataset.ErrEnded
	case "again":
		return unpackDataset(name, before)
	default:
		return unpackDataset(name, packed)
	}
}

// keys returns the keys that the scripts take.
func (s *DatasetStore) keys(owner dataset.Owner, name string) []string {
	o := s.ownerKey(owner)
	d := o + "d:" + escapeKey(name)
	return []string{o + "ds", d + ":r", d + ":s", d + ":z", s.logKey(owner)}
}

func (s *DatasetStore) ownerKey(owner dataset.Owner) string {
	return s.db.prefix + "cs:{" + escapeKey(string(owner.Pool)) + "/" + escapeKey(string(owner.Identity)) + "}:"
}

// escapeKey writes everything but letters, digits, '_', '-' and '.' as %XX. IDs
// and names hold colons, which part our keys; braces would end the hash tag.
func escapeKey(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
