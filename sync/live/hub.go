// Package live tells devices of changes while they are connected, over
// Server-Sent Events and WebSocket.
//
// There is one Hub in a process. It watches the logs of the owners that somebody
// follows, whoever wrote to them, and hands what is new to the subscriptions of
// these owners. Nothing that a client does holds up another one: a subscription
// keeps a bounded number of events and is ended when it does not take them.
package live

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// What keeps a subscription from being opened.
var (
	ErrTooMany = errors.New("live: the identity has too many open subscriptions")
	ErrFull    = errors.New("live: the node has too many open subscriptions")
	ErrStopped = errors.New("live: the node is about to stop")
)

// MaxOfOwner is how many subscriptions one identity may have open at a node.
const MaxOfOwner = 32

// A Hub delivers the changes of all owners to the subscriptions of one process.
type Hub struct {
	log   dataset.Log
	opt   Options
	watch dataset.Watch
	due   *queue[*feed]         // feeds whose log may have grown
	check *queue[*Subscription] // subscriptions whose permission is to be asked for again
	stop  context.CancelFunc
	chore sync.WaitGroup
	open  sync.WaitGroup // subscriptions
	once  sync.Once
	err   error // of stopping

	mu      sync.Mutex
	feeds   map[dataset.Owner]*feed
	pins    int // of all feeds
	subs    map[*Subscription]struct{}
	opened  int // ever
	stopped bool
}

// Options of a Hub. The zero value of a field means its default.
type Options struct {
	Max  int              // subscriptions at once; 10,000
	Tick time.Duration    // the second by which the hub counts; tests make it shorter
	Now  func() time.Time // of when credentials end

	// Patience is how long a client may take to accept what it is sent; 10 seconds.
	// The system's buffers take an event at once, so that only a client which has
	// stopped reading long ago gets there.
	Patience time.Duration

	Log *slog.Logger
}

// readers is how many logs are read at once, at most.
const readers = 8

// New starts a hub. Stop ends it.
func New(log dataset.Log, opt Options) *Hub {
	opt.Max, opt.Tick, opt.Patience = cmp.Or(opt.Max, 10_000), cmp.Or(opt.Tick, time.Second), cmp.Or(opt.Patience, 10*time.Second)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{log: log, opt: opt, due: newQueue[*feed](), check: newQueue[*Subscription](), stop: stop,
		feeds: map[dataset.Owner]*feed{}, subs: map[*Subscription]struct{}{}}
	h.watch = log.Watch(h.ring)
	for range readers {
		h.chore.Go(func() { h.due.each(ctx, h.read) })
	}
	h.chore.Go(func() { h.check.each(ctx, h.recheck) })
	h.chore.Go(func() { h.turn(ctx) })
	return h
}

// Open returns the number of open subscriptions.
func (h *Hub) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Stop ends all subscriptions, waits until their clients were told or ctx ends,
// and stops the hub.
func (h *Hub) Stop(ctx context.Context) error {
	h.once.Do(func() { h.err = h.shut(ctx) })
	return h.err
}

func (h *Hub) shut(ctx context.Context) error {
	h.mu.Lock()
	h.stopped = true
	for s := range h.subs {
		s.end(Stopping)
	}
	h.mu.Unlock()
	told := make(chan struct{})
	go func() {
		h.open.Wait()
		close(told)
	}()
	select {
	case <-told:
	case <-ctx.Done():
	}
	h.stop()
	h.chore.Wait()
	return h.watch.Close()
}

// ring notes that an owner's log may have grown.
func (h *Hub) ring(owner dataset.Owner) {
	h.mu.Lock()
	f := h.feeds[owner]
	h.mu.Unlock()
	if f != nil {
		h.due.add(f)
	}
}

// read hands on what is new in the log of a feed. Where the log cannot be read the
// feed stays behind, and the next tick tries again.
func (h *Hub) read(ctx context.Context, f *feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cursor == "" {
		return // nobody has joined yet
	}
	err := f.advance(ctx, h.log)
	f.behind.Store(err != nil)
	if err != nil && ctx.Err() == nil {
		h.opt.Log.Warn("reading what changed in datasets; it is tried again", "err", err)
	}
}

// recheck ends a subscription that is no longer allowed. While nobody knows, it stays:
// its credentials end in any case.
func (h *Hub) recheck(ctx context.Context, s *Subscription) {
	holds, err := s.req.Holds(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		h.opt.Log.Warn("checking a live subscription; it is checked again", "err", err)
	case err == nil && !holds:
		s.end(Revoked)
	}
}
