package userpooltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func cancelled() (context.Context, context.CancelFunc) {
	c, cancel := context.WithCancel(ctx)
	cancel()
	return c, cancel
}

func username(u *userpool.User) string { return u.Username }

func testUserPages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	for _, name := range odd {
		f.user(t, poolA, name)
		f.user(t, poolB, name)
	}
	first, next, err := f.Users(ctx, poolA, userpool.UserFilter{}, "", 3)
	check(t, err)
	f.user(t, poolA, "zed") // does not disturb the reader
	rest := pages(t, func(after string, limit int) ([]*userpool.User, string, error) {
		if after == "" {
			after = next
		}
		return f.Users(ctx, poolA, userpool.UserFilter{}, after, limit)
	}, username)
	got := rest
	for _, u := range first {
		got = append(got, u.Username)
	}
	want := append(slices.Clone(odd), "zed")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("users %q, want %q", got, want)
	}
}

func testFilters(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "amy", "email", "amy@x", "name", "Amy")
	f.user(t, poolA, "bob", "email", "bob@x", "phone_number", "+1555", "preferred_username", "Bo_b")
	off := f.newUser(poolA, "Bobby", "given_name", "Bob", "family_name", "Box%")
	off.Enabled, off.Status = false, userpool.Unconfirmed
	check(t, f.CreateUser(ctx, off))
	f.user(t, poolA, "zoë", "name", "Zo\uffff", "email", "z😀")
	for _, tt := range []struct {
		attribute, value string
		prefix           bool
		want             string
	}{
		{"username", "bob", false, "bob"},
		{"username", "b", true, "bob"},
		{"username", "Bob", true, "Bobby"},
		{"username", "zo", true, "zoë"},
		{"sub", "sub-of-amy", false, "amy"},
		{"sub", "sub-of-b", true, "bob"},
		{"email", "bob@x", false, "bob"},
		{"email", "b", true, "bob"},
		{"email", "bob", false, ""},
		{"email", "z", true, "zoë"},
		{"email", "z😀", true, "zoë"},
		{"email", "", true, "amy bob zoë"},
		{"phone_number", "+15", true, "bob"},
		{"name", "Amy", false, "amy"},
		{"name", "Zo\uffff", true, "zoë"},
		{"name", "amy", false, ""},
		{"given_name", "Bob", false, "Bobby"},
		{"family_name", "Box%", false, "Bobby"},
		{"family_name", "%", true, ""},
		{"preferred_username", "Bo_", true, "bob"},
		{"preferred_username", "Box", true, ""},
		{"status", "Enabled", false, "amy bob zoë"},
		{"status", "Disabled", false, "Bobby"},
		{"cognito:user_status", "UNCONFIRMED", false, "Bobby"},
		{"cognito:user_status", "CON", true, "amy bob zoë"},
		{"email", "a\x00", true, ""},
	} {
		t.Run(fmt.Sprintf("%s %q %t", tt.attribute, tt.value, tt.prefix), func(t *testing.T) {
			users, next, err := f.Users(ctx, poolA, userpool.UserFilter{Attribute: tt.attribute, Value: tt.value, Prefix: tt.prefix}, "", 9)
			check(t, err)
			var got []string
			for _, u := range users {
				got = append(got, u.Username)
			}
			slices.Sort(got)
			equal(t, "users", strings.Join(got, " "), tt.want)
			equal(t, "next", next, "")
		})
	}
	// The index follows the user.
	_, err := f.UpdateUser(ctx, poolA, "bob", func(u *userpool.User) error {
		u.Attributes["email"], u.Enabled = "new@x", false
		return nil
	})
	check(t, err)
	for value, want := range map[string]int{"bob@x": 0, "new@x": 1} {
		users, _, err := f.Users(ctx, poolA, userpool.UserFilter{Attribute: "email", Value: value}, "", 9)
		check(t, err)
		equal(t, value, len(users), want)
	}
}

func testFilteredPages(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	var want []string
	for i := range 11 {
		f.user(t, poolA, numbered(i), "name", fmt.Sprintf("same%d", i%2), "email", "shared@x")
		want = append(want, numbered(i))
	}
	for _, filter := range []userpool.UserFilter{
		{Attribute: "name", Value: "same", Prefix: true},
		{Attribute: "email", Value: "shared@x"},
		{Attribute: "username", Value: "user", Prefix: true},
	} {
		got := pages(t, func(after string, limit int) ([]*userpool.User, string, error) {
			return f.Users(ctx, poolA, filter, after, limit)
		}, username)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: users %v, want %v", filter, got, want)
		}
	}
}

