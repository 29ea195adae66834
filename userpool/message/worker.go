package message

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// batch is how many messages a node delivers at once.
	batch = 8
	// claimTime bounds the claim of a batch.
	claimTime = 10 * time.Second
	// deliverTime bounds one try. It is well below lease, so that a claim never
	// runs out under a worker that is alive.
	deliverTime = 45 * time.Second
	// lease is how long a claimed message is left to its worker.
	lease = 2 * time.Minute
	// pollEvery is how often a node looks for what other nodes left behind and for
	// what is due again. New messages of its own wake it at once.
	pollEvery = 5 * time.Second
)

// backOff is how long to wait after each failed try; after the last of them the
// message is given up. All of it is shorter than an hour, the life of a code for
// a new password: a later mail would bring a dead one.
var backOff = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 8 * time.Minute, 30 * time.Minute}

// Run delivers until ctx ends. A delivery under way is finished first.
func (o *Outbox) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := o.Drain(ctx); err != nil && !errors.Is(err, context.Canceled) {
			o.Log.ErrorContext(ctx, "outbox", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		case <-tick.C:
		}
	}
}

// Drain delivers all that is due now. When ctx ends it claims nothing more and
// finishes what is under way.
func (o *Outbox) Drain(ctx context.Context) error {
	for {
		n, err := o.pass(ctx)
		if err != nil || n < batch {
			return err
		}
	}
}

// pass claims and tries up to a batch of messages, and returns how many. A claim
// that has begun is not cancelled: its messages would be nobody's until it runs
// out.
func (o *Outbox) pass(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	claim, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	items, err := o.Store.Claim(claim, o.Now().Add(lease), batch)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	errs := make([]error, len(items))
	for i, it := range items {
		wg.Go(func() { errs[i] = o.try(ctx, it) })
	}
	wg.Wait()
	return len(items), errors.Join(errs...)
}

// try delivers an item once and settles it. The error is that of the store.
func (o *Outbox) try(ctx context.Context, it *Item) error {
	deliver, cancel := context.WithTimeout(ctx, deliverTime)
	err := o.deliver(deliver, it)
	cancel()
	switch {
	case err == nil:
		err = o.Store.Delivered(ctx, it)
	case errors.Is(err, ErrPermanent) || it.Tries > int64(len(backOff)):
		o.Log.ErrorContext(ctx, "message given up", "id", it.ID, "pool", it.Pool, "medium", it.Medium, "kind", it.Kind, "tries", it.Tries, "err", err)
		err = o.giveUp(ctx, it, err.Error())
	default:
		o.Log.WarnContext(ctx, "message not delivered yet", "id", it.ID, "pool", it.Pool, "medium", it.Medium, "kind", it.Kind, "tries", it.Tries, "err", err)
		err = o.Store.Postpone(ctx, it, o.Now().Add(backOff[it.Tries-1]), err.Error())
	}
	if errors.Is(err, ErrLost) {
		return nil // another worker has it now, and settles it
	}
	return err
}

// giveUp closes an item that cannot be delivered, and has its pool hear of it.
func (o *Outbox) giveUp(ctx context.Context, it *Item, reason string) error {
	if err := o.Store.Close(ctx, it, reason); err != nil {
		return err
	}
	if o.GivenUp != nil && it.Pool != "" {
		o.GivenUp(ctx, it.Pool, it.Medium, it.Kind, it.Destination, reason)
	}
	return nil
}

// deliver hands an item over. A panic gives it up: otherwise what some user wrote
// could end every node that claims it, again and again.
func (o *Outbox) deliver(ctx context.Context, it *Item) (err error) {
	defer func() {
		if recover() != nil { // its value may hold the message
			o.Log.ErrorContext(ctx, "panic in a delivery", "id", it.ID, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: panic", ErrPermanent)
		}
	}()
	transport := o.Transports[it.Medium]
	if transport == nil { // this node was started without it; another one may have it
		return fmt.Errorf("%w; medium %s", ErrNotConfigured, it.Medium)
	}
	m, err := o.open(it)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return transport.Deliver(ctx, it.ID, m)
}
