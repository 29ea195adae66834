package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// Config is what a Log needs.
type Config struct {
	Store   Store
	Key     []byte // of the chain's hashes; keyring secret "audit"
	Signer  Signer // of checkpoints
	Account string // whose log it is
	Region  string // of events that name none
	Now     func() time.Time

	Errors *slog.Logger // where trouble of the log itself goes
	Copy   *slog.Logger // gets each record too, as a line; may be nil

	Linger time.Duration // how long a first event waits for others; 50 ms where 0
	Queue  int           // events that may wait; 4096 where 0
}

// How the writer batches, and how long a full queue holds up a request before
// its event goes to the error log instead.
const (
	maxBatch     = 256
	maxWait      = time.Second
	retryFirst   = 50 * time.Millisecond
	retryLast    = 5 * time.Second
	writeTimeout = 30 * time.Second
)

// A Log records events. Close it to write what still waits.
type Log struct {
	Config
	segment string
	queue   chan item
	lost    atomic.Int64
	cancel  context.CancelFunc // makes the writer give up on a broken store
	done    chan struct{}

	mu     sync.RWMutex // guards closed against a send on a closed queue
	closed bool
	watch  []chan struct{}

	seq  int64 // of the writer
	prev []byte
}

// An item is an event, a record that was stored as an intent, or a request to say
// when all before it is written.
type item struct {
	event   Event
	stored  *Entry
	flushed chan<- struct{}
}

var errClosed = errors.New("audit: the queue is full or closed")

var _ awsapi.Auditor = (*Log)(nil)

// Open starts a log with a segment of its own.
func Open(c Config) *Log {
	if c.Linger == 0 {
		c.Linger = 50 * time.Millisecond
	}
	if c.Queue == 0 {
		c.Queue = 4096
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Log{Config: c, segment: newEventID(c.Now()), queue: make(chan item, c.Queue), cancel: cancel, done: make(chan struct{})}
	l.prev = genesis(l.segment)
	go l.write(ctx)
	return l
}

// Record implements awsapi.Auditor.
func (l *Log) Record(ctx context.Context, e awsapi.Event) { l.Add(ctx, fromAPI(e)) }

// complete fills in what an event leaves out.
func (l *Log) complete(e Event) Event {
	if e.Time.IsZero() {
		e.Time = l.Now()
	}
	if e.Type == "" {
		e.Type = APICall
	}
	if e.Region == "" {
		e.Region = l.Region
	}
	return e
}

// Add records an event. It returns at once unless the queue is full; an event
// that finds no room within a second is written to the error log and counted as lost.
func (l *Log) Add(ctx context.Context, e Event) {
	e = l.complete(e)
	settle(ctx, &e)
	if !l.send(item{event: e}) {
		l.lose(&e, errClosed)
	}
}

func (l *Log) send(i item) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return false
	}
	select {
	case l.queue <- i:
		return true
	default:
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case l.queue <- i:
		return true
	case <-timer.C:
		return false
	}
}

func (l *Log) lose(e *Event, err error) {
	l.lost.Add(1)
	l.Errors.Error("audit event lost", "source", e.Source, "name", e.Name, "principal", e.Identity.ARN,
		"request", e.RequestID, "code", e.ErrorCode, "error", err)
}

// Waiting returns how many events wait to be written.
func (l *Log) Waiting() int { return len(l.queue) }

// Lost returns how many events could not be written.
func (l *Log) Lost() int64 { return l.lost.Load() }

// Flush waits until everything recorded before is written.
func (l *Log) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	if !l.send(item{flushed: flushed}) {
		return errClosed
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Find returns entries of the store, newest first: see Store.
func (l *Log) Find(ctx context.Context, q Query) ([]*Entry, string, error) {
	return l.Store.Find(ctx, q)
}

// Watch returns a channel that says when there is something new in the store. Who
// has not looked misses nothing but repetitions.
func (l *Log) Watch() <-chan struct{} {
	news := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch = append(l.watch, news)
	return news
}

func (l *Log) tell() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, news := range l.watch {
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

// Segment is the name of the chain that this process writes.
func (l *Log) Segment() string { return l.segment }

// Close writes what still waits, until ctx ends, and stops the log.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		l.cancel()
		<-l.done
		return ctx.Err()
	}
}
