package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// CopiedTo returns s as a store that keeps copies, for a Copier to bring up to date:
// before an owner is used in a generation, it is loaded from its copy.
func (s *DatasetStore) CopiedTo(copies dataset.Copies) *DatasetStore {
	return &DatasetStore{db: s.db, generations: s.generations, copies: copies, queues: newQueues(s.db)}
}

// run runs a script of an owner's, see generations.run; it loads the owner first
// where that must be.
func (s *DatasetStore) run(ctx context.Context, owner dataset.Owner, script func(known string) *redis.Cmd) ([]any, error) {
	if s.copies == nil {
		return s.generations.run(ctx, script)
	}
	marked := func(known string) *redis.Cmd { return script("copies " + known) }
	for range 5 {
		answer, err := s.generations.run(ctx, marked)
		if err != nil || len(answer) != 2 || answer[0] != "load" {
			return answer, err
		}
		var base int64
		if _, err := fmt.Sscan(fmt.Sprint(answer[1]), &base); err != nil {
			return nil, fmt.Errorf("base of a generation: %w", err)
		}
		if err := s.load(ctx, owner, base); err != nil {
			return nil, fmt.Errorf("load datasets: %w", err)
		}
	}
	return nil, errUnsteady
}

// runs is run with the queue in which the scripts note what is to be copied.
func (s *DatasetStore) runs(ctx context.Context, script *redis.Script, owner dataset.Owner, name string, args func(known string) []any) ([]any, error) {
	keys := s.keys(owner, name)
	if s.copies != nil {
		keys = append(keys, s.queues.of(keys[0]))
	}
	answer, err := s.run(ctx, owner, func(known string) *redis.Cmd {
		return script.Run(ctx, s.db.client, keys, args(known)...)
	})
	if s.copies != nil {
		s.queues.stir(keys[0])
	}
	return answer, err
}

// ensure loads an owner that must be before it is read.
func (s *DatasetStore) ensure(ctx context.Context, owner dataset.Owner) error {
	if s.copies == nil {
		return nil
	}
	_, _, err := s.page(ctx, dataset.Query{Owner: owner, Limit: 1})
	return err
}

// load puts an owner's datasets there as their copies have them, where what is there is
// older, and takes the owner into the generation with this base. The fence comes
// first: what another generation still copies then is refused, so that the copies stand
// still. Several nodes may do this at once.
func (s *DatasetStore) load(ctx context.Context, owner dataset.Owner, base int64) error {
	all, closed, err := s.copies.Fence(ctx, owner, base)
	if err != nil {
		return err
	}
	for i := range all {
		if err := s.loadOne(ctx, owner, &all[i]); err != nil {
			return err
		}
	}
	ended := ""
	if closed {
		ended = fmt.Sprint(micros(s.db.now()))
	}
	keys := s.keys(owner, "")
	_, err = s.generations.run(ctx, func(known string) *redis.Cmd {
		return loadedScript.Run(ctx, s.db.client, []string{keys[0], s.queues.of(keys[0])}, base, "copies "+known, micros(s.db.now()), ended)
	})
	s.queues.stir(keys[0])
	return err
}

func (s *DatasetStore) loadOne(ctx context.Context, owner dataset.Owner, d *dataset.Dataset) error {
	page, err := s.copies.Records(ctx, dataset.Query{Owner: owner, Dataset: d.Name, After: dataset.After(0), Limit: dataset.MaxBatch, Fingerprints: true})
	if err != nil {
		return err
	}
	_, err = s.generations.run(ctx, func(known string) *redis.Cmd {
		args := make([]any, 0, 4+5*len(page.Records))
		args = append(args, d.Name, packDataset(d), d.SyncCount, "copies "+known)
		return loadScript.Run(ctx, s.db.client, s.keys(owner, d.Name)[:4], appendRecords(args, page.Records)...)
	})
	return err
}

// appendRecords adds records as dataset_load.lua and dataset_adopt.lua take them.
func appendRecords(args []any, records []dataset.Record) []any {
	for i := range records {
		r := &records[i]
		args = append(args, r.Key, int64(r.Position), flag(r.Removed), packRecord(r), r.Value)
	}
	return args
}
