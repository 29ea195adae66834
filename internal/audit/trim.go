package audit

import (
	"context"
	"encoding/json"
	"time"
)

// trimBatch is how many entries one transaction removes.
const trimBatch = 200

// Trim removes the entries from before a time, from the start of each chain on. A
// checkpoint that says so is signed first: without one a chain that does not begin
// with its first entry is broken. It returns how many entries it removed.
func (l *Log) Trim(ctx context.Context, before time.Time) (removed int, err error) {
	segments, err := l.Store.Segments(ctx)
	if err != nil {
		return 0, err
	}
	var cuts []Head
	for _, s := range segments {
		cut, err := l.cutOf(ctx, s.Segment, before)
		if err != nil {
			return 0, err
		}
		if cut.Seq > 0 {
			cuts = append(cuts, cut)
		}
	}
	if len(cuts) == 0 {
		return 0, nil
	}
	if err := l.Checkpoint(ctx, cuts...); err != nil {
		return 0, err
	}
	for _, cut := range cuts {
		n, err := l.remove(ctx, cut)
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// cutOf finds the last entry of a chain's start that is older than a time.
func (l *Log) cutOf(ctx context.Context, segment string, before time.Time) (cut Head, err error) {
	for {
		entries, err := l.Store.Chain(ctx, segment, cut.Seq, trimBatch)
		if err != nil || len(entries) == 0 {
			return cut, err
		}
		for _, e := range entries {
			if !e.Time.Before(before) {
				return cut, nil
			}
			cut = Head{Segment: segment, Seq: e.Seq, Hash: e.Hash}
		}
	}
}

func (l *Log) remove(ctx context.Context, cut Head) (removed int, err error) {
	for {
		entries, err := l.Store.Chain(ctx, cut.Segment, 0, trimBatch)
		if err != nil {
			return removed, err
		}
		last := 0
		for last < len(entries) && entries[last].Seq <= cut.Seq {
			var r record
			if err := json.Unmarshal(entries[last].Record, &r); err != nil {
				return removed, err
			}
			entries[last].Terms = terms(r.Resources)
			last++
		}
		if last == 0 {
			return removed, nil
		}
		if err := l.Store.Remove(ctx, entries[:last]); err != nil {
			return removed, err
		}
		removed += last
	}
}
