// Package audittest is the contract suite of audit.Store.
package audittest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
)

// TestStore runs every check on a store of its own. open returns an empty store
// and registers its clean-up with t.
func TestStore(t *testing.T, open func(t *testing.T) audit.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s audit.Store)
	}{
		{"chain round trip", testChain},
		{"append repeated", testRepeat},
		{"a large batch", testBatch},
		{"find by each key", testFind},
		{"find by time", testFindTime},
		{"pages under inserts", testPages},
		{"malformed tokens", testTokens},
		{"removal", testRemove},
		{"checkpoints", testCheckpoints},
		{"cursors", testCursors},
		{"orphans", testOrphans},
		{"cancelled context", testCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC)
)

func entry(segment string, seq int64, at time.Time) *audit.Entry {
	return &audit.Entry{Segment: segment, Seq: seq, Time: at, ID: fmt.Sprint(segment, seq), Source: "sts.amazonaws.com",
		Name: "AssumeRole", User: "alice", AccessKey: "AKIA1", Record: []byte(`{"a":"ü"}`), Prev: []byte{0, byte(seq)}, Hash: []byte{255, byte(seq)}}
}

func add(t *testing.T, s audit.Store, entries ...*audit.Entry) {
	t.Helper()
	if err := s.Append(ctx, entries); err != nil {
		t.Fatal(err)
	}
}

func equal(a, b *audit.Entry) bool {
	return a.Segment == b.Segment && a.Seq == b.Seq && a.Time.Equal(b.Time) && a.ID == b.ID && a.Source == b.Source &&
		a.Name == b.Name && a.User == b.User && a.AccessKey == b.AccessKey && a.ReadOnly == b.ReadOnly && bytes.Equal(a.Record, b.Record) &&
		bytes.Equal(a.Prev, b.Prev) && bytes.Equal(a.Hash, b.Hash)
}

func testChain(t *testing.T, s audit.Store) {
	one, two, three := entry("b", 1, start), entry("b", 2, start), entry("b", 3, start.Add(time.Microsecond))
	add(t, s, one, two, three)
	add(t, s, entry("a", 1, start))
	got, err := s.Chain(ctx, "b", 1, 5)
	if err != nil || len(got) != 2 || !equal(got[0], two) || !equal(got[1], three) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Chain(ctx, "b", 0, 2); err != nil || len(got) != 2 || got[1].Seq != 2 {
		t.Errorf("limited: %+v, %v", got, err)
	}
	heads, err := s.Segments(ctx)
	if want := []audit.Head{{Segment: "a", Seq: 1, Hash: []byte{255, 1}}, {Segment: "b", Seq: 3, Hash: []byte{255, 3}}}; err != nil ||
		!reflect.DeepEqual(heads, want) {
		t.Errorf("segments %v, %v", heads, err)
	}
}

