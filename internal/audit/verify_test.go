package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

// A forger edits what a store answers, as somebody with the database could.
type forger struct {
	audit.Store
	chains      func(segment string, e []*audit.Entry) []*audit.Entry
	checkpoints func([]audit.SignedCheckpoint) []audit.SignedCheckpoint
}

func (f *forger) Chain(ctx context.Context, segment string, seq int64, limit int) ([]*audit.Entry, error) {
	entries, err := f.Store.Chain(ctx, segment, 0, 1000)
	if f.chains != nil {
		entries = f.chains(segment, entries)
	}
	return slices.DeleteFunc(entries, func(e *audit.Entry) bool { return e.Seq <= seq }), err
}

func (f *forger) Checkpoints(ctx context.Context, after int64, limit int) ([]audit.SignedCheckpoint, error) {
	list, err := f.Store.Checkpoints(ctx, 0, 1000)
	if f.checkpoints != nil {
		list = f.checkpoints(list)
	}
	return slices.DeleteFunc(list, func(c audit.SignedCheckpoint) bool { return c.Number <= after }), err
}

// written returns a store with two chains of ten entries, a checkpoint after five
// and after ten of each, and what the checkpoints say.
func written(t *testing.T) (store audit.Store, kept []string, segments []string) {
	t.Helper()
	store = sqlstoretest.SQLite(t, time.Now).Audit()
	a, b := openLog(t, store), openLog(t, store)
	for range 2 {
		for _, l := range []*audit.Log{a, b} {
			for i := range 5 {
				l.Add(ctx, audit.Event{Name: fmt.Sprint("Op", i)})
			}
			if err := l.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
	}
	list, err := store.Checkpoints(ctx, 0, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d checkpoints, %v", len(list), err)
	}
	return store, []string{list[0].JWS, list[1].JWS}, []string{a.Segment(), b.Segment()}
}

// growing is a store whose chains are longer by an event after each checkpoint.
type growing struct {
	audit.Store
	log  *audit.Log
	made int
}

func (g *growing) AddCheckpoint(ctx context.Context, c audit.SignedCheckpoint, heads []audit.Head) error {
	if g.made++; g.made > 3 {
		return errors.New("checkpoints without end")
	}
	if err := g.Store.AddCheckpoint(ctx, c, heads); err != nil {
		return err
	}
	g.log.Add(ctx, audit.Event{Name: "Op"})
	return g.log.Flush(ctx)
}

// A server that is never idle comes to the end of a checkpoint.
func TestCheckpointUnderLoad(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	l := openLog(t, store)
	g := &growing{Store: store, log: l}
	busy := openLog(t, g)
	l.Add(ctx, audit.Event{Name: "Op"})
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := busy.Checkpoint(ctx); err != nil || g.made != 1 {
		t.Errorf("%d checkpoints, %v", g.made, err)
	}
}

func TestCheckpointsHoldTheEnds(t *testing.T) {
	store, kept, segments := written(t)
	r, err := (&audit.Verifier{Store: store, Key: key, Signer: signer(), Kept: kept}).Verify(ctx)
	if err != nil || r != (audit.Report{Segments: 2, Checkpoints: 2, Entries: 20}) {
		t.Fatalf("report %+v, %v", r, err)
	}
	first := func(edit func([]*audit.Entry) []*audit.Entry) *forger {
		return &forger{Store: store, chains: func(segment string, e []*audit.Entry) []*audit.Entry {
			if segment != segments[0] {
				return e
			}
			return edit(e)
		}}
	}
	for name, tt := range map[string]struct {
		store *forger
		after int64
	}{
		"tail cut":     {first(func(e []*audit.Entry) []*audit.Entry { return e[:8] }), 8},
		"chain gone":   {first(func([]*audit.Entry) []*audit.Entry { return nil }), 0},
		"removed":      {first(func(e []*audit.Entry) []*audit.Entry { return slices.Delete(e, 3, 4) }), 3},
		"head removed": {first(func(e []*audit.Entry) []*audit.Entry { return e[2:] }), 0},
		"changed":      {first(func(e []*audit.Entry) []*audit.Entry { e[6].Record = []byte(`{}`); return e }), 6},
		"read-only":    {first(func(e []*audit.Entry) []*audit.Entry { e[6].ReadOnly = true; return e }), 6},
		"inserted": {first(func(e []*audit.Entry) []*audit.Entry {
			fake := *e[4]
			fake.ID = "fake"
			return slices.Insert(e, 4, &fake)
		}), 4},
		"swapped": {first(func(e []*audit.Entry) []*audit.Entry { e[4], e[5] = e[5], e[4]; return e }), 4},
		"swapped chains": {&forger{Store: store, chains: func(segment string, _ []*audit.Entry) []*audit.Entry {
			other := segments[0]
			if segment == other {
				other = segments[1]
			}
			theirs, _ := store.Chain(ctx, other, 0, 100)
			return theirs
		}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&audit.Verifier{Store: tt.store, Key: key, Signer: signer()}).Verify(ctx)
			var b *audit.Break
			if !errors.As(err, &b) || !errors.Is(err, audit.ErrBroken) || b.After != tt.after || b.Segment == "" {
				t.Errorf("got %v, want a break after %d", err, tt.after)
			}
		})
	}
}

