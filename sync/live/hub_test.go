package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

func TestEventsInOrder(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	all, some := listen(t, h, Request{}), listen(t, h, Request{Datasets: []string{"b", "c"}})
	bob := listen(t, h, Request{Owner: dataset.Owner{Pool: alice.Pool, Identity: "bob"}})
	for _, s := range []*listener{all, some, bob} {
		s.want("position @0")
	}
	l.add(alice, "a")
	l.add(alice, "b")
	l.add(bob.req.Owner, "c")
	all.want("change a 1 @1", "change b 2 @2")
	some.want("change b 2 @2")
	bob.want("change c 1 @1")
}

func TestResume(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	for range 5 {
		l.add(alice, "a")
	}
	listen(t, h, Request{After: "3"}).want("change a 4 @4", "change a 5 @5")
	listen(t, h, Request{After: "5"}).want("position @5")
	listen(t, h, Request{After: "3", Datasets: []string{"b"}}).want("position @5")
	l.set(func() { l.first = 4 })
	for _, id := range []dataset.LogID{"3", "6", "x"} {
		s := listen(t, h, Request{After: id})
		s.want("reset @5")
		l.add(alice, "b")
		s.want("change b 6 @6")
		l.set(func() { l.entries[alice] = l.entries[alice][:5] })
		s.Close() // and the feed with it, since the log went back
	}
}

// What is logged between the reading of the tail and the watch is not lost.
func TestChangeWhileJoining(t *testing.T) {
	l := newLog()
	l.onAdd = func() {
		l.set(func() { l.deaf = true })
		l.add(alice, "a")
	}
	s := listen(t, newHub(t, l, Options{}), Request{})
	got := s.next()
	if got == "position @0" {
		got = s.next()
	}
	if got != "change a 1 @1" {
		t.Error(got)
	}
}

// A log that cannot be read is read again, and a bell that does not ring costs a minute.
func TestStoreDownAndBellLost(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	s := listen(t, h, Request{})
	s.want("position @0")
	l.set(func() { l.down = true })
	l.add(alice, "a")
	for !s.feed.behind.Load() {
		time.Sleep(time.Millisecond)
	}
	if _, err := h.Subscribe(t.Context(), Request{Owner: alice}); !errors.Is(err, errDown) {
		t.Errorf("joining a log that is down: %v", err)
	}
	l.set(func() { l.down = false })
	h.tick(1)
	s.want("change a 1 @1")
	l.set(func() { l.deaf = true })
	l.add(alice, "b")
	for tick := range sweepEvery {
		h.tick(tick)
	}
	s.want("change b 2 @2")
}

func TestFallenBehind(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	s := listen(t, h, Request{Datasets: []string{"z"}})
	s.want("position @0")
	l.set(func() { l.deaf, l.first = true, 3 })
	for range 5 {
		l.add(alice, "a")
	}
	h.ring(alice)
	s.want("reset @5")
	l.set(func() { l.deaf = false })
	l.add(alice, "z")
	s.want("change z 6 @6")
}

// Somebody who does not take events is ended; nobody else notices.
func TestSlowSubscription(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	slow, quick := listen(t, h, Request{}), listen(t, h, Request{})
	quick.want("position @0")
	for i := range 2 * maxPending {
		l.add(alice, "a")
		quick.want(fmt.Sprintf("change a %d @%d", i+1, i+1))
	}
	slow.want("bye too slow") // and no position behind what it missed
	ended := listen(t, h, Request{})
	ended.want(fmt.Sprintf("position @%d", 2*maxPending))
	ended.end(Expired)
	l.add(alice, "a")
	quick.want(fmt.Sprintf("change a %d @%d", 2*maxPending+1, 2*maxPending+1))
	ended.beat()
	ended.want("bye credentials expired")
}

// The ID to resume from moves on with what a client did not ask for.
func TestPositionMoves(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	s, other := listen(t, h, Request{Datasets: []string{"b"}}), listen(t, h, Request{})
	s.want("position @0")
	other.want("position @0")
	l.add(alice, "a")
	other.want("change a 1 @1")
	for tick := range beatEvery {
		h.tick(tick)
	}
	s.want("position @1")
	for tick := range beatEvery {
		h.tick(tick)
	}
	<-s.Wake()
	if e := s.Take(); len(e) > 0 {
		t.Errorf("a sign of life has %v", e)
	}
}

func TestCredentialsExpire(t *testing.T) {
	now := time.Now()
	h := newHub(t, newLog(), Options{Now: func() time.Time { return now }})
	ends, stays := listen(t, h, Request{Expires: now.Add(time.Minute)}), listen(t, h, Request{})
	h.tick(1)
	ends.want("position @0")
	stays.want("position @0")
	now = now.Add(time.Minute)
	h.tick(2)
	ends.want("bye credentials expired")
	if stays.ended != "" {
		t.Error("one that never expires ended")
	}
}

