package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// How the copies are brought up to date.
const (
	copyEvery    = 250 * time.Millisecond // how long a change waits where nothing holds it up
	copyMax      = 10 * time.Second       // between two tries while the copies cannot be reached
	copyAtOnce   = 4                      // datasets
	copyBatch    = 200                    // datasets of one queue in one turn
	copyFew      = 256                    // queues that others may have left behind, in one turn
	copyClaim    = 30 * time.Second       // after which another node may try
	copyPatience = 20 * time.Second       // for one dataset
)

// A Copier brings copies up to date, on any number of nodes at once. What waits is noted
// in Redis by the same script that changed it, so that another node goes on where one died.
type Copier struct {
	store *DatasetStore
	fail  func(err error) // hears of failures

	turns sync.Mutex // one at a time
}

// Copier returns the Copier of a store that keeps copies.
func (s *DatasetStore) Copier(fail func(error)) *Copier { return &Copier{store: s, fail: fail} }

// Run copies until ctx ends.
func (c *Copier) Run(ctx context.Context) {
	pause := copyEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if _, err := c.turn(ctx); err != nil && ctx.Err() == nil {
			c.fail(err)
			pause = min(2*pause, copyMax)
			continue
		}
		pause = copyEvery
	}
}

// Flush copies what this node knows to wait, until nothing does or ctx ends. What is
// left waits for another node.
func (c *Copier) Flush(ctx context.Context) error {
	for {
		copied, err := c.turn(ctx)
		if err != nil || copied == 0 {
			return err
		}
	}
}

// Waiting returns how many datasets wait to be copied, and since when the first one does.
// On a Cluster it is what this node saw when it looked last.
func (c *Copier) Waiting() (number int64, since time.Time) {
	w := c.store.queues.all()
	return w.number, w.since
}

// turn copies what waits in some queues and returns how many datasets that were.
func (c *Copier) turn(ctx context.Context) (copied int, err error) {
	c.turns.Lock()
	defer c.turns.Unlock()
	full, err := c.full(ctx, c.store.queues.lookAt(copyFew))
	if err != nil {
		return 0, err
	}
	for _, i := range full {
		n, e := c.empty(ctx, i)
		copied += n
		if err = errors.Join(err, e); e != nil && !errors.Is(e, dataset.ErrFenced) {
			c.store.queues.stirIndex(i)
			return copied, err
		}
	}
	return copied, err
}

// full returns those of some queues that have something in them.
func (c *Copier) full(ctx context.Context, some []int) ([]int, error) {
	q := c.store.queues
	numbers := make([]*redis.IntCmd, len(some))
	_, err := c.store.db.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, i := range some {
			numbers[n] = p.ZCard(ctx, q.key(i))
		}
		return nil
	})
	if err != nil {
		for _, i := range some {
			q.stirIndex(i)
		}
		return nil, fmt.Errorf("redisstore: queues of copies: %w", err)
	}
	var full []int
	for n, i := range some {
		if numbers[n].Val() == 0 {
			q.saw(i, waiting{})
			continue
		}
		full = append(full, i)
	}
	return full, nil
}

// empty copies what waits longest in a queue.
func (c *Copier) empty(ctx context.Context, i int) (copied int, err error) {
	s := c.store
	members, err := s.db.client.ZRangeWithScores(ctx, s.queues.key(i), 0, copyBatch-1).Result()
	if err != nil {
		return 0, fmt.Errorf("redisstore: queue of copies: %w", err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, copyAtOnce)
	for _, m := range members {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			done, e := c.one(ctx, s.queues.key(i), fmt.Sprint(m.Member))
			mu.Lock()
			defer mu.Unlock()
			if err = errors.Join(err, e); done {
				copied++
			}
		})
	}
	group.Wait()
	return copied, errors.Join(err, c.measure(ctx, i))
}

// measure notes what is left in a queue.
func (c *Copier) measure(ctx context.Context, i int) error {
	q, client := c.store.queues, c.store.db.client
	number, err := client.ZCard(ctx, q.key(i)).Result()
	if err != nil || number == 0 {
		q.saw(i, waiting{})
		return err
	}
	first, err := client.ZRangeWithScores(ctx, q.key(i), 0, 0).Result()
	if err == nil && len(first) == 1 {
		q.saw(i, waiting{number, fromMicros(int64(first[0].Score))})
	}
	return err
}

// one copies a dataset, unless another node is about it.
func (c *Copier) one(ctx context.Context, queue, member string) (done bool, err error) {
	s := c.store
	owner, name, ok := s.queued(member)
	if !ok {
		return true, s.db.client.ZRem(ctx, queue, member).Err()
	}
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	claim := s.ownerKey(owner) + "copying:" + escapeKey(name)
	if won, err := s.db.client.SetNX(ctx, claim, 1, copyClaim).Result(); err != nil || !won {
		return false, err
	}
	defer s.db.client.Del(context.WithoutCancel(ctx), claim)
	at := s.db.now()
	count, err := c.bring(ctx, owner, name)
	if err != nil {
		return false, fmt.Errorf("redisstore: copy dataset: %w", err)
	}
	left, err := copiedScript.Run(ctx, s.db.client, []string{s.ownerKey(owner) + "ds", member, queue}, name, count, micros(at)).Bool()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return left, err
}

// bring brings the copy of one dataset up to date and returns its count.
func (c *Copier) bring(ctx context.Context, owner dataset.Owner, name string) (int64, error) {
	s := c.store
	since, err := s.copies.Copied(ctx, owner, name)
	if err != nil {
		return 0, err
	}
	page, generation, err := s.page(ctx, dataset.Query{Owner: owner, Dataset: name, After: dataset.After(since),
		Limit: dataset.MaxBatch, Fingerprints: true})
	if err != nil || page.Dataset == nil || page.Dataset.SyncCount == since {
		return since, err
	}
	err = s.copies.Copy(ctx, &dataset.Copy{Owner: owner, Generation: generation, Dataset: page.Dataset, Since: since, Records: page.Records})
	switch {
	case errors.Is(err, dataset.ErrConflict): // it may be behind all the same: the next turn looks again
		return since, nil
	case err != nil && !errors.Is(err, dataset.ErrEnded): // the copy of an owner that ended is good as it is
		return 0, err
	}
	return page.Dataset.SyncCount, nil
}
