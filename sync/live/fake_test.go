package live

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var alice = dataset.Owner{Pool: "us-east-1:11", Identity: "us-east-1:22"}

var errDown = errors.New("the store is down")

// A fakeLog is a log that a test can break. Its IDs are numbers.
type fakeLog struct {
	mu      sync.Mutex
	entries map[dataset.Owner][]dataset.LogEntry
	first   int // of the entries that are kept
	down    bool
	deaf    bool   // no bell rings
	onAdd   func() // at Watch.Add
	ring    func(dataset.Owner)
	watched map[dataset.Owner]int
}

func newLog() *fakeLog {
	return &fakeLog{entries: map[dataset.Owner][]dataset.LogEntry{}, watched: map[dataset.Owner]int{}}
}

// add logs a change of a dataset.
func (l *fakeLog) add(owner dataset.Owner, name string) { l.write(owner, name, false) }

// lose logs a change and forgets all before it. Both happen at once: a hub may read the log
// at any time.
func (l *fakeLog) lose(owner dataset.Owner, name string) { l.write(owner, name, true) }

func (l *fakeLog) write(owner dataset.Owner, name string, alone bool) {
	l.mu.Lock()
	n := len(l.entries[owner]) + 1
	l.entries[owner] = append(l.entries[owner], dataset.LogEntry{ID: dataset.LogID(strconv.Itoa(n)), Dataset: name, SyncCount: int64(n)})
	if alone {
		l.first = n
	}
	ring := l.watched[owner] > 0 && !l.deaf
	l.mu.Unlock()
	if ring {
		l.ring(owner)
	}
}

func (l *fakeLog) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func (l *fakeLog) LogTail(_ context.Context, owner dataset.Owner) (dataset.LogID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return "", errDown
	}
	return dataset.LogID(strconv.Itoa(len(l.entries[owner]))), nil
}

func (l *fakeLog) LogSince(_ context.Context, owner dataset.Owner, after dataset.LogID) ([]dataset.LogEntry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	n, err := strconv.Atoi(string(after))
	if err != nil || n < l.first || n > len(l.entries[owner]) {
		return nil, dataset.ErrGap
	}
	return slices.Clone(l.entries[owner][n:]), nil
}

func (l *fakeLog) Watch(ring func(dataset.Owner)) dataset.Watch {
	l.ring = ring
	return l
}

func (l *fakeLog) Add(owner dataset.Owner) {
	l.set(func() { l.watched[owner]++ })
	if l.onAdd != nil {
		l.onAdd()
	}
}

func (l *fakeLog) Remove(owner dataset.Owner) { l.set(func() { l.watched[owner]-- }) }

func (l *fakeLog) Close() error { return nil }

// newHub returns a hub whose clock stands still: a test calls tick.
func newHub(t *testing.T, l *fakeLog, opt Options) *Hub {
	t.Helper()
	opt.Tick = time.Hour
	h := New(l, opt)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Stop(ctx); err != nil || ctx.Err() != nil {
			t.Errorf("stopping: %v %v", err, ctx.Err())
		}
	})
	return h
}

// A listener takes the events of a subscription, one at a time.
type listener struct {
	t *testing.T
	*Subscription
	got []Event
}

func listen(t *testing.T, h *Hub, req Request) *listener {
	t.Helper()
	if req.Owner == (dataset.Owner{}) {
		req.Owner = alice
	}
	s, err := h.Subscribe(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &listener{t: t, Subscription: s}
}

// next returns the next event as text: "change notes 3 @3", "reset @3", "bye expired".
func (l *listener) next() string {
	l.t.Helper()
	deadline := time.After(10 * time.Second)
	for len(l.got) == 0 {
		select {
		case <-l.Wake():
			l.got = l.Take()
		case <-deadline:
			l.t.Fatal("no event")
		}
	}
	e := l.got[0]
	l.got = l.got[1:]
	text := string(e.Kind)
	if e.Kind == Changed {
		text += " " + e.Change.Dataset + " " + strconv.FormatInt(e.Change.SyncCount, 10)
	}
	if e.ID != "" {
		text += " @" + string(e.ID)
	}
	if e.Kind == Bye {
		text += " " + string(e.Reason)
	}
	return text
}

func (l *listener) want(texts ...string) {
	l.t.Helper()
	for _, want := range texts {
		if got := l.next(); got != want {
			l.t.Fatalf("got %q, want %q", got, want)
		}
	}
}
