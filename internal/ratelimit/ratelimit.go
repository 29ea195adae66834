// Package ratelimit counts calls over all nodes and refuses those above a
// ceiling. Time is cut into windows by the clock. In each, a node draws allowance
// from a shared counter in blocks and spends it from memory: a block of one counts
// each call exactly, a larger one costs the counter a call a block. What a node
// draws and does not spend is lost to the others until the window ends.
package ratelimit

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// A Rule is what may happen under one key.
type Rule struct {
	Max    int64         // calls in a window
	Window time.Duration // at least a second

	// Block is how many calls a node draws at once; 1 counts exactly.
	Block int64

	// Open lets calls pass while the counter is out of reach: then each node
	// counts for itself. Without it, and where each call is counted, they fail.
	Open bool
}

// A Counter adds delta to a counter that dies window after its last change, and
// returns the sum. It is shared by all nodes. ephemeral.Store has it.
type Counter interface {
	Count(ctx context.Context, namespace, key string, delta int64, window time.Duration) (int64, error)
}

// An Exceeded is the error of a call above its ceiling.
type Exceeded struct {
	Wait time.Duration // until the window ends; more than zero
}

func (e *Exceeded) Error() string { return fmt.Sprintf("ratelimit: too many calls, wait %v", e.Wait) }

const (
	namespace = "rate"

	// drawTime bounds a draw: it holds up the calls that wait for the same block.
	drawTime = 2 * time.Second

	// maxBuckets bounds the memory of a flood under ever new keys. What is
	// forgotten is drawn anew.
	maxBuckets = 1 << 16
)

// A Limiter keeps the allowance of this node. It is safe for concurrent use.
type Limiter struct {
	counter Counter
	now     func() time.Time
	log     *slog.Logger

	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time // when buckets of the past were last dropped
}

// A bucket is the allowance of one key in one window.
type bucket struct {
	ends time.Time

	mu    sync.Mutex
	left  int64 // drawn and not spent
	drawn int64 // by this node, in blocks
	full  bool  // the counter has reached max
	max   int64 // the ceiling at the last draw
}

// New returns a Limiter that shares counter with the other nodes.
func New(counter Counter, now func() time.Time, log *slog.Logger) *Limiter {
	return &Limiter{counter: counter, now: now, log: log, buckets: map[string]*bucket{}}
}

// Allow counts one call under key. Above the ceiling it returns an *Exceeded, and
// nothing is counted: refusals cost no store a call, and do not prolong themselves.
// Any other error is the counter's.
func (l *Limiter) Allow(ctx context.Context, key string, r Rule) error {
	now := l.now()
	start := now.Truncate(r.Window)
	name := key + "@" + strconv.FormatInt(start.Unix(), 10)
	b := l.bucket(name, start.Add(r.Window), now)
	if r.Block <= 1 {
		return l.exact(ctx, b, name, r, now)
	}
	return l.fromBlock(ctx, b, name, r, now)
}

// exact asks the counter for each call. Many may ask at once.
func (l *Limiter) exact(ctx context.Context, b *bucket, name string, r Rule, now time.Time) error {
	if b.isFull(r) {
		return b.exceeded(now)
	}
	n, err := l.counter.Count(ctx, namespace, name, 1, r.Window)
	if err == nil && n > r.Max {
		b.fill(r)
		return b.exceeded(now)
	}
	return err
}

// fromBlock spends what was drawn, or draws. Only one call draws at a time, so
// that a burst draws no more than it spends.
func (l *Limiter) fromBlock(ctx context.Context, b *bucket, name string, r Rule, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 || r.Max < b.max {
		if b.full && r.Max <= b.max {
			return b.exceeded(now)
		}
		if err := l.draw(ctx, b, name, r); err != nil {
			return err
		}
	}
	if b.left == 0 {
		return b.exceeded(now)
	}
	b.left--
	return nil
}

// draw takes a block, or what is left of the last one, and gives back what was drawn
// under a higher ceiling and not spent. The caller holds b.mu.
func (l *Limiter) draw(ctx context.Context, b *bucket, name string, r Rule) error {
	// The block is for all who wait: whoever happens to draw it may hang up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drawTime)
	defer cancel()
	n, err := l.counter.Count(ctx, namespace, name, r.Block-b.left, r.Window)
	switch {
	case err != nil && !r.Open:
		return err
	case err != nil:
		l.log.Warn("rate limit: the counter is out of reach; this node counts alone", "key", name, "error", err)
		n = b.drawn - b.left + r.Block
	}
	got := max(0, min(r.Block, r.Max-(n-r.Block)))
	b.left, b.drawn = got, b.drawn-b.left+got
	b.full, b.max = got == 0, r.Max
	return nil
}

func (b *bucket) isFull(r Rule) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full && r.Max <= b.max
}

func (b *bucket) fill(r Rule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full, b.max = true, r.Max
}

func (b *bucket) exceeded(now time.Time) error {
	return &Exceeded{Wait: max(b.ends.Sub(now), time.Millisecond)}
}

// bucket returns the bucket of a key in its window.
func (l *Limiter) bucket(name string, ends, now time.Time) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[name]
	if b == nil {
		b = &bucket{ends: ends}
		l.buckets[name] = b
	}
	return b
}

// sweep drops the buckets of windows that have ended, once a second at most.
func (l *Limiter) sweep(now time.Time) {
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
	if now.Sub(l.swept) < time.Second && !now.Before(l.swept) {
		return
	}
	l.swept = now
	for name, b := range l.buckets {
		if !b.ends.After(now) {
			delete(l.buckets, name)
		}
	}
}
