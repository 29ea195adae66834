package userpool_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestWatch: whatever ends the sign-ins of a user is noticed, and nothing else.
func TestWatch(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(*estate, *userpool.Client, *userpool.User)
		want int
	}{
		"global sign-out": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminSignOut(t.Context(), u.Pool, u.Username))
		}, 1},
		"disabled": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminSetEnabled(t.Context(), u.Pool, u.Username, false))
		}, 1},
		"deleted": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminDeleteUser(t.Context(), u.Pool, u.Username))
		}, 1},
		"deletes itself": {func(e *estate, _ *userpool.Client, u *userpool.User) { e.ok(e.DeleteUser(t.Context(), u)) }, 1},
		"new password": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminSetPassword(t.Context(), u.Pool, u.Username, "Another-Horse-8", true))
		}, 1},
		"recovery": {func(e *estate, c *userpool.Client, u *userpool.User) {
			_, err := e.ForgotPassword(t.Context(), c, u.Username)
			e.ok(err)
			e.ok(e.ConfirmForgotPassword(t.Context(), c, u.Username, e.code(u.Attributes["email"]), "Another-Horse-8"))
		}, 1},
		"must reset": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminResetPassword(t.Context(), u.Pool, u.Username))
		}, 1},
		"new name": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminUpdateAttributes(t.Context(), u.Pool, u.Username, map[string]string{"name": "Other"}))
		}, 0},
		"enabled": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			e.ok(e.AdminSetEnabled(t.Context(), u.Pool, u.Username, true))
		}, 0},
		"refused": {func(e *estate, _ *userpool.Client, u *userpool.User) {
			if e.AdminSetPassword(t.Context(), u.Pool, u.Username, "x", true) == nil {
				t.Error("accepted")
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t)
			p := e.newPool(nil)
			c := e.newClient(p, nil)
			u := e.member(c, "bob")
			var heard []string
			e.Store = userpool.Watch(e.Store, func(_ context.Context, pool userpool.PoolID, sub string) {
				if pool == p.ID {
					heard = append(heard, sub)
				}
			})
			e.clock.Advance(time.Minute)
			tt.do(e, c, u)
			if want := slices.Repeat([]string{u.Sub}, tt.want); !slices.Equal(heard, want) {
				t.Errorf("heard of %v, want %v", heard, want)
			}
		})
	}
}

// TestWatchHearsOfLostLinks: whose sign-in through a provider ends is signed out.
func TestWatchHearsOfLostLinks(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	u := e.member(e.newClient(p, nil), "bob")
	e.ok(e.Store.CreateProvider(t.Context(), &userpool.Provider{Pool: p.ID, Name: "Google", Type: "Google", Created: e.Now(), Modified: e.Now()}))
	source := userpool.IdentityKey{Provider: "Google", Attribute: userpool.IdentitySubject, Value: "1"}
	e.ok(e.LinkProvider(t.Context(), p.ID, userpool.IdentityKey{Provider: "Cognito", Value: "bob"}, source))
	var heard []string
	e.Store = userpool.Watch(e.Store, func(_ context.Context, _ userpool.PoolID, sub string) { heard = append(heard, sub) })
	e.clock.Advance(time.Second)
	_, err := e.CreateGroup(t.Context(), &userpool.Group{Pool: p.ID, Name: "admins"})
	e.ok(err)
	e.ok(e.Store.SetUpstreamGroups(t.Context(), p.ID, "bob", "Google", []string{"admins"}))
	e.ok(e.DisableProvider(t.Context(), p.ID, source))
	if !slices.Equal(heard, []string{u.Sub}) {
		t.Error(heard)
	}
	if held, err := e.Store.GroupsOf(t.Context(), p.ID, "bob"); err != nil || len(held) != 0 {
		t.Error("what the provider gave stays:", held, err)
	}
}
