// Package push tells the other devices of an identity that a dataset was changed,
// by a silent push through Amazon SNS or what speaks its operations. It is a room
// of synchronised data: what is stored never waits for it.
package push

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/userpool"
)

// Medium is what pushes are called in their outbox.
const Medium = "PUSH"

// An Outbox keeps pushes until they are delivered. *message.Outbox does.
type Outbox interface {
	// Replace keeps m for delivery in place of what was kept under the id.
	Replace(ctx context.Context, id string, m userpool.Mail) error
}

// maxWaiting bounds the datasets whose changes wait for their devices to be looked
// up, per node. Beyond it changes are not pushed: a push is a hint, and an app that
// gets none finds the change when it synchronises the next time.
const maxWaiting = 10_000

// A Pusher turns changes into pushes. Made by New.
type Pusher struct {
	devices *device.Service
	outbox  Outbox
	log     *slog.Logger

	mu      sync.Mutex
	waiting map[key]*change
	wake    chan struct{} // holds a token while something waits
	full    bool          // and has been logged
}

type key struct {
	owner   dataset.Owner
	dataset string
}

// A change is what is known of the changes of a dataset that wait.
type change struct {
	count   int64
	writer  string // the device that made all of them
	several bool   // no one device did
}

// New returns a Pusher to an outbox.
func New(devices *device.Service, outbox Outbox, log *slog.Logger) *Pusher {
	return &Pusher{devices: devices, outbox: outbox, log: log, waiting: map[key]*change{}, wake: make(chan struct{}, 1)}
}

// Changed notes a change; it is what dataset.Service.Changed wants. Changes of one
// dataset that come faster than they are worked off become one push. What waits
// when the process ends is not pushed.
func (p *Pusher) Changed(_ context.Context, c dataset.Change) {
	k := key{c.Owner, c.Dataset}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch w := p.waiting[k]; {
	case w != nil:
		w.several = w.several || w.writer != c.Device
		w.count = max(w.count, c.SyncCount)
	case len(p.waiting) >= maxWaiting:
		if !p.full {
			p.full = true
			p.log.Error("too many changes wait to be pushed; some devices are not told of theirs")
		}
		return
	default:
		p.waiting[k] = &change{count: c.SyncCount, writer: c.Device}
	}
	select {
	case p.wake <- struct{}{}:
	default: // one token is enough
	}
}

// Run works off changes until ctx ends.
func (p *Pusher) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
			p.Drain(ctx)
		}
	}
}

// Drain works off all that waits.
func (p *Pusher) Drain(ctx context.Context) {
	for ctx.Err() == nil {
		k, c := p.next()
		if c == nil {
			return
		}
		if err := p.tell(ctx, k, c); err != nil && ctx.Err() == nil {
			p.log.ErrorContext(ctx, "a change is not pushed", "pool", k.owner.Pool, "identity", k.owner.Identity, "dataset", k.dataset, "err", err)
		}
	}
}

func (p *Pusher) next() (key, *change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, c := range p.waiting {
		delete(p.waiting, k)
		p.full = false
		return k, c
	}
	return key{}, nil
}

// tell keeps a push for each subscribed device but the one that made the change.
func (p *Pusher) tell(ctx context.Context, k key, c *change) error {
	if ready, err := p.devices.Ready(ctx, k.owner.Pool); err != nil || !ready {
		return err
	}
	ids, err := p.devices.Store.Subscribed(ctx, k.owner, k.dataset)
	if err != nil {
		return err
	}
	if !c.several {
		ids = slices.DeleteFunc(ids, func(id device.ID) bool { return string(id) == c.writer })
	}
	var errs []error
	for _, id := range ids {
		n := Notice{Source: source, Pool: string(k.owner.Pool), Identity: string(k.owner.Identity), Dataset: k.dataset, SyncCount: strconv.FormatInt(c.count, 10)}
		body, err := json.Marshal(n)
		if err == nil { // a newer push takes the place of one that is not out yet
			err = p.outbox.Replace(ctx, "push/"+string(id)+"/"+k.dataset, userpool.Mail{Pool: userpool.PoolID(k.owner.Pool), To: string(id), Medium: Medium, Kind: "sync", Body: string(body)})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

const source = "cognito-sync"

// A Notice is what a device is told. All of it is text, as the client libraries
// expect.
type Notice struct {
	Source    string `json:"source"`
	Pool      string `json:"identityPoolId"`
	Identity  string `json:"identityId"`
	Dataset   string `json:"datasetName"`
	SyncCount string `json:"syncCount"`
}

func (n *Notice) owner() dataset.Owner {
	return dataset.Owner{Pool: dataset.PoolID(n.Pool), Identity: dataset.IdentityID(n.Identity)}
}
