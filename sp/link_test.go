package sp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

func (w *world) link(u *userpool.User, attribute, value string) {
	w.Helper()
	w.ok(w.accounts.LinkProvider(w.Context(), w.pool.ID, userpool.IdentityKey{Provider: "Cognito", Value: u.Username},
		userpool.IdentityKey{Provider: "acme", Attribute: attribute, Value: value}))
}

func TestLinkedByAnAdministrator(t *testing.T) {
	w := newWorld(t, nil, nil)
	ana, bob := w.local("ana"), w.local("bob")
	w.link(ana, userpool.IdentitySubject, "1")
	w.link(bob, "mail", "bob@example.com")
	if u := w.signIn("1", "mail=bob@example.com"); u.Sub != ana.Sub {
		t.Error("the subject goes first:", u.Username)
	}
	u := w.signIn("2", "mail=bob@example.com")
	if u.Sub != bob.Sub || w.groups(u) != "" {
		t.Error("by a claim:", u.Username, w.groups(u))
	}
	if u := w.signIn("3", "mail=bob@example.com", "mail=x@example.com"); u.Sub == bob.Sub {
		t.Error("one of several values led to a user")
	}
	if u := w.signIn("4", "other=bob@example.com"); u.Sub == bob.Sub {
		t.Error("another claim led to a user")
	}
}

// TestAmbiguousLinks: who is two users by two claims is none.
func TestAmbiguousLinks(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.link(w.local("ana"), "mail", "a@example.com")
	w.link(w.local("bob"), "team", "blue")
	_, err := w.arrive(arrival("1", "mail=a@example.com", "team=blue"))
	w.refused(err, sp.ErrInvalid, "")
}

// linking are the arrivals that may be one with a user who is here, and what comes of
// each under each mode.
func TestLinkModes(t *testing.T) {
	const mine, other, proof, linked = "ana@acme.example", "ana@other.example", "proof", "linked"
	for name, tt := range map[string]struct {
		mode   userpool.LinkMode
		local  string
		flag   string // whether the local address is verified
		claims []string
		want   string
	}{
		"never":                     {userpool.LinkNever, mine, "true", []string{"mail=" + mine, "mail_ok=true"}, ""},
		"proof":                     {userpool.LinkProof, other, "true", []string{"mail=" + other, "mail_ok=true"}, proof},
		"proof, unverified there":   {userpool.LinkProof, other, "true", []string{"mail=" + other, "mail_ok=false"}, ""},
		"proof, nothing said":       {userpool.LinkProof, other, "true", []string{"mail=" + other}, ""},
		"proof, unverified here":    {userpool.LinkProof, other, "false", []string{"mail=" + other, "mail_ok=true"}, ""},
		"proof, another address":    {userpool.LinkProof, other, "true", []string{"mail=x" + other, "mail_ok=true"}, ""},
		"domain":                    {userpool.LinkDomain, mine, "true", []string{"mail=" + mine}, linked},
		"domain, said":              {userpool.LinkDomain, mine, "true", []string{"mail=" + mine, "mail_ok=true"}, linked},
		"domain, denied":            {userpool.LinkDomain, mine, "true", []string{"mail=" + mine, "mail_ok=false"}, ""},
		"domain, another's":         {userpool.LinkDomain, other, "true", []string{"mail=" + other, "mail_ok=true"}, ""},
		"domain, unverified here":   {userpool.LinkDomain, mine, "false", []string{"mail=" + mine}, ""},
		"domain, a trick with @":    {userpool.LinkDomain, mine, "true", []string{"mail=" + mine + "@other.example", "mail_ok=true"}, "refused"},
		"domain, several":           {userpool.LinkDomain, mine, "true", []string{"mail=" + mine, "mail=x@acme.example"}, ""},
		"domain, no address at all": {userpool.LinkDomain, mine, "true", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, func(p *userpool.Provider) { p.Settings.Domains, p.Settings.Link = []string{"acme.example"}, tt.mode })
			ana := w.local("ana", "email="+tt.local, "email_verified="+tt.flag)
			out, err := w.arrive(arrival("1", tt.claims...))
			got := ""
			switch {
			case err != nil:
				got = "refused"
			case out.Proof != nil && out.User == nil && out.Proof.Sub == ana.Sub:
				got = proof
			case out.User != nil && out.User.Sub == ana.Sub:
				got = linked
			}
			if got != tt.want {
				t.Errorf("%q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// TestDoubtfulAddress: what a provider does not vouch for is no verified address,
// whichever domains it speaks for and whatever the pool's function left out.
func TestDoubtfulAddress(t *testing.T) {
	for _, claims := range [][]string{{"mail=ana@acme.example"}, {"mail=ana@acme.example", "mail_ok=false"}} {
		w := newWorld(t, nil, func(p *userpool.Provider) {
			p.Settings.Domains, p.Settings.Link = []string{"acme.example"}, userpool.LinkDomain
		})
		ana := w.local("ana", "email=ana@acme.example", "email_verified=true")
		a := arrival("1", claims...)
		a.Doubtful = true
		out, err := w.arrive(a)
		w.ok(err)
		if out.User == nil || out.User.Sub == ana.Sub || w.user(out.User.Username).Verified("email") {
			t.Errorf("%v: %+v", claims, out)
		}
	}
}

// TestTwoOfOneAddress: where two users have an address, it tells nobody.
func TestTwoOfOneAddress(t *testing.T) {
	w := newWorld(t, nil, func(p *userpool.Provider) {
		p.Settings.Domains, p.Settings.Link = []string{"a.example"}, userpool.LinkDomain
	})
	w.local("ana", "email=x@a.example", "email_verified=true")
	w.local("bob", "email=x@a.example", "email_verified=true")
	if u := w.signIn("1", "mail=x@a.example"); u.Username != "acme_1" {
		t.Error(u.Username)
	}
}

// TestProofThenLink: the link is made once the person has signed in as the user, and
// for nobody else.
func TestProofThenLink(t *testing.T) {
	w := newWorld(t, withTriggers("InboundFederation"), func(p *userpool.Provider) { p.Settings.Link = userpool.LinkProof })
	ana, eve := w.local("ana", "email=a@example.com", "email_verified=true"), w.local("eve")
	out, err := w.arrive(arrival("1", "mail=a@example.com", "mail_ok=true", "team=x"))
	w.ok(err)
	if u := w.user("ana"); u.Attributes["custom:team"] != "" || u.Attributes["identities"] != "" {
		t.Error("something was written before the proof")
	}
	w.refused(w.Link(t.Context(), w.pool, w.client, w.acme, out.Rest, eve), userpool.ErrNotAuthorized, "The account cannot be linked.")
	w.ok(w.Link(t.Context(), w.pool, w.client, w.acme, out.Rest, ana))
	if got := w.ran(); got != "InboundFederation_ExternalProvider" {
		t.Error("the function ran for one sign-in:", got)
	}
	if u := w.signIn("1"); u.Sub != ana.Sub || u.Attributes["custom:team"] != "x" || u.Status != userpool.Confirmed {
		t.Errorf("%+v", u)
	}
}