func testBatch(t *testing.T, s audit.Store) {
	var batch []*audit.Entry
	for i := range int64(45) {
		batch = append(batch, entry("a", i+1, start.Add(time.Duration(i)*time.Second)))
	}
	add(t, s, batch...)
	got, err := s.Chain(ctx, "a", 0, 100)
	if err != nil || !slices.EqualFunc(got, batch, equal) {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func testRepeat(t *testing.T, s audit.Store) {
	add(t, s, entry("a", 1, start))
	changed := entry("a", 1, start)
	changed.Record = []byte(`{}`)
	add(t, s, changed, entry("a", 2, start))
	got, err := s.Chain(ctx, "a", 0, 5)
	if err != nil || len(got) != 2 || string(got[0].Record) == `{}` {
		t.Errorf("got %+v, %v", got, err)
	}
}

// find returns the IDs of a whole answer.
func find(t *testing.T, s audit.Store, q audit.Query) (ids []string) {
	t.Helper()
	q.Limit = 50
	entries, next, err := s.Find(ctx, q)
	if err != nil || next != "" {
		t.Fatalf("next %q, %v", next, err)
	}
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func testFind(t *testing.T, s audit.Store) {
	odd := entry("a", 2, start.Add(time.Second))
	odd.Source, odd.Name, odd.User, odd.AccessKey = "iam.amazonaws.com", "CreateRole", "bob", "AKIA2"
	odd.ReadOnly, odd.Terms = true, []string{(&audit.Query{Resource: "arn:r"}).Term(), (&audit.Query{Kind: "AWS::IAM::Role"}).Term()}
	add(t, s, entry("a", 1, start), odd)
	yes := true
	for _, q := range []audit.Query{{ID: "a2"}, {Source: "iam.amazonaws.com"}, {Name: "CreateRole"}, {User: "bob"}, {AccessKey: "AKIA2"},
		{ReadOnly: &yes}, {Resource: "arn:r"}, {Kind: "AWS::IAM::Role"}, {Kind: "AWS::IAM::Role", From: odd.Time, To: odd.Time}} {
		if got := find(t, s, q); !slices.Equal(got, []string{"a2"}) {
			t.Errorf("%+v: %v", q, got)
		}
	}
	if got := find(t, s, audit.Query{}); !slices.Equal(got, []string{"a2", "a1"}) {
		t.Errorf("all: %v", got)
	}
	for _, q := range []audit.Query{{User: "bob", Name: "AssumeRole"}, {Resource: "AWS::IAM::Role"}, {Kind: "arn:r"},
		{Resource: "arn:r", To: start}, {User: "bob\x00"}, {Resource: "arn:r\x00"}} {
		if got := find(t, s, q); got != nil {
			t.Errorf("%+v: %v", q, got)
		}
	}
}

func testFindTime(t *testing.T, s audit.Store) {
	add(t, s, entry("a", 1, start), entry("a", 2, start.Add(time.Second)), entry("a", 3, start.Add(2*time.Second)))
	q := audit.Query{From: start.Add(time.Second), To: start.Add(time.Second)}
	if got := find(t, s, q); !slices.Equal(got, []string{"a2"}) {
		t.Errorf("got %v", got)
	}
}

func testPages(t *testing.T, s audit.Store) {
	for i := range int64(3) { // two segments, equal times
		a, b := entry("a", i+1, start), entry("b", i+1, start)
		a.Terms = []string{(&audit.Query{Kind: "T"}).Term()}
		b.Terms = a.Terms
		add(t, s, a, b)
	}
	for _, q := range []audit.Query{{Limit: 4}, {Limit: 4, Kind: "T"}, {Limit: 4, Name: "AssumeRole"}} {
		testPagesOf(t, s, q)
	}
}

func testPagesOf(t *testing.T, s audit.Store, q audit.Query) {
	t.Helper()
	var got []string
	for page := 0; page == 0 || q.After != ""; page++ {
		entries, next, err := s.Find(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			got = append(got, e.ID)
		}
		q.After = next
		if page == 0 {
			late := entry("c"+q.Kind+q.Name, 1, start.Add(time.Minute)) // newer than all: not part of this listing
			late.Terms = []string{(&audit.Query{Kind: "T"}).Term()}
			add(t, s, late)
		}
	}
	got = slices.DeleteFunc(got, func(id string) bool { return id[0] == 'c' }) // those of the listings before
	if want := []string{"b3", "b2", "b1", "a3", "a2", "a1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testTokens(t *testing.T, s audit.Store) {
	for _, token := range []string{"x", "!!", "MTIz", "e30"} {
		if _, _, err := s.Find(ctx, audit.Query{After: token, Limit: 5}); !errors.Is(err, audit.ErrBadToken) {
			t.Errorf("%q: %v, want ErrBadToken", token, err)
		}
	}
}

func testCancelled(t *testing.T, s audit.Store) {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Append(gone, []*audit.Entry{entry("a", 1, start)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Append: %v", err)
	}
	if _, _, err := s.Find(gone, audit.Query{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Find: %v", err)
	}
}
