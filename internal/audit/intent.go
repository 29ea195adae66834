package audit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// An Intent is the record of an administrator's write that is about to happen. The
// first transaction of the write stores it too, so that nothing is written whose
// record cannot be. The event of the outcome has the same ID and takes its place.
type Intent struct {
	ID    string
	Time  time.Time
	event func() awsapi.Event
	log   *Log
	kept  atomic.Bool
}

type intentKey struct{}

// Intend implements awsapi.Auditor.
func (l *Log) Intend(ctx context.Context, event func() awsapi.Event) context.Context {
	now := l.Now().UTC()
	return context.WithValue(ctx, intentKey{}, &Intent{ID: newEventID(now), Time: now, event: event, log: l})
}

// IntentOf returns the intent that the next transaction under ctx has to store, nil
// where there is none or one before it has.
func IntentOf(ctx context.Context) *Intent {
	if i, ok := ctx.Value(intentKey{}).(*Intent); ok && !i.kept.Load() {
		return i
	}
	return nil
}

// Record is what is stored of the intent: an event whose outcome nobody knows.
func (i *Intent) Record() ([]byte, error) {
	e := i.log.complete(fromAPI(i.event()))
	e.Extra = withExtra(e.Extra, "outcome", "unknown")
	raw, _, err := encode(&e, i.ID, i.log.Account)
	return raw, err
}

// Kept notes that a transaction with the intent was committed.
func (i *Intent) Kept() { i.kept.Store(true) }

// settle gives an event the place of the intent under ctx, if there is one that
// was stored.
func settle(ctx context.Context, e *Event) {
	if i, ok := ctx.Value(intentKey{}).(*Intent); ok && i.kept.Load() {
		e.intent = i.ID
	}
}

// Intents that old belong to writes whose outcome was never recorded: the process
// died, or its queue was full. No call takes as long.
const abandoned = 5 * time.Minute

// Recover makes events of intents whose outcome was never recorded. Two processes
// that do so at once may both record one, under one ID.
func (l *Log) Recover(ctx context.Context, limit int) (int, error) {
	if err := l.Flush(ctx); err != nil { // what waits here settles its intents
		return 0, err
	}
	intents, err := l.Store.Intents(ctx, l.Now().Add(-abandoned), limit)
	if err != nil || len(intents) == 0 {
		return 0, err
	}
	for _, stored := range intents {
		if !l.send(item{stored: stored}) {
			return 0, errClosed
		}
	}
	return len(intents), l.Flush(ctx)
}

func withExtra(extra map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	for k, v := range extra {
		out[k] = v
	}
	return out
}
