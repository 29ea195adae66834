package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
	"github.com/poolhouse/poolhouse/userpool/message"
)

const pool = "us-east-1:1"

// A target is a sink in memory.
type target struct {
	mu    sync.Mutex
	got   []Record
	err   error
	limit int // of a record in bytes; none where 0
}

func (s *target) Put(_ context.Context, r Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && s.limit > 0 && len(r.Body) > s.limit {
		return ErrTooLarge
	}
	if s.err == nil {
		s.got = append(s.got, r)
	}
	return s.err
}

func (s *target) Close() error { return nil }

// briefs renders what the target got, as "identity/dataset@count:keys".
func (s *target) briefs(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.got {
		var rec record
		if err := json.Unmarshal(r.Body, &rec); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, raw := range rec.Records {
			var one syncRecord
			if err := json.Unmarshal(raw, &one); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, one.Key)
		}
		all = append(all, fmt.Sprintf("%s/%s@%d:%s", strings.TrimPrefix(rec.IdentityID, "us-east-1:"), rec.DatasetName, rec.SyncCount, strings.Join(keys, ",")))
	}
	slices.Sort(all)
	return all
}

// A world is a server's part of a pool that streams to a target.
type world struct {
	*Publisher
	t      *testing.T
	db     *sqlstore.DB
	clock  *ephemeraltest.Clock
	target *target
	outbox *message.Outbox
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: ephemeraltest.NewClock(), target: new(target)}
	w.db = sqlstoretest.SQLite(t, w.clock.Now)
	if err := w.db.Identity().CreatePool(t.Context(), &identity.Pool{ID: pool}); err != nil {
		t.Fatal(err)
	}
	w.Publisher = &Publisher{Settings: &settings.Service{Store: w.db.SyncSettings(), Now: w.clock.Now}, Sinks: map[string]Sink{"stream": w.target},
		Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}
	w.Settings.Streams = w.Knows
	w.outbox = message.NewOutbox(w.db.SyncStreams(), keyringtest.New(t), map[string]message.Transport{Medium: w.Publisher}, w.clock.Now, w.Log)
	w.outbox.GivenUp, w.Outbox = w.GivenUp, w.outbox
	w.stream(true)
	return w
}

// stream switches streaming on or off.
func (w *world) stream(on bool) {
	w.t.Helper()
	if _, err := w.Settings.Configure(w.t.Context(), pool, nil, &settings.Streams{Name: "stream", Enabled: on}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) enabled() bool {
	w.t.Helper()
	s, err := w.Settings.Settings(w.t.Context(), pool)
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Streams.Enabled
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.outbox.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func wrote(key string, count int64) dataset.Change {
	c := *change(dataset.Record{Key: key, Value: "v", Position: dataset.At(count, 0), Modified: noon})
	c.SyncCount = count
	return c
}

// TestChanges: each change of a pool that streams arrives, also after the target was
// away, and those of other pools do not.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	other := wrote("x", 1)
	other.Owner.Pool = "us-east-1:0"
	w.Changed(t.Context(), other)
	w.Changed(t.Context(), wrote("a", 1))
	w.drain()
	w.target.err = errors.New("away")
	w.Changed(t.Context(), wrote("b", 2))
	w.drain()
	w.target.err = nil
	w.clock.Advance(time.Minute)
	w.drain()
	if got := w.target.briefs(t); !slices.Equal(got, []string{"2/notes@1:a", "2/notes@2:b"}) {
		t.Errorf("%q", got)
	}
	if w.target.got[0].Partition != "us-east-1:2" || w.target.got[0].ID == w.target.got[1].ID {
		t.Errorf("%+v", w.target.got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.Changed(gone, wrote("c", 3)) // the device does not wait for its answer any more
	w.drain()
	if got := w.target.briefs(t); len(got) != 3 {
		t.Errorf("a change of a device that went away: %q", got)
	}
}

// TestLeft: what waits for a stream that the pool has left is dropped.
func TestLeft(t *testing.T) {
	w := newWorld(t)
	w.Changed(t.Context(), wrote("a", 1))
	w.stream(false)
	w.Changed(t.Context(), wrote("b", 2))
	w.drain()
	w.stream(true)
	w.clock.Advance(time.Hour)
	w.drain()
	if err := w.db.Identity().DeletePool(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(settings.Freshness)
	w.Changed(t.Context(), wrote("c", 3))
	w.drain()
	if got := w.target.briefs(t); got != nil {
		t.Errorf("%q", got)
	}
}

// TestTooLarge: a user's long value does not end a stream.
func TestTooLarge(t *testing.T) {
	w := newWorld(t)
	w.target.limit = 500
	c := wrote("a", 1)
	c.Records[0].Value = strings.Repeat("v", 1000)
	w.Changed(t.Context(), c)
	w.drain()
	if got := w.target.briefs(t); !slices.Equal(got, []string{"2/notes@1:"}) || !strings.Contains(string(w.target.got[0].Body), `"Omitted"`) {
		t.Errorf("%q", got)
	}
}

// fail has the outbox try until it gives up.
func (w *world) fail() {
	w.t.Helper()
	for range 10 {
		w.drain()
		w.clock.Advance(30*time.Minute + time.Second)
	}
}

// TestBrokenStream: streaming switches itself off.
func TestBrokenStream(t *testing.T) {
	w := newWorld(t)
	w.target.err = errors.New("broken")
	w.Changed(t.Context(), wrote("a", 1))
	w.drain()
	if !w.enabled() {
		t.Error("switched off by the first failure")
	}
	w.fail()
	if w.enabled() {
		t.Error("a broken stream is still on")
	}
}

// TestOneRecordThatIsRefused: where the target takes others, one that it does not
// take ends nothing: its content is a user's.
func TestOneRecordThatIsRefused(t *testing.T) {
	w := newWorld(t)
	w.Changed(t.Context(), wrote("a", 1))
	w.drain()
	w.GivenUp(t.Context(), pool, Medium, "change", "stream", "refused")
	if !w.enabled() {
		t.Error("switched off although the target works")
	}
	w.clock.Advance(alive)
	w.GivenUp(t.Context(), "us-east-1:0", Medium, "change", "stream", "refused") // of a pool that is gone
	w.GivenUp(t.Context(), pool, Medium, "change", "another", "refused")
	if !w.enabled() {
		t.Error("switched off by what is another's")
	}
	w.GivenUp(t.Context(), pool, Medium, "change", "stream", "refused")
	if w.enabled() {
		t.Error("a broken stream is still on")
	}
}
