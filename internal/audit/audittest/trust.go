package audittest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
)

func testRemove(t *testing.T, s audit.Store) {
	one, two := entry("a", 1, start), entry("a", 2, start)
	one.Terms = []string{(&audit.Query{Kind: "T"}).Term()}
	two.Terms = one.Terms
	add(t, s, one, two)
	unindexed(t, s, 0, one, two)
	odd := *two
	odd.Terms = append([]string{"another"}, two.Terms...)
	unindexed(t, s, 1, one, &odd)
	if err := s.Remove(ctx, []*audit.Entry{one}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []audit.Query{{}, {Kind: "T"}} {
		if got := find(t, s, q); len(got) != 1 || got[0] != "a2" {
			t.Errorf("%+v: %v", q, got)
		}
	}
	unindexed(t, s, 1, one, two)
	if err := s.Remove(ctx, []*audit.Entry{two}); err != nil {
		t.Fatal(err)
	}
	if heads, err := s.Segments(ctx); err != nil || len(heads) != 1 || heads[0].Seq != 2 {
		t.Errorf("a chain that is gone: %v, %v", heads, err)
	}
}

func unindexed(t *testing.T, s audit.Store, want int, entries ...*audit.Entry) {
	t.Helper()
	if n, err := s.Unindexed(ctx, entries); n != want || err != nil {
		t.Errorf("%d terms are missing, %v; want %d", n, err, want)
	}
}

func testCheckpoints(t *testing.T, s audit.Store) {
	if c, err := s.LastCheckpoint(ctx); err != nil || c != (audit.SignedCheckpoint{}) {
		t.Errorf("none yet: %v, %v", c, err)
	}
	add(t, s, entry("a", 1, start), entry("b", 1, start))
	grown, err := s.Advanced(ctx)
	if err != nil || len(grown) != 2 {
		t.Fatalf("grown %v, %v", grown, err)
	}
	add(t, s, entry("b", 2, start)) // while the checkpoint is signed
	first, second := audit.SignedCheckpoint{Number: 1, JWS: "one"}, audit.SignedCheckpoint{Number: 2, JWS: "two"}
	if err := s.AddCheckpoint(ctx, first, grown); err != nil {
		t.Fatal(err)
	}
	if grown, err := s.Advanced(ctx); err != nil || len(grown) != 1 || grown[0].Segment != "b" || grown[0].Seq != 2 {
		t.Errorf("grown since: %v, %v", grown, err)
	}
	if err := s.AddCheckpoint(ctx, first, nil); !errors.Is(err, audit.ErrTaken) {
		t.Errorf("a number twice: %v", err)
	}
	if err := s.AddCheckpoint(ctx, second, nil); err != nil {
		t.Fatal(err)
	}
	if last, err := s.LastCheckpoint(ctx); err != nil || last != second {
		t.Errorf("last %v, %v", last, err)
	}
	for after, want := range [][]audit.SignedCheckpoint{{first, second}, {second}, nil} {
		if got, err := s.Checkpoints(ctx, int64(after), 5); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after %d: %v, %v", after, got, err)
		}
	}
}

func testCursors(t *testing.T, s audit.Store) {
	add(t, s, entry("old", 1, start))
	if err := s.BeginSink(ctx, "file"); err != nil {
		t.Fatal(err)
	}
	add(t, s, entry("old", 2, start), entry("new", 1, start))
	if err := s.BeginSink(ctx, "file"); err != nil { // known already
		t.Fatal(err)
	}
	at := func(sink, segment string, want int64) {
		t.Helper()
		if got, err := s.Cursor(ctx, sink, segment); err != nil || got != want {
			t.Errorf("%s of %s: %d, %v, want %d", segment, sink, got, err, want)
		}
	}
	at("file", "old", 1)
	at("file", "new", 0)
	at("syslog", "old", 0)
	for _, seq := range []int64{2, 1} { // never backward
		if err := s.MoveCursor(ctx, "file", "old", seq); err != nil {
			t.Fatal(err)
		}
	}
	at("file", "old", 2)
}

func testOrphans(t *testing.T, s audit.Store) {
	add(t, s, entry("dead", 2, start), entry("live", 1, start), entry("done", 3, start), entry("late", 1, start))
	for segment, until := range map[string]time.Time{"live": start.Add(time.Hour), "dead": {}, "late": start.Add(-time.Second)} {
		if err := s.Beat(ctx, segment, until); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MoveCursor(ctx, "file", "done", 3); err != nil {
		t.Fatal(err)
	}
	if err := s.Beat(ctx, "empty", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if heads, err := s.Segments(ctx); err != nil || len(heads) != 4 {
		t.Errorf("a chain without entries: %v, %v", heads, err)
	}
	heads, err := s.Orphans(ctx, "file", start)
	if err != nil || len(heads) != 2 || heads[0].Segment != "dead" || heads[1].Segment != "late" {
		t.Errorf("orphans %v, %v", heads, err)
	}
}
