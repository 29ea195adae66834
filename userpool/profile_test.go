package userpool_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestUpdateAttributes(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	sent, err := e.UpdateAttributes(t.Context(), c, u, map[string]string{"email": "new@example.com", "nickname": "B"})
	e.ok(err)
	same(t, "codes", len(sent), 1)
	u = e.user(p.ID, "bob")
	same(t, "email", u.Attributes["email"], "new@example.com")
	same(t, "verified", u.Attributes["email_verified"], "false")
	e.ok(e.VerifyAttribute(t.Context(), u, "email", e.code("new@example.com")))
	same(t, "verified", e.user(p.ID, "bob").Attributes["email_verified"], "true")
	for _, name := range []string{"email_verified", "phone_number_verified", "identities"} {
		_, err = e.UpdateAttributes(t.Context(), c, u, map[string]string{name: "true"})
		e.refused(err, userpool.ErrNotAuthorized, "unauthorized attribute")
	}
	e.ok(e.DeleteAttributes(t.Context(), c, u, []string{"nickname"}))
	same(t, "nickname", e.user(p.ID, "bob").Attributes["nickname"], "")
}

func TestVerifyBeforeUpdate(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.VerifyBeforeUpdate = []string{"email"} })
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	sent, err := e.UpdateAttributes(t.Context(), c, u, map[string]string{"email": "new@example.com"})
	e.ok(err)
	same(t, "destination", sent[0].Destination, "n***@e***")
	u = e.user(p.ID, "bob")
	same(t, "email meanwhile", u.Attributes["email"], "bob@example.com")
	same(t, "verified meanwhile", u.Attributes["email_verified"], "true")
	e.ok(e.VerifyAttribute(t.Context(), u, "email", e.code("new@example.com")))
	u = e.user(p.ID, "bob")
	same(t, "email", u.Attributes["email"], "new@example.com")
	same(t, "verified", u.Attributes["email_verified"], "true")
}

// TestAttributeCodeOfOldAddress: a code for an address that was given up since
// does not verify the new one.
func TestAttributeCodeOfOldAddress(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	_, err := e.AttributeCode(t.Context(), nil, u, "email")
	e.ok(err)
	old := e.code("bob@example.com")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email": "victim@example.com", "email_verified": "true"}))
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email_verified": "false"}))
	u = e.user(p.ID, "bob")
	e.refused(e.VerifyAttribute(t.Context(), u, "email", old), userpool.ErrExpiredCode, "")
	same(t, "verified", e.user(p.ID, "bob").Attributes["email_verified"], "false")
	_, err = e.AttributeCode(t.Context(), nil, u, "nickname")
	e.refused(err, userpool.ErrInvalidParameter, "nickname")
}

func TestChangePassword(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	e.refused(e.ChangePassword(t.Context(), c, u, "wrong", newPassword), userpool.ErrNotAuthorized, "Incorrect username or password.")
	e.refused(e.ChangePassword(t.Context(), c, u, password, "weak"), userpool.ErrInvalidPassword, "Password does not conform to policy: ")
	e.ok(e.ChangePassword(t.Context(), c, u, password, newPassword))
	same(t, "new password", e.accepts(p.ID, "bob", newPassword), true)
	e.refused(e.ChangePassword(t.Context(), c, u, password, "Third-Horse3"), userpool.ErrNotAuthorized, "") // a stale user
	u = e.user(p.ID, "bob")
	for range 2 {
		e.refused(e.ChangePassword(t.Context(), c, u, "wrong", newPassword), userpool.ErrNotAuthorized, "")
	}
	e.refused(e.ChangePassword(t.Context(), c, u, newPassword, password), userpool.ErrLimitExceeded, "Attempt limit exceeded")
	e.clock.Advance(time.Hour)
	e.ok(e.ChangePassword(t.Context(), c, u, newPassword, password))
}

func TestGroupsOfUsers(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	for i, name := range []string{"c", "a", "b"} {
		_, err := e.CreateGroup(t.Context(), &userpool.Group{Pool: p.ID, Name: name, Precedence: &i})
		e.ok(err)
		e.ok(e.AddToGroup(t.Context(), p.ID, name, "bob"))
	}
	_, err := e.CreateGroup(t.Context(), &userpool.Group{Pool: p.ID, Name: "a"})
	e.refused(err, userpool.ErrGroupExists, "A group with the name already exists.")
	e.refused(e.AddToGroup(t.Context(), p.ID, "none", "bob"), userpool.ErrGroupNotFound, "Group not found.")
	first, next, err := e.GroupsOf(t.Context(), p.ID, "bob", "", 2)
	e.ok(err)
	rest, _, err := e.GroupsOf(t.Context(), p.ID, "bob", next, 2)
	e.ok(err)
	same(t, "order", first[0].Name+first[1].Name+rest[0].Name, "cab")
	e.ok(e.RemoveFromGroup(t.Context(), p.ID, "a", "bob"))
	users, _, err := e.Members(t.Context(), p.ID, "a", "", 60)
	e.ok(err)
	same(t, "members", len(users), 0)
	_, _, err = e.Members(t.Context(), e.newPool(nil).ID, "a", "", 60)
	e.refused(err, userpool.ErrGroupNotFound, "")
}

func TestPreferredRole(t *testing.T) {
	group := func(role string, precedence int) *userpool.Group {
		return &userpool.Group{RoleARN: role, Precedence: &precedence}
	}
	for name, tt := range map[string]struct {
		groups []*userpool.Group
		want   string
	}{
		"none":      {nil, ""},
		"lowest":    {[]*userpool.Group{group("b", 2), group("a", 1)}, "a"},
		"tie":       {[]*userpool.Group{group("a", 1), group("b", 1)}, ""},
		"same role": {[]*userpool.Group{group("a", 1), group("a", 1)}, "a"},
		"unranked":  {[]*userpool.Group{{RoleARN: "b"}, group("a", 9)}, "a"},
		"no role":   {[]*userpool.Group{group("", 1), group("a", 2)}, "a"},
	} {
		t.Run(name, func(t *testing.T) { same(t, "role", userpool.PreferredRole(tt.groups), tt.want) })
	}
}
