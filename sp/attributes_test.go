package sp_test

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/userpool"
)

type opener = func(testing.TB, func() time.Time) *sqlstore.DB

// A fixed upstream vouches for one arrival.
type fixed struct{ a *sp.Arrival }

func (f fixed) Depart(context.Context, *sp.Ask) (*sp.Departure, error)  { return &sp.Departure{}, nil }
func (f fixed) Arrive(context.Context, *sp.Answer) (*sp.Arrival, error) { return f.a, nil }

// TestSyncModes: each attribute is written when its mode says, and an immutable one does
// not fail the second sign-in.
func TestSyncModes(t *testing.T) {
	for name, tt := range map[string]struct {
		mode          userpool.SyncMode
		first, second string
	}{
		"default": {"", "a", "b"}, "login": {userpool.SyncLogin, "a", "b"}, "create": {userpool.SyncCreate, "a", "a"}, "never": {userpool.SyncNever, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, func(p *userpool.Provider) {
				if tt.mode != "" {
					p.Settings.Sync = map[string]userpool.SyncMode{"custom:team": tt.mode}
				}
			})
			if u := w.signIn("1", "team=a", "badge=1"); u.Attributes["custom:team"] != tt.first || u.Attributes["custom:badge"] != "1" {
				t.Error("first:", u.Attributes)
			}
			if u := w.signIn("1", "team=b", "badge=2"); u.Attributes["custom:team"] != tt.second || u.Attributes["custom:badge"] != "1" {
				t.Error("second:", u.Attributes)
			}
			if u := w.signIn("1"); u.Attributes["custom:team"] != tt.second {
				t.Error("what does not arrive is not deleted:", u.Attributes)
			}
		})
	}
}

// TestImmutableNever: an immutable attribute may be left alone altogether.
func TestImmutableNever(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Settings.Sync = map[string]userpool.SyncMode{"custom:badge": userpool.SyncNever}
	})
	if u := w.signIn("1", "badge=1"); u.Attributes["custom:badge"] != "" {
		t.Error(u.Attributes)
	}
}

// TestMisfit: what does not fit keeps its old value later, and makes no user at first.
func TestMisfit(t *testing.T) {
	w := newWorld(t, nil, nil)
	_, err := w.arrive(arrival("1", "team=much too long for it"))
	w.refused(err, userpool.ErrInvalidParameter, "")
	w.signIn("1", "team=a", "mail=a@example.com")
	if u := w.signIn("1", "team=much too long for it", "mail=b@example.com"); u.Attributes["custom:team"] != "a" || u.Attributes["email"] != "b@example.com" {
		t.Error(u.Attributes)
	}
}

// TestTakenAlias: an address that is another user's keeps nobody out.
func TestTakenAlias(t *testing.T) {
	w := newWorld(t, func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} }, nil)
	w.local("bob", "email=bob@example.com", "email_verified=true")
	ana := w.local("ana", "email=ana@example.com", "email_verified=true")
	w.link(ana, userpool.IdentitySubject, "1")
	u := w.signIn("1", "mail=bob@example.com", "mail_ok=true", "team=a")
	if u.Sub != ana.Sub || u.Attributes["email"] != "ana@example.com" || !u.Verified("email") || u.Attributes["custom:team"] != "a" {
		t.Error(u.Attributes)
	}
	if bob, err := w.store.User(t.Context(), w.pool.ID, "bob@example.com"); err != nil || bob.Username != "bob" {
		t.Error("the alias moved:", err)
	}
}

// TestVerified: an address counts as verified by the provider's plain word, or by its
// being the authority of the domain, and by nothing else.
func TestVerified(t *testing.T) {
	for name, tt := range map[string]struct {
		claims []string
		want   string
	}{
		"nothing said":             {[]string{"mail=a@other.example"}, "false"},
		"said":                     {[]string{"mail=a@other.example", "mail_ok=true"}, "true"},
		"said otherwise":           {[]string{"mail=a@other.example", "mail_ok=yes"}, "false"},
		"said twice":               {[]string{"mail=a@other.example", "mail_ok=true", "mail_ok=true"}, "false"},
		"of its domain":            {[]string{"mail=a@ACME.example"}, "true"},
		"denied, of its domain":    {[]string{"mail=a@acme.example", "mail_ok=false"}, "false"},
		"of a domain within":       {[]string{"mail=a@x.acme.example"}, "false"},
		"of one that ends like it": {[]string{"mail=a@notacme.example"}, "false"},
		"no address":               {[]string{"mail_ok=true"}, ""},
	} {
		w := newWorld(t, nil, func(p *userpool.Provider) { p.Settings.Domains = []string{"acme.example"} })
		if got := w.signIn("1", tt.claims...).Attributes["email_verified"]; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestVerifiedIsOfTheAddress: the word about one address never verifies another that
// the user keeps.
func TestVerifiedIsOfTheAddress(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Settings.Sync = map[string]userpool.SyncMode{"email": userpool.SyncCreate}
	})
	w.signIn("1", "mail=old@example.com", "mail_ok=false")
	if u := w.signIn("1", "mail=new@example.com", "mail_ok=true"); u.Attributes["email"] != "old@example.com" || u.Verified("email") {
		t.Error(u.Attributes)
	}
	if u := w.signIn("1", "mail=old@example.com", "mail_ok=true"); !u.Verified("email") {
		t.Error("the same address:", u.Attributes)
	}
}

// TestProvedHereStaysProved: a provider that knows less takes nothing away.
func TestProvedHereStaysProved(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.link(w.local("ana", "email=ana@example.com", "email_verified=true"), userpool.IdentitySubject, "1")
	if u := w.signIn("1", "mail=ana@example.com", "mail_ok=false"); !u.Verified("email") {
		t.Error(u.Attributes)
	}
	if u := w.signIn("1", "mail=new@example.com", "mail_ok=false"); u.Attributes["email"] != "new@example.com" || u.Verified("email") {
		t.Error("a new address:", u.Attributes)
	}
}

func TestManyValues(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) { p.Mapping = map[string]string{"nickname": "n"} })
	if u := w.signIn("1", "n=a.b-c_*", "n=d, é"); u.Attributes["nickname"] != "[a.b-c_*, d%2C+%C3%A9]" {
		t.Error(u.Attributes)
	}
}

func TestUpstreamGroups(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Settings.GroupsClaim, p.Settings.Groups = "roles", map[string]string{"Admins": "admin", "Root": "admin", "Staff": "staff"}
	})
	for _, g := range []string{"admin", "staff", "own", "Admins"} {
		_, err := w.accounts.CreateGroup(t.Context(), &userpool.Group{Pool: w.pool.ID, Name: g})
		w.ok(err)
	}
	u := w.signIn("1", "roles=Admins", "roles=Root", "roles=own", "roles=Staff")
	w.ok(w.accounts.AddToGroup(t.Context(), w.pool.ID, "own", u.Username))
	for _, step := range []struct{ role, want string }{{"Admins", "admin own _acme"}, {"admin", "own _acme"}, {"Staff", "own staff _acme"}} {
		if got := w.groups(w.signIn("1", "roles="+step.role)); got != step.want {
			t.Errorf("%s: %s, want %s", step.role, got, step.want)
		}
	}
	if got := w.groups(w.signIn("1")); got != "own _acme" {
		t.Error("none upstream:", got)
	}
}
