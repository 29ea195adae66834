package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A Request asks for a subscription.
type Request struct {
	Owner    dataset.Owner
	Datasets []string      // none for all of the owner
	After    dataset.LogID // the last event that the client has; empty to hear what is new from now on
	Expires  time.Time     // when the credentials end; zero for never

	// Holds is asked now and then whether the subscription is still allowed. An
	// error says that nobody knows. nil is always.
	Holds func(context.Context) (bool, error)
}

// A Kind is the type of an event.
type Kind string

// The kinds of event, as clients know them.
const (
	Changed  Kind = "change"   // a dataset was changed
	Reset    Kind = "reset"    // what was missed is not known: list everything
	Bye      Kind = "bye"      // the last event, with the reason
	Position Kind = "position" // nothing happened, but the ID to resume from moved on
)

// A Reason is why the server ends a subscription.
type Reason string

// The reasons.
const (
	Expired  Reason = "credentials expired"
	Revoked  Reason = "access revoked"
	Stopping Reason = "server stops"
	TooSlow  Reason = "too slow"
)

// An Event is what a client is told.
type Event struct {
	Kind   Kind
	ID     dataset.LogID    // to resume behind it
	Change dataset.LogEntry // of a change
	Reason Reason           // of a bye
}

// maxPending is how many events a subscription keeps for its client. What comes on
// top ends it: the client comes back with the last ID it has.
const maxPending = dataset.LogLength

// A Subscription is the events of one client. Its methods but Close are for one
// goroutine, which waits for Wake and then takes.
type Subscription struct {
	hub  *Hub
	feed *feed
	req  Request
	slot int
	wake chan struct{}

	mu       sync.Mutex
	pending  []Event
	position dataset.LogID // as far as the client knows once it has what is pending
	told     dataset.LogID // as far as it was told
	beaten   bool
	ended    Reason
	closing  sync.Once
}

// Subscribe opens a subscription. The first event taken tells the position. The
// caller must Close it.
func (h *Hub) Subscribe(ctx context.Context, req Request) (*Subscription, error) {
	f, err := h.pin(req.Owner)
	if err != nil {
		return nil, err
	}
	s := &Subscription{hub: h, feed: f, req: req, wake: make(chan struct{}, 1)}
	if err := f.join(ctx, h, s); err != nil {
		h.unpin(f)
		return nil, err
	}
	if err := h.enter(s); err != nil {
		f.leave(s)
		h.unpin(f)
		return nil, err
	}
	s.req.After = "" // it may hold on to a whole request
	s.beat()
	return s, nil
}

func (h *Hub) enter(s *Subscription) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return ErrStopped
	}
	s.slot, h.opened = h.opened, h.opened+1
	h.subs[s] = struct{}{}
	h.open.Add(1)
	return nil
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.closing.Do(func() {
		s.feed.leave(s)
		s.hub.unpin(s.feed)
		s.hub.mu.Lock()
		delete(s.hub.subs, s)
		s.hub.mu.Unlock()
		s.hub.open.Done()
	})
}

// Wake receives when there is something to take.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

// Take returns what is to be sent, perhaps nothing but a sign of life. A Bye is the
// last event of all.
func (s *Subscription) Take() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.pending
	s.pending = nil
	if len(events) > 0 {
		s.told = events[len(events)-1].ID
	}
	if s.beaten && s.told != s.position {
		s.told = s.position
		events = append(events, Event{Kind: Position, ID: s.position})
	}
	s.beaten = false
	if s.ended != "" {
		events = append(events, Event{Kind: Bye, Reason: s.ended})
	}
	return events
}

// put adds an event, unless the client has not asked for it.
func (s *Subscription) put(e Event, position dataset.LogID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != "" {
		return
	}
	s.position = position
	if e.Kind == Changed && len(s.req.Datasets) > 0 && !slices.Contains(s.req.Datasets, e.Change.Dataset) {
		return
	}
	if len(s.pending) == maxPending { // the client resumes from what it was told
		s.pending, s.position, s.ended = nil, s.told, TooSlow
	} else {
		s.pending = append(s.pending, e)
	}
	s.signal()
}

// beat asks for a sign of life.
func (s *Subscription) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beaten = true
	s.signal()
}

// end ends the subscription for a reason. The first reason stays.
func (s *Subscription) end(why Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == "" {
		s.ended = why
	}
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
