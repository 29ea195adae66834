package redisstore

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A datasetWatch is one connection, however many owners are watched: it is
// subscribed to a channel for each. go-redis makes it anew when it breaks and
// subscribes again; every confirmation of a subscription rings, so that what was
// published in between is read from the log.
type datasetWatch struct {
	store   *DatasetStore
	channel *redis.PubSub
	ring    func(dataset.Owner)
	done    chan struct{}

	subscribing sync.Mutex // orders the commands as the counts
	mu          sync.Mutex // never held over a command
	owners      map[string]*watchedOwner
}

type watchedOwner struct {
	owner dataset.Owner
	count int
}

// Watch implements dataset.Log.
func (s *DatasetStore) Watch(ring func(dataset.Owner)) dataset.Watch {
	w := &datasetWatch{store: s, channel: s.db.client.Subscribe(context.Background()), ring: ring,
		done: make(chan struct{}), owners: map[string]*watchedOwner{}}
	go w.listen()
	return w
}

// listen rings for messages and confirmations until the connection is closed.
func (w *datasetWatch) listen() {
	defer close(w.done)
	for event := range w.channel.ChannelWithSubscriptions() {
		switch event := event.(type) {
		case *redis.Subscription:
			if event.Kind == "subscribe" {
				w.heard(event.Channel)
			}
		case *redis.Message:
			w.heard(event.Channel)
		}
	}
}

func (w *datasetWatch) heard(channel string) {
	w.mu.Lock()
	o := w.owners[channel]
	w.mu.Unlock()
	if o != nil {
		w.ring(o.owner)
	}
}

// Add implements dataset.Watch. A command that fails is no loss: go-redis notes
// the channel all the same and subscribes to it on the next connection.
func (w *datasetWatch) Add(owner dataset.Owner) {
	w.subscribing.Lock()
	defer w.subscribing.Unlock()
	channel := w.store.logKey(owner)
	if w.count(channel, owner, 1) == 1 {
		_ = w.channel.Subscribe(context.Background(), channel)
	}
}

// Remove implements dataset.Watch.
func (w *datasetWatch) Remove(owner dataset.Owner) {
	w.subscribing.Lock()
	defer w.subscribing.Unlock()
	channel := w.store.logKey(owner)
	if w.count(channel, owner, -1) == 0 {
		_ = w.channel.Unsubscribe(context.Background(), channel)
	}
}

// count adds to the count of an owner and returns it.
func (w *datasetWatch) count(channel string, owner dataset.Owner, by int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.owners[channel]
	if o == nil {
		o = &watchedOwner{owner: owner}
		w.owners[channel] = o
	}
	if o.count += by; o.count == 0 {
		delete(w.owners, channel)
	}
	return o.count
}

// Close implements dataset.Watch.
func (w *datasetWatch) Close() error {
	err := w.channel.Close()
	<-w.done
	return err
}
