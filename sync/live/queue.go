package live

import (
	"context"
	"sync"
)

// A queue holds things to do, each at most once.
type queue[T comparable] struct {
	mu     sync.Mutex
	waits  map[T]bool
	list   []T
	signal chan struct{}
}

func newQueue[T comparable]() *queue[T] {
	return &queue[T]{waits: map[T]bool{}, signal: make(chan struct{}, 1)}
}

// add puts v at the end, unless it waits already. It never blocks.
func (q *queue[T]) add(v T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.waits[v] {
		q.waits[v] = true
		q.list = append(q.list, v)
	}
	q.wake()
}

func (q *queue[T]) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// take removes the first. What is added from then on waits anew.
func (q *queue[T]) take() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		q.list = nil
		return v, false
	}
	v = q.list[0]
	q.list = q.list[1:]
	delete(q.waits, v)
	if len(q.list) > 0 {
		q.wake() // another worker may go on
	}
	return v, true
}

// each does all things until ctx ends. Several workers may share a queue.
func (q *queue[T]) each(ctx context.Context, do func(context.Context, T)) {
	for ctx.Err() == nil {
		v, ok := q.take()
		if ok {
			do(ctx, v)
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.signal:
		}
	}
}
