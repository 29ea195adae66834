// Package datasettest is the contract suite of dataset.Store: every backend runs
// it whole.
package datasettest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

type check struct {
	name string
	run  func(t *testing.T, s dataset.Store)
}

// TestStore runs every check on a store of its own. open returns an empty store
// and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) dataset.Store) {
	for _, list := range [][]check{writeChecks, repeatChecks, deleteChecks, limitChecks, readChecks, parallelChecks, modelChecks, ownerChecks} {
		for _, c := range list {
			t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
		}
	}
}

// start is the time of the first write. Its last digit is a microsecond, so that
// a store that keeps less is found.
var start = time.Date(2026, 11, 23, 9, 30, 0, 123457000, time.UTC)

var alice = dataset.Owner{Pool: "us-east-1:11111111-aaaa", Identity: "us-east-1:22222222-bbbb"}

// newOwner returns an owner that nobody else uses.
func newOwner() dataset.Owner {
	raw := make([]byte, 8)
	rand.Read(raw)
	return dataset.Owner{Pool: "us-east-1:11111111-aaaa", Identity: dataset.IdentityID("us-east-1:" + hex.EncodeToString(raw))}
}

// batch returns a batch of alice's dataset "notes", with a fingerprint of its own.
func batch(patches ...dataset.Patch) *dataset.Batch {
	b := &dataset.Batch{Owner: alice, Dataset: "notes", Device: "phone", Patches: patches, At: start,
		NewEpoch: "00000000000000aa", Limits: dataset.DefaultLimits()}
	rand.Read(b.Fingerprint[:])
	return b
}

func put(key, value string, count int64) dataset.Patch {
	return dataset.Patch{Key: key, Value: value, SyncCount: count, DeviceModified: start.Add(-time.Minute)}
}

func remove(key string, count int64) dataset.Patch {
	return dataset.Patch{Key: key, Remove: true, SyncCount: count}
}

// update stores b, which must be accepted, and returns the count it took.
func update(t testing.TB, s dataset.Store, b *dataset.Batch) int64 {
	t.Helper()
	c, err := s.Update(context.Background(), b)
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	return c.SyncCount
}

// refused checks that b fails with want and that nothing was changed by it.
func refused(t testing.TB, s dataset.Store, b *dataset.Batch, want error) {
	t.Helper()
	before := dump(t, s, b.Owner, b.Dataset)
	_, err := s.Update(context.Background(), b)
	if !errors.Is(err, want) {
		t.Fatalf("Update: got %v, want %v", err, want)
	}
	if after := dump(t, s, b.Owner, b.Dataset); !reflect.DeepEqual(after, before) {
		t.Fatalf("a refused batch changed the dataset:\n%v\n%v", before, after)
	}
}

// list returns the records since a count.
func list(t testing.TB, s dataset.Store, owner dataset.Owner, name string, since int64) *dataset.Page {
	t.Helper()
	page, err := s.Records(context.Background(),
		dataset.Query{Owner: owner, Dataset: name, After: dataset.After(since), Limit: dataset.MaxBatch})
	if err != nil {
		t.Fatalf("Records: %v", err)
	}
	return page
}

// dump returns everything stored in a dataset in a form that can be compared.
func dump(t testing.TB, s dataset.Store, owner dataset.Owner, name string) []string {
	t.Helper()
	page := list(t, s, owner, name, 0)
	var out []string
	if page.Dataset != nil {
		out = append(out, fmt.Sprintf("%+v", *page.Dataset))
	}
	for _, r := range page.Records {
		out = append(out, fmt.Sprintf("%+v", r))
	}
	all, err := s.Datasets(context.Background(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, fmt.Sprintf("%+v", all))
}

// brief renders the records of a page as "key=value@count" or "key-@count".
func brief(page *dataset.Page) []string {
	out := []string{}
	for i := range page.Records {
		r := &page.Records[i]
		if r.Removed {
			out = append(out, fmt.Sprintf("%s-@%d", r.Key, r.SyncCount()))
			continue
		}
		out = append(out, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.SyncCount()))
	}
	return out
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
