// Package syncdevices_test replays what the published sync libraries do on many devices
// at once, while the server and its Redis are killed and started again, and holds every
// answer against a model.
package syncdevices_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	datasets = 3
	devices  = 6 // of each dataset
)

// TestDevicesThroughCrashes lets devices edit, delete and synchronise while the server is
// killed. Afterwards they agree with it and with each other, and the history of each
// dataset is one that could have happened one call after the other: no acknowledged
// change was lost, none was overwritten unseen, and no count fell or was skipped.
func TestDevicesThroughCrashes(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		w := newWorld(t, s.Fixture(t))
		w.run(t, rounds(4), func() {
			s.Kill(t)
			s.Launch(t)
		})
		w.agree(t)
		w.linear(t, steady)
	})
}

// TestDevicesThroughCrashesOfRedis kills a Redis that keeps what it acknowledges, and the
// server, in turns. All holds as before, but that counts jump when another process of
// Redis answers.
func TestDevicesThroughCrashesOfRedis(t *testing.T) {
	redis := harness.RedisAlone(t)
	s := harness.Start(t, harness.Shared, harness.OnRedis(redis.URL()))
	w := newWorld(t, s.Fixture(t))
	turn := 0
	w.run(t, rounds(4), func() {
		if turn++; turn%2 == 0 {
			s.Kill(t)
			s.Launch(t)
			return
		}
		redis.Kill()
		if err := redis.Start(); err != nil {
			t.Error(err)
		}
	})
	w.agree(t)
	w.linear(t, jumping)
}

// TestDevicesThroughFailover kills a master whose replica may not have heard of all that
// was acknowledged. What it loses is lost for all: devices agree with the server and with
// each other afterwards, and none goes on with what is gone.
func TestDevicesThroughFailover(t *testing.T) {
	redis := harness.RedisUnderSentinels(t)
	w := newWorld(t, harness.Start(t, harness.Shared, harness.OnRedis(redis.URL())).Fixture(t))
	w.run(t, 1, redis.Master.Kill)
	w.agree(t)
}

// rounds is how many crashes there are: n, or more where there is time.
func rounds(n int) int {
	if os.Getenv("POOLHOUSE_LONG") != "" {
		return 10 * n
	}
	return n
}

// A world is the devices of one identity.
type world struct {
	devices   []*device
	histories []*history
	answered  atomic.Int64 // changes
	crashes   [][2]time.Time
}

func newWorld(t *testing.T, f *harness.Fixture) *world {
	w, a, seed := &world{}, newAPI(t, f), uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for set := range datasets {
		h := &history{begin: time.Now(), answered: func() { w.answered.Add(1) }}
		w.histories = append(w.histories, h)
		for i := range devices {
			w.devices = append(w.devices, newDevice(i, fmt.Sprintf("set:%d", set), a, h, seed+uint64(set)))
		}
	}
	return w
}

// run keeps all devices busy while crash is called a number of times, each after some
// more changes were answered.
func (w *world) run(t *testing.T, crashes int, crash func()) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, fmt.Errorf("the devices did not finish"))
	defer cancel()
	var over atomic.Bool
	var wg sync.WaitGroup
	for _, d := range w.devices {
		wg.Go(func() {
			for !over.Load() {
				if err := d.live(ctx, 10); err != nil {
					t.Errorf("%s: %v", d.id, err)
					return
				}
			}
		})
	}
	for range crashes {
		before := w.answered.Load()
		harness.Until(t, time.Minute, func() string { return "more changes are answered" }, func() bool { return w.answered.Load() >= before+60 || t.Failed() })
		begin := time.Now()
		crash()
		w.crashes = append(w.crashes, [2]time.Time{begin, time.Now()})
	}
	over.Store(true)
	wg.Wait()
	for range 2 { // what is left to say; the second time, what the others said
		for _, d := range w.devices {
			if err := d.synchronise(ctx); err != nil {
				t.Errorf("%s: %v", d.id, err)
			}
		}
	}
}

// agree checks that all devices have said all, and see the same.
func (w *world) agree(t *testing.T) {
	t.Helper()
	for i, d := range w.devices {
		first := w.devices[i/devices*devices]
		if len(d.changed) > 0 || !maps.Equal(d.alive(), first.alive()) {
			t.Errorf("%s of %s has %v and changes %v, %s has %v", d.id, d.dataset, d.alive(), d.changed, first.id, first.alive())
		}
	}
	t.Logf("%d changes answered", w.answered.Load())
}

// linear holds the history of each dataset against a model.
func (w *world) linear(t *testing.T, c counting) {
	t.Helper()
	for i, h := range w.histories {
		h.during(w.crashes)
		result, info := porcupine.CheckOperationsVerbose(model(c, h.counts()), h.calls, time.Minute)
		if result != porcupine.Ok {
			t.Errorf("the history of dataset %d, %d calls: %s; it could be so until\n%s", i, len(h.calls), result, h.stuck(info))
		}
	}
}
