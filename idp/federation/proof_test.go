package federation_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const password = "Correct-Horse-7"

func (h *house) local(email string) *userpool.User {
	h.Helper()
	u, err := h.Pools.AdminCreateUser(h.Context(), h.pool.ID, userpool.NewUser{Username: email,
		Attributes: map[string]string{"email": email, "email_verified": "true"}, MessageAction: "SUPPRESS"})
	h.ok(err)
	h.ok(h.Pools.AdminSetPassword(h.Context(), h.pool.ID, u.Username, password, true))
	return h.user(u.Username)
}

var formParts = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)".*?name="_csrf" value="([^"]*)"`)

// submit fills in the first form of a page of ours.
func (t *tab) submit(p *page, fields ...string) *page {
	t.Helper()
	m := formParts.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no form: %d %s", p.status, p.body)
	}
	f := form("_csrf", strings.NewReplacer("&#43;", "+").Replace(m[2]), fields...)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, t.URL()+strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(m[1]), strings.NewReader(f.Encode()))
	t.ok(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return t.answered(r)
}

// TestProof: who comes with the address of an account signs in to it once, and is that
// user from then on.
func TestProof(t *testing.T) {
	h := open(t)
	h.set("acme", func(p *userpool.Provider) { p.Settings.Link = userpool.LinkProof })
	ana := h.local("ana@example.com")
	b := h.tab()
	h.clock.Add(time.Minute)
	p := b.walk(b.back(b.depart("acme"), "by=acme", "who=1", "mail=ana@example.com"))
	if !strings.Contains(p.body, "already, with the address ana@example.com") || !strings.Contains(p.body, `value="ana@example.com"`) || strings.Contains(p.body, "Continue with") {
		t.Fatal(p.body)
	}
	link := p
	if p = b.submit(p, "username=ana@example.com", "password=Wrong-Horse-7"); p.status != http.StatusUnauthorized {
		t.Error(p.status)
	}
	if n := h.users(); n != 1 {
		t.Error(n, "users")
	}
	b.signedIn(b.submit(link, "username=ana@example.com", "password="+password))
	c := h.tab()
	c.signedIn(c.back(c.depart("acme"), "by=acme", "who=1"))
	if u := h.user(ana.Username); h.users() != 1 || !strings.Contains(u.Attributes["identities"], `"userId":"1"`) {
		t.Error(u.Attributes)
	}
}

// TestProofOfAnother: somebody else's account is not linked, and another browser sees
// nothing of what waits.
func TestProofOfAnother(t *testing.T) {
	h := open(t)
	h.set("acme", func(p *userpool.Provider) { p.Settings.Link = userpool.LinkProof })
	h.local("ana@example.com")
	eve := h.local("eve@example.com")
	h.clock.Add(time.Minute)
	b := h.tab()
	p := b.back(b.depart("acme"), "by=acme", "who=1", "mail=ana@example.com")
	page := b.walk(p)
	if other := h.tab().get(p.to); other.status != http.StatusBadRequest || strings.Contains(other.body, "ana@") {
		t.Error("another browser:", other.status, other.body)
	}
	if wrong := b.submit(page, "username=eve@example.com", "password="+password); wrong.status != http.StatusUnauthorized || !strings.Contains(wrong.body, "another account") {
		t.Error(wrong.status, wrong.body)
	}
	if h.user(eve.Username).Attributes["identities"] != "" {
		t.Error("linked")
	}
	if list, err := h.Sessions.Store.List(t.Context(), h.pool.ID, eve.Sub); err != nil || len(list) != 0 {
		t.Error("signed in:", list, err)
	}
}

// TestProofTooLate: who was linked to somebody else meanwhile is told so, and signed in
// as nobody.
func TestProofTooLate(t *testing.T) {
	h := open(t)
	h.set("acme", func(p *userpool.Provider) { p.Settings.Link = userpool.LinkProof })
	ana, bob := h.local("ana@example.com"), h.local("bob@example.com")
	h.clock.Add(time.Minute)
	b := h.tab()
	p := b.walk(b.back(b.depart("acme"), "by=acme", "who=1", "mail=ana@example.com"))
	h.ok(h.Pools.LinkProvider(h.Context(), h.pool.ID, userpool.IdentityKey{Provider: "Cognito", Value: bob.Username},
		userpool.IdentityKey{Provider: "acme", Attribute: userpool.IdentitySubject, Value: "1"}))
	if late := b.submit(p, "username=ana@example.com", "password="+password); late.status != http.StatusUnauthorized || !strings.Contains(late.body, "another account") {
		t.Error(late.status, late.body)
	}
	if list, err := h.Sessions.Store.List(t.Context(), h.pool.ID, ana.Sub); err != nil || len(list) != 0 {
		t.Error("signed in:", list, err)
	}
}

// TestProofWhereTheClientHasNoForm: the proof is taken though nobody signs in there
// with a password otherwise.
func TestProofWhereTheClientHasNoForm(t *testing.T) {
	h := open(t, func(c *userpool.Client) { c.IdentityProviders = []string{"acme"} })
	h.set("acme", func(p *userpool.Provider) { p.Settings.Link = userpool.LinkProof })
	h.local("ana@example.com")
	h.clock.Add(time.Minute)
	b := h.tab()
	p := b.walk(b.back(b.depart("acme"), "by=acme", "who=1", "mail=ana@example.com"))
	b.signedIn(b.submit(p, "username=ana@example.com", "password="+password))
}

func TestPostedQuestion(t *testing.T) {
	h := open(t)
	b := h.tab()
	p := b.walk(b.get(b.authorize("identity_provider=corp", "login_hint=post")))
	if p.status != http.StatusOK || !strings.Contains(p.body, `action="`+elsewhere+`/corp?state=`) || !strings.Contains(p.body, `name="SAMLRequest" value="&lt;&amp;&gt;"`) {
		t.Error(p.status, p.body)
	}
	if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action") || !strings.Contains(csp, elsewhere) {
		t.Error(csp)
	}
}
