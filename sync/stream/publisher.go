package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// Medium is that of the messages that a Publisher puts into its outbox.
const Medium = "STREAM"

const (
	// queueTime bounds how long a device waits for its change to be queued.
	queueTime = 5 * time.Second
	// alive is for how long a target that took something counts as working.
	alive = time.Hour
)

// A Publisher has the changes of pools that stream wait in an outbox until their
// target has taken them. They may arrive twice, and out of their order: the sync
// counts tell. Use it by pointer.
type Publisher struct {
	Settings *settings.Service
	Outbox   userpool.Messenger // carries messages of Medium back to Deliver
	Sinks    map[string]Sink
	Now      func() time.Time
	Log      *slog.Logger

	mu    sync.Mutex
	taken map[string]time.Time // when a stream last took something
}

var _ message.Transport = (*Publisher)(nil)

// Knows reports whether the server has a stream.
func (p *Publisher) Knows(stream string) bool {
	_, ok := p.Sinks[stream]
	return ok
}

// Changed queues a change of a dataset, if its pool streams. A change that cannot
// be queued has happened all the same; a bulk publish makes up for it.
func (p *Publisher) Changed(ctx context.Context, c dataset.Change) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queueTime)
	defer cancel()
	if err := p.queue(ctx, &c); err != nil {
		p.Log.ErrorContext(ctx, "a change was not queued for its stream", "pool", c.Owner.Pool, "identity", c.Owner.Identity,
			"sync_count", c.SyncCount, "error", err)
	}
}

func (p *Publisher) queue(ctx context.Context, c *dataset.Change) error {
	s, err := p.Settings.Current(ctx, c.Owner.Pool)
	if err != nil {
		return err
	}
	stream, on := s.Stream()
	if !on {
		return nil
	}
	bodies, err := encode(c)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		err := p.Outbox.Send(ctx, userpool.Mail{Pool: userpool.PoolID(c.Owner.Pool), To: stream, Medium: Medium, Kind: "change",
			Subject: string(c.Owner.Identity), Body: string(body)})
		if err != nil {
			return err
		}
	}
	return nil
}

// Deliver implements message.Transport. What waits for a stream that its pool has
// left is dropped.
func (p *Publisher) Deliver(ctx context.Context, id string, m userpool.Mail) error {
	s, err := p.Settings.Current(ctx, dataset.PoolID(m.Pool))
	if errors.Is(err, dataset.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if stream, on := s.Stream(); !on || stream != m.To {
		return nil
	}
	return p.put(ctx, m.To, Record{ID: id, Partition: m.Subject, Body: []byte(m.Body)})
}

// put hands a record to a stream. Of one that the target finds too large it gets
// what is known without the values, or a user could end a stream by a long value.
func (p *Publisher) put(ctx context.Context, stream string, r Record) error {
	sink, ok := p.Sinks[stream]
	if !ok { // this node was started without it; another one may have it
		return fmt.Errorf("stream %q is not known to this server", stream)
	}
	err := sink.Put(ctx, r)
	if errors.Is(err, ErrTooLarge) {
		if r.Body, err = omit(r.Body); err != nil {
			return err
		}
		err = sink.Put(ctx, r)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == nil {
		p.taken = map[string]time.Time{}
	}
	p.taken[stream] = p.Now()
	return nil
}

// GivenUp hears of a change that its stream did not take in all that time. A stream
// that takes nothing else either is switched off, as by Cognito: its pool's owner
// finds out, and nothing piles up.
func (p *Publisher) GivenUp(ctx context.Context, pool userpool.PoolID, _, _, stream, reason string) {
	p.mu.Lock()
	last := p.taken[stream]
	p.mu.Unlock()
	if p.Now().Before(last.Add(alive)) {
		return // the outbox has logged the one
	}
	off, err := p.Settings.SwitchOff(ctx, dataset.PoolID(pool), stream)
	if err != nil {
		p.Log.ErrorContext(ctx, "a stream that is broken was not switched off", "pool", pool, "stream", stream, "error", err)
	}
	if off {
		p.Log.ErrorContext(ctx, "streaming was switched off: the stream is broken", "pool", pool, "stream", stream, "reason", reason)
	}
}
