package ship_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/audit/ship"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

func newLog(t *testing.T, store audit.Store) *audit.Log {
	t.Helper()
	l := audit.Open(audit.Config{Store: store, Key: []byte("key"), Signer: audit.KeySigner{Ring: keyringtest.New(t)}, Account: "000000000000",
		Now: time.Now, Errors: slog.New(slog.DiscardHandler), Linger: time.Microsecond})
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

// add records events by name and waits until they are stored.
func add(t *testing.T, l *audit.Log, names ...string) {
	t.Helper()
	for _, name := range names {
		l.Add(t.Context(), audit.Event{Name: name})
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func pass(t *testing.T, s *ship.Shipper) {
	t.Helper()
	if err := s.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// names returns the events in a file, "checkpoint" for one.
func names(t *testing.T, file string) (out []string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		var r struct{ EventName, Checkpoint string }
		switch {
		case json.Unmarshal(line, &r) != nil:
			out = append(out, "torn")
		case r.Checkpoint != "":
			out = append(out, "checkpoint")
		default:
			out = append(out, r.EventName)
		}
	}
	return out
}

func want(t *testing.T, what string, got []string, want string) {
	t.Helper()
	if strings.Join(got, " ") != want {
		t.Errorf("%s: %v, want %s", what, got, want)
	}
}

// A sink begins with what comes from now on, and a restart loses and repeats nothing.
func TestFile(t *testing.T) {
	store, file := sqlstoretest.SQLite(t, time.Now).Audit(), filepath.Join(t.TempDir(), "audit.jsonl")
	first := newLog(t, store)
	add(t, first, "before")
	s := &ship.Shipper{Name: "file", Sink: &ship.File{Path: file}, Log: first}
	pass(t, s)
	add(t, first, "one", "two")
	pass(t, s)
	want(t, "first", names(t, file), "one two")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	add(t, first, "three") // and the process dies
	if err := first.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := newLog(t, store)
	add(t, second, "four")
	s = &ship.Shipper{Name: "file", Sink: &ship.File{Path: file}, Log: second}
	pass(t, s)
	pass(t, s)
	want(t, "after a restart", names(t, file), "one two four three checkpoint")
}

// What a living process writes is its own to ship.
func TestAnotherNodesChain(t *testing.T) {
	store, file := sqlstoretest.SQLite(t, time.Now).Audit(), filepath.Join(t.TempDir(), "audit.jsonl")
	mine, theirs := newLog(t, store), newLog(t, store)
	s := &ship.Shipper{Name: "file", Sink: &ship.File{Path: file}, Log: mine}
	pass(t, s)
	if err := store.Beat(t.Context(), theirs.Segment(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	add(t, theirs, "theirs")
	add(t, mine, "mine")
	pass(t, s)
	want(t, "while it lives", names(t, file), "mine")
	if err := store.Beat(t.Context(), theirs.Segment(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	pass(t, s)
	want(t, "when it is gone", names(t, file), "mine theirs")
}

func TestFileThatIsRotated(t *testing.T) {
	store, file := sqlstoretest.SQLite(t, time.Now).Audit(), filepath.Join(t.TempDir(), "audit.jsonl")
	l := newLog(t, store)
	s := &ship.Shipper{Name: "file", Sink: &ship.File{Path: file}, Log: l}
	pass(t, s)
	add(t, l, "one")
	pass(t, s)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	add(t, l, "two")
	pass(t, s)
	want(t, "the old one", names(t, file+".1"), "one")
	want(t, "the new one", names(t, file), "two")
}

// A line that a crash cut off does not swallow the next.
func TestFileWithATornLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(file, []byte(`{"eventName":"one"}`+"\n"+`{"eventNa`), 0o600); err != nil {
		t.Fatal(err)
	}
	sink := &ship.File{Path: file}
	if err := sink.Write(t.Context(), []ship.Line{{JSON: []byte(`{"eventName":"two"}`)}}); err != nil {
		t.Fatal(err)
	}
	want(t, "lines", names(t, file), "one torn two")
}

// A broken is a sink that fails until it is mended.
type broken struct {
	down  bool
	lines []string
}

func (b *broken) Write(_ context.Context, lines []ship.Line) error {
	if b.down {
		return errors.New("disk full")
	}
	for _, l := range lines {
		b.lines = append(b.lines, l.Name)
	}
	return nil
}

func (b *broken) Close() error { return nil }

func TestASinkThatWasDownGetsAll(t *testing.T) {
	l := newLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	sink := &broken{}
	s := &ship.Shipper{Name: "x", Sink: sink, Log: l}
	pass(t, s)
	sink.down = true
	var all []string
	for i := range 450 { // more than two batches
		all = append(all, fmt.Sprint("e", i))
	}
	add(t, l, all...)
	if err := s.Pass(t.Context()); err == nil {
		t.Error("no error")
	}
	sink.down = false
	pass(t, s)
	want(t, "mended", sink.lines, strings.Join(all, " "))
}

// Run ships by itself what is recorded.
func TestRun(t *testing.T) {
	l := newLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	got := make(chan string, 10)
	s := &ship.Shipper{Name: "x", Sink: sinkFunc(func(l ship.Line) { got <- l.Name }), Log: l}
	pass(t, s)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	add(t, l, "one")
	if name := <-got; name != "one" {
		t.Errorf("got %s", name)
	}
	add(t, l, "two")
	if name := <-got; name != "two" {
		t.Errorf("got %s", name)
	}
	stop()
	<-done
}

type sinkFunc func(ship.Line)

func (f sinkFunc) Write(_ context.Context, lines []ship.Line) error {
	for _, l := range lines {
		f(l)
	}
	return nil
}

func (f sinkFunc) Close() error { return nil }
