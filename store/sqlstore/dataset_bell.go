package sqlstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// bellChannel is what nodes on one PostgreSQL database notify each other at.
const bellChannel = "poolhouse_datasets"

const (
	notifyTimeout = 5 * time.Second
	reconnectWait = time.Second
)

// A bell tells watches of changed logs: those of this process by a call, those of
// other nodes by NOTIFY. Notifications are sent after the commit, many in one
// statement, because one inside the transaction would make all commits of the
// database wait for each other. So a process that dies in between rings at no
// other node; the log has the change all the same.
type bell struct {
	node string // what this node knows its own notifications by

	mu       sync.Mutex
	watches  map[*datasetWatch]bool
	due      map[dataset.Owner]bool // to be notified of
	sending  bool
	finished sync.WaitGroup
}

func newBell() *bell {
	return &bell{node: rand.Text(), watches: map[*datasetWatch]bool{}, due: map[dataset.Owner]bool{}}
}

// ringDatasets tells that an owner's log has grown.
func (db *DB) ringDatasets(owner dataset.Owner) {
	b := db.bell
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watches {
		w.ringFor(owner)
	}
	if !db.postgres {
		return
	}
	b.due[owner] = true
	if !b.sending {
		b.sending = true
		b.finished.Go(db.notifyDue)
	}
}

// notifyDue sends notifications until none are due. While one statement is on its
// way the next ones gather.
func (db *DB) notifyDue() {
	b := db.bell
	for {
		b.mu.Lock()
		owners := slices.Collect(maps.Keys(b.due))
		clear(b.due)
		b.sending = len(owners) > 0
		b.mu.Unlock()
		if len(owners) == 0 {
			return
		}
		texts := make([]string, len(owners))
		for i, o := range owners {
			texts[i] = b.node + "\n" + string(o.Pool) + "\n" + string(o.Identity)
		}
		ctx, cancel := context.WithTimeout(context.Background(), notifyTimeout)
		// A notification that fails is made up for by the watcher's own reading.
		_, _ = db.write.DB.ExecContext(ctx, `SELECT pg_notify($1, t) FROM unnest($2::text[]) AS t`, bellChannel, texts)
		cancel()
	}
}

// A datasetWatch implements dataset.Watch.
type datasetWatch struct {
	db     *DB
	ring   func(dataset.Owner)
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	owners map[dataset.Owner]int
}

// Watch implements dataset.Log. On PostgreSQL it holds one connection beside the pool.
func (s *DatasetStore) Watch(ring func(dataset.Owner)) dataset.Watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &datasetWatch{db: s.db, ring: ring, cancel: cancel, owners: map[dataset.Owner]int{}}
	s.db.bell.mu.Lock()
	s.db.bell.watches[w] = true
	s.db.bell.mu.Unlock()
	if s.db.postgres {
		w.done.Go(func() { w.listen(ctx) })
	}
	return w
}

// listen hears other nodes, on a new connection whenever one breaks.
func (w *datasetWatch) listen(ctx context.Context) {
	for ctx.Err() == nil {
		_ = w.hear(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(reconnectWait):
		}
	}
}

// hear listens on one connection. What was notified before it listens is unknown,
// so that it rings for everybody once.
func (w *datasetWatch) hear(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.db.dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+bellChannel); err != nil {
		return fmt.Errorf("sqlstore: listen: %w", err)
	}
	w.ringAll()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		part := strings.Split(n.Payload, "\n")
		if len(part) == 3 && part[0] != w.db.bell.node {
			w.ringFor(dataset.Owner{Pool: dataset.PoolID(part[1]), Identity: dataset.IdentityID(part[2])})
		}
	}
}

func (w *datasetWatch) ringFor(owner dataset.Owner) {
	w.mu.Lock()
	watched := w.owners[owner] > 0
	w.mu.Unlock()
	if watched {
		w.ring(owner)
	}
}

func (w *datasetWatch) ringAll() {
	w.mu.Lock()
	owners := slices.Collect(maps.Keys(w.owners))
	w.mu.Unlock()
	for _, o := range owners {
		w.ring(o)
	}
}

// Add implements dataset.Watch.
func (w *datasetWatch) Add(owner dataset.Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[owner]++
}

// Remove implements dataset.Watch.
func (w *datasetWatch) Remove(owner dataset.Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners[owner]--; w.owners[owner] <= 0 {
		delete(w.owners, owner)
	}
}

// Close implements dataset.Watch.
func (w *datasetWatch) Close() error {
	w.db.bell.mu.Lock()
	delete(w.db.bell.watches, w)
	w.db.bell.mu.Unlock()
	w.cancel()
	w.done.Wait()
	return nil
}
