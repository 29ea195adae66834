package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A world is a service on SQLite with a clock that tests move.
type world struct {
	*dataset.Service
	t   *testing.T
	now time.Time
}

type secret string

func (s secret) Secret(_ context.Context, name string) ([]byte, error) {
	return []byte(string(s) + name), nil
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 123456789, time.UTC)}
	clock := func() time.Time { return w.now }
	w.Service = &dataset.Service{Store: sqlstoretest.SQLite(t, clock).Datasets(), Secrets: secret("k"), Now: clock}
	return w
}

var alice = dataset.Owner{Pool: "us-east-1:11aa", Identity: "us-east-1:22bb"}

func put(key, value string, count int64) dataset.Patch {
	return dataset.Patch{Key: key, Value: value, SyncCount: count}
}

// list lists alice's dataset "notes".
func (w *world) list(since int64) *dataset.Listing {
	w.t.Helper()
	l, err := w.ListRecords(context.Background(), dataset.ListInput{Owner: alice, Dataset: "notes", Since: since})
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) send(session string, patches ...dataset.Patch) ([]dataset.Record, error) {
	return w.UpdateRecords(context.Background(), dataset.UpdateInput{Owner: alice, Dataset: "notes", Device: "phone",
		Patches: patches, SessionToken: session})
}

// write sends patches in a session of their own.
func (w *world) write(patches ...dataset.Patch) {
	w.t.Helper()
	if _, err := w.send(w.list(0).SessionToken, patches...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) drop() {
	w.t.Helper()
	if _, err := w.DeleteDataset(context.Background(), alice, "notes"); err != nil {
		w.t.Fatal(err)
	}
}

func keysOf(records []dataset.Record) string {
	var b strings.Builder
	for i := range records {
		fmt.Fprintf(&b, "%s@%d ", records[i].Key, records[i].SyncCount())
	}
	return strings.TrimSpace(b.String())
}

func TestFirstSync(t *testing.T) {
	w := newWorld(t)
	l := w.list(0)
	if l.Exists || l.DeletedSince || l.SyncCount != 0 || len(l.Records) != 0 || l.SessionToken == "" {
		t.Fatalf("a dataset that does not exist: %+v", l)
	}
	device := time.Date(2026, 11, 22, 1, 2, 3, 4005, time.UTC)
	got, err := w.send(l.SessionToken, dataset.Patch{Key: "a", Value: "1", DeviceModified: device},
		dataset.Patch{Key: "b", Value: "ignored", Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	now := w.now.Truncate(time.Microsecond)
	want := []dataset.Record{
		{Key: "a", Value: "1", Position: dataset.At(1, 0), Modified: now, DeviceModified: device.Truncate(time.Microsecond), ModifiedBy: "phone"},
		{Key: "b", Removed: true, Position: dataset.At(1, 1), Modified: now, ModifiedBy: "phone"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("answer:\n got %+v\nwant %+v", got, want)
	}
	l = w.list(0)
	if !reflect.DeepEqual(l.Records, want) || !l.Exists || l.SyncCount != 1 || l.ModifiedBy != "phone" {
		t.Errorf("listing: %+v", l)
	}
}

func TestListAfterDeletion(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0))
	w.write(put("b", "1", 0)) // count 2
	w.drop()                  // count 3
	for since, deleted := range map[int64]bool{0: false, 1: true, 2: true, 3: true} {
		l := w.list(since)
		if l.Exists || l.DeletedSince != deleted || l.SyncCount != 0 || len(l.Records) != 0 {
			t.Errorf("deleted, since %d: %+v", since, l)
		}
	}
	w.write(put("c", "1", 0)) // count 4
	for since, deleted := range map[int64]bool{0: false, 1: true, 2: true, 3: false, 4: false} {
		l := w.list(since)
		if !l.Exists || l.DeletedSince != deleted || l.SyncCount != 4 {
			t.Errorf("made again, since %d: %+v", since, l)
		}
	}
	if got := keysOf(w.list(2).Records); got != "c@4" {
		t.Errorf("records since 2: %s", got)
	}
}

func TestCountFromALostLife(t *testing.T) {
	w := newWorld(t)
	if l := w.list(7); !l.DeletedSince || l.Exists {
		t.Errorf("of nothing: %+v", l)
	}
	w.write(put("a", "1", 0), put("b", "1", 0))
	ctx, in := context.Background(), dataset.ListInput{Owner: alice, Dataset: "notes", Since: 1 << 62, Limit: 1}
	l, err := w.ListRecords(ctx, in)
	if err != nil || !l.DeletedSince || !l.Exists || keysOf(l.Records) != "a@1" {
		t.Fatalf("ahead of the server: %+v, %v", l, err)
	}
	in.NextToken = l.NextToken
	if l, err = w.ListRecords(ctx, in); err != nil || !l.DeletedSince || keysOf(l.Records) != "b@1" || l.NextToken != "" {
		t.Fatalf("second page: %+v, %v", l, err)
	}
}

func TestPagesOfOneListing(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0), put("b", "1", 0), put("c", "1", 0))
	ctx, in := context.Background(), dataset.ListInput{Owner: alice, Dataset: "notes", Limit: 1}
	first, err := w.ListRecords(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	w.write(put("b", "2", 1))
	in.NextToken, in.SessionToken = first.NextToken, first.SessionToken
	second, err := w.ListRecords(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if keysOf(second.Records) != "c@1" || second.SyncCount != 1 || second.NextToken != "" {
		t.Errorf("second page: %+v", second)
	}
	if got := keysOf(w.list(second.SyncCount).Records); got != "b@2" {
		t.Errorf("next listing: %s", got)
	}
	in.Since = 1
	if _, err := w.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("page of another listing: %v", err)
	}
	in.Since = 0
	w.drop()
	if _, err := w.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("page of a deleted dataset: %v", err)
	}
	w.write(put("z", "1", 0))
	if _, err := w.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("page of an earlier life: %v", err)
	}
}

