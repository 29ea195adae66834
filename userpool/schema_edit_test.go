package userpool_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var teamSchema = []userpool.SchemaAttribute{
	{Name: "team", Type: "String", Mutable: true, Max: "10"}, {Name: "level", Type: "Number", Mutable: true}, {Name: "secret", Type: "String", Developer: true, Mutable: true},
	{Name: "joined", Type: "DateTime", Mutable: true},
}

// edited is a pool with custom attributes, a client that reads and writes one, and
// users who have it.
func (e *estate) edited() (*userpool.Pool, *userpool.Client) {
	e.Helper()
	p := e.newPool(nil, teamSchema...)
	c := e.newClient(p, func(c *userpool.Client) {
		c.ReadAttributes, c.WriteAttributes = []string{"email", "custom:team"}, []string{"email", "custom:team"}
	})
	for i, team := range []string{"blue", "greenish", ""} {
		_, err := e.AdminCreateUser(e.Context(), p.ID, userpool.NewUser{Username: fmt.Sprint("user", i), MessageAction: "SUPPRESS",
			Attributes: map[string]string{"custom:team": team, "email": fmt.Sprintf("user%d@example.com", i), "custom:level": "5"}})
		e.ok(err)
	}
	return p, c
}

func TestRenameCustomAttribute(t *testing.T) {
	e := newEstate(t)
	p, c := e.edited()
	rename := func(from, to string, dry bool) (*userpool.SchemaEffect, error) {
		return e.RenameCustomAttribute(t.Context(), p.ID, from, to, dry)
	}
	for _, tt := range []struct {
		from, to, text string
		kind           error
	}{
		{"team", "level", "Existing attribute already has name custom:level.", userpool.ErrInvalidParameter},
		{"team", "", "Invalid name of a custom attribute", userpool.ErrInvalidParameter},
		{"team", "custom:a:b", "Invalid name of a custom attribute", userpool.ErrInvalidParameter},
		{"team", "dev:custom:squad", "Invalid name of a custom attribute", userpool.ErrInvalidParameter},
		{"team", strings.Repeat("x", 21), "Invalid name of a custom attribute", userpool.ErrInvalidParameter},
		{"email", "mail", "no custom attribute custom:email", userpool.ErrNotFound},
		{"custom:none", "x", "no custom attribute custom:none", userpool.ErrNotFound},
	} {
		for _, dry := range []bool{true, false} {
			_, err := rename(tt.from, tt.to, dry)
			e.refused(err, tt.kind, tt.text)
		}
	}
	effect, err := rename("team", "squad", true)
	e.ok(err)
	same(t, "effect", fmt.Sprint(effect.Attribute.Name, " ", effect.Users, effect.Violations, effect.Mentions),
		fmt.Sprintf("custom:squad 2 0 [{ReadAttributes %s false} {WriteAttributes %s false}]", c.ID, c.ID))
	same(t, "after a dry run", e.user(p.ID, "user0").Attributes["custom:team"], "blue")

	_, err = rename("custom:team", "custom:squad", false)
	e.ok(err)
	u := e.user(p.ID, "user0")
	same(t, "renamed", u.Attributes["custom:squad"]+u.Attributes["custom:team"], "blue")
	c, err = e.Client(e.Context(), c.Pool, c.ID)
	e.ok(err)
	same(t, "client", fmt.Sprint(c.ReadAttributes, c.WriteAttributes), "[email custom:squad] [email custom:squad]")
	_, err = e.UpdateAttributes(t.Context(), c, u, map[string]string{"custom:squad": "red"})
	e.ok(err)
	_, err = e.UpdateAttributes(t.Context(), c, u, map[string]string{"custom:team": "red"})
	e.refused(err, userpool.ErrInvalidParameter, "custom:team: Attribute does not exist in the schema.")

	// A new attribute of the old name has nobody's values; back and forth loses none.
	e.ok(e.AddCustomAttributes(t.Context(), p.ID, teamSchema[:1]))
	same(t, "of the old name", e.user(p.ID, "user1").Attributes["custom:team"], "")
	_, err = rename("team", "crew", false)
	e.ok(err)
	_, err = rename("squad", "team", false)
	e.ok(err)
	same(t, "back again", e.user(p.ID, "user0").Attributes["custom:team"]+e.user(p.ID, "user1").Attributes["custom:team"], "redgreenish")

	_, err = rename("dev:custom:secret", "hidden", false)
	e.ok(err)
	p, err = e.Pool(t.Context(), p.ID)
	e.ok(err)
	if p.Attribute("dev:custom:hidden") == nil || p.Attribute("dev:custom:secret") != nil {
		t.Error(p.Schema)
	}
}

