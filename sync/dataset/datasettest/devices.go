package datasettest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A device keeps a local copy as the published client libraries do: what it
// knows of each record, which of them it has changed, and the count of its last
// listing.
type device struct {
	name    string
	last    int64
	known   map[string]modelRecord
	changed map[string]bool
}

// playDevices lets three devices edit and synchronise in a random order and
// checks that they end up equal, and that an accepted write is lost only to a
// later accepted write, a deletion, or a merge that had seen it. A store that may
// lose writes does that too now and then.
func playDevices(t *rapid.T, s dataset.Store) {
	sv := &dataset.Service{Store: s, Secrets: fixedSecret{}, Now: func() time.Time { return start }}
	owner := newOwner()
	devices := make([]*device, 3)
	for i := range devices {
		devices[i] = &device{name: fmt.Sprint("device", i), known: map[string]modelRecord{}, changed: map[string]bool{}}
	}
	lossy, _ := s.(Lossy)
	saved := false
	for range rapid.IntRange(1, 20).Draw(t, "steps") {
		if lossy != nil && rapid.IntRange(0, 4).Draw(t, "crash") == 0 {
			crash(t, lossy, &saved)
		}
		d := devices[rapid.IntRange(0, 2).Draw(t, "device")]
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0:
			if _, err := sv.DeleteDataset(context.Background(), owner, "notes"); err != nil && !errors.Is(err, dataset.ErrNotFound) {
				t.Fatal(err)
			}
		case 1, 2, 3, 4:
			d.edit(keys.Draw(t, "key"), rapid.StringMatching(`[a-z]?`).Draw(t, "value"))
		default:
			page := rapid.IntRange(1, 3).Draw(t, "page")
			session := d.pull(t, sv, owner, page)
			if rapid.Bool().Draw(t, "interrupted") { // another device gets in between
				other := devices[rapid.IntRange(0, 2).Draw(t, "other")]
				other.push(t, sv, owner, other.pull(t, sv, owner, page), false)
			}
			d.push(t, sv, owner, session, rapid.Bool().Draw(t, "answer lost"))
		}
	}
	settle(t, sv, owner, devices)
}

// crash saves, or loses what was written since.
func crash(t *rapid.T, s Lossy, saved *bool) {
	fn := s.Save
	if *saved && rapid.Bool().Draw(t, "lose") {
		fn = s.Lose
	}
	*saved = true
	if err := fn(); err != nil {
		t.Fatal(err)
	}
}

// settle synchronises all devices until none has anything to say, then compares
// them with the server.
func settle(t *rapid.T, sv *dataset.Service, owner dataset.Owner, devices []*device) {
	for range 2 {
		for _, d := range devices {
			d.push(t, sv, owner, d.pull(t, sv, owner, 2), false)
		}
	}
	l, err := sv.ListRecords(context.Background(), dataset.ListInput{Owner: owner, Dataset: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	server := map[string]modelRecord{}
	for i := range l.Records {
		r := &l.Records[i]
		if !r.Removed {
			server[r.Key] = modelRecord{value: r.Value, count: r.SyncCount()}
		}
	}
	for _, d := range devices {
		if len(d.changed) > 0 {
			t.Fatalf("%s still has changes: %v", d.name, d.changed)
		}
		maps.DeleteFunc(d.known, func(_ string, r modelRecord) bool { return r.removed })
		if !maps.Equal(d.known, server) {
			t.Fatalf("%s has %v, the server %v", d.name, d.known, server)
		}
	}
}

// edit changes a record locally; an empty value removes it.
func (d *device) edit(key, value string) {
	d.known[key] = modelRecord{value: value, removed: value == "", count: d.known[key].count}
	d.changed[key] = true
}

// pull lists what changed and merges it. A record that was changed on both sides
// keeps the local value on top of the server's count.
func (d *device) pull(t *rapid.T, sv *dataset.Service, owner dataset.Owner, page int) string {
	in := dataset.ListInput{Owner: owner, Dataset: "notes", Since: d.last, Limit: page}
	for {
		l, err := sv.ListRecords(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if l.DeletedSince || in.Since > 0 && !l.Exists {
			d.last, d.known, d.changed = 0, map[string]modelRecord{}, map[string]bool{}
			in.Since, in.NextToken = 0, ""
			continue
		}
		for i := range l.Records {
			d.merge(&l.Records[i])
		}
		if l.NextToken == "" {
			d.last = l.SyncCount
			return l.SessionToken
		}
		in.NextToken = l.NextToken
	}
}

func (d *device) merge(r *dataset.Record) {
	local := modelRecord{value: r.Value, removed: r.Removed, count: r.SyncCount()}
	if d.changed[r.Key] {
		local.value, local.removed = d.known[r.Key].value, d.known[r.Key].removed
	}
	d.known[r.Key] = local
}

// push sends the local changes. If the answer is lost the request goes out twice,
// as an SDK does, and the second answer must be as good as the first.
func (d *device) push(t *rapid.T, sv *dataset.Service, owner dataset.Owner, session string, lost bool) {
	in := dataset.UpdateInput{Owner: owner, Dataset: "notes", Device: d.name, SessionToken: session}
	for key := range d.changed {
		r := d.known[key]
		in.Patches = append(in.Patches, dataset.Patch{Key: key, Value: r.value, Remove: r.removed, SyncCount: r.count})
	}
	records, err := sv.UpdateRecords(context.Background(), in)
	if errors.Is(err, dataset.ErrConflict) || errors.Is(err, dataset.ErrStaleSession) {
		return // it stays changed and goes out with the next synchronisation
	}
	if err != nil {
		t.Fatal(err)
	}
	if lost {
		again, err := sv.UpdateRecords(context.Background(), in)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(records) {
			t.Fatalf("sent again: %v, %v; the first time %v", again, err, records)
		}
	}
	for i := range records {
		r := &records[i]
		d.known[r.Key] = modelRecord{value: r.Value, removed: r.Removed, count: r.SyncCount()}
		delete(d.changed, r.Key)
	}
	switch {
	case len(records) == 0:
	case records[0].SyncCount() == d.last+1:
		d.last = records[0].SyncCount() // nobody else wrote: as Android does
	default:
		// A device that waited with this could miss a deletion: it would ask
		// since 0, as one does that never had anything.
		d.pull(t, sv, owner, 2)
	}
}

// fixedSecret is a Secrets for tests.
type fixedSecret struct{}

func (fixedSecret) Secret(context.Context, string) ([]byte, error) {
	return []byte("0123456789abcdef0123456789abcdef"), nil
}
