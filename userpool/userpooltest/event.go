package userpooltest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

var eventChecks = []storeCheck{
	{"event", testEvent},
	{"events page by page", testEventPages},
	{"events go with their user", testEventsDeleted},
	{"old events", testOldEvents},
}

func (f *fixture) event(t *testing.T, pool userpool.PoolID, user, id string) *userpool.Event {
	t.Helper()
	e := &userpool.Event{Pool: pool, Sub: "sub-of-" + user, ID: id, Type: "SignIn", Passed: true, Created: f.now, IP: "192.0.2.1", Device: "Firefox, Linux",
		Challenges: []userpool.EventChallenge{{Name: "Password", Passed: true}}}
	check(t, f.AddEvent(ctx, e))
	return e
}

func (f *fixture) events(t *testing.T, pool userpool.PoolID, user string) []*userpool.Event {
	t.Helper()
	all, _, err := f.Events(ctx, pool, "sub-of-"+user, "", 100)
	check(t, err)
	return all
}

func testEvent(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	f.user(t, poolB, "bob")
	e := f.event(t, poolA, "bob", "one")
	if got := f.events(t, poolA, "bob"); len(got) != 1 || !reflect.DeepEqual(got[0], e) {
		t.Fatalf("got %+v\nwant %+v", got, e)
	}
	mark := func(e *userpool.Event) error {
		e.Feedback = &userpool.EventFeedback{Valid: true, Provider: "Admin", Given: f.now}
		e.ID, e.Sub, e.Created = "other", "other", f.now.Add(time.Hour)
		return nil
	}
	for _, other := range []struct {
		pool    userpool.PoolID
		sub, id string
	}{{poolA, "sub-of-eve", "one"}, {poolB, e.Sub, "one"}, {poolA, e.Sub, "two"}, {poolA, e.Sub, "a\x00b"}} {
		_, err := f.UpdateEvent(ctx, other.pool, other.sub, other.id, mark)
		wantErr(t, err, userpool.ErrNotFound)
	}
	_, err := f.UpdateEvent(ctx, poolA, e.Sub, "one", mark)
	check(t, err)
	got := f.events(t, poolA, "bob")[0]
	if got.Feedback == nil || got.Feedback.Provider != "Admin" || got.ID != "one" || !got.Created.Equal(e.Created) {
		t.Fatalf("after feedback %+v", got)
	}
	e.Sub = "sub-of-nobody"
	wantErr(t, f.AddEvent(ctx, e), userpool.ErrUserNotFound)
}

func testEventPages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	f.user(t, poolA, "eve")
	for i := range 7 {
		f.event(t, poolA, "bob", fmt.Sprint(i))
		f.event(t, poolA, "eve", fmt.Sprint("e", i))
		f.now = f.now.Add(time.Second)
	}
	got := pages(t, func(after string, limit int) ([]*userpool.Event, string, error) {
		return f.Events(ctx, poolA, "sub-of-bob", after, limit)
	}, func(e *userpool.Event) string { return e.ID })
	equal(t, "events", fmt.Sprint(got), "[6 5 4 3 2 1 0]")
}

func testEventsDeleted(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	for _, drop := range []func() error{
		func() error { return f.DeleteUser(ctx, poolA, "bob") },
		func() error {
			defer f.pool(t, poolA)
			return f.DeletePool(ctx, poolA)
		},
	} {
		f.user(t, poolA, "bob")
		f.event(t, poolA, "bob", "one")
		check(t, drop())
		f.user(t, poolA, "bob")
		equal(t, "events", len(f.events(t, poolA, "bob")), 0)
		check(t, f.DeleteUser(ctx, poolA, "bob"))
	}
}

func testOldEvents(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	for i := range 3 {
		f.event(t, poolA, "bob", fmt.Sprint(i))
	}
	f.now = f.now.Add(userpool.EventLife)
	f.event(t, poolA, "bob", "new")
	for _, want := range []int{2, 1, 0} {
		n, err := f.DeleteOldEvents(ctx, 2)
		check(t, err)
		equal(t, "deleted", n, want)
	}
	equal(t, "left", f.events(t, poolA, "bob")[0].ID, "new")
}
