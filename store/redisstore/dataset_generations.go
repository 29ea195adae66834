package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// generationField is what no dataset is named, see dataset_generation.lua.
const generationField = "@"

// A generations hands the generations of all masters to scripts, since only the
// process that runs a script knows whether it is still the one of before.
type generations struct {
	db    *DB
	store dataset.Generations

	known atomic.Pointer[string] // "ID=base ID=base …", see dataset_generation.lua
}

// run runs a script that takes known generations. Where the answer is that the
// present one is not among them, it learns that one and tries again.
func (g *generations) run(ctx context.Context, script func(known string) *redis.Cmd) ([]any, error) {
	for range 5 {
		known := ""
		if p := g.known.Load(); p != nil {
			known = *p
		}
		answer, err := script(known).Slice()
		if err != nil {
			return nil, err
		}
		id, isGeneration := unknownGeneration(answer)
		if !isGeneration {
			return answer, nil
		}
		if err := g.learn(ctx, id); err != nil {
			return nil, err
		}
	}
	return nil, errUnsteady
}

var errUnsteady = errors.New("redis changes all the time who answers")

func unknownGeneration(answer []any) (id string, ok bool) {
	if len(answer) != 2 || answer[0] != "generation" {
		return "", false
	}
	id, ok = answer[1].(string)
	return id, ok
}

// learn enters the generation with this ID, and those of all masters that answer, so
// that those of a new Cluster begin together.
func (g *generations) learn(ctx context.Context, id string) error {
	ids := g.db.replicationIDs(ctx)
	if !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	entered, err := g.store.Enter(ctx, ids, g.db.now())
	if err != nil {
		return fmt.Errorf("generations: %w", err)
	}
	var b strings.Builder
	for _, e := range entered {
		fmt.Fprintf(&b, "%s=%d ", e.ID, e.Base)
	}
	known := b.String()
	g.known.Store(&known)
	return nil
}

// replicationIDs returns what the masters that answer call their generations.
func (db *DB) replicationIDs(ctx context.Context) []string {
	var mu sync.Mutex
	var ids []string
	// A master that does not answer is asked for when it runs a script.
	_ = db.eachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "replication").Result()
		if err != nil {
			return nil
		}
		if id := infoField(info, "master_replid"); id != "" {
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}
