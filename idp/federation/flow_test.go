package federation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestByAddress(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.signedIn(b.back(b.depart("acme"), "by=acme", "who=1", "mail=ana@example.com"))
	u := h.user("acme_1")
	if u.Status != userpool.ExternalProvider || u.Attributes["email"] != "ana@example.com" {
		t.Errorf("%+v", u)
	}
	list, err := h.Sessions.Store.List(t.Context(), h.pool.ID, u.Sub)
	h.ok(err)
	if len(list) != 1 || list[0].Upstream == nil || list[0].Upstream.Provider != "acme" || string(list[0].Upstream.Session) != "upstream session" {
		t.Errorf("%+v", list)
	}
	b.signedIn(b.get(b.authorize())) // the session needs no provider
}

// TestAtADomain: who visits a domain of the pool is to come back there.
func TestAtADomain(t *testing.T) {
	h := open(t)
	_, err := h.Pools.CreateDomain(t.Context(), h.pool.ID, "riverside", userpool.DomainSettings{})
	h.ok(err)
	b := h.tab()
	host := "Riverside.auth." + strings.TrimPrefix(h.URL(), "http://")
	visit := func(path string) *page {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+path, nil)
		h.ok(err)
		r.Host = host
		return b.answered(r)
	}
	p := visit(strings.TrimPrefix(h.authorize("identity_provider=acme"), "/"+string(h.pool.ID)))
	for !strings.HasPrefix(p.to, elsewhere) {
		p = visit(p.to)
	}
	if want := "http://" + strings.ToLower(host); h.last.Base != want || h.last.At([]string{"public", want}) != want {
		t.Errorf("at %q, want %q", h.last.Base, want)
	}
	_, state, _ := strings.Cut(p.to, "state=")
	for p = visit("/oauth2/idpresponse?" + form("state", state, "by=acme", "who=1").Encode()); strings.HasPrefix(p.to, "/"); {
		p = visit(p.to)
	}
	if !strings.HasPrefix(p.to, callback+"?code=") {
		t.Errorf("%d, to %s", p.status, p.to)
	}
}

// TestByForm: Apple and SAML post their answers, and the browser goes on by a page of
// ours.
func TestByForm(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.signedIn(b.post("oauth2/idpresponse", form("state", b.depart("acme"), "by=acme", "who=1")))
	b = h.tab()
	p := b.post("saml2/idpresponse", form("RelayState", b.depart("corp"), "by=corp", "who=2", "SAMLResponse=x"))
	if p.status != http.StatusOK || !strings.HasPrefix(p.to, h.path("federation/arrived?ticket=")) {
		t.Fatalf("%d, to %s", p.status, p.to)
	}
	ticket := p.to
	h.tab().refusedAt(h.tab().get(ticket)) // in another browser
	b.signedIn(p)
	b.refusedAt(b.get(ticket)) // a second time
	if h.user("corp_2").Status != userpool.ExternalProvider || h.users() != 2 {
		t.Error(h.users(), "users")
	}
}

// refusedAt wants a page that leads nowhere.
func (t *tab) refusedAt(p *page) {
	t.Helper()
	if p.status != http.StatusBadRequest || p.to != "" {
		t.Errorf("%d, to %q", p.status, p.to)
	}
}

// TestStraightOn: a client with one provider and no other way needs no page.
func TestStraightOn(t *testing.T) {
	h := open(t, func(c *userpool.Client) { c.IdentityProviders = []string{"acme"} })
	b := h.tab()
	if p := b.walk(b.get(b.authorize("login_hint=ana"))); !strings.HasPrefix(p.to, elsewhere+"/acme?") || h.last.Hint != "ana" || len(h.last.State) > 80 {
		t.Error(p.to)
	}
	// The form of the page is closed as well.
	if p := b.do(http.MethodPost, h.path("login?"+strings.SplitN(b.authorize(), "?", 2)[1]), form("username", "x")); p.status < 400 {
		t.Error(p.status)
	}
}

func TestButtons(t *testing.T) {
	h := open(t, func(c *userpool.Client) { c.IdentityProviders = []string{"COGNITO", "zenith", "acme"} })
	b := h.tab()
	p := b.walk(b.get(b.authorize()))
	z, a := strings.Index(p.body, "Continue with zenith"), strings.Index(p.body, "Continue with acme")
	if z < 0 || a < z || strings.Contains(p.body, "corp") || !strings.Contains(p.body, `name="password"`) {
		t.Error(p.body)
	}
	q := strings.SplitN(b.authorize(), "?", 2)[1]
	if p := b.get(h.path("login?" + q + "&provider=zenith")); !strings.HasPrefix(p.to, elsewhere+"/zenith?") {
		t.Error(p.to)
	}
	for _, other := range []string{"corp", "nobody", "COGNITO"} {
		if p := b.get(h.path("login?" + q + "&provider=" + other)); p.status != http.StatusOK || p.to != "" {
			t.Errorf("%s: %d, to %s", other, p.status, p.to)
		}
	}
}

