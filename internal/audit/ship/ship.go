// Package ship sends the audit log to where others keep it: a file, a syslog
// collector. The database is the queue: a sink reads what is stored, behind a
// cursor that moves when it has been written there. So a sink that is slow or out
// of order holds up nobody, a restart loses nothing, and what is in doubt is sent
// again (at least once).
package ship

import (
	"context"
	"encoding/json"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// A Line is a record, or a signed checkpoint, on its way out.
type Line struct {
	Time time.Time
	Name string // of the event
	JSON []byte // without a line end
}

// A Sink takes lines.
type Sink interface {
	// Write returns nil once the lines are as safe there as the sink can make them.
	// After an error all of them come again.
	Write(ctx context.Context, lines []Line) error
	Close() error
}

// How a Shipper works.
const (
	batch      = 200             // lines a write
	pollEvery  = 5 * time.Second // for what other processes left over
	retryLast  = time.Minute
	checkpoint = "AuditCheckpoint"
)

// A Shipper brings one sink what this process records, what processes that are gone
// left over, and the checkpoints.
type Shipper struct {
	Name string // of the sink's cursors
	Sink Sink
	Log  *audit.Log

	begun bool
}

// Begin settles where a sink begins that was never used before: with what is
// recorded from now on.
func (s *Shipper) Begin(ctx context.Context) error {
	if s.begun {
		return nil
	}
	err := s.Log.Store.BeginSink(ctx, s.Name)
	s.begun = err == nil
	return err
}

// Run ships until ctx ends.
func (s *Shipper) Run(ctx context.Context) {
	written, wait := s.Log.Watch(), pollEvery
	for ctx.Err() == nil {
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			wait = min(2*wait, retryLast)
			s.Log.Errors.Error("audit sink gets nothing", "sink", s.Name, "again_in", wait, "err", err)
			pause(ctx, nil, wait)
			continue
		}
		wait = pollEvery
		pause(ctx, written, wait)
	}
}

// pause waits for news, for d at most.
func pause(ctx context.Context, news <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}

// Pass ships all that there is now.
func (s *Shipper) Pass(ctx context.Context) error {
	store := s.Log.Store
	if err := s.Begin(ctx); err != nil {
		return err
	}
	if err := s.segment(ctx, s.Log.Segment()); err != nil {
		return err
	}
	left, err := store.Orphans(ctx, s.Name, s.Log.Now())
	if err != nil {
		return err
	}
	for _, head := range left {
		if err := s.segment(ctx, head.Segment); err != nil {
			return err
		}
	}
	return s.checkpoints(ctx)
}

func (s *Shipper) segment(ctx context.Context, segment string) error {
	return s.follow(ctx, segment, func(after int64) (lines []Line, last int64, err error) {
		entries, err := s.Log.Store.Chain(ctx, segment, after, batch)
		for _, e := range entries {
			lines, last = append(lines, Line{e.Time, e.Name, e.Record}), e.Seq
		}
		return lines, last, err
	})
}

func (s *Shipper) checkpoints(ctx context.Context) error {
	return s.follow(ctx, "", func(after int64) (lines []Line, last int64, err error) {
		list, err := s.Log.Store.Checkpoints(ctx, after, batch)
		for _, c := range list {
			raw, err := json.Marshal(map[string]string{"eventType": checkpoint, "checkpoint": c.JWS})
			if err != nil {
				return nil, 0, err
			}
			lines, last = append(lines, Line{s.Log.Now(), checkpoint, raw}), c.Number
		}
		return lines, last, err
	})
}

// follow writes what comes after a cursor, and moves it, to the end.
func (s *Shipper) follow(ctx context.Context, segment string, next func(after int64) ([]Line, int64, error)) error {
	after, err := s.Log.Store.Cursor(ctx, s.Name, segment)
	if err != nil {
		return err
	}
	for {
		lines, last, err := next(after)
		if err != nil || len(lines) == 0 {
			return err
		}
		if err := s.Sink.Write(ctx, lines); err != nil {
			return err
		}
		if err := s.Log.Store.MoveCursor(ctx, s.Name, segment, last); err != nil {
			return err
		}
		after = last
	}
}
