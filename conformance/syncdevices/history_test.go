package syncdevices_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// A history is what the devices of one dataset asked and were answered, and when.
type history struct {
	begin time.Time
	mu    sync.Mutex
	calls []porcupine.Operation

	answered func() // is told of each answered change
}

// What a call asked. seen is the count that the sync session's listing showed.
type (
	listCall   struct{ since int64 }
	updateCall struct {
		patches []patch
		seen    int64
		again   bool // sent more than once: a conflict may be one with itself
	}
	deleteCall struct{}
)

// What it was answered: the count that an update took, or a refusal.
type (
	updateAnswer struct {
		count    int64
		conflict bool
	}
	deleteAnswer struct {
		missing bool
		lost    bool // not answered: it may have happened or not
	}
)

func (h *history) note(d *device, call time.Time, in, out any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, porcupine.Operation{ClientId: len(h.calls), Input: in, Output: out,
		Call: call.Sub(h.begin).Nanoseconds(), Return: time.Since(h.begin).Nanoseconds()})
}

// list lists as the device's library does. A listing of several pages would be one
// call that took longer.
func (h *history) list(ctx context.Context, d *device) (*listing, error) {
	begin := time.Now()
	l, err := d.api.list(ctx, d.dataset, d.last, d.maxResults, "")
	if err != nil {
		return nil, err
	}
	if l.NextToken != "" {
		return nil, fmt.Errorf("%s would miss records: the listing has a second page", d.id)
	}
	h.note(d, begin, listCall{d.last}, l)
	return l, nil
}

func (h *history) update(ctx context.Context, d *device, session string, patches []patch) ([]record, bool, error) {
	begin := time.Now()
	records, sent, err := d.api.update(ctx, d.dataset, d.id, session, patches)
	in := updateCall{patches: patches, seen: d.last, again: sent > 1}
	switch {
	case refusedWith(err) == "ResourceConflictException":
		h.note(d, begin, in, updateAnswer{conflict: true})
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	for _, r := range records {
		if r.SyncCount != records[0].SyncCount {
			return nil, false, fmt.Errorf("one call took the counts %d and %d", records[0].SyncCount, r.SyncCount)
		}
	}
	h.note(d, begin, in, updateAnswer{count: records[0].SyncCount})
	h.answered()
	return records, true, nil
}

func (h *history) delete(ctx context.Context, d *device) error {
	begin := time.Now()
	sent, err := d.api.delete(ctx, d.dataset)
	missing := refusedWith(err) == "ResourceNotFoundException"
	if err != nil && !missing {
		return err
	}
	for range sent - 1 {
		h.note(d, begin, deleteCall{}, deleteAnswer{lost: true})
	}
	h.note(d, begin, deleteCall{}, deleteAnswer{missing: missing})
	h.answered()
	return nil
}