// A key thief who can write chains anew is still held by what was signed before.
func TestAChainWrittenAnewIsFoundOut(t *testing.T) {
	store, _, _ := written(t)
	other := sqlstoretest.SQLite(t, time.Now).Audit()
	l := openLog(t, other)
	for i := range 10 {
		l.Add(ctx, audit.Event{Name: fmt.Sprint("Innocent", i)})
	}
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	forged := &forger{Store: other, checkpoints: func([]audit.SignedCheckpoint) []audit.SignedCheckpoint {
		list, _ := store.Checkpoints(ctx, 0, 10)
		return list
	}}
	if _, err := verify(t, forged); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("got %v", err)
	}
}

func TestCheckpointsAreAChain(t *testing.T) {
	store, kept, _ := written(t)
	for name, edit := range map[string]func([]audit.SignedCheckpoint) []audit.SignedCheckpoint{
		"first gone": func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint { return c[1:] },
		"swapped": func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint {
			c[0].JWS, c[1].JWS = c[1].JWS, c[0].JWS
			return c
		},
		"renumbered":  func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint { c[1].Number = 3; return c },
		"not signed":  func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint { c[1].JWS = "e30.e30."; return c },
		"one changed": func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint { c[0].JWS += "A"; return c },
	} {
		t.Run(name, func(t *testing.T) {
			var b *audit.Break
			if _, err := verify(t, &forger{Store: store, checkpoints: edit}); !errors.As(err, &b) || b.Segment != "" {
				t.Errorf("got %v, want a break of the checkpoints", err)
			}
		})
	}
	cut := &forger{Store: store, checkpoints: func(c []audit.SignedCheckpoint) []audit.SignedCheckpoint { return c[:1] },
		chains: func(_ string, e []*audit.Entry) []*audit.Entry { return e[:5] }}
	if _, err := verify(t, cut); err != nil {
		t.Errorf("set back as a whole, nothing kept elsewhere: %v", err)
	}
	if _, err := (&audit.Verifier{Store: cut, Key: key, Signer: signer(), Kept: kept}).Verify(ctx); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("set back as a whole, a checkpoint kept elsewhere: %v", err)
	}
	if _, err := (&audit.Verifier{Store: store, Key: key, Signer: signer(), Kept: []string{"e30.e30."}}).Verify(ctx); err == nil {
		t.Error("a forged checkpoint was taken for one that was kept")
	}
}

func TestTrimmedChainsAreWhole(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	l := openLog(t, store)
	for i := range 6 {
		l.Add(ctx, audit.Event{Time: at.Add(time.Duration(i) * time.Hour), Name: "Op", Resources: []string{"arn:aws:iam::1:role/r"}})
	}
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Trim(ctx, audit.Retention{Before: at}); n != 0 || err != nil {
		t.Errorf("nothing is old: %d, %v", n, err)
	}
	if n, err := l.Trim(ctx, audit.Retention{Before: at.Add(4 * time.Hour)}); n != 4 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if r, err := verify(t, store); err != nil || r.Entries != 2 {
		t.Errorf("report %+v, %v", r, err)
	}
	for _, q := range []audit.Query{{Limit: 10}, {Limit: 10, Kind: "AWS::IAM::Role"}} {
		if found, _, err := store.Find(ctx, q); err != nil || len(found) != 2 {
			t.Errorf("%+v: %d, %v", q, len(found), err)
		}
	}
	unsigned := &forger{Store: store, chains: func(_ string, e []*audit.Entry) []*audit.Entry { return e[1:] }}
	if _, err := verify(t, unsigned); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("entries removed beyond the signed cut: %v", err)
	}
	if n, err := l.Trim(ctx, audit.Retention{Before: at.Add(100 * time.Hour)}); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if r, err := verify(t, store); err != nil || r.Entries != 0 {
		t.Errorf("all trimmed: %+v, %v", r, err)
	}
	l.Add(ctx, audit.Event{Name: "After"})
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if r, err := verify(t, store); err != nil || r.Entries != 1 {
		t.Errorf("going on: %+v, %v", r, err)
	}
}

