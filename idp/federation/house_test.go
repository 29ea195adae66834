package federation_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	callback  = "https://app.example/cb"
	elsewhere = "https://idp.example"
)

// A house is a whole server whose providers speak a protocol of the test's own: a
// browser brings back who it is.
type house struct {
	*testing.T
	*server.Server
	clock  *idptest.Clock
	pool   *userpool.Pool
	client *userpool.Client
	last   *sp.Ask
	memos  [][]byte
}

func open(t *testing.T, change ...func(*userpool.Client)) *house {
	t.Helper()
	h := &house{T: t, clock: idptest.NewClock()}
	h.Server = servertest.Start(t, servertest.Embedded, servertest.Options{Now: h.clock.Now})
	h.Upstreams[userpool.ProviderOIDC], h.Upstreams[userpool.ProviderSAML] = h, h
	p := userpool.NewPool("Riverside")
	p.AutoVerified, p.UsernameAttributes = []string{"email"}, []string{"email"}
	var err error
	h.pool, err = h.Pools.CreatePool(t.Context(), p, nil)
	h.ok(err)
	for _, name := range []string{"acme", "zenith"} {
		h.provider(name, userpool.ProviderOIDC, nil)
	}
	h.provider("corp", userpool.ProviderSAML, nil)
	c := userpool.NewClient(h.pool.ID, "Field notes")
	c.OAuthEnabled, c.OAuthFlows, c.OAuthScopes, c.CallbackURLs = true, []string{"code"}, []string{"openid", "email"}, []string{callback}
	c.IdentityProviders = []string{"COGNITO", "acme", "zenith", "corp"}
	for _, f := range change {
		f(c)
	}
	h.client, err = h.Pools.CreateClient(t.Context(), c)
	h.ok(err)
	return h
}

func (h *house) provider(name, kind string, change func(*userpool.Provider)) *userpool.Provider {
	h.Helper()
	p := &userpool.Provider{Pool: h.pool.ID, Name: name, Type: kind, Mapping: map[string]string{"email": "mail", "email_verified": "mail_ok"},
		Details: map[string]string{"client_id": "c", "attributes_request_method": "GET", "oidc_issuer": elsewhere, "authorize_scopes": "openid"}}
	if kind == userpool.ProviderSAML {
		p.Details = map[string]string{"MetadataFile": "<x/>"}
	}
	if change != nil {
		change(p)
	}
	p, err := h.Pools.CreateProvider(h.Context(), p)
	h.ok(err)
	return p
}

