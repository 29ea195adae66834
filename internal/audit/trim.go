package audit

import (
	"context"
	"encoding/json"
	"time"
)

// trimBatch is how many entries one transaction removes.
const trimBatch = 200

// A Retention says what is kept of a log.
type Retention struct {
	Before time.Time // entries from before are removed
	// Sinks are to have an entry first, unless it is from before Latest: a sink that
	// never comes back must not fill the database.
	Sinks  []string
	Latest time.Time
}

// Trim removes entries, from the start of each chain on. A checkpoint that says so is
// signed first: without one a chain that does not begin with its first entry is
// broken. It returns how many entries it removed.
func (l *Log) Trim(ctx context.Context, r Retention) (removed int, err error) {
	segments, err := l.Store.Segments(ctx)
	if err != nil {
		return 0, err
	}
	var cuts []Head
	for _, s := range segments {
		cut, err := l.cutOf(ctx, s.Segment, &r)
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

// cutOf finds the last entry of a chain's start that can go, and warns of what a sink
// keeps there or never gets.
func (l *Log) cutOf(ctx context.Context, segment string, r *Retention) (cut Head, err error) {
	sink, shipped, err := l.slowest(ctx, segment, r.Sinks)
	if err != nil {
		return cut, err
	}
	for {
		entries, err := l.Store.Chain(ctx, segment, cut.Seq, trimBatch)
		if err != nil {
			return cut, err
		}
		for _, e := range entries {
			if !e.Time.Before(r.Before) {
				return cut, nil
			}
			switch waits := sink != "" && e.Seq > shipped; {
			case waits && !e.Time.Before(r.Latest):
				l.Errors.Warn("audit entries are kept beyond their time for a sink that does not have them", "sink", sink, "segment", segment, "after", shipped)
				return cut, nil
			case waits && cut.Seq <= shipped:
				l.Errors.Error("audit entries are removed that a sink does not have", "sink", sink, "segment", segment, "after", shipped)
			}
			cut = Head{Segment: segment, Seq: e.Seq, Hash: e.Hash}
		}
		if len(entries) == 0 {
			return cut, nil
		}
	}
}

// slowest returns the sink that has the fewest entries of a chain, and up to which one;
// an empty name where there are no sinks.
func (l *Log) slowest(ctx context.Context, segment string, sinks []string) (sink string, seq int64, err error) {
	for _, name := range sinks {
		at, err := l.Store.Cursor(ctx, name, segment)
		if err != nil {
			return "", 0, err
		}
		if sink == "" || at < seq {
			sink, seq = name, at
		}
	}
	return sink, seq, nil
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