func TestPermissionIsAskedForAgain(t *testing.T) {
	h := newHub(t, newLog(), Options{})
	asked := make(chan bool, 100)
	answer := func(ok bool, err error) func(context.Context) (bool, error) {
		return func(context.Context) (bool, error) {
			asked <- true
			return ok, err
		}
	}
	still, unknown, no := listen(t, h, Request{Holds: answer(true, nil)}), listen(t, h, Request{Holds: answer(false, errDown)}), listen(t, h, Request{Holds: answer(false, nil)})
	for tick := range checkEvery {
		h.tick(tick)
	}
	no.want("position @0", "bye access revoked")
	for range 3 {
		<-asked
	}
	for tick := range checkEvery {
		h.tick(tick)
	}
	for range 2 { // in order: who is asked again was not ended
		<-asked
	}
	for _, s := range []*listener{still, unknown} {
		s.want("position @0")
		s.mu.Lock()
		if s.ended != "" {
			t.Errorf("ended: %s", s.ended)
		}
		s.mu.Unlock()
	}
}

func TestLimits(t *testing.T) {
	h := newHub(t, newLog(), Options{Max: MaxOfOwner + 1})
	first := listen(t, h, Request{})
	for range MaxOfOwner - 1 {
		listen(t, h, Request{})
	}
	ctx := context.Background()
	if _, err := h.Subscribe(ctx, Request{Owner: alice}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more of an owner: %v", err)
	}
	bob := listen(t, h, Request{Owner: dataset.Owner{Identity: "bob"}})
	if _, err := h.Subscribe(ctx, Request{Owner: dataset.Owner{Identity: "carol"}}); !errors.Is(err, ErrFull) {
		t.Errorf("one more of the node: %v", err)
	}
	bob.Close()
	bob.Close()
	first.Close()
	listen(t, h, Request{})
	listen(t, h, Request{Owner: dataset.Owner{Identity: "carol"}})
	if n := h.Open(); n != MaxOfOwner+1 {
		t.Errorf("%d are open", n)
	}
}

// Nobody watches a log that nobody follows.
func TestWatchesEnd(t *testing.T) {
	l := newLog()
	h := newHub(t, l, Options{})
	a, b := listen(t, h, Request{}), listen(t, h, Request{})
	a.Close()
	if l.watched[alice] != 1 {
		t.Errorf("watched %d times", l.watched[alice])
	}
	b.Close()
	if l.watched[alice] != 0 || len(h.feeds) > 0 || h.pins != 0 || h.Open() != 0 {
		t.Errorf("left: %v %v %d", l.watched, h.feeds, h.pins)
	}
}

func TestStop(t *testing.T) {
	h := newHub(t, newLog(), Options{})
	s := listen(t, h, Request{})
	stopped := make(chan error)
	go func() { stopped <- h.Stop(context.Background()) }()
	s.want("position @0", "bye server stops")
	if _, err := h.Subscribe(t.Context(), Request{Owner: alice}); !errors.Is(err, ErrStopped) {
		t.Errorf("subscribing to a hub that stops: %v", err)
	}
	select {
	case <-stopped:
		t.Error("it did not wait for the client to be told")
	default:
	}
	s.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// A client that is never told does not keep the server from stopping.
func TestStopInTime(t *testing.T) {
	h := newHub(t, newLog(), Options{})
	listen(t, h, Request{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// Writers, and clients that come and go: each hears everything from where it was.
func TestManyComeAndGo(t *testing.T) {
	const clients, rounds, changes = 20, 10, 200
	l := newLog()
	h := newHub(t, l, Options{})
	var all sync.WaitGroup
	all.Go(func() {
		for range changes {
			l.add(alice, "a")
			time.Sleep(50 * time.Microsecond)
		}
	})
	for range clients {
		all.Go(func() {
			last, heard := dataset.LogID("0"), int64(0)
			for round := 0; heard < changes; round++ {
				s, err := h.Subscribe(context.Background(), Request{Owner: alice, After: last})
				if err != nil {
					t.Error(err)
					return
				}
				for n := 0; heard < changes && (n < changes/rounds || round > rounds); {
					<-s.Wake()
					for _, e := range s.Take() {
						if e.Kind == Changed && e.Change.SyncCount != heard+1 {
							t.Errorf("%d after %d", e.Change.SyncCount, heard)
							s.Close()
							return
						}
						if e.Kind == Changed {
							heard, last = e.Change.SyncCount, e.ID
							n++
						}
					}
				}
				s.Close()
			}
		})
	}
	all.Wait()
}
