package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A function is a pool's function in Go, and how often it ran.
type function struct {
	run   func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error)
	calls int
}

func (f *function) Watches(_ context.Context, pool dataset.PoolID) (bool, error) {
	return pool == alice.Pool, nil
}

func (f *function) Sync(_ context.Context, _ dataset.Owner, _ string, records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
	f.calls++
	return f.run(records)
}

// watch gives the world a function.
func (w *world) watch(run func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error)) *function {
	f := &function{run: run}
	w.Trigger = f
	return f
}

// returns is a function that returns the same whatever it is given.
func returns(records ...dataset.TriggerRecord) func([]dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
	return func([]dataset.TriggerRecord) ([]dataset.TriggerRecord, error) { return records, nil }
}

func as(key, value string, op dataset.TriggerOp) dataset.TriggerRecord {
	return dataset.TriggerRecord{Key: key, New: &value, Op: op}
}

// full renders records as "key=value@count" or "key-@count".
func full(records []dataset.Record) string {
	var all []string
	for i := range records {
		r := &records[i]
		form := r.Key + "=" + r.Value
		if r.Removed {
			form = r.Key + "-"
		}
		all = append(all, fmt.Sprintf("%s@%d", form, r.SyncCount()))
	}
	return strings.Join(all, " ")
}

// TestFunctionSeesTheDataset: all that is stored, and what the device changes.
func TestFunctionSeesTheDataset(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0), put("b", "1", 0), put("c", "1", 0), put("gone", "1", 0))
	w.write(dataset.Patch{Key: "gone", Remove: true, SyncCount: 1})
	var seen []string
	w.watch(func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
		text := func(s *string) string {
			if s == nil {
				return "nil"
			}
			return *s
		}
		for _, r := range records {
			seen = append(seen, fmt.Sprintf("%s:%s>%s %s", r.Key, text(r.Old), text(r.New), r.Op))
		}
		return records, nil
	})
	got, err := w.send(w.list(0).SessionToken, put("new", "n", 0), put("b", "2", 1), dataset.Patch{Key: "c", Remove: true, SyncCount: 1}, put("gone", "g", 2))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a:1>1 ", "b:1>2 replace", "c:1>nil remove", "gone:nil>g replace", "new:nil>n replace"}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
	if full(got) != "new=n@3 b=2@3 c-@3 gone=g@3" || full(w.list(2).Records) != full(got) {
		t.Errorf("answer %s, stored %s", full(got), full(w.list(2).Records))
	}
}

// TestFunctionChanges: each way in which a function may change an update, over a=1
// and b=1 of count 1, where the device sends a=2 and new=n.
func TestFunctionChanges(t *testing.T) {
	none := func(key string) dataset.TriggerRecord { return dataset.TriggerRecord{Key: key} }
	for name, tt := range map[string]struct {
		answer       []dataset.TriggerRecord
		sent, stored string
	}{
		"modifies":           {[]dataset.TriggerRecord{as("a", "x", dataset.OpReplace), as("new", "y", "")}, "a=x@2 new=y@2", "b=1@1 a=x@2 new=y@2"},
		"leaves one out":     {[]dataset.TriggerRecord{as("new", "n", dataset.OpReplace)}, "new=n@2 a=1@1", "a=1@1 b=1@1 new=n@2"},
		"leaves all out":     {nil, "a=1@1", "a=1@1 b=1@1"},
		"turns into removal": {[]dataset.TriggerRecord{as("a", "2", dataset.OpRemove), none("new")}, "a-@2 new-@2", "b=1@1 a-@2 new-@2"},
		"adds": {[]dataset.TriggerRecord{as("z", "z", dataset.OpReplace), as("y", "y", ""), as("a", "2", dataset.OpReplace)},
			"a=2@2 y=y@2 z=z@2", "b=1@1 a=2@2 y=y@2 z=z@2"},
		"changes another":       {[]dataset.TriggerRecord{as("b", "9", dataset.OpReplace)}, "b=9@2 a=1@1", "a=1@1 b=9@2"},
		"removes another":       {[]dataset.TriggerRecord{as("b", "1", dataset.OpRemove)}, "b-@2 a=1@1", "a=1@1 b-@2"},
		"does nothing":          {[]dataset.TriggerRecord{as("b", "1", dataset.OpReplace)}, "a=1@1", "a=1@1 b=1@1"},
		"removes what is not":   {[]dataset.TriggerRecord{none("ghost")}, "a=1@1", "a=1@1 b=1@1"},
		"an empty value is one": {[]dataset.TriggerRecord{as("a", "", dataset.OpReplace)}, "a=@2", "b=1@1 a=@2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write(put("a", "1", 0), put("b", "1", 0))
			w.watch(returns(tt.answer...))
			got, err := w.send(w.list(0).SessionToken, put("a", "2", 1), put("new", "n", 0))
			if err != nil {
				t.Fatal(err)
			}
			if stored := full(w.list(0).Records); full(got) != tt.sent || stored != tt.stored {
				t.Errorf("answer %q, want %q; stored %q, want %q", full(got), tt.sent, stored, tt.stored)
			}
		})
	}
}