func TestRemoveCustomAttribute(t *testing.T) {
	e := newEstate(t)
	p, c := e.edited()
	effect, err := e.RemoveCustomAttribute(t.Context(), p.ID, "team", true)
	e.ok(err)
	same(t, "effect", fmt.Sprint(effect.Users, len(effect.Mentions)), "2 2")
	same(t, "after a dry run", e.user(p.ID, "user0").Attributes["custom:team"], "blue")

	// A client that reads nothing else would read everything.
	alone := e.newClient(p, func(c *userpool.Client) { c.ReadAttributes = []string{"custom:team"} })
	for _, dry := range []bool{true, false} {
		_, err = e.RemoveCustomAttribute(t.Context(), p.ID, "team", dry)
		e.refused(err, userpool.ErrInvalidParameter, "the only attribute in ReadAttributes of the app client "+string(alone.ID))
	}
	same(t, "after a refusal", e.user(p.ID, "user0").Attributes["custom:team"], "blue")
	e.ok(e.DeleteClient(t.Context(), p.ID, alone.ID))
	_, err = e.RemoveCustomAttribute(t.Context(), p.ID, "custom:team", false)
	e.ok(err)
	same(t, "removed", e.user(p.ID, "user0").Attributes["custom:team"], "")
	c, err = e.Client(e.Context(), c.Pool, c.ID)
	e.ok(err)
	same(t, "client", fmt.Sprint(c.ReadAttributes, c.WriteAttributes), "[email] [email]")
	_, err = e.RemoveCustomAttribute(t.Context(), p.ID, "custom:team", false)
	e.refused(err, userpool.ErrNotFound, "")

	// Neither while the values are there still nor afterwards do they come back.
	e.ok(e.AddCustomAttributes(t.Context(), p.ID, teamSchema[:1]))
	same(t, "of the old name", e.user(p.ID, "user0").Attributes["custom:team"], "")
	for n := 1; n > 0; {
		n, err = e.Store.EraseAttributes(t.Context(), 2)
		e.ok(err)
	}
	same(t, "of the old name", e.user(p.ID, "user0").Attributes["custom:team"], "")
	same(t, "others", e.user(p.ID, "user0").Attributes["custom:level"], "5")
	p, err = e.ReplacePool(t.Context(), p.ID, userpool.NewPool("renamed"))
	e.ok(err)
	if !slices.Equal(p.RemovedKeys, []string{"custom:team"}) {
		t.Error("UpdateUserPool forgets what was removed:", p.RemovedKeys)
	}
}

func TestUpdateCustomAttribute(t *testing.T) {
	e := newEstate(t)
	p, _ := e.edited()
	five, two, none, yes := "5", "2", "", true
	update := func(name string, change userpool.AttributeChange, dry bool) (*userpool.SchemaEffect, error) {
		return e.UpdateCustomAttribute(t.Context(), p.ID, name, change, dry)
	}
	effect, err := update("team", userpool.AttributeChange{Max: &five}, true)
	e.ok(err)
	same(t, "effect", fmt.Sprint(effect.Users, effect.Violations, len(effect.Mentions)), "2 1 2")
	_, err = update("team", userpool.AttributeChange{Max: &five}, false)
	e.refused(err, userpool.ErrPrecondition, "1 users have a value of custom:team that the new constraints refuse.")
	write := func(value string) error {
		return e.AdminUpdateAttributes(t.Context(), p.ID, "user2", map[string]string{"custom:team": value})
	}
	e.ok(write("longer"))
	_, err = update("team", userpool.AttributeChange{Max: &five, NewWritesOnly: true}, false)
	e.ok(err)
	e.refused(write("longer"), userpool.ErrInvalidParameter, "not in the range")
	same(t, "old value", e.user(p.ID, "user1").Attributes["custom:team"], "greenish")
	_, err = update("team", userpool.AttributeChange{Max: &none, Min: &two}, false)
	e.ok(err)
	e.ok(write(strings.Repeat("x", 300)))
	e.refused(write("x"), userpool.ErrInvalidParameter, "not in the range")

	for name, change := range map[string]userpool.AttributeChange{
		"level":  {Min: &five, Max: &two},
		"team":   {Max: ptrTo("3000")},
		"joined": {Max: &five},
	} {
		_, err := update(name, change, false)
		e.refused(err, userpool.ErrInvalidParameter, "")
	}
	no := false
	_, err = update("level", userpool.AttributeChange{Mutable: &no}, false)
	e.ok(err)
	level := func() error {
		return e.AdminUpdateAttributes(t.Context(), p.ID, "user0", map[string]string{"custom:level": "6"})
	}
	e.refused(level(), userpool.ErrInvalidParameter, "Attribute cannot be updated")
	_, err = update("level", userpool.AttributeChange{Mutable: &yes}, false)
	e.ok(err)
	e.ok(level())
}

func ptrTo[T any](v T) *T { return &v }

// TestNoChangeUnderAnImport: a job has read the schema that it adds users by.
func TestNoChangeUnderAnImport(t *testing.T) {
	e := newEstate(t)
	p, _ := e.edited()
	j := e.importOf(p, "", "cognito:username,email,email_verified\nnew,new@example.com,true\n")
	ctx, none := t.Context(), ""
	for name, change := range map[string]func() error{
		"AddCustomAttributes":   func() error { return e.AddCustomAttributes(ctx, p.ID, []userpool.SchemaAttribute{{Name: "x"}}) },
		"UpdateUserPool":        func() error { _, err := e.ReplacePool(ctx, p.ID, userpool.NewPool("p")); return err },
		"DeleteUserPool":        func() error { return e.DeletePool(ctx, p.ID) },
		"RenameCustomAttribute": func() error { _, err := e.RenameCustomAttribute(ctx, p.ID, "team", "squad", false); return err },
		"RemoveCustomAttribute": func() error { _, err := e.RemoveCustomAttribute(ctx, p.ID, "team", false); return err },
		"UpdateCustomAttribute": func() error {
			_, err := e.UpdateCustomAttribute(ctx, p.ID, "team", userpool.AttributeChange{Max: &none}, false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { e.refused(change(), userpool.ErrImportInProgress, "while a user import job runs") })
	}
	same(t, "job", e.run(j).Status, userpool.ImportSucceeded)
	e.ok(e.AddCustomAttributes(ctx, p.ID, []userpool.SchemaAttribute{{Name: "x"}}))
	e.ok(e.DeletePool(ctx, p.ID))
}