// TestAuthorizeParameters: a provider by its name or an identifier, the pool itself, and
// what there is not or is not the client's.
func TestAuthorizeParameters(t *testing.T) {
	h := open(t, func(c *userpool.Client) { c.IdentityProviders = []string{"COGNITO", "acme"} })
	h.set("acme", func(p *userpool.Provider) { p.Identifiers = []string{"acme-id"} })
	h.set("zenith", func(p *userpool.Provider) { p.Identifiers = []string{"zenith-id"} })
	b := h.tab()
	for _, param := range []string{"identity_provider=acme", "idp_identifier=acme-id"} {
		if p := b.walk(b.get(b.authorize(param))); !strings.HasPrefix(p.to, elsewhere+"/acme?") {
			t.Error(param, p.to)
		}
	}
	if p := b.walk(b.get(b.authorize("identity_provider=COGNITO"))); !strings.Contains(p.body, `name="password"`) {
		t.Error(p.status)
	}
	for _, param := range []string{"identity_provider=zenith", "identity_provider=nobody", "identity_provider=ACME", "idp_identifier=zenith-id", "idp_identifier=acme"} {
		if q := b.app(b.get(b.authorize(param))); q.Get("error") != "invalid_request" || q.Get("error_description") != "The identity provider is not configured." {
			t.Error(param, q)
		}
	}
}

// TestFreshSignIn: an app that will have nothing old gets nothing old.
func TestFreshSignIn(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.signedIn(b.back(b.depart("acme"), "by=acme", "who=1"))
	if h.last.Force {
		t.Error("forced without a reason")
	}
	state := b.depart("acme", "prompt=login")
	if !h.last.Force {
		t.Error("not forced")
	}
	if q := b.app(b.back(state, "by=acme", "who=1", "old=1")); q.Get("error") != "invalid_request" || q.Get("code") != "" {
		t.Error("an old sign-in passed for a new one:", q)
	}
	b.signedIn(b.back(b.depart("acme", "prompt=login"), "by=acme", "who=1"))
	b.depart("acme", "max_age=0")
	if !h.last.Force {
		t.Error("max_age does not force")
	}
}

// TestMFAOnPool: who comes from a provider is not asked for a factor of the pool.
func TestMFAOnPool(t *testing.T) {
	h := open(t)
	_, err := h.Pools.Store.UpdatePool(t.Context(), h.pool.ID, func(p *userpool.Pool) error {
		p.MFA, p.TOTPMFA = userpool.MFAOn, true
		return nil
	})
	h.ok(err)
	b := h.tab()
	b.signedIn(b.back(b.depart("acme"), "by=acme", "who=1"))
}

// TestSessionsOfOtherClients: a session that was made through a provider is none for an
// app that does not have it, and one of the pool none for an app that has only others.
func TestSessionsOfOtherClients(t *testing.T) {
	h := open(t)
	b := h.tab()
	b.signedIn(b.back(b.depart("acme"), "by=acme", "who=1"))
	for _, providers := range [][]string{{"COGNITO"}, nil, {"COGNITO", "zenith"}} {
		h.edit(func(c *userpool.Client) { c.IdentityProviders = providers })
		if p := b.walk(b.get(b.authorize())); p.to != "" || !strings.Contains(p.body, `name="username"`) {
			t.Error(providers, p.to)
		}
	}
	h.edit(func(c *userpool.Client) { c.IdentityProviders = []string{"acme"} })
	b.signedIn(b.get(b.authorize()))
}

// TestHomeRealm: an address of a provider's domain leads to it; of another one nothing
// is told.
func TestHomeRealm(t *testing.T) {
	h := open(t)
	h.set("acme", func(p *userpool.Provider) { p.Identifiers = []string{"acme.example"} })
	h.set("zenith", func(p *userpool.Provider) { p.Identifiers = []string{"zenith.example"} })
	h.edit(func(c *userpool.Client) { c.IdentityProviders = []string{"COGNITO", "acme"} })
	for name, leads := range map[string]bool{"ana@acme.example": true, "ana@ACME.Example": true, "ana@zenith.example": false, "x@acme.example.org": false,
		"acme.example": false, "@acme.example": false, "ana@sub.acme.example": false, "nobody@other.example": false} {
		b := h.tab()
		p := b.walk(b.get(b.authorize()))
		if strings.Contains(p.body, `name="password"`) {
			t.Fatal("a password is asked for before the name is known")
		}
		p = b.submit(p, "username="+name, "name-first=1")
		if leads {
			if p = b.walk(p); !strings.HasPrefix(p.to, elsewhere+"/acme?") || h.last.Hint != name {
				t.Error(name, p.status, p.to, h.last.Hint)
			}
			continue
		}
		if p = b.walk(p); !strings.Contains(p.body, `name="password"`) || strings.Contains(p.body, "problem") && strings.Contains(p.body, `role="alert"`) {
			t.Error(name, p.status, p.body)
		}
	}
}

// TestWhatWaitsEnds: ten minutes after it was asked nothing is an answer any more.
func TestWhatWaitsEnds(t *testing.T) {
	h := open(t)
	b := h.tab()
	state := b.depart("acme")
	h.clock.Add(10*time.Minute + time.Second)
	b.refused(b.back(state, "by=acme", "who=1"), http.StatusBadRequest)
}
