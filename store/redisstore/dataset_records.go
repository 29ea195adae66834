package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Records implements dataset.Store.
func (s *DatasetStore) Records(ctx context.Context, q dataset.Query) (*dataset.Page, error) {
	page, _, err := s.page(ctx, q)
	return page, err
}

// page returns a page, and the base of the owner's generation if it is in one.
func (s *DatasetStore) page(ctx context.Context, q dataset.Query) (_ *dataset.Page, generation int64, err error) {
	until := dataset.After(dataset.MaxSyncCount)
	if q.Until > 0 {
		until = dataset.After(q.Until)
	}
	run := func(known string) *redis.Cmd {
		return recordsScript.Run(ctx, s.db.client, s.keys(q.Owner, q.Dataset), q.Dataset, int64(q.After), int64(until), q.Limit+1, known)
	}
	var answer []any
	if s.copies == nil {
		answer, err = run("").Slice()
	} else {
		answer, err = s.run(ctx, q.Owner, run)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("redisstore: records: %w", err)
	}
	page := &dataset.Page{Beside: texts(answer[1])}
	if mark, ok := answer[2].(string); ok {
		generation, _ = strconv.ParseInt(strings.TrimSuffix(mark, "+"), 10, 64)
	}
	packed, ok := answer[0].(string)
	if !ok || q.Dataset == "" {
		return page, generation, nil
	}
	if page.Dataset, err = unpackDataset(q.Dataset, packed); err != nil {
		return nil, 0, err
	}
	if page.Records, err = unpackRecords(answer[3:], q.Fingerprints); err != nil {
		return nil, 0, err
	}
	if len(page.Records) > q.Limit {
		page.Records, page.More = page.Records[:q.Limit], true
	}
	return page, generation, nil
}

// texts reads a list of texts.
func texts(answer any) (out []string) {
	list, _ := answer.([]any)
	for _, one := range list {
		text, _ := one.(string)
		out = append(out, text)
	}
	return out
}

// unpackRecords reads key, state and value, and so on.
func unpackRecords(flat []any, fingerprints bool) ([]dataset.Record, error) {
	if len(flat) == 0 {
		return nil, nil
	}
	records := make([]dataset.Record, 0, len(flat)/3)
	for ; len(flat) >= 3; flat = flat[3:] {
		key, _ := flat[0].(string)
		state, _ := flat[1].(string)
		r, err := unpackRecord(key, state, fingerprints)
		if err != nil {
			return nil, err
		}
		r.Value, _ = flat[2].(string)
		records = append(records, r)
	}
	return records, nil
}
