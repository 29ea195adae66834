package sp_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestPreregisteredName: whoever has the name first, as username or alias, that somebody
// from a provider is to have, is not that person then or later, gets nothing of theirs,
// and does not keep them out.
func TestPreregisteredName(t *testing.T) {
	for name, squat := range map[string]func(w *world) *userpool.User{
		"username":              func(w *world) *userpool.User { return w.local("acme_1", "email=ana@acme.example") },
		"username, in capitals": func(w *world) *userpool.User { return w.local("ACME_1") },
		"alias": func(w *world) *userpool.User {
			return w.local("eve", "preferred_username=acme_1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(p *userpool.Pool) { p.AliasAttributes, p.CaseSensitive = []string{"preferred_username"}, false }, func(p *userpool.Provider) {
				p.Settings.GroupsClaim, p.Settings.Groups = "roles", map[string]string{"Admins": "admin"}
				p.Settings.Domains, p.Settings.Link = []string{"acme.example"}, userpool.LinkDomain
			})
			_, err := w.accounts.CreateGroup(t.Context(), &userpool.Group{Pool: w.pool.ID, Name: "admin"})
			w.ok(err)
			eve := squat(w)
			for range 2 {
				ana := w.signIn("1", "roles=Admins", "mail=ana@acme.example", "team=blue")
				if ana.Sub == eve.Sub || !strings.HasPrefix(ana.Username, "acme_1") || w.groups(ana) != "admin _acme" || ana.Status != userpool.ExternalProvider {
					t.Errorf("signed in as %s in %q", ana.Username, w.groups(ana))
				}
			}
			if eve = w.user(eve.Username); w.groups(eve) != "" || eve.Attributes["identities"] != "" || eve.Attributes["custom:team"] != "" || eve.Status != userpool.Confirmed {
				t.Errorf("whoever was first got something: %q %+v", w.groups(eve), eve.Attributes)
			}
		})
	}
}

// TestGroupsOfTwoProviders: a provider gives and takes what it means itself: neither what
// another one gave, nor what somebody here did, nor a group by its own name.
func TestGroupsOfTwoProviders(t *testing.T) {
	groups := func(p *userpool.Provider) {
		p.Settings.GroupsClaim, p.Settings.Groups = "roles", map[string]string{"Admins": "admin"}
	}
	w := newWorld(t, nil, groups)
	for _, g := range []string{"admin", "root"} {
		_, err := w.accounts.CreateGroup(t.Context(), &userpool.Group{Pool: w.pool.ID, Name: g})
		w.ok(err)
	}
	other := *w.acme
	other.Name, other.Identifiers, other.Settings = "rival", nil, userpool.ProviderSettings{GroupsClaim: "roles", Groups: map[string]string{"Bosses": "root"}}
	_, err := w.accounts.CreateProvider(t.Context(), &other)
	w.ok(err)
	ana := w.local("ana")
	w.link(ana, userpool.IdentitySubject, "1")
	w.ok(w.accounts.LinkProvider(t.Context(), w.pool.ID, userpool.IdentityKey{Provider: "Cognito", Value: "ana"},
		userpool.IdentityKey{Provider: "rival", Attribute: userpool.IdentitySubject, Value: "9"}))
	w.signIn("1", "roles=Admins")
	for _, claim := range []string{"roles=Admins", "roles=admin", "roles=root", "roles=" + string(w.pool.ID) + "_acme", "groups=Bosses"} {
		if _, err := w.SignIn(t.Context(), w.pool, w.client, &other, arrival("9", claim)); err != nil {
			t.Fatal(err)
		}
		if got := w.groups(ana); got != "admin" {
			t.Errorf("the rival said %s: %q", claim, got)
		}
	}
	w.ok(w.accounts.AddToGroup(t.Context(), w.pool.ID, "root", "ana"))
	if w.signIn("1"); w.groups(ana) != "root" {
		t.Errorf("after the provider took its group back: %q", w.groups(ana))
	}
}
