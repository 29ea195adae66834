package redisstore

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A queues names the queues of datasets that wait to be copied: sorted sets of the keys
// of their values, by when the first change that is not copied was made. A script can
// only reach keys of its slot, so a Cluster has a queue for each; elsewhere one is enough.
//
//	cs:queue:{tag}   sorted set: key of a dataset's values by microseconds
type queues struct {
	prefix string
	tags   []string // by slot; a single one without a Cluster

	mu      sync.Mutex
	stirred map[int]bool    // queues that this node has written to
	next    int             // where looking through all of them goes on
	waiting map[int]waiting // what was seen in them last
}

// waiting is what waits in a queue.
type waiting struct {
	number int64
	since  time.Time
}

func newQueues(db *DB) *queues {
	q := &queues{prefix: db.prefix + "cs:queue:", tags: []string{"0"}, stirred: map[int]bool{}, waiting: map[int]waiting{}}
	if _, ok := db.client.(*redis.ClusterClient); ok {
		q.tags = slotTags()
	}
	return q
}

// slots is how many there are in a Cluster.
const slots = 16384

// slotTags returns, for each slot, a text that hashes to it.
var slotTags = sync.OnceValue(func() []string {
	tags := make([]string, slots)
	for i, left := 0, slots; left > 0; i++ {
		tag := fmt.Sprint(i)
		if s := slot(tag); tags[s] == "" {
			tags[s] = tag
			left--
		}
	}
	return tags
})

// slot returns the slot of a hash tag: CRC-16/XMODEM, see the Redis Cluster specification.
func slot(tag string) int {
	var crc uint16
	for i := range len(tag) {
		crc ^= uint16(tag[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc % slots)
}

// index returns which queue the keys of an owner belong to.
func (q *queues) index(key string) int {
	if len(q.tags) == 1 {
		return 0
	}
	_, rest, _ := strings.Cut(key, "{")
	tag, _, _ := strings.Cut(rest, "}")
	return slot(tag)
}

func (q *queues) key(i int) string { return q.prefix + "{" + q.tags[i] + "}" }

// of returns the key of the queue that a key of an owner's belongs to.
func (q *queues) of(key string) string { return q.key(q.index(key)) }

// stir notes that something may have been added to the queue of a key.
func (q *queues) stir(key string) { q.stirIndex(q.index(key)) }

func (q *queues) stirIndex(i int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stirred[i] = true
}

// lookAt returns the queues to look at: those that this node has written to, those that
// had something, and the next few of all, which other nodes may have left behind.
func (q *queues) lookAt(few int) []int {
	q.mu.Lock()
	defer q.mu.Unlock()
	found := maps.Clone(q.stirred)
	clear(q.stirred)
	for i := range q.waiting {
		found[i] = true
	}
	for range min(few, len(q.tags)) {
		found[q.next] = true
		q.next = (q.next + 1) % len(q.tags)
	}
	return slices.Collect(maps.Keys(found))
}

// saw notes what waits in a queue.
func (q *queues) saw(i int, w waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.number == 0 {
		delete(q.waiting, i)
		return
	}
	q.waiting[i] = w
}

// all sums up what was seen last.
func (q *queues) all() waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	var sum waiting
	for _, w := range q.waiting {
		sum.number += w.number
		if sum.since.IsZero() || w.since.Before(sum.since) {
			sum.since = w.since
		}
	}
	return sum
}

// queued reads a member of a queue: the key of a dataset's values.
func (s *DatasetStore) queued(member string) (owner dataset.Owner, name string, ok bool) {
	rest, isOurs := strings.CutPrefix(member, s.db.prefix+"cs:{")
	pool, rest, a := strings.Cut(rest, "/")
	identity, rest, b := strings.Cut(rest, "}:d:")
	rest, c := strings.CutSuffix(rest, ":r")
	var texts [3]string
	for i, escaped := range []string{pool, identity, rest} {
		text, err := url.PathUnescape(escaped)
		if err != nil {
			return owner, "", false
		}
		texts[i] = text
	}
	return dataset.Owner{Pool: dataset.PoolID(texts[0]), Identity: dataset.IdentityID(texts[1])}, texts[2], isOurs && a && b && c
}
