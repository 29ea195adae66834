package syncdevices_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// A library is how one of the published client libraries reads a dataset. All of them
// push with the counts that they know, and take a push that came back with their own
// count plus one for proof that nobody else wrote.
type library struct {
	name       string
	maxResults int  // 0: sends none
	pages      bool // follows NextToken
}

var libraries = []library{
	{"Android", 1024, true},
	{"iOS", 0, false},
	{"JavaScript", 1024, true},
}

// A device holds a copy of one dataset.
type device struct {
	library
	id      string
	dataset string
	api     *api
	history *history
	random  *rand.Rand

	last    int64 // count of the last listing
	known   map[string]local
	changed map[string]bool
}

// local is a record as the device has it.
type local struct {
	value   string
	removed bool
	count   int64
}

func newDevice(i int, dataset string, a *api, h *history, seed uint64) *device {
	lib := libraries[i%len(libraries)]
	return &device{library: lib, id: fmt.Sprintf("%s-%d", lib.name, i), dataset: dataset, api: a, history: h,
		random: rand.New(rand.NewPCG(seed, uint64(i))), known: map[string]local{}, changed: map[string]bool{}}
}

// live does what a user does on one device: edits, mostly, and synchronises now and then.
func (d *device) live(ctx context.Context, steps int) error {
	for range steps {
		switch n := d.random.IntN(20); {
		case n == 0:
			if err := d.history.delete(ctx, d); err != nil {
				return err
			}
		case n < 10:
			d.edit()
		default:
			if err := d.synchronise(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *device) edit() {
	key := string(rune('a' + d.random.IntN(6)))
	d.known[key] = local{value: fmt.Sprintf("%s:%d", d.id, d.random.IntN(1000)), removed: d.random.IntN(5) == 0, count: d.known[key].count}
	d.changed[key] = true
}

// synchronise pulls, merges, pushes, and starts again after a conflict as the libraries do.
func (d *device) synchronise(ctx context.Context) error {
	for range 3 {
		session, err := d.pull(ctx)
		if err != nil {
			return err
		}
		done, err := d.push(ctx, session)
		if done || err != nil {
			return err
		}
	}
	return nil // it stays changed until the next time
}

// pull merges what changed on the server. A record that changed on both sides keeps
// the local value on top of the server's count: the user's answer to the conflict.
func (d *device) pull(ctx context.Context) (session string, err error) {
	for {
		l, err := d.history.list(ctx, d)
		if err != nil {
			return "", err
		}
		if l.DatasetDeletedAfterRequestedSyncCount || d.last > 0 && !l.DatasetExists {
			d.last, d.known, d.changed = 0, map[string]local{}, map[string]bool{}
			continue
		}
		if d.last == 0 {
			d.forgetUnlisted(l)
		}
		for _, r := range l.Records {
			d.merge(r)
		}
		d.last = l.DatasetSyncCount
		return l.SyncSessionToken, nil
	}
}

// forgetUnlisted drops what a whole listing does not have. The published libraries don't:
// a device whose first push met another's, and then a deletion before its next listing,
// keeps its records for good with them, since a listing since 0 tells of no deletion.
func (d *device) forgetUnlisted(l *listing) {
	listed := map[string]bool{}
	for _, r := range l.Records {
		listed[r.Key] = true
	}
	maps.DeleteFunc(d.known, func(key string, _ local) bool { return !listed[key] && !d.changed[key] })
	for key, r := range d.known {
		if !listed[key] {
			d.known[key] = local{value: r.value, removed: r.removed}
		}
	}
}

func (d *device) merge(r record) {
	now := local{removed: r.Value == nil, count: r.SyncCount}
	if r.Value != nil {
		now.value = *r.Value
	}
	if d.changed[r.Key] {
		now.value, now.removed = d.known[r.Key].value, d.known[r.Key].removed
	}
	d.known[r.Key] = now
}

// push sends the local changes; done is false after a conflict.
func (d *device) push(ctx context.Context, session string) (done bool, err error) {
	if len(d.changed) == 0 {
		return true, nil
	}
	var patches []patch
	for _, key := range slices.Sorted(maps.Keys(d.changed)) {
		r := d.known[key]
		p := patch{Op: "replace", Key: key, Value: r.value, SyncCount: r.count}
		if r.removed {
			p.Op, p.Value = "remove", ""
		}
		patches = append(patches, p)
	}
	records, ok, err := d.history.update(ctx, d, session, patches)
	if !ok || err != nil {
		return false, err
	}
	d.changed = map[string]bool{}
	for _, r := range records {
		d.merge(r)
	}
	if records[0].SyncCount == d.last+1 {
		d.last++
		return true, nil
	}
	_, err = d.pull(ctx) // others wrote in between
	return true, err
}

// alive is what the user sees.
func (d *device) alive() map[string]string {
	out := map[string]string{}
	for key, r := range d.known {
		if !r.removed {
			out[key] = r.value
		}
	}
	return out
}
