package sp_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestFirstSignIn(t *testing.T) {
	w := newWorld(t, nil, nil)
	u := w.signIn("AbC", "mail=ana@example.com", "team=blue", "other=x")
	if u.Username != "acme_AbC" || u.Status != userpool.ExternalProvider || !u.Enabled {
		t.Errorf("%+v", u)
	}
	for name, want := range map[string]string{"email": "ana@example.com", "email_verified": "false", "custom:team": "blue", "custom:badge": "", "other": ""} {
		if u.Attributes[name] != want {
			t.Errorf("%s is %q", name, u.Attributes[name])
		}
	}
	if id := u.Attributes["identities"]; !strings.Contains(id, `"userId":"AbC","providerName":"acme","providerType":"OIDC","issuer":null,"primary":true`) {
		t.Error(id)
	}
	if got := w.groups(u); got != "_acme" {
		t.Error("groups:", got)
	}
	if again := w.signIn("AbC"); again.Sub != u.Sub {
		t.Error("another user")
	}
}

// TestSubjectsKeepTheirCase: two subjects that differ by case are two people, whatever
// the pool's rule.
func TestSubjectsKeepTheirCase(t *testing.T) {
	w := newWorld(t, func(p *userpool.Pool) { p.CaseSensitive = false }, nil)
	if w.signIn("abc").Sub == w.signIn("ABC").Sub {
		t.Error("one user")
	}
}

// TestNamesThatRunTogether: the provider a_b with the subject c is not a with b_c,
// though their usernames would be one.
func TestNamesThatRunTogether(t *testing.T) {
	w := newWorld(t, nil, nil)
	other := *w.acme
	other.Name, other.Identifiers = "acme_x", nil
	_, err := w.accounts.CreateProvider(t.Context(), &other)
	w.ok(err)
	victim, err := w.SignIn(t.Context(), w.pool, w.client, &other, arrival("1"))
	w.ok(err)
	if u := w.signIn("x_1"); u.Sub == victim.User.Sub || !strings.HasPrefix(u.Username, "acme_x_1_") || w.signIn("x_1").Sub != u.Sub {
		t.Errorf("x_1 is %s", u.Username)
	}
}

// TestSubjectsThatAreNoNames are users all the same.
func TestSubjectsThatAreNoNames(t *testing.T) {
	w := newWorld(t, nil, nil)
	long := strings.Repeat("x", 300)
	u := w.signIn(long)
	if len(u.Username) > 128 || !strings.HasPrefix(u.Username, "acme_") || w.signIn(long).Sub != u.Sub || w.signIn(long+"y").Sub == u.Sub {
		t.Error(u.Username)
	}
}

// TestUsernameMapping: another claim may make the name, and never the key.
func TestUsernameMapping(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) { p.Mapping["username"] = "login" })
	u := w.signIn("1", "login=ana")
	if u.Username != "acme_ana" {
		t.Error(u.Username)
	}
	if again := w.signIn("1", "login=somebody else"); again.Sub != u.Sub {
		t.Error("another user")
	}
	if other := w.signIn("2", "login=ana"); other.Sub == u.Sub || other.Username == u.Username {
		t.Error("two people of one name are one user:", other.Username)
	}
}

func TestRequiredAttributes(t *testing.T) {
	w := newWorld(t, func(p *userpool.Pool) {
		for i := range p.Schema {
			if n := p.Schema[i].Name; n == "email" || n == "given_name" {
				p.Schema[i].Required = true
			}
		}
	}, nil)
	_, err := w.arrive(arrival("1", "mail=ana@example.com"))
	w.refused(err, userpool.ErrInvalidParameter, "attributes required: [given_name]")
	if _, err := w.store.User(t.Context(), w.pool.ID, "acme_1"); !errors.Is(err, userpool.ErrUserNotFound) {
		t.Error("made all the same:", err)
	}
}

// TestOnceHoweverMany: fifty answers at a time make one user.
func TestOnceHoweverMany(t *testing.T) {
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, open, nil, nil)
			var wg sync.WaitGroup
			subs := make([]string, 50)
			for i := range subs {
				wg.Go(func() {
					out, err := w.arrive(arrival("1", "mail=ana@example.com"))
					if err != nil {
						t.Error(err)
						return
					}
					subs[i] = out.User.Sub
				})
			}
			wg.Wait()
			for _, s := range subs {
				if s != subs[0] {
					t.Fatal("several users")
				}
			}
			if n, err := w.store.CountUsers(t.Context(), w.pool.ID); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
	}
}

var backends = map[string]opener{"sqlite": sqlstoretest.SQLite, "postgres": sqlstoretest.Postgres}

func TestDisabledUser(t *testing.T) {
	w := newWorld(t, withTriggers("PreAuthentication", "PostAuthentication"), nil)
	u := w.signIn("1", "custom:team=x")
	w.ok(w.accounts.AdminSetEnabled(t.Context(), w.pool.ID, u.Username, false))
	w.ran()
	_, err := w.arrive(arrival("1", "mail=new@example.com"))
	w.refused(err, userpool.ErrNotAuthorized, "User is disabled.")
	if w.ran() != "" || w.user(u.Username).Attributes["email"] != "" {
		t.Error("something was done for a disabled user")
	}
}

func TestUnusableArrivals(t *testing.T) {
	w := newWorld(t, nil, nil)
	for name, a := range map[string]*sp.Arrival{
		"no subject": {}, "long": {Subject: strings.Repeat("x", 2049)}, "NUL": {Subject: "a\x00b"}, "no text": {Subject: "\xff"},
		"over": {Subject: "1", Ends: w.clock.Now()},
	} {
		w.Upstreams = sp.Upstreams{userpool.ProviderOIDC: fixed{a}}
		if _, err := w.Arrive(t.Context(), &sp.Answer{Provider: w.acme}); !errors.Is(err, sp.ErrInvalid) {
			t.Error(name, err)
		}
	}
	w.Upstreams = sp.Upstreams{userpool.ProviderOIDC: fixed{&sp.Arrival{Subject: "1", Ends: w.clock.Now().Add(time.Second)}}}
	_, err := w.Arrive(t.Context(), &sp.Answer{Provider: w.acme})
	w.ok(err)
	w.Upstreams = nil
	if _, err := w.Arrive(t.Context(), &sp.Answer{Provider: w.acme}); !errors.Is(err, sp.ErrUnusable) {
		t.Error(err)
	}
}

func TestEventOfASignIn(t *testing.T) {
	w := newWorld(t, func(p *userpool.Pool) { p.Tier, p.ThreatProtection = userpool.TierPlus, userpool.ThreatsAudit }, nil)
	u := w.signIn("1")
	events, _, err := w.store.Events(t.Context(), w.pool.ID, u.Sub, "", 9)
	w.ok(err)
	if len(events) != 1 || !events[0].Passed || events[0].Type != "SignIn" || len(events[0].Challenges) != 0 {
		t.Errorf("%+v", events)
	}
}