func testGroups(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	seven := 7
	for _, name := range odd {
		check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: name, Created: f.now, Modified: f.now, Precedence: &seven}))
	}
	wantErr(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: "a"}), userpool.ErrGroupExists)
	wantErr(t, f.CreateGroup(ctx, &userpool.Group{Pool: "us-east-1_X", Name: "a"}), userpool.ErrPoolNotFound)
	got := pages(t, func(after string, limit int) ([]*userpool.Group, string, error) {
		return f.Groups(ctx, poolA, after, limit)
	}, func(g *userpool.Group) string { return g.Name })
	want := slices.Clone(odd)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("groups %q, want %q", got, want)
	}
	_, err := f.UpdateGroup(ctx, poolA, "a", func(g *userpool.Group) error { g.Description, g.Precedence = "d", nil; return nil })
	check(t, err)
	g, err := f.Group(ctx, poolA, "a")
	check(t, err)
	equal(t, "description", g.Description, "d")
	equal(t, "created", g.Created, f.now)
	if g.Precedence != nil {
		t.Fatal("precedence was not removed")
	}
	_, err = f.Group(ctx, poolB, "a")
	wantErr(t, err, userpool.ErrGroupNotFound)
	wantErr(t, f.DeleteGroup(ctx, poolB, "a"), userpool.ErrGroupNotFound)
	check(t, f.DeleteGroup(ctx, poolA, "a"))
	wantErr(t, f.DeleteGroup(ctx, poolA, "a"), userpool.ErrGroupNotFound)
	_, err = f.UpdateGroup(ctx, poolA, "a", func(*userpool.Group) error { return nil })
	wantErr(t, err, userpool.ErrGroupNotFound)
}

func testMembers(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: "g"}))
	var want []string
	for i := range 7 {
		f.user(t, poolA, numbered(i))
		want = append(want, numbered(i))
		for range 2 { // idempotent
			check(t, f.AddMember(ctx, poolA, "g", numbered(i)))
		}
	}
	got := pages(t, func(after string, limit int) ([]*userpool.User, string, error) {
		return f.Members(ctx, poolA, "g", after, limit)
	}, username)
	if !slices.Equal(got, want) {
		t.Fatalf("members %v, want %v", got, want)
	}
	for range 2 {
		check(t, f.RemoveMember(ctx, poolA, "g", numbered(0)))
	}
	members, _, err := f.Members(ctx, poolA, "g", "", 60)
	check(t, err)
	equal(t, "members", len(members), 6)
	wantErr(t, f.AddMember(ctx, poolA, "none", numbered(0)), userpool.ErrGroupNotFound)
	wantErr(t, f.AddMember(ctx, poolA, "g", "none"), userpool.ErrUserNotFound)
	_, _, err = f.Members(ctx, poolA, "none", "", 60)
	wantErr(t, err, userpool.ErrGroupNotFound)
	check(t, f.DeleteGroup(ctx, poolA, "g"))
	groups, err := f.GroupsOf(ctx, poolA, numbered(1))
	check(t, err)
	equal(t, "groups", len(groups), 0)
}

func testGroupsOf(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.user(t, poolA, "bob")
	one, five := 1, 5
	for name, precedence := range map[string]*int{"none": nil, "z-first": &one, "b": &five, "a": &five, "not-his": &one} {
		check(t, f.CreateGroup(ctx, &userpool.Group{Pool: poolA, Name: name, Precedence: precedence}))
		if name != "not-his" {
			check(t, f.AddMember(ctx, poolA, name, "bob"))
		}
	}
	groups, err := f.GroupsOf(ctx, poolA, "bob")
	check(t, err)
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	equal(t, "order", strings.Join(names, " "), "z-first a b none")
}

