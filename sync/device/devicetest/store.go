// Package devicetest is the contract suite of device.Store.
package devicetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
)

// TestStore runs every check on a store of its own.
func TestStore(t *testing.T, open func(t *testing.T) device.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s device.Store)
	}{
		{"round trip", testRoundTrip},
		{"registered again", testAgain},
		{"the oldest goes", testMost},
		{"subscriptions", testSubscriptions},
		{"endpoints", testEndpoints},
		{"owners are apart", testApart},
		{"erased", testErase},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 23, 9, 30, 0, 123457000, time.UTC)
	alice = dataset.Owner{Pool: "us-east-1:11", Identity: "us-east-1:22"}
	bob   = dataset.Owner{Pool: "us-east-1:11", Identity: "us-east-1:33"}
	other = dataset.Owner{Pool: "us-east-1:44", Identity: "us-east-1:22"}
)

func register(t *testing.T, s device.Store, o dataset.Owner, id, token string, after time.Duration) device.ID {
	t.Helper()
	got, err := s.Register(ctx, &device.Device{ID: device.ID(id), Owner: o, Platform: device.GCM, Token: token, Registered: start.Add(after)}, 3)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func missing(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, dataset.ErrNotFound) {
		t.Errorf("%s: %v", what, err)
	}
}

func subscribed(t *testing.T, s device.Store, o dataset.Owner, name string, want ...device.ID) {
	t.Helper()
	got, err := s.Subscribed(ctx, o, name)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("subscribed to %s: %v, %v; want %v", name, got, err, want)
	}
}

func testRoundTrip(t *testing.T, s device.Store) {
	want := device.Device{ID: "d1", Owner: alice, Platform: device.APNSSandbox, Token: "to\x00ken", Registered: start}
	d := want
	if id, err := s.Register(ctx, &d, 3); err != nil || id != "d1" {
		t.Fatalf("%s, %v", id, err)
	}
	if got, err := s.Device(ctx, alice, "d1"); err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err := s.Device(ctx, alice, "d2")
	missing(t, "another device", err)
}

func testAgain(t *testing.T, s device.Store) {
	register(t, s, alice, "d1", "token", 0)
	ok(t, s.Subscribe(ctx, alice, "d1", "notes"))
	if id := register(t, s, alice, "d2", "token", time.Hour); id != "d1" {
		t.Errorf("the same token got %s", id)
	}
	if id := register(t, s, alice, "d3", "another", 0); id != "d3" {
		t.Errorf("another token got %s", id)
	}
	same := &device.Device{ID: "d4", Owner: alice, Platform: device.ADM, Token: "token", Registered: start.Add(2 * time.Hour)}
	if id, err := s.Register(ctx, same, 3); err != nil || id != "d4" {
		t.Errorf("the same token of another platform got %s, %v", id, err)
	}
	subscribed(t, s, alice, "notes", "d1")
	if d, err := s.Device(ctx, alice, "d1"); err != nil || !d.Registered.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v, %v", d, err)
	}
}

func testMost(t *testing.T, s device.Store) {
	for i := range 3 {
		register(t, s, alice, fmt.Sprint("d", i), fmt.Sprint("token", i), time.Duration(i)*time.Second)
	}
	register(t, s, bob, "b", "token", -time.Hour)
	ok(t, s.Subscribe(ctx, alice, "d1", "notes"))
	register(t, s, alice, "new", "token0", time.Minute) // d0 is not the oldest any more
	register(t, s, alice, "d3", "token3", 2*time.Minute)
	_, err := s.Device(ctx, alice, "d1")
	missing(t, "the oldest", err)
	subscribed(t, s, alice, "notes")
	for _, id := range []device.ID{"d0", "d2", "d3"} {
		if _, err := s.Device(ctx, alice, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	_, err = s.Device(ctx, bob, "b")
	ok(t, err)
}

func testSubscriptions(t *testing.T, s device.Store) {
	register(t, s, alice, "d2", "two", 0)
	register(t, s, alice, "d1", "one", 0)
	ok(t, s.Subscribe(ctx, alice, "d2", "notes"), s.Subscribe(ctx, alice, "d1", "notes"), s.Subscribe(ctx, alice, "d1", "notes"),
		s.Subscribe(ctx, alice, "d1", "other"))
	subscribed(t, s, alice, "notes", "d1", "d2")
	subscribed(t, s, alice, "other", "d1")
	subscribed(t, s, alice, "none")
	ok(t, s.Unsubscribe(ctx, alice, "d1", "notes"))
	subscribed(t, s, alice, "notes", "d2")
	missing(t, "again", s.Unsubscribe(ctx, alice, "d1", "notes"))
	missing(t, "of no device", s.Unsubscribe(ctx, alice, "d9", "notes"))
	missing(t, "for no device", s.Subscribe(ctx, alice, "d9", "notes"))
}

func testEndpoints(t *testing.T, s device.Store) {
	register(t, s, alice, "d1", "one", 0)
	d, err := s.Device(ctx, alice, "d1")
	ok(t, err, s.SetEndpoint(ctx, d, "arn:1"))
	ok(t, s.SetEndpoint(ctx, d, "arn:2")) // d still says that there is none
	got, err := s.Device(ctx, alice, "d1")
	if err != nil || got.Endpoint != "arn:1" {
		t.Fatalf("%+v, %v", got, err)
	}
	ok(t, s.SetEndpoint(ctx, got, ""))
	if got, err = s.Device(ctx, alice, "d1"); err != nil || got.Endpoint != "" {
		t.Errorf("%+v, %v", got, err)
	}
	ok(t, s.SetEndpoint(ctx, &device.Device{ID: "gone", Owner: alice}, "arn:3"))
}

func testApart(t *testing.T, s device.Store) {
	for _, o := range []dataset.Owner{alice, bob, other} {
		if id := register(t, s, o, "d-"+string(o.Pool+":")+string(o.Identity), "token", 0); id == "" {
			t.Error("no ID")
		}
	}
	mine := device.ID("d-us-east-1:11:us-east-1:22")
	ok(t, s.Subscribe(ctx, alice, mine, "notes"))
	for _, o := range []dataset.Owner{bob, other} {
		_, err := s.Device(ctx, o, mine)
		missing(t, "device of another", err)
		missing(t, "subscription of another", s.Subscribe(ctx, o, mine, "notes"))
		missing(t, "end of another's", s.Unsubscribe(ctx, o, mine, "notes"))
		subscribed(t, s, o, "notes")
		ok(t, s.SetEndpoint(ctx, &device.Device{ID: mine, Owner: o}, "arn:evil"))
	}
	if d, err := s.Device(ctx, alice, mine); err != nil || d.Endpoint != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func testErase(t *testing.T, s device.Store) {
	register(t, s, alice, "a", "token", 0)
	register(t, s, bob, "b", "token", 0)
	ok(t, s.Subscribe(ctx, alice, "a", "notes"), s.Subscribe(ctx, bob, "b", "notes"), s.Erase(ctx, alice), s.Erase(ctx, alice))
	_, err := s.Device(ctx, alice, "a")
	missing(t, "erased", err)
	subscribed(t, s, alice, "notes")
	subscribed(t, s, bob, "notes", "b")
	register(t, s, alice, "a", "token", 0)
	subscribed(t, s, alice, "notes")
}
