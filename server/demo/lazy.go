package demo

import (
	"context"
	"sync"
)

// A lazy value is opened on first use and kept once that worked. The apps need
// it because their identity provider is the very server that is starting.
type lazy[T any] struct {
	open func(context.Context) (T, error)

	mu    sync.Mutex
	ready bool
	value T
}

func (l *lazy[T]) get(ctx context.Context) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		return l.value, nil
	}
	v, err := l.open(context.WithoutCancel(ctx))
	if err == nil {
		l.value, l.ready = v, true
	}
	return v, err
}
