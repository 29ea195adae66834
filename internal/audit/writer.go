package audit

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// write is the background half of a Log: it ends when the queue is closed and empty.
func (l *Log) write(ctx context.Context) {
	defer close(l.done)
	defer l.cancel()
	for first := range l.queue {
		batch := l.collect(first)
		l.writeBatch(ctx, batch)
		for _, i := range batch {
			if i.flushed != nil {
				close(i.flushed)
			}
		}
	}
}

// collect waits a moment for company: a batch costs the database one commit.
func (l *Log) collect(first item) []item {
	batch := []item{first}
	timer := time.NewTimer(l.Linger)
	defer timer.Stop()
	for len(batch) < maxBatch && batch[len(batch)-1].flushed == nil {
		select {
		case i, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, i)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

func (l *Log) writeBatch(ctx context.Context, batch []item) {
	var entries []*Entry
	for _, i := range batch {
		if i.flushed != nil {
			continue
		}
		e, err := l.entry(&i)
		if err != nil {
			l.lose(&i.event, err)
			continue
		}
		l.chain(e)
		entries = append(entries, e)
		l.copy(e)
	}
	if len(entries) > 0 {
		l.store(ctx, entries)
	}
}

func (l *Log) entry(i *item) (*Entry, error) {
	if i.stored != nil {
		return stored(i.stored)
	}
	return entry(&i.event, l.Account)
}

// chain gives an entry its place behind the last one.
func (l *Log) chain(e *Entry) {
	l.seq++
	e.Segment, e.Seq, e.Prev = l.segment, l.seq, l.prev
	e.Hash = hash(l.Key, e)
	l.prev = e.Hash
}

func (l *Log) copy(e *Entry) {
	if l.Copy != nil {
		l.Copy.LogAttrs(context.Background(), slog.LevelInfo, "audit", slog.Any("record", json.RawMessage(e.Record)))
	}
}

// store writes entries, and tries again for as long as the log is open: a gap
// would break the chain.
func (l *Log) store(ctx context.Context, entries []*Entry) {
	for wait := retryFirst; ; wait = min(2*wait, retryLast) {
		err := l.tryStore(ctx, entries)
		if err == nil {
			l.tell()
			return
		}
		if ctx.Err() != nil {
			l.lost.Add(int64(len(entries)))
			l.Errors.Error("audit events lost at shutdown", "count", len(entries), "error", err)
			return
		}
		l.Errors.Warn("audit events not written yet", "count", len(entries), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (l *Log) tryStore(ctx context.Context, entries []*Entry) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return l.Store.Append(ctx, entries)
}
