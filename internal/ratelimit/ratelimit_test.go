package ratelimit_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// A counter stands in for the shared store.
type counter struct {
	mu    sync.Mutex
	n     map[string]int64
	calls int
	down  error
}

func (c *counter) Count(_ context.Context, namespace, key string, delta int64, _ time.Duration) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.down != nil {
		return 0, c.down
	}
	c.n[namespace+key] += delta
	return c.n[namespace+key], nil
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) wait(d time.Duration) { c.at.Add(int64(d)) }
func newClock() *clock                { c := new(clock); c.at.Store(time.Unix(1795417203, 0).UnixNano()); return c }
func newCounter() *counter            { return &counter{n: map[string]int64{}} }
func (c *clock) node(s *counter) *node {
	return &node{ratelimit.New(s, c.now, slog.New(slog.DiscardHandler))}
}

type node struct{ *ratelimit.Limiter }

// pass makes n calls at once and returns how many were let in.
func (l *node) pass(t *testing.T, n int, r ratelimit.Rule) int {
	t.Helper()
	var in atomic.Int64
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			err := l.Allow(t.Context(), "key", r)
			var over *ratelimit.Exceeded
			if err != nil && !errors.As(err, &over) {
				t.Error(err)
			}
			if err == nil {
				in.Add(1)
			}
		})
	}
	all.Wait()
	return int(in.Load())
}

func rule(block int64) ratelimit.Rule {
	return ratelimit.Rule{Max: 100, Window: 10 * time.Second, Block: block, Open: block > 1}
}

func TestCeiling(t *testing.T) {
	for _, block := range []int64{1, 10, 30, 100} {
		t.Run(strconv.FormatInt(block, 10), func(t *testing.T) {
			at, store := newClock(), newCounter()
			l := at.node(store)
			if in := l.pass(t, 500, rule(block)); in != 100 {
				t.Errorf("%d of 500 let in, want 100", in)
			}
			calls := store.calls
			if in := l.pass(t, 50, rule(block)); in != 0 || store.calls != calls {
				t.Errorf("full: %d let in by %d calls of the store", in, store.calls-calls)
			}
			var over *ratelimit.Exceeded
			if err := l.Allow(t.Context(), "key", rule(block)); !errors.As(err, &over) || over.Wait != 7*time.Second {
				t.Errorf("got %v, want to wait 7 s", err)
			}
			if err := l.Allow(t.Context(), "other", rule(block)); err != nil {
				t.Errorf("another key: %v", err)
			}
			at.wait(7 * time.Second)
			if in := l.pass(t, 500, rule(block)); in != 100 {
				t.Errorf("next window: %d let in, want 100", in)
			}
		})
	}
}

// Nodes share a ceiling, and draw what they need.
func TestNodes(t *testing.T) {
	at, store := newClock(), newCounter()
	a, b := at.node(store), at.node(store)
	if in := a.pass(t, 60, rule(10)) + b.pass(t, 500, rule(10)); in != 100 {
		t.Errorf("%d let in by both, want 100", in)
	}
	if store.calls > 12 {
		t.Errorf("%d calls of the store for 100 of clients", store.calls)
	}
}

func TestCeilingChanges(t *testing.T) {
	at, store := newClock(), newCounter()
	l, high := at.node(store), rule(1)
	high.Max = 150
	l.pass(t, 100, rule(1))
	if in := l.pass(t, 500, high); in != 50 {
		t.Errorf("raised: %d more let in, want 50", in)
	}
	if in := l.pass(t, 5, rule(1)); in != 0 {
		t.Errorf("lowered: %d let in", in)
	}
}

// A lower ceiling acts on what a node holds already.
func TestLowerCeiling(t *testing.T) {
	at, store := newClock(), newCounter()
	l, low := at.node(store), rule(2)
	low.Max = 20
	l.pass(t, 15, rule(50))
	if in := l.pass(t, 500, low); in != 5 {
		t.Errorf("%d more let in, want 5", in)
	}
}

func TestStoreDown(t *testing.T) {
	at, store := newClock(), newCounter()
	store.down = errors.New("no route to host")
	l := at.node(store)
	if err := l.Allow(t.Context(), "key", rule(1)); !errors.Is(err, store.down) {
		t.Errorf("a call that must be counted: %v", err)
	}
	closed := rule(10)
	closed.Open = false
	if err := l.Allow(t.Context(), "key", closed); !errors.Is(err, store.down) {
		t.Errorf("a rule that stays closed: %v", err)
	}
	if in := l.pass(t, 500, rule(10)); in != 100 {
		t.Errorf("the node alone let %d in, want 100", in)
	}
	store.down = nil
	at.wait(10 * time.Second)
	if in := l.pass(t, 500, rule(1)); in != 100 {
		t.Errorf("back again: %d let in, want 100", in)
	}
}

// A caller who hangs up while a block is drawn takes nothing from those who wait.
func TestHangUp(t *testing.T) {
	at, store := newClock(), newCounter()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := at.node(store).Allow(ctx, "key", rule(10)); err != nil {
		t.Error(err)
	}
}