// TestDefaultPage: the iOS library asks for no page size and for no second page.
func TestDefaultPage(t *testing.T) {
	w := newWorld(t)
	const n = 1024
	patches := make([]dataset.Patch, n)
	for i := range patches {
		patches[i] = put(fmt.Sprint("k", i), "v", 0)
	}
	w.write(patches...)
	for i := range patches {
		patches[i] = put(fmt.Sprint("t", i), "", 0)
		patches[i].Remove = true
	}
	w.write(patches...)
	if l := w.list(0); len(l.Records) != 2*n || l.NextToken != "" {
		t.Errorf("%d records, next page %q", len(l.Records), l.NextToken)
	}
}

func TestSentTwice(t *testing.T) {
	w := newWorld(t)
	session := w.list(0).SessionToken
	first, err := w.send(session, put("a", "1", 0), put("b", "1", 0))
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	again, err := w.send(session, put("a", "1", 0), put("b", "1", 0))
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("sent again: %+v, %v; want %+v", again, err, first)
	}
	other := w.list(0).SessionToken
	ctx := context.Background()
	for name, in := range map[string]dataset.UpdateInput{
		"another session": {SessionToken: other, Device: "phone", Patches: []dataset.Patch{put("a", "1", 0), put("b", "1", 0)}},
		"another device":  {SessionToken: session, Device: "tablet", Patches: []dataset.Patch{put("a", "1", 0), put("b", "1", 0)}},
		"another value":   {SessionToken: session, Device: "phone", Patches: []dataset.Patch{put("a", "1", 0), put("b", "2", 0)}},
		"a part of it":    {SessionToken: session, Device: "phone", Patches: []dataset.Patch{put("a", "1", 0)}},
		"another order":   {SessionToken: session, Device: "phone", Patches: []dataset.Patch{put("b", "1", 0), put("a", "1", 0)}},
		"another date": {SessionToken: session, Device: "phone", Patches: []dataset.Patch{put("a", "1", 0),
			{Key: "b", Value: "1", DeviceModified: w.now}}},
		"a removal": {SessionToken: session, Device: "phone", Patches: []dataset.Patch{put("a", "1", 0),
			{Key: "b", Value: "1", Remove: true}}},
	} {
		in.Owner, in.Dataset = alice, "notes"
		if _, err := w.UpdateRecords(ctx, in); !errors.Is(err, dataset.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.write(put("b", "2", 1))
	if _, err := w.send(session, put("a", "1", 0), put("b", "1", 0)); !errors.Is(err, dataset.ErrConflict) {
		t.Errorf("after a change: %v", err)
	}
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0))
	session := w.list(0).SessionToken
	ctx := context.Background()
	records, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	bob := dataset.Owner{Pool: alice.Pool, Identity: "us-east-1:33cc"}
	elsewhere := &dataset.Service{Store: w.Store, Secrets: secret("other"), Now: w.Now}
	forged, err := elsewhere.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		owner   dataset.Owner
		dataset string
		token   string
		want    error
	}{
		"another identity": {bob, "notes", session, dataset.ErrNotAuthorized},
		"another pool":     {dataset.Owner{Pool: "p:1", Identity: alice.Identity}, "notes", session, dataset.ErrNotAuthorized},
		"another dataset":  {alice, "notes2", session, dataset.ErrNotAuthorized},
		"none":             {alice, "notes", "", dataset.ErrInvalidParameter},
		"nonsense":         {alice, "notes", "nonsense", dataset.ErrInvalidParameter},
		"cut":              {alice, "notes", session[:len(session)-4], dataset.ErrInvalidParameter},
		"altered":          {alice, "notes", "B" + session[1:], dataset.ErrInvalidParameter},
		"another key":      {alice, "notes", forged.SessionToken, dataset.ErrInvalidParameter},
	} {
		_, err := w.UpdateRecords(ctx, dataset.UpdateInput{Owner: tt.owner, Dataset: tt.dataset,
			Patches: []dataset.Patch{put("x", "1", 0)}, SessionToken: tt.token})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	if got := keysOf(w.list(0).Records); got != keysOf(records.Records) {
		t.Errorf("a refused session wrote: %s", got)
	}
	w.now = w.now.Add(dataset.TokenLifetime - time.Microsecond)
	if _, err := w.send(session, put("b", "1", 0)); err != nil {
		t.Errorf("just in time: %v", err)
	}
	w.now = w.now.Add(time.Microsecond)
	if _, err := w.send(session, put("c", "1", 0)); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("expired: %v", err)
	}
	if _, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes", SessionToken: session}); err != nil {
		t.Errorf("a listing with an expired session: %v", err)
	}
	if _, err := w.ListRecords(ctx, dataset.ListInput{Owner: bob, Dataset: "notes", SessionToken: session}); !errors.Is(err, dataset.ErrNotAuthorized) {
		t.Errorf("a listing with a foreign session: %v", err)
	}
	if _, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: "notes", NextToken: session}); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("a session as NextToken: %v", err)
	}
}

