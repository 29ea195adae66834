package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// That an owner is closed stands among its datasets under the name that none can
// have, so that the scripts see it without another key.
const endField = ""

// Close implements dataset.Store.
func (s *DatasetStore) Close(ctx context.Context, owner dataset.Owner, at time.Time) error {
	if s.copies != nil {
		if err := s.copies.Close(ctx, owner, at); err != nil {
			return err
		}
	}
	if err := s.db.client.HSet(ctx, s.ownerKey(owner)+"ds", endField, micros(at)).Err(); err != nil {
		return fmt.Errorf("redisstore: close datasets: %w", err)
	}
	return nil
}

// Adopt implements dataset.Store.
func (s *DatasetStore) Adopt(ctx context.Context, a *dataset.Adoption) (bool, error) {
	answer, err := s.runs(ctx, adoptScript, a.Owner, a.Dataset.Name, func(known string) []any { return adoptArgs(a, known) })
	if err != nil {
		return false, fmt.Errorf("redisstore: adopt dataset: %w", err)
	}
	switch answer[0] {
	case "ended":
		return false, dataset.ErrEnded
	case "limit":
		return false, dataset.Limits{Names: a.Names}.Exceeded(dataset.LimitNames)
	}
	return answer[0] == "added", nil
}

// adoptArgs returns the arguments of dataset_adopt.lua. Records lose the
// fingerprints of the batches that they came in: none of those can come again.
func adoptArgs(a *dataset.Adoption, known string) []any {
	args := make([]any, 0, 6+5*len(a.Records))
	args = append(args, a.Dataset.Name, packDataset(a.Dataset), micros(a.At.Add(-dataset.KeepMerged)), a.Names, known, micros(a.At))
	return appendRecords(args, a.Records)
}

// Erase implements dataset.Store. Each step may be repeated; the owner is closed,
// so that no dataset is added while they run.
func (s *DatasetStore) Erase(ctx context.Context, owner dataset.Owner) error {
	if s.copies != nil { // first, or they would be loaded again
		if err := s.copies.Erase(ctx, owner); err != nil {
			return err
		}
	}
	all := s.ownerKey(owner) + "ds"
	names, err := s.db.client.HKeys(ctx, all).Result()
	if err != nil {
		return fmt.Errorf("redisstore: erase datasets: %w", err)
	}
	_, err = s.db.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, name := range names {
			if name == endField {
				continue
			}
			p.Unlink(ctx, s.keys(owner, name)[1:4]...)
			p.HDel(ctx, all, name)
		}
		p.Unlink(ctx, s.logKey(owner))
		p.Expire(ctx, all, dataset.KeepEnded)
		return nil
	})
	if err != nil {
		return fmt.Errorf("redisstore: erase datasets: %w", err)
	}
	return nil
}
