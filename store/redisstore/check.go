package redisstore

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// check refuses a Redis that evicts, since a forgotten replay mark lets a code in
// twice, and notes what else an operator should know.
func (db *DB) check(ctx context.Context) error {
	var mu sync.Mutex
	return db.eachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx).Result() // all sections: Redis 6 takes one at a time
		if err != nil {
			return fmt.Errorf("redisstore: %w", err)
		}
		if policy := infoField(info, "maxmemory_policy"); policy != "" && policy != "noeviction" {
			return fmt.Errorf("redisstore: %s evicts keys (maxmemory-policy %s); set it to noeviction", c.Options().Addr, policy)
		}
		if infoField(info, "master_replid") == "" {
			return fmt.Errorf("redisstore: %s does not show its master_replid; lost writes would go unnoticed", c.Options().Addr)
		}
		fsync, err := c.ConfigGet(ctx, "appendfsync").Result()
		if err != nil {
			fsync = nil // hosts of Redis forbid CONFIG
		}
		mu.Lock()
		defer mu.Unlock()
		for _, w := range durability(info, fsync["appendfsync"]) {
			db.warnings = append(db.warnings, "redis at "+c.Options().Addr+" "+w)
		}
		return nil
	})
}

// checkChannels notes that the user may not ring at other nodes. Writing goes on without.
func (db *DB) checkChannels(ctx context.Context) {
	err := db.client.Publish(ctx, db.prefix+"cs:log", "").Err()
	if err != nil && strings.HasPrefix(err.Error(), "NOPERM") {
		db.warnings = append(db.warnings, "the Redis user may not use the channels "+db.prefix+"*; devices hear of changes up to a minute late")
	}
}

// durability says how a master may lose what it acknowledged. fsync is its
// appendfsync, empty where it does not tell.
func durability(info, fsync string) (warnings []string) {
	switch {
	case infoField(info, "aof_enabled") == "0":
		warnings = append(warnings, "has no append-only file; what was written since its last snapshot is lost when it restarts")
	case fsync == "":
		warnings = append(warnings, "does not show its appendfsync; unless it is always, a crash loses what was written in the last second or more")
	case fsync != "always":
		warnings = append(warnings, fmt.Sprintf("has appendfsync %s; a crash loses what was written in the last second or more", fsync))
	}
	if n := infoField(info, "connected_slaves"); n != "" && n != "0" && infoField(info, "min_slaves_good_slaves") == "" {
		warnings = append(warnings, "has replicas and no min-replicas-to-write; a master that is cut off goes on taking writes that a fail-over loses")
	}
	return warnings
}

// eachMaster calls fn with each master, at once on a Cluster.
func (db *DB) eachMaster(ctx context.Context, fn func(context.Context, *redis.Client) error) error {
	switch c := db.client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, fn)
	case *redis.Client:
		return fn(ctx, c)
	}
	return fmt.Errorf("redisstore: unknown client %T", db.client)
}

// infoField returns the value of a "name:value" line of INFO.
func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