// Entries stay until the sinks have them, but not for ever.
func TestTrimWaitsForSinks(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	l := openLog(t, store)
	for _, sink := range []string{"file", "syslog"} {
		if err := store.BeginSink(ctx, sink); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 6 {
		l.Add(ctx, audit.Event{Time: at.Add(time.Duration(i) * time.Hour), Name: "Op"})
	}
	if err := errors.Join(l.Flush(ctx), store.MoveCursor(ctx, "file", l.Segment(), 6), store.MoveCursor(ctx, "syslog", l.Segment(), 2)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		sinks  []string
		latest time.Time
		want   int
	}{
		{[]string{"file", "syslog", "new"}, at, 0},
		{[]string{"file", "syslog"}, at, 2},
		{[]string{"file", "syslog"}, at.Add(3 * time.Hour), 1}, // the third entry is too old to wait for
		{[]string{"file"}, at, 2},
		{nil, at, 0}, // the sixth is not old
	} {
		n, err := l.Trim(ctx, audit.Retention{Before: at.Add(5 * time.Hour), Sinks: tt.sinks, Latest: tt.latest})
		if n != tt.want || err != nil {
			t.Errorf("%v: %d, %v; want %d", tt.sinks, n, err, tt.want)
		}
	}
	if r, err := verify(t, store); err != nil || r.Entries != 1 {
		t.Errorf("report %+v, %v", r, err)
	}
}

// unindexing hides entries from lookups by resource.
type unindexing struct{ audit.Store }

func (u unindexing) Append(ctx context.Context, entries []*audit.Entry) error {
	for _, e := range entries {
		e.Terms = e.Terms[:max(len(e.Terms)-1, 0)]
	}
	return u.Store.Append(ctx, entries)
}

// Whoever hides an entry from lookups by its resource is found out.
func TestIndexIsVerified(t *testing.T) {
	for name, tt := range map[string]struct {
		wrap func(audit.Store) audit.Store
		want error
	}{"whole": {func(s audit.Store) audit.Store { return s }, nil}, "a row is gone": {func(s audit.Store) audit.Store { return unindexing{s} }, audit.ErrBroken}} {
		store := sqlstoretest.SQLite(t, time.Now).Audit()
		l := openLog(t, tt.wrap(store))
		l.Add(ctx, audit.Event{Name: "GetRole", Resources: []string{"arn:aws:iam::000000000000:role/r"}})
		if err := l.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := verify(t, store); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A checkpoint counts for as long as the log lasts, whatever key signs by then.
func TestRotatedCheckpointKey(t *testing.T) {
	store, now := sqlstoretest.SQLite(t, time.Now).Audit(), at
	signer := audit.KeySigner{Ring: keyringtest.Open(t, keyringtest.NewStore(), func() time.Time { return now })}
	l := audit.Open(audit.Config{Store: store, Key: key, Signer: signer, Account: "000000000000", Now: func() time.Time { return now },
		Errors: slog.New(slog.DiscardHandler), Linger: time.Microsecond})
	t.Cleanup(func() { l.Close(context.Background()) })
	for range 3 {
		l.Add(ctx, audit.Event{Name: "Op"})
		if err := errors.Join(l.Flush(ctx), l.Checkpoint(ctx), signer.Rotate(ctx)); err != nil {
			t.Fatal(err)
		}
		now = now.AddDate(30, 0, 0)
	}
	if r, err := (&audit.Verifier{Store: store, Key: key, Signer: signer}).Verify(ctx); err != nil || r.Checkpoints != 3 {
		t.Errorf("report %+v, %v", r, err)
	}
	if keys, err := signer.PublicKeys(ctx); err != nil || len(keys) != 4 {
		t.Errorf("%d public keys, %v", len(keys), err)
	}
}

// Nodes that sign at once take turns.
func TestCheckpointsAtOnce(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	done := make(chan error, 4)
	for range 4 {
		l := openLog(t, store)
		l.Add(ctx, audit.Event{Name: "Op"})
		go func() { done <- errors.Join(l.Flush(ctx), l.Checkpoint(ctx)) }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if r, err := verify(t, store); err != nil || r.Entries != 4 || r.Unsigned != 0 {
		t.Errorf("report %+v, %v", r, err)
	}
}
