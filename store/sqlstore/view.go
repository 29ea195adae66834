package sqlstore

import (
	"context"
	"sync"
	"time"
)

// Settings are rows that nearly every request reads and that seldom change: pools,
// app clients, resource servers. They have one stamp, a random number that triggers of
// the database change with each write of such a row, in the same transaction. A row
// that was read while the stamp was the same is the row as it is, whoever writes, on
// whatever node, by whatever means. So a request reads the stamp, once, instead of
// each row.

// viewLife is how long a view is good for: that of a request, but for those that stay.
const viewLife = time.Second

// A view is what one request knows of the settings.
type view struct {
	mu      sync.Mutex
	current *edition // nil before the first read, and after a write
	read    time.Time
}

type viewKey struct{}

// WithView returns the context of a request that sees settings as they were when it
// first read one, or later; what it writes itself it sees. Without a view each row is
// read as it is.
func WithView(ctx context.Context) context.Context {
	return context.WithValue(ctx, viewKey{}, new(view))
}

// forget has a request that wrote something look again.
func forget(ctx context.Context) {
	if v, ok := ctx.Value(viewKey{}).(*view); ok {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.current = nil
	}
}

// maxSettings bounds the rows, or lists of rows, that an edition keeps.
const maxSettings = 4096

// An edition is the settings while they had one stamp, as far as they were read.
type edition struct {
	stamp int64
	mu    sync.RWMutex
	known map[string]any
}

func (e *edition) get(key string) (any, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	v, ok := e.known[key]
	return v, ok
}

// put starts over when there are too many: those in use come back at once.
func (e *edition) put(key string, v any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil || len(e.known) >= maxSettings {
		e.known = map[string]any{}
	}
	e.known[key] = v
}

// editions hold the newest one that a request of this process saw.
type editions struct {
	mu     sync.Mutex
	newest *edition
}

func (e *editions) of(stamp int64) *edition {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.newest == nil || e.newest.stamp != stamp {
		e.newest = &edition{stamp: stamp}
	}
	return e.newest
}

// edition returns what the request of a context sees; nil without a view.
func (db *DB) edition(ctx context.Context) (*edition, error) {
	v, ok := ctx.Value(viewKey{}).(*view)
	if !ok {
		return nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := db.now()
	if age := now.Sub(v.read); v.current != nil && age >= 0 && age < viewLife {
		return v.current, nil
	}
	var stamp int64
	if err := db.read.QueryRowContext(ctx, `SELECT stamp FROM settings_stamp WHERE id = $1`, 1).Scan(&stamp); err != nil {
		return nil, err
	}
	v.current, v.read = db.editions.of(stamp), now
	return v.current, nil
}

// settled returns the columns of settings, which read reads, under a key of their own.
// It is everybody's: nobody may change it. Errors are not kept.
func settled[T any](ctx context.Context, db *DB, key string, read func() (T, error)) (T, error) {
	e, err := db.edition(ctx)
	if err != nil {
		var none T
		return none, err
	}
	if e == nil {
		return read()
	}
	if v, ok := e.get(key); ok {
		return v.(T), nil
	}
	v, err := read() // no older than the stamp, which was read before
	if err == nil {
		e.put(key, v)
	}
	return v, err
}
