package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

const (
	bulkPoll  = 5 * time.Second // between two looks for what other nodes left behind
	bulkLease = time.Minute     // that a node holds a pool without a sign
	bulkPage  = 100             // identities
	putTime   = 20 * time.Second
)

// bulkWaits is how long a pool is left alone after each failure in a row; after the
// last of them the bulk publish has failed.
var bulkWaits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 8 * time.Minute}

// Owners knows the identities of pools.
type Owners interface {
	// Owners returns up to limit identities of a pool by id after the given one, and
	// whether there are more.
	Owners(ctx context.Context, pool dataset.PoolID, after dataset.IdentityID, limit int) (ids []dataset.IdentityID, more bool, err error)
}

// A Bulk publishes all data of pools whose owners ask for it. Any node may: one of
// them at a time works on a pool, and another goes on where it stopped.
type Bulk struct {
	Publisher *Publisher
	Datasets  dataset.Store
	Owners    Owners
}

// Run publishes until ctx ends.
func (b *Bulk) Run(ctx context.Context) {
	tick := time.NewTicker(bulkPoll)
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			found, err := b.RunOne(ctx)
			if err != nil && ctx.Err() == nil {
				b.Publisher.Log.ErrorContext(ctx, "bulk publish", "error", err)
			}
			if err != nil || !found {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RunOne works on one pool that waits, if there is one, until it is done or fails.
func (b *Bulk) RunOne(ctx context.Context) (found bool, err error) {
	p := b.Publisher
	pool, s, err := p.Settings.Store.ClaimBulk(ctx, p.Now().Add(bulkLease))
	if errors.Is(err, dataset.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r := &run{Bulk: b, pool: pool, at: s.Bulk}
	p.Log.InfoContext(ctx, "bulk publish runs", "pool", pool, "stream", r.at.Stream, "after", r.at.Identity)
	err = r.identities(ctx)
	switch {
	case ctx.Err() != nil:
		return true, errors.Join(ctx.Err(), p.Settings.Store.HoldBulk(context.WithoutCancel(ctx), pool, time.Time{})) // for another node
	case err != nil:
		err = r.failed(ctx, err)
	default:
		err = r.end(ctx, "")
	}
	if isOver(err) {
		return true, nil
	}
	return true, err
}

// isOver reports whether the bulk publish was ended by another node, or the pool is
// gone.
func isOver(err error) bool {
	return errors.Is(err, dataset.ErrConflict) || errors.Is(err, dataset.ErrNotFound)
}

// A run is one node's work on a bulk publish.
type run struct {
	*Bulk
	pool dataset.PoolID
	at   settings.Bulk
}

// errSwitchedOff ends a run at once.
var errSwitchedOff = errors.New("streaming was switched off, or goes elsewhere")

// identities publishes what is left of all identities. The one that was begun goes
// first; it may be gone by now.
func (r *run) identities(ctx context.Context) error {
	if r.at.Dataset != "" {
		if err := r.identity(ctx, r.at.Identity); err != nil {
			return err
		}
	}
	for {
		ids, more, err := r.Owners.Owners(ctx, r.pool, r.at.Identity, bulkPage)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := r.identity(ctx, id); err != nil {
				return err
			}
		}
		if err := r.advance(ctx, func(*settings.Bulk) {}); err != nil || !more {
			return err
		}
	}
}

// identity publishes the datasets of one identity, those that are left.
func (r *run) identity(ctx context.Context, id dataset.IdentityID) error {
	owner := dataset.Owner{Pool: r.pool, Identity: id}
	all, err := r.Datasets.Datasets(ctx, owner)
	if err != nil {
		return err
	}
	for i := range all {
		if id == r.at.Identity && all[i].Name <= r.at.Dataset {
			continue
		}
		if err := r.dataset(ctx, owner, all[i].Name); err != nil {
			return err
		}
		if err := r.advance(ctx, func(b *settings.Bulk) { b.Identity, b.Dataset, b.Tries = id, all[i].Name, 0 }); err != nil {
			return err
		}
	}
	r.at.Identity, r.at.Dataset = id, "" // noted with the page, or the next dataset
	return nil
}

// dataset publishes one dataset as it is now. Removed records are no part of it.
func (r *run) dataset(ctx context.Context, owner dataset.Owner, name string) error {
	page, err := r.Datasets.Records(ctx, dataset.Query{Owner: owner, Dataset: name, After: dataset.After(0), Limit: dataset.MaxBatch})
	if err != nil || page.Dataset == nil || page.Dataset.Deleted {
		return err
	}
	c := dataset.Change{Owner: owner, Dataset: name, SyncCount: page.Dataset.SyncCount, At: page.Dataset.Modified, Records: []dataset.Record{}}
	for _, rec := range page.Records {
		if !rec.Removed {
			c.Records = append(c.Records, rec)
		}
	}
	bodies, err := encode(&c)
	if err != nil {
		return err
	}
	for i, body := range bodies {
		id := fmt.Sprintf("bulk-%d/%s/%s/%d/%d", r.at.Started.UnixMicro(), owner.Identity, name, c.SyncCount, i)
		if err := r.put(ctx, Record{ID: id, Partition: string(owner.Identity), Body: body}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) put(ctx context.Context, rec Record) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	return r.Publisher.put(ctx, r.at.Stream, rec)
}

// advance notes how far the run has got and holds the pool for longer.
func (r *run) advance(ctx context.Context, fn func(*settings.Bulk)) error {
	p := r.Publisher
	s, err := p.Settings.AdvanceBulk(ctx, r.pool, r.at.Started, func(b *settings.Bulk) {
		b.Identity, b.Dataset = r.at.Identity, r.at.Dataset
		fn(b)
	})
	if err != nil {
		return err
	}
	if stream, on := s.Stream(); !on || stream != r.at.Stream {
		return errSwitchedOff
	}
	r.at = s.Bulk
	return p.Settings.Store.HoldBulk(ctx, r.pool, p.Now().Add(bulkLease))
}

// failed leaves the pool alone for a while, or ends the bulk publish.
func (r *run) failed(ctx context.Context, err error) error {
	p := r.Publisher
	if isOver(err) {
		return err
	}
	if errors.Is(err, errSwitchedOff) {
		return r.end(ctx, "Streaming was disabled while the bulk publish ran.")
	}
	p.Log.WarnContext(ctx, "bulk publish does not get on", "pool", r.pool, "stream", r.at.Stream, "tries", r.at.Tries+1, "error", err)
	if r.at.Tries >= len(bulkWaits) {
		return r.end(ctx, "The stream does not take records.")
	}
	wait := bulkWaits[r.at.Tries]
	if _, err := p.Settings.AdvanceBulk(ctx, r.pool, r.at.Started, func(b *settings.Bulk) { b.Tries++ }); err != nil {
		return err
	}
	return p.Settings.Store.HoldBulk(ctx, r.pool, p.Now().Add(wait))
}

// end notes that the bulk publish has succeeded, or why it has failed.
func (r *run) end(ctx context.Context, failure string) error {
	p := r.Publisher
	now := p.Now().UTC().Truncate(time.Microsecond)
	_, err := p.Settings.AdvanceBulk(ctx, r.pool, r.at.Started, func(b *settings.Bulk) {
		b.Status, b.Completed, b.Failure = settings.BulkSucceeded, now, failure
		if failure != "" {
			b.Status = settings.BulkFailed
		} else {
			b.Succeeded = now
		}
		b.Identity, b.Dataset, b.Tries = "", "", 0
	})
	if err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "bulk publish ended", "pool", r.pool, "stream", r.at.Stream, "failure", failure)
	return p.Settings.Store.HoldBulk(ctx, r.pool, time.Time{}) // the next one may begin at once
}
