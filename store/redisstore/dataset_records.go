package redisstore

import (
	"context"
	"fmt"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Records implements dataset.Store.
func (s *DatasetStore) Records(ctx context.Context, q dataset.Query) (*dataset.Page, error) {
	until := dataset.After(dataset.MaxSyncCount)
	if q.Until > 0 {
		until = dataset.After(q.Until)
	}
	answer, err := recordsScript.Run(ctx, s.db.client, s.keys(q.Owner, q.Dataset),
		q.Dataset, int64(q.After), int64(until), q.Limit+1).Slice()
	if err != nil {
		return nil, fmt.Errorf("redisstore: records: %w", err)
	}
	page := &dataset.Page{Beside: texts(answer[1])}
	packed, ok := answer[0].(string)
	if !ok {
		return page, nil
	}
	if page.Dataset, err = unpackDataset(q.Dataset, packed); err != nil {
		return nil, err
	}
	if page.Records, err = unpackRecords(answer[2:], q.Fingerprints); err != nil {
		return nil, err
	}
	if len(page.Records) > q.Limit {
		page.Records, page.More = page.Records[:q.Limit], true
	}
	return page, nil
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
