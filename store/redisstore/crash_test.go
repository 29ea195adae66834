package redisstore_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// A phone knows only what its service answered.
type phone struct {
	t       *testing.T
	service *dataset.Service
	last    int64
	values  map[string]string
	counts  map[string]int64
	session string
	afresh  int // how often it had to start afresh
}

var carol = dataset.Owner{Pool: "us-east-1:11111111-aaaa", Identity: "us-east-1:33333333-cccc"}

type fixedSecret struct{}

func (fixedSecret) Secret(context.Context, string) ([]byte, error) { return []byte("secret"), nil }

// onlyRedis opens a store that keeps no copies.
func onlyRedis(t *testing.T, url string) dataset.Store {
	return redisstoretest.OpenURL(t, url, time.Now).Datasets(new(datasettest.Memory))
}

// phones returns two devices of carol's that share a store.
func phones(t *testing.T, store dataset.Store) (a, b *phone) {
	service := &dataset.Service{Store: store, Secrets: fixedSecret{}, Now: time.Now}
	fresh := func() *phone {
		return &phone{t: t, service: service, values: map[string]string{}, counts: map[string]int64{}}
	}
	return fresh(), fresh()
}

// answered calls fn until Redis answers again.
func (p *phone) answered(fn func(ctx context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := fn(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *phone) pull() {
	p.t.Helper()
	var l *dataset.Listing
	p.answered(func(ctx context.Context) (err error) {
		l, err = p.service.ListRecords(ctx, dataset.ListInput{Owner: carol, Dataset: "notes", Since: p.last})
		return err
	})
	if l.DeletedSince {
		p.values, p.counts = map[string]string{}, map[string]int64{}
		p.afresh++
	}
	for _, r := range l.Records {
		p.values[r.Key], p.counts[r.Key] = r.Value, r.SyncCount()
	}
	p.last, p.session = l.SyncCount, l.SessionToken
}

// write changes a record on top of what the phone has.
func (p *phone) write(key, value string) {
	p.t.Helper()
	p.pull()
	p.answered(func(ctx context.Context) error {
		_, err := p.service.UpdateRecords(ctx, dataset.UpdateInput{Owner: carol, Dataset: "notes", Device: "phone", SessionToken: p.session,
			Patches: []dataset.Patch{{Key: key, Value: value, SyncCount: p.counts[key]}}})
		return err
	})
	p.pull()
}

// loseAndConverge has a phone write what gets lost, and both go on afterwards. The
// other one writes as often, so that without a gap it takes the counts that were lost.
func loseAndConverge(t *testing.T, store dataset.Store, kept, lost func()) {
	a, b := phones(t, store)
	a.write("kept", "1")
	b.pull()
	kept()
	a.write("lost", "1")
	a.write("kept", "2")
	lost()
	b.write("kept", "other 1")
	b.write("other", "2")
	b.write("other", "3")
	a.pull()
	b.pull()
	want := map[string]string{"kept": "other 1", "other": "3"}
	if !reflect.DeepEqual(a.values, want) || !reflect.DeepEqual(b.values, want) {
		t.Errorf("one has %v, the other %v, want %v", a.values, b.values, want)
	}
	if a.afresh != 1 || b.afresh != 0 {
		t.Errorf("the one that saw what is lost started afresh %d times, the other %d times", a.afresh, b.afresh)
	}
}

// TestCrashBetweenSnapshots kills a Redis that has no append-only file.
func TestCrashBetweenSnapshots(t *testing.T) {
	s, err := redisrig.Alone(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	loseAndConverge(t, onlyRedis(t, s.URL()), func() {
		if err := s.Do(context.Background(), "SAVE").Err(); err != nil {
			t.Fatal(err)
		}
	}, func() { restart(t, s) })
}

// TestCrashBeforeSync takes from the append-only file what was not on disk yet when
// the power failed.
func TestCrashBeforeSync(t *testing.T) {
	s, err := redisrig.Alone(t.TempDir(), "--appendonly", "yes", "--appendfsync", "everysec")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	files, err := filepath.Glob(filepath.Join(s.Dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	var size int64
	loseAndConverge(t, onlyRedis(t, s.URL()), func() {
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		size = info.Size()
	}, func() {
		s.Kill()
		if err := os.Truncate(files[0], size); err != nil {
			t.Fatal(err)
		}
		restart(t, s)
	})
}

// TestCrashThatLosesNothing: both phones just go on.
func TestCrashThatLosesNothing(t *testing.T) {
	s, err := redisrig.Alone(t.TempDir(), "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	a, b := phones(t, onlyRedis(t, s.URL()))
	a.write("x", "1")
	b.pull()
	restart(t, s)
	b.write("x", "2")
	a.pull()
	if a.values["x"] != "2" || a.afresh+b.afresh != 0 || b.last <= dataset.Room {
		t.Errorf("one has %v at %d and started afresh %d times, the other %d times", a.values, a.last, a.afresh, b.afresh)
	}
}

func restart(t *testing.T, s *redisrig.Server) {
	t.Helper()
	s.Kill()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
}

// TestSentinelFailover: the replica that takes over never had the last writes.
func TestSentinelFailover(t *testing.T) {
	s, err := redisrig.StartSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	loseAndConverge(t, onlyRedis(t, s.URL()), func() { cutOff(t, s.Master, s.Replica) }, s.Master.Kill)
}

// TestClusterFailover is the same on the Cluster's master that has the data.
func TestClusterFailover(t *testing.T) {
	c, err := redisrig.StartCluster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	var master *redisrig.Server
	loseAndConverge(t, onlyRedis(t, c.URL()), func() {
		for i, s := range c.Masters {
			if n, err := s.Do(context.Background(), "DBSIZE").Int(); err == nil && n > 0 {
				master = s
				cutOff(t, s, c.Replicas[i])
			}
		}
	}, func() { master.Kill() })
}

// cutOff waits until a replica has all, and keeps it from hearing of more.
func cutOff(t *testing.T, master, replica *redisrig.Server) {
	t.Helper()
	ctx := context.Background()
	if err := replica.Follows(master); err != nil {
		t.Fatal(err)
	}
	if err := replica.Do(ctx, "CONFIG", "SET", "masterauth", "wrong").Err(); err != nil {
		t.Fatal(err)
	}
	if err := master.Do(ctx, "CLIENT", "KILL", "TYPE", "replica").Err(); err != nil {
		t.Fatal(err)
	}
}
