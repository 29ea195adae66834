package identitytest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts/identity"
)

// users are logins that the app's backend vouches for.
func users(texts ...string) []identity.Login {
	out := logins(texts...)
	for i := range out {
		out[i].Developer = true
	}
	return out
}

func wantLogins(t *testing.T, s identity.Store, id identity.ID, want ...identity.Login) {
	t.Helper()
	if i, err := s.Identity(ctx, id); err != nil || !slices.Equal(i.Logins, want) {
		t.Errorf("%s has %v, %v; want %v", id, i.Logins, err, want)
	}
}

// A backend's provider may be called like another, and an identity may have several
// of its users.
func testDeveloper(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: logins("a:1"), Fresh: "r:i1"})
	if i := link(t, s, &identity.Linking{Pool: "r:1", Logins: users("a:1"), Fresh: "r:i2"}); i.ID != "r:i2" {
		t.Errorf("a user of the backend is one of the provider: %s", i.ID)
	}
	link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i2", Logins: append(users("a:2"), logins("a:9")...), Fresh: "r:i3"})
	wantLogins(t, s, "r:i2", identity.Login{Provider: "a", Subject: "9"}, users("a:1")[0], users("a:2")[0])
	if err := s.Unlink(ctx, "r:i2", users("a:1", "a:9"), start); err != nil {
		t.Fatal(err)
	}
	wantLogins(t, s, "r:i2", identity.Login{Provider: "a", Subject: "9"}, users("a:2")[0])
	wantIdentity(t, s, "r:i1", false, "a:1")
}

func testDeveloperElsewhere(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: users("d:1"), Fresh: "r:i1"})
	guest(t, s, "r:1", "r:i2")
	_, err := s.Link(ctx, &identity.Linking{Pool: "r:1", Given: "r:i2", Logins: users("d:1"), Fresh: "r:i3", Now: start})
	if !errors.Is(err, identity.ErrDeveloperUser) {
		t.Errorf("got %v, want ErrDeveloperUser", err)
	}
	wantIdentity(t, s, "r:i2", false)
	if i := link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i1", Logins: users("d:1"), Fresh: "r:i3"}); i.ID != "r:i1" {
		t.Errorf("its own identity: %s", i.ID)
	}
}

func testOnto(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: users("d:old"), Fresh: "r:i1", Now: start})
	link(t, s, &identity.Linking{Pool: "r:1", Logins: append(users("d:new"), logins("a:1")...), Fresh: "r:i2", Now: start.Add(time.Second)})
	merge := func(from, onto string) (*identity.Linked, error) {
		return s.Link(ctx, &identity.Linking{Pool: "r:1", Logins: users(from, onto), Existing: true, Onto: users(onto)[0], Fresh: "r:i3", Now: start})
	}
	if _, err := merge("d:none", "d:new"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("a user who is not there: %v", err)
	}
	out, err := merge("d:old", "d:new")
	if err != nil || out.Owner.ID != "r:i2" || !slices.Equal(out.Merged, []identity.ID{"r:i1"}) {
		t.Errorf("got %+v, %v", out, err)
	}
	wantLogins(t, s, "r:i2", append(logins("a:1"), users("d:new", "d:old")...)...)
	wantIdentity(t, s, "r:i1", true)
	if out, err := merge("d:new", "d:old"); err != nil || out.Owner.ID != "r:i2" || len(out.Merged) > 0 {
		t.Errorf("merged again: %+v, %v", out, err)
	}
}

func testFlattened(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	for n, text := range []string{"a:1", "b:1", "c:1"} {
		link(t, s, &identity.Linking{Pool: "r:1", Logins: logins(text), Fresh: identity.ID(fmt.Sprint("r:i", n)), Now: start})
	}
	link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i1", Logins: logins("a:1", "b:1"), Fresh: "r:n"})
	link(t, s, &identity.Linking{Pool: "r:1", Given: "r:i2", Logins: logins("b:1", "c:1"), Fresh: "r:n"})
	for id, want := range map[identity.ID]identity.ID{"r:i0": "r:i2", "r:i1": "r:i2", "r:i2": ""} {
		if i, err := s.Identity(ctx, id); err != nil || i.MergedInto != want {
			t.Errorf("%s was merged into %q, %v; want %q", id, i.MergedInto, err, want)
		}
	}
}

func testOwner(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	makePool(t, s, "r:2")
	link(t, s, &identity.Linking{Pool: "r:1", Logins: append(users("d:1"), logins("a:1")...), Fresh: "r:i1"})
	if i, err := s.Owner(ctx, "r:1", users("d:1")[0]); err != nil || i.ID != "r:i1" || len(i.Logins) != 2 {
		t.Errorf("got %+v, %v", i, err)
	}
	for pool, login := range map[identity.PoolID]identity.Login{"r:2": users("d:1")[0], "r:1": logins("d:1")[0], "r:3": {Provider: "d", Subject: "\x00"}} {
		if _, err := s.Owner(ctx, pool, login); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("%s %v: %v, want ErrNotFound", pool, login, err)
		}
	}
}

// Twenty devices merge users of the backend and others, and unlink, all at once. No
// login is lost, none has two owners, and none leads to an identity that is disabled.
func testMergeAgainstUnlink(t *testing.T, s identity.Store) {
	makePool(t, s, "r:1")
	all := append(users("d:1", "d:2"), logins("a:1", "b:1")...)
	for n, l := range all {
		link(t, s, &identity.Linking{Pool: "r:1", Logins: []identity.Login{l}, Fresh: identity.ID(fmt.Sprint("r:i", n))})
	}
	each(t, 20, func(n int) error {
		if n%5 == 4 {
			owner, err := s.Owner(ctx, "r:1", all[3])
			if errors.Is(err, identity.ErrNotFound) {
				return nil // somebody else was first
			}
			if err != nil {
				return err
			}
			return s.Unlink(ctx, owner.ID, all[3:], start)
		}
		l := &identity.Linking{Pool: "r:1", Logins: []identity.Login{all[n%4], all[(n+1)%4]}, Fresh: identity.ID(fmt.Sprint("r:n", n)), Now: start}
		if n%3 == 0 {
			l.Onto = l.Logins[1]
		}
		_, err := s.Link(ctx, l)
		return err
	})
	for _, l := range all[:3] {
		if i, err := s.Owner(ctx, "r:1", l); err != nil || i.Disabled {
			t.Errorf("login %v: %+v, %v", l, i, err)
		}
	}
	last := link(t, s, &identity.Linking{Pool: "r:1", Logins: all, Fresh: "r:last"})
	found, _, err := s.Identities(ctx, identity.Listing{Pool: "r:1", HideDisabled: true, Limit: 60})
	if err != nil || len(found) != 1 || found[0].ID != last.ID || len(found[0].Logins) != 4 {
		t.Errorf("in the end: %+v, %v", found, err)
	}
}
