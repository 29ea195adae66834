package syncdevices_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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
		again   bool // perhaps sent more than once, by the device or by the server to its store: a conflict may be one with itself
	}
	deleteCall struct{ again bool }
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
	h.note(d, begin, deleteCall{again: sent > 1}, deleteAnswer{missing: missing})
	h.answered()
	return nil
}

// during marks the calls that were under way in the middle of a crash.
func (h *history) during(crashes [][2]time.Time) {
	for i := range h.calls {
		c := &h.calls[i]
		for _, crash := range crashes {
			if c.Call > crash[1].Sub(h.begin).Nanoseconds() || c.Return < crash[0].Sub(h.begin).Nanoseconds() {
				continue
			}
			switch in := c.Input.(type) {
			case updateCall:
				in.again = true
				c.Input = in
			case deleteCall:
				c.Input = deleteCall{again: true}
			}
		}
	}
}

// counts are all that a dataset was seen at.
func (h *history) counts() (all []int64) {
	for _, c := range h.calls {
		switch out := c.Output.(type) {
		case *listing:
			all = append(all, out.DatasetSyncCount)
			for _, r := range out.Records {
				all = append(all, r.SyncCount)
			}
		case updateAnswer:
			all = append(all, out.count)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// stuck describes where the longest possible order of the calls ends, and what it leaves out.
func (h *history) stuck(info porcupine.LinearizationInfo) string {
	var longest []int
	for _, order := range info.PartialLinearizations()[0] {
		if len(order) > len(longest) {
			longest = order
		}
	}
	const shown = 6
	var b strings.Builder
	done := map[int]bool{}
	for i, c := range longest {
		done[c] = true
		if i >= len(longest)-shown {
			fmt.Fprintf(&b, "  %s\n", describe(h.calls[c]))
		}
	}
	left := slices.DeleteFunc(slices.Clone(h.calls), func(c porcupine.Operation) bool { return done[c.ClientId] })
	slices.SortFunc(left, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	for _, c := range left[:min(shown, len(left))] {
		fmt.Fprintf(&b, "? %s\n", describe(c))
	}
	return b.String()
}

func describe(c porcupine.Operation) string {
	out := fmt.Sprintf("%+v", c.Output)
	if l, ok := c.Output.(*listing); ok {
		out = fmt.Sprintf("count %d, exists %t, deleted %t", l.DatasetSyncCount, l.DatasetExists, l.DatasetDeletedAfterRequestedSyncCount)
		for _, r := range l.Records {
			if r.Value == nil {
				out += fmt.Sprintf(" %s-@%d", r.Key, r.SyncCount)
			} else {
				out += fmt.Sprintf(" %s=%s@%d", r.Key, *r.Value, r.SyncCount)
			}
		}
	}
	return fmt.Sprintf("%d-%d µs %T%+v: %s", c.Call/1000, c.Return/1000, c.Input, c.Input, out)
}