// TestFunctionRefuses: whatever is wrong with a function's answer, nothing is stored.
func TestFunctionRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		answer dataset.TriggerRecord
		err    error
		want   error
	}{
		"an empty key":   {answer: as("", "v", ""), want: dataset.ErrTriggerOutput},
		"a long key":     {answer: as(strings.Repeat("k", 1025), "v", ""), want: dataset.ErrTriggerOutput},
		"a long value":   {answer: as("k", strings.Repeat("v", 1<<20), ""), want: dataset.ErrTriggerOutput},
		"too much":       {answer: as("k", strings.Repeat("v", 1<<20-1), ""), want: dataset.ErrLimitExceeded},
		"its own error":  {err: dataset.ErrTriggerOutput, want: dataset.ErrTriggerOutput},
		"it is too busy": {err: dataset.ErrTriggerThrottled, want: dataset.ErrTriggerThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.watch(func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
				return append(records, tt.answer), tt.err
			})
			if _, err := w.send(w.list(0).SessionToken, put("a", "1", 0)); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if w.list(0).Exists {
				t.Error("something was stored")
			}
		})
	}
}

// TestFunctionIsSpared: what would be refused anyway, comes from the backend, or
// was stored before does not reach the function.
func TestFunctionIsSpared(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0))
	f := w.watch(returns(as("a", "mine", dataset.OpReplace), as("added", "x", dataset.OpReplace)))
	old := w.list(0).SessionToken
	if _, err := w.send(old, put("a", "2", 7)); !errors.Is(err, dataset.ErrConflict) || f.calls != 0 {
		t.Errorf("a conflict: %v, %d calls", err, f.calls)
	}
	first, err := w.send(old, put("a", "2", 1), put("left out", "2", 0))
	if err != nil || f.calls != 1 {
		t.Fatal(err, f.calls)
	}
	f.run = returns(as("a", "other", dataset.OpReplace))
	w.now = w.now.Add(time.Minute)
	again, err := w.send(old, put("a", "2", 1), put("left out", "2", 0))
	if err != nil || f.calls != 1 || full(again) != full(first) || full(again) != "a=mine@2 added=x@2" {
		t.Errorf("sent again: %v, %d calls, %s, first %s", err, f.calls, full(again), full(first))
	}
	w.Trigger = nil
	w.write(put("a", "3", 2))
	w.Trigger = f
	if _, err := w.send(old, put("a", "2", 1), put("left out", "2", 0)); !errors.Is(err, dataset.ErrConflict) || f.calls != 1 {
		t.Errorf("sent again after a change: %v, %d calls", err, f.calls)
	}
	ctx, in := context.Background(), dataset.UpdateInput{Owner: alice, Dataset: "notes", Device: "console", SessionToken: w.list(0).SessionToken,
		Patches: []dataset.Patch{put("a", "4", 3)}, Developer: true}
	if got, err := w.UpdateRecords(ctx, in); err != nil || full(got) != "a=4@4" || f.calls != 1 {
		t.Errorf("the backend: %v, %s, %d calls", err, full(got), f.calls)
	}
	before := w.list(0).SessionToken
	w.drop()
	if _, err := w.send(before, put("new", "1", 0)); !errors.Is(err, dataset.ErrStaleSession) || f.calls != 1 {
		t.Errorf("a stale session: %v, %d calls", err, f.calls)
	}
}

// TestChangeWhileTheFunctionRuns: its answer is of a dataset that is no more, even
// where the other device changed another record.
func TestChangeWhileTheFunctionRuns(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0))
	other := w.list(0).SessionToken
	f := w.watch(nil)
	f.run = func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
		w.Trigger = nil
		if _, err := w.send(other, put("b", "other", 0)); err != nil {
			t.Fatal(err)
		}
		w.Trigger = f
		return records, nil
	}
	if _, err := w.send(w.list(0).SessionToken, put("a", "2", 1)); !errors.Is(err, dataset.ErrConflict) {
		t.Errorf("%v", err)
	}
	if got := full(w.list(0).Records); got != "a=1@1 b=other@2" {
		t.Errorf("stored %s", got)
	}
}

// TestTwinsInTheFunction: the same request twice at once is stored once, and both
// are answered what was stored.
func TestTwinsInTheFunction(t *testing.T) {
	w := newWorld(t)
	session := w.list(0).SessionToken
	f := w.watch(nil)
	var twin []dataset.Record
	inner := func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
		return []dataset.TriggerRecord{as("a", "twin", "")}, nil
	}
	f.run = func(records []dataset.TriggerRecord) ([]dataset.TriggerRecord, error) {
		f.run = inner
		var err error
		if twin, err = w.send(session, put("a", "1", 0)); err != nil {
			t.Fatal(err)
		}
		return records, nil
	}
	var changes int
	w.Changed = func(context.Context, dataset.Change) { changes++ }
	got, err := w.send(session, put("a", "1", 0))
	if err != nil || full(got) != "a=twin@1" || full(twin) != "a=twin@1" || changes != 1 {
		t.Errorf("%v: %s, twin %s, %d changes", err, full(got), full(twin), changes)
	}
}

// TestChanged: each accepted change is heard of once, as it was stored.
func TestChanged(t *testing.T) {
	w := newWorld(t)
	var heard []dataset.Change
	w.Changed = func(_ context.Context, c dataset.Change) { heard = append(heard, c) }
	session := w.list(0).SessionToken
	stored, err := w.send(session, put("a", "1", 0))
	if err != nil {
		t.Fatal(err)
	}
	at := w.now.Truncate(time.Microsecond)
	w.now = w.now.Add(time.Minute)
	if _, err := w.send(session, put("a", "1", 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.send(session, put("a", "2", 7)); err == nil {
		t.Fatal("a conflict was stored")
	}
	w.drop()
	want := []dataset.Change{
		{Owner: alice, Dataset: "notes", SyncCount: 1, Device: "phone", At: at, Records: stored},
		{Owner: alice, Dataset: "notes", SyncCount: 2, Deleted: true, At: w.now.Truncate(time.Microsecond)},
	}
	if !reflect.DeepEqual(heard, want) {
		t.Errorf("heard %+v, want %+v", heard, want)
	}
}