func (h *house) set(name string, change func(*userpool.Provider)) {
	h.Helper()
	_, err := h.Pools.UpdateProvider(h.Context(), h.pool.ID, name, change)
	h.ok(err)
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// edit changes the client.
func (h *house) edit(change func(*userpool.Client)) {
	h.Helper()
	_, err := h.Pools.Store.UpdateClient(h.Context(), h.pool.ID, h.client.ID, func(c *userpool.Client) error {
		change(c)
		return nil
	})
	h.ok(err)
}

// Depart implements sp.Upstream.
func (h *house) Depart(_ context.Context, ask *sp.Ask) (*sp.Departure, error) {
	if ask.Provider.Details["client_id"] == "broken" {
		return nil, sp.ErrUnreachable
	}
	h.last = ask
	d := &sp.Departure{Address: elsewhere + "/" + ask.Provider.Name + "?state=" + ask.State, Memo: []byte(ask.Provider.Name)}
	if ask.Provider.Type == userpool.ProviderSAML && ask.Hint == "post" {
		d.Form = url.Values{"SAMLRequest": {"<&>"}, "RelayState": {ask.State}}
	}
	return d, nil
}

// Arrive implements sp.Upstream.
func (h *house) Arrive(_ context.Context, answer *sp.Answer) (*sp.Arrival, error) {
	h.memos = append(h.memos, answer.Memo)
	if answer.Form.Get("error") != "" {
		return nil, sp.ErrRefused
	}
	if by := answer.Form.Get("by"); by != answer.Provider.Name || answer.Memo != nil && string(answer.Memo) != by {
		return nil, sp.ErrInvalid
	}
	a := &sp.Arrival{Subject: answer.Form.Get("who"), Claims: map[string][]string{}, Session: []byte("upstream session")}
	if mail := answer.Form.Get("mail"); mail != "" {
		a.Claims["mail"], a.Claims["mail_ok"] = []string{mail}, []string{"true"}
	}
	if answer.Form.Get("old") != "" {
		a.At = h.clock.Now().Add(-time.Hour)
	}
	if answer.Provider.Type == userpool.ProviderSAML {
		a.Inbound = userpool.InboundSAML{Attributes: map[string]any{"mail": "x"}}
	}
	return a, nil
}

// A tab is a browser.
type tab struct {
	*house
	client http.Client
}

func (h *house) tab() *tab {
	jar, err := cookiejar.New(nil)
	h.ok(err)
	return &tab{h, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A page is an answer to a browser.
type page struct {
	status int
	to     string // Location, or where the page goes on to by itself
	body   string
	header http.Header
}

func (t *tab) do(method, address string, form url.Values) *page {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = t.URL() + address
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	t.ok(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", elsewhere)
	}
	return t.answered(r)
}

func (t *tab) answered(r *http.Request) *page {
	t.Helper()
	resp, err := t.client.Do(r)
	t.ok(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	t.ok(err)
	p := &page{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
	if _, rest, ok := strings.Cut(p.body, `<meta http-equiv="refresh" content="0;url=`); ok {
		to, _, _ := strings.Cut(rest, `"`)
		p.to = strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(to)
	}
	return p
}

func (t *tab) get(address string) *page { t.Helper(); return t.do(http.MethodGet, address, nil) }

// walk follows what a page leads to, as far as another site or a page that waits.
func (t *tab) walk(p *page) *page {
	t.Helper()
	for range 10 {
		if p.to == "" || strings.HasPrefix(p.to, "https://") {
			return p
		}
		p = t.get(p.to)
	}
	t.Fatal("led round in circles to", p.to)
	return nil
}

func (h *house) path(rest string) string { return "/" + string(h.pool.ID) + "/" + rest }

// authorize is the app's request, with more parameters given as name=value.
func (h *house) authorize(more ...string) string {
	q := url.Values{"client_id": {string(h.client.ID)}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"app state"}}
	for _, m := range more {
		n, v, _ := strings.Cut(m, "=")
		q.Set(n, v)
	}
	return h.path("oauth2/authorize?" + q.Encode())
}

// depart leads a browser to a provider, and returns the state that it takes there.
func (t *tab) depart(provider string, more ...string) string {
	t.Helper()
	p := t.walk(t.get(t.authorize(append(more, "identity_provider="+provider)...)))
	rest, ok := strings.CutPrefix(p.to, elsewhere+"/"+provider+"?state=")
	if !ok {
		t.Fatalf("%d, to %s: %s", p.status, p.to, p.body)
	}
	return rest
}

// back brings an answer to the OAuth callback.
func (t *tab) back(state string, pairs ...string) *page {
	t.Helper()
	return t.get(t.path("oauth2/idpresponse?" + form("state", state, pairs...).Encode()))
}

// post brings an answer to a callback by a form of another site.
func (t *tab) post(callback string, f url.Values) *page {
	t.Helper()
	return t.do(http.MethodPost, t.path(callback), f)
}

func form(name, value string, pairs ...string) url.Values {
	q := url.Values{name: {value}}
	for _, p := range pairs {
		n, v, _ := strings.Cut(p, "=")
		q.Set(n, v)
	}
	return q
}

// app is what the app's address was called with; it fails the test where the browser
// is elsewhere.
func (t *tab) app(p *page) url.Values {
	t.Helper()
	p = t.walk(p)
	rest, ok := strings.CutPrefix(p.to, callback+"?")
	if !ok {
		t.Fatalf("not at the app: %d, to %q: %s", p.status, p.to, p.body)
	}
	q, err := url.ParseQuery(rest)
	t.ok(err)
	return q
}

// signedIn wants an app to get a code.
func (t *tab) signedIn(p *page) {
	t.Helper()
	if q := t.app(p); q.Get("code") == "" || q.Get("state") != "app state" {
		t.Fatal(q)
	}
}

// refused wants a page that leads nowhere, and no user.
func (t *tab) refused(p *page, status int) {
	t.Helper()
	if p.status != status || p.to != "" {
		t.Errorf("%d, to %q, want %d", p.status, p.to, status)
	}
	if n := t.users(); n != 0 {
		t.Errorf("%d users", n)
	}
}

func (h *house) users() int {
	h.Helper()
	list, _, err := h.Pools.Users(h.Context(), h.pool.ID, "", "", 60)
	h.ok(err)
	return len(list)
}

func (h *house) user(name string) *userpool.User {
	h.Helper()
	u, err := h.Pools.User(h.Context(), h.pool.ID, name)
	h.ok(err)
	return u
}