func TestSessionFromBeforeADeletion(t *testing.T) {
	w := newWorld(t)
	w.write(put("a", "1", 0))
	session := w.list(0).SessionToken
	w.drop()
	if _, err := w.send(session, put("new", "1", 0)); !errors.Is(err, dataset.ErrStaleSession) {
		t.Errorf("deleted: %v", err)
	}
	w.write(put("b", "1", 0))
	if _, err := w.send(session, put("new", "1", 0)); !errors.Is(err, dataset.ErrStaleSession) {
		t.Errorf("made again: %v", err)
	}
}

func TestListDatasets(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for _, name := range []string{"b", "B", "a:1", "c"} {
		l, err := w.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.UpdateRecords(ctx, dataset.UpdateInput{Owner: alice, Dataset: name, SessionToken: l.SessionToken,
			Patches: []dataset.Patch{put("k", "v", 0)}}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Second)
	}
	var names []string
	next := ""
	for {
		page, token, err := w.ListDatasets(ctx, alice, next, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			names = append(names, d.Name)
		}
		if token == "" {
			break
		}
		next = token
		if _, _, err := w.ListDatasets(ctx, dataset.Owner{Pool: alice.Pool, Identity: "x:1"}, token, 3); !errors.Is(err, dataset.ErrNotAuthorized) {
			t.Errorf("a foreign NextToken: %v", err)
		}
	}
	if want := []string{"B", "a:1", "b", "c"}; !reflect.DeepEqual(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
	u, err := w.DescribeUsage(ctx, alice)
	if want := (&dataset.Usage{Datasets: 4, Bytes: 8, Modified: w.now.Add(-time.Second).Truncate(time.Microsecond)}); err != nil || !reflect.DeepEqual(u, want) {
		t.Errorf("usage %+v, %v; want %+v", u, err, want)
	}
	if _, _, err := w.ListDatasets(ctx, alice, "nonsense", 3); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("nonsense as NextToken: %v", err)
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	session := w.list(0).SessionToken
	if records, err := w.send(session); err != nil || len(records) != 0 {
		t.Errorf("no patches: %v, %v", records, err)
	}
	if w.list(0).Exists {
		t.Error("no patches made a dataset")
	}
	long := strings.Repeat("é", 1024)
	for name, patches := range map[string][]dataset.Patch{
		"a key twice":       {put("a", "1", 0), put("a", "2", 0)},
		"an empty key":      {put("", "1", 0)},
		"a long key":        {put(long+"x", "1", 0)},
		"a long value":      {put("a", strings.Repeat("v", 1<<20), 0)},
		"a negative count":  {put("a", "1", -1)},
		"a date before all": {{Key: "a", DeviceModified: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)}},
		"a date after all":  {{Key: "a", DeviceModified: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"too many":          make([]dataset.Patch, dataset.MaxBatch+1),
	} {
		if _, err := w.send(session, patches...); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.list(0).Exists {
		t.Error("a refused batch made a dataset")
	}
	if _, err := w.send(session, put(long, "1", 0)); err != nil {
		t.Errorf("the longest key: %v", err)
	}
	ctx := context.Background()
	for _, name := range []string{"", "a/b", "..\x00", "é", "a b", "notes\n", strings.Repeat("n", 129)} {
		if _, err := w.DescribeDataset(ctx, alice, name); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("dataset name %q: %v", name, err)
		}
	}
	for _, in := range []dataset.ListInput{{Since: -1}, {Limit: -1}} {
		in.Owner, in.Dataset = alice, "notes"
		if _, err := w.ListRecords(ctx, in); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("%+v: %v", in, err)
		}
	}
}