func testFamilies(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	fam := &userpool.Family{ID: "f1", Pool: poolA, Client: "c", Sub: "s", Scopes: []string{"openid"}, AuthTime: f.now,
		Nonce: "n", Particulars: userpool.Particulars{SessionID: "sid", Methods: []string{"pwd"}}, Created: f.now, Expires: f.now.Add(time.Hour), Rotated: f.now}
	check(t, f.CreateFamily(ctx, fam))
	wantErr(t, f.CreateFamily(ctx, fam), userpool.ErrConflict)
	wantErr(t, f.CreateFamily(ctx, &userpool.Family{ID: "f2", Pool: "us-east-1_X"}), userpool.ErrPoolNotFound)
	_, err := f.Family(ctx, poolB, "f1")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.UpdateFamily(ctx, poolA, "f1", func(x *userpool.Family) error {
		x.Revoked, x.Generation, x.Rotated = true, 3, f.now.Add(time.Minute)
		return nil
	})
	check(t, err)
	got, err := f.Family(ctx, poolA, "f1")
	check(t, err)
	want := *fam
	want.Revoked, want.Generation, want.Rotated = true, 3, f.now.Add(time.Minute)
	equal(t, "family", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", &want))
	f.now = f.now.Add(time.Hour)
	_, err = f.Family(ctx, poolA, "f1")
	wantErr(t, err, userpool.ErrNotFound)
	_, err = f.UpdateFamily(ctx, poolA, "f1", func(*userpool.Family) error { return nil })
	wantErr(t, err, userpool.ErrNotFound)
}

// A turn is for the generation that stands, of a family that stands.
func testTurns(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	f.pool(t, poolB)
	fam := &userpool.Family{ID: "f1", Pool: poolA, Nonce: "n", Created: f.now, Expires: f.now.Add(time.Hour)}
	check(t, f.CreateFamily(ctx, fam))
	at := f.now.Add(time.Minute)
	won := 0
	for _, err := range parallel(50, func(int) error { return f.TurnFamily(ctx, poolA, "f1", 0, at) }) {
		if err == nil {
			won++
		} else {
			wantErr(t, err, userpool.ErrNotFound)
		}
	}
	equal(t, "winners", won, 1)
	got, err := f.Family(ctx, poolA, "f1")
	check(t, err)
	want := *fam
	want.Generation, want.Rotated = 1, at
	equal(t, "family", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", &want))
	wantErr(t, f.TurnFamily(ctx, poolA, "f1", 0, at), userpool.ErrNotFound)
	wantErr(t, f.TurnFamily(ctx, poolB, "f1", 1, at), userpool.ErrNotFound)
	wantErr(t, f.TurnFamily(ctx, poolA, "f2", 1, at), userpool.ErrNotFound)
	_, err = f.UpdateFamily(ctx, poolA, "f1", func(x *userpool.Family) error { x.Revoked = true; return nil })
	check(t, err)
	wantErr(t, f.TurnFamily(ctx, poolA, "f1", 1, at), userpool.ErrNotFound)
	_, err = f.UpdateFamily(ctx, poolA, "f1", func(x *userpool.Family) error { x.Revoked = false; return nil })
	check(t, err)
	f.now = f.now.Add(time.Hour)
	wantErr(t, f.TurnFamily(ctx, poolA, "f1", 1, at), userpool.ErrNotFound)
}

func testConcurrentFamilies(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	check(t, f.CreateFamily(ctx, &userpool.Family{ID: "f1", Pool: poolA, Expires: f.now.Add(time.Hour)}))
	for _, err := range parallel(50, func(int) error {
		_, err := f.UpdateFamily(ctx, poolA, "f1", func(x *userpool.Family) error { x.Generation++; return nil })
		return err
	}) {
		check(t, err)
	}
	got, err := f.Family(ctx, poolA, "f1")
	check(t, err)
	equal(t, "generation", got.Generation, 50)
}

func testExpiredFamilies(t *testing.T, f *fixture) {
	f.pool(t, poolA)
	for i := range 6 {
		check(t, f.CreateFamily(ctx, &userpool.Family{ID: numbered(i), Pool: poolA, Expires: f.now.Add(time.Duration(i) * time.Hour)}))
	}
	f.now = f.now.Add(3 * time.Hour) // 0 to 3 have expired
	for _, want := range []int{3, 1, 0} {
		n, err := f.DeleteExpiredFamilies(ctx, 3)
		check(t, err)
		equal(t, "deleted", n, want)
	}
	_, err := f.Family(ctx, poolA, numbered(4))
	check(t, err)
}
