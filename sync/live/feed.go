package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A feed is the log of one owner as far as it was handed to the subscriptions.
type feed struct {
	owner  dataset.Owner
	pins   int         // subscriptions, and those that are about to be; under Hub.mu
	behind atomic.Bool // the log could not be read

	mu      sync.Mutex // held while the log is read: its order is the order of events
	cursor  dataset.LogID
	watched bool
	subs    []*Subscription
}

// pin finds or makes the feed of an owner, for one more subscription.
func (h *Hub) pin(owner dataset.Owner) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[owner]
	switch {
	case h.stopped:
		return nil, ErrStopped
	case h.pins >= h.opt.Max:
		return nil, ErrFull
	case f != nil && f.pins >= MaxOfOwner:
		return nil, ErrTooMany
	case f == nil:
		f = &feed{owner: owner}
		h.feeds[owner] = f
	}
	f.pins++
	h.pins++
	return f, nil
}

// unpin takes back a pin. Nobody reads a log that nobody follows.
func (h *Hub) unpin(f *feed) {
	h.mu.Lock()
	f.pins--
	h.pins--
	last := f.pins == 0
	if last {
		delete(h.feeds, f.owner)
	}
	h.mu.Unlock()
	if !last {
		return
	}
	f.mu.Lock() // nobody joins any more, but a reader may be at it
	defer f.mu.Unlock()
	if f.watched {
		h.watch.Remove(f.owner)
	}
}

// join adds a subscription where the feed is, with what it missed before.
func (f *feed) join(ctx context.Context, h *Hub, s *Subscription) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cursor == "" {
		at, err := h.log.LogTail(ctx, f.owner)
		if err != nil {
			return err
		}
		f.cursor, f.watched = at, true
		h.watch.Add(f.owner)
		h.due.add(f) // for what came between the two
	} else if err := f.advance(ctx, h.log); err != nil {
		return err
	}
	missed, err := f.missed(ctx, h.log, s.req.After)
	if err != nil {
		return err
	}
	for _, e := range missed {
		s.put(e, f.cursor)
	}
	s.position = f.cursor
	f.subs = append(f.subs, s)
	return nil
}

// missed returns what a subscription is to hear first: the entries between after
// and the cursor, or a reset where these are not known.
func (f *feed) missed(ctx context.Context, log dataset.Log, after dataset.LogID) ([]Event, error) {
	if after == "" || after == f.cursor {
		return nil, nil
	}
	entries, err := log.LogSince(ctx, f.owner, after)
	if errors.Is(err, dataset.ErrGap) {
		return []Event{{Kind: Reset, ID: f.cursor}}, nil
	}
	if err != nil {
		return nil, err
	}
	here := slices.IndexFunc(entries, func(e dataset.LogEntry) bool { return e.ID == f.cursor })
	if here < 0 {
		return []Event{{Kind: Reset, ID: f.cursor}}, nil
	}
	return changes(entries[:here+1]), nil
}

// leave removes a subscription.
func (f *feed) leave(s *Subscription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs = slices.DeleteFunc(f.subs, func(o *Subscription) bool { return o == s })
}

// advance reads the log from the cursor on and hands what is new to everybody.
func (f *feed) advance(ctx context.Context, log dataset.Log) error {
	entries, err := log.LogSince(ctx, f.owner, f.cursor)
	events := changes(entries)
	if errors.Is(err, dataset.ErrGap) {
		var at dataset.LogID
		if at, err = log.LogTail(ctx, f.owner); err == nil {
			events = []Event{{Kind: Reset, ID: at}}
		}
	}
	if err != nil || len(events) == 0 {
		return err
	}
	f.cursor = events[len(events)-1].ID
	for _, s := range f.subs {
		for i := range events {
			s.put(events[i], events[i].ID)
		}
	}
	return nil
}

func changes(entries []dataset.LogEntry) []Event {
	events := make([]Event, len(entries))
	for i, e := range entries {
		events[i] = Event{Kind: Changed, ID: e.ID, Change: e}
	}
	return events
}
