package settings_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

const (
	pool = "us-east-1:11aa"
	arn  = "arn:aws:lambda:us-east-1:000000000000:function:check"
)

// newNodes returns two nodes on one database with a pool, and their clock.
func newNodes(t *testing.T) (one, two *settings.Service, clock *ephemeraltest.Clock) {
	t.Helper()
	clock = ephemeraltest.NewClock()
	db := sqlstoretest.SQLite(t, clock.Now)
	if err := db.Identity().CreatePool(t.Context(), &identity.Pool{ID: pool}); err != nil {
		t.Fatal(err)
	}
	node := func() *settings.Service {
		return &settings.Service{Store: db.SyncSettings(), Now: clock.Now, Streams: func(name string) bool { return name == "stream" }}
	}
	return node(), node(), clock
}

func TestSetEvents(t *testing.T) {
	s, _, _ := newNodes(t)
	for _, tt := range []struct {
		set  map[string]string
		want map[string]string
		err  error
	}{
		{map[string]string{"SyncTrigger": arn + ":live"}, map[string]string{"SyncTrigger": arn + ":live"}, nil},
		{map[string]string{}, map[string]string{"SyncTrigger": arn + ":live"}, nil},
		{map[string]string{"Other": arn}, nil, dataset.ErrInvalidParameter},
		{map[string]string{"SyncTrigger": "check"}, nil, dataset.ErrInvalidParameter},
		{map[string]string{"SyncTrigger": "arn:aws:sns:us-east-1:000000000000:check"}, nil, dataset.ErrInvalidParameter},
		{map[string]string{"SyncTrigger": arn + "\n"}, nil, dataset.ErrInvalidParameter},
		{map[string]string{"SyncTrigger": arn}, map[string]string{"SyncTrigger": arn}, nil},
		{map[string]string{"SyncTrigger": ""}, map[string]string{}, nil},
	} {
		if err := s.SetEvents(t.Context(), pool, tt.set); !errors.Is(err, tt.err) {
			t.Errorf("%v: %v", tt.set, err)
		}
		if got, err := s.Settings(t.Context(), pool); tt.err == nil && (err != nil || !maps.Equal(got.Events, tt.want)) {
			t.Errorf("%v: %v, %v", tt.set, got, err)
		}
	}
	if err := s.SetEvents(t.Context(), "us-east-1:0", map[string]string{"SyncTrigger": arn}); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("no such pool: %v", err)
	}
}

func TestConfigure(t *testing.T) {
	s, _, _ := newNodes(t)
	on := &settings.Streams{Name: "stream", Enabled: true}
	for name, streams := range map[string]*settings.Streams{"no name": {Enabled: true}, "unknown": {Name: "other", Enabled: true}} {
		if _, err := s.Configure(t.Context(), pool, nil, streams); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Configure(t.Context(), pool, nil, &settings.Streams{Name: "later"}); err != nil {
		t.Errorf("a stream that is off need not be known: %v", err)
	}
	if _, err := s.Configure(t.Context(), pool, nil, on); err != nil {
		t.Fatal(err)
	}
	got, err := s.Configure(t.Context(), pool, &settings.Push{Role: "role"}, nil)
	if err != nil || got.Push.Role != "role" || *got.Streams != *on {
		t.Errorf("what is not given stays: %+v, %v", got, err)
	}
}

func TestSwitchOff(t *testing.T) {
	s, _, _ := newNodes(t)
	if off, err := s.SwitchOff(t.Context(), pool, "stream"); off || err != nil {
		t.Errorf("never on: %t, %v", off, err)
	}
	if _, err := s.Configure(t.Context(), pool, nil, &settings.Streams{Name: "stream", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		stream string
		want   bool
	}{{"another", false}, {"stream", true}, {"stream", false}} {
		if off, err := s.SwitchOff(t.Context(), pool, tt.stream); off != tt.want || err != nil {
			t.Errorf("%s: %t, %v", tt.stream, off, err)
		}
	}
	if got, err := s.Settings(t.Context(), pool); err != nil || got.Streams.Enabled || got.Streams.Name != "stream" {
		t.Errorf("%+v, %v", got.Streams, err)
	}
}

// TestCurrent: a node acts on its own change at once, and on another's soon.
func TestCurrent(t *testing.T) {
	one, two, clock := newNodes(t)
	function := func(s *settings.Service) string {
		t.Helper()
		got, err := s.Current(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		return got.Events["SyncTrigger"]
	}
	if got := function(one) + function(two); got != "" {
		t.Error(got)
	}
	if err := one.SetEvents(t.Context(), pool, map[string]string{"SyncTrigger": arn}); err != nil {
		t.Fatal(err)
	}
	if got := function(one); got != arn {
		t.Errorf("own change: %q", got)
	}
	clock.Advance(settings.Freshness)
	if got := function(two); got != arn {
		t.Errorf("another's change: %q", got)
	}
	if _, err := one.Current(t.Context(), "us-east-1:0"); !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("no such pool: %v", err)
	}
}

func TestStartBulk(t *testing.T) {
	s, _, clock := newNodes(t)
	if err := s.StartBulk(t.Context(), pool); !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("without a stream: %v", err)
	}
	if _, err := s.Configure(t.Context(), pool, nil, &settings.Streams{Name: "stream", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	begin := func(want error) {
		t.Helper()
		if err := s.StartBulk(t.Context(), pool); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	end := func(status settings.BulkStatus) {
		t.Helper()
		got, err := s.Settings(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		started := got.Bulk.Started
		_, err = s.AdvanceBulk(t.Context(), pool, started, func(b *settings.Bulk) {
			b.Status, b.Completed = status, clock.Now()
			if status == settings.BulkSucceeded {
				b.Succeeded = clock.Now()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AdvanceBulk(t.Context(), pool, started, func(*settings.Bulk) { t.Error("changed what is over") }); !errors.Is(err, dataset.ErrConflict) {
			t.Errorf("what is over: %v", err)
		}
	}
	begin(nil)
	begin(settings.ErrBulkRuns)
	end(settings.BulkFailed)
	begin(nil)
	end(settings.BulkSucceeded)
	begin(settings.ErrBulkDone)
	clock.Advance(settings.BulkEvery - time.Second)
	begin(settings.ErrBulkDone)
	clock.Advance(time.Second)
	begin(nil)
	end(settings.BulkFailed)
	begin(nil)
}
