package providerlogout_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/providerlogout"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	pool   = userpool.PoolID("us-east-1_Test00001")
	entity = "https://idp.example"
	page   = "/" + string(pool) + "/saml2/logout"
)

// A rig is a pool with users who came from providers, and a chain that writes down
// what it is to end.
type rig struct {
	t       *testing.T
	srv     *httptest.Server
	db      *sqlstore.DB
	users   userpool.Store
	here    *browser.Store
	says    *samlsp.Logout // what is received next
	err     error
	starts  []*chain.Start
	told    []string
	asks    map[string]*chain.Ask
	limited bool // too many come
	read    int  // messages that were looked at
}

func (r *rig) Receive(_ context.Context, p *userpool.Pool, query string, form url.Values) (*samlsp.Logout, error) {
	if p.ID != pool || (form == nil) != strings.HasPrefix(query, "SAML") {
		r.t.Errorf("query %q, form %v", query, form)
	}
	r.read++
	return r.says, r.err
}

func (r *rig) SignOut(w http.ResponseWriter, _ *http.Request, s *chain.Start) error {
	r.starts = append(r.starts, s)
	_, err := io.WriteString(w, "signed out")
	return err
}

func (r *rig) Answered(w http.ResponseWriter, _ *http.Request, p userpool.PoolID, ticket string, confirmed bool) error {
	r.told = append(r.told, string(p)+" "+ticket)
	if confirmed {
		r.told = append(r.told, "confirmed")
	}
	_, err := io.WriteString(w, "answered")
	return err
}

func (r *rig) Asked(_ context.Context, p userpool.PoolID, ticket string) (*chain.Ask, error) {
	if a := r.asks[string(p)+" "+ticket]; a != nil {
		return a, nil
	}
	return nil, chain.ErrNotAsked
}

// LimitPool implements providerlogout.Limiter.
func (r *rig) LimitPool(http.ResponseWriter, *http.Request) error {
	if r.limited {
		return web.Fail(http.StatusTooManyRequests, "Too many.", nil)
	}
	return nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	clock := ephemeraltest.NewClock()
	r := &rig{t: t, db: sqlstoretest.SQLite(t, clock.Now)}
	r.users = r.db.Userpool(keyringtest.Open(t, keyringtest.NewStore(), clock.Now))
	r.must(r.users.CreatePool(t.Context(), &userpool.Pool{ID: pool, Name: "test", Created: clock.Now(), Modified: clock.Now()}))
	for _, name := range []string{"Corp", "Other"} {
		r.must(r.users.CreateProvider(t.Context(), &userpool.Provider{Pool: pool, Name: name, Type: userpool.ProviderSAML, Details: map[string]string{}}))
	}
	for _, name := range []string{"alice", "bob"} {
		r.must(r.users.CreateUser(t.Context(), &userpool.User{Pool: pool, Username: "Corp_" + name, Sub: "sub-" + name, Enabled: true,
			Status: userpool.ExternalProvider, Created: clock.Now(), Modified: clock.Now()}))
		_, err := r.users.UpdateIdentities(t.Context(), pool, "Corp_"+name, func(*userpool.User, []userpool.Identity) ([]userpool.Identity, error) {
			return []userpool.Identity{{IdentityKey: userpool.IdentityKey{Provider: "Corp", Attribute: userpool.IdentitySubject, Value: name}, Type: userpool.ProviderSAML, Primary: true}}, nil
		})
		r.must(err)
	}
	r.here = &browser.Store{Sessions: &idp.Sessions{Store: r.db.IDP(), Users: r.users, Now: clock.Now}}
	mux := web.NewMux(slog.New(slog.DiscardHandler), func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		http.Error(w, e.Text, e.Status)
		return nil
	})
	(&providerlogout.Handler{Limiter: r, Store: r.users, Receiver: r, Browser: r.here, Chain: r, Ephemeral: ephemeraltest.New(clock.Now), Now: clock.Now}).Mount(mux)
	mux.Get("/{pool}/enter", r.enter)
	r.srv = httptest.NewServer(mux)
	t.Cleanup(r.srv.Close)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// kept is what a session keeps of the one at a provider.
func kept(name, index string) []byte {
	raw, _ := json.Marshal(map[string]any{"Entity": entity, "Name": saml.NameID{Value: name}, "Index": index})
	return raw
}

// enter signs a browser in.
func (r *rig) enter(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	u, err := r.users.UserBySub(req.Context(), pool, "sub-"+q.Get("user"))
	if err != nil {
		return err
	}
	var from *idp.Upstream
	if p := q.Get("from"); p != "" {
		from = &idp.Upstream{Provider: p, Session: kept(q.Get("user"), q.Get("index"))}
	}
	_, err = r.here.SignInFrom(w, req, u, from)
	return err
}

// A visitor is a browser.
type visitor struct {
	*rig
	*http.Client
}

func (r *rig) visitor(user, from, index string) *visitor {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	r.must(err)
	v := &visitor{r, &http.Client{Jar: jar}}
	if user != "" {
		v.get("/" + string(pool) + "/enter?" + url.Values{"user": {user}, "from": {from}, "index": {index}}.Encode())
	}
	return v
}

func (v *visitor) get(path string) string {
	v.t.Helper()
	return v.body(v.Get(v.srv.URL + path))
}

func (v *visitor) body(res *http.Response, err error) string {
	v.t.Helper()
	v.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	v.must(err)
	return strings.TrimSpace(string(raw))
}

func ended(name string, indexes ...string) *samlsp.Logout {
	return &samlsp.Logout{Provider: "Corp", Request: &samlsp.Ended{Entity: entity, Name: saml.NameID{Value: name}, Indexes: indexes, ID: "_1"}}
}

func (r *rig) last() *chain.Start {
	r.t.Helper()
	if len(r.starts) == 0 {
		r.t.Fatal("nothing ended")
	}
	return r.starts[len(r.starts)-1]
}

// indexes are the sessions that end in other browsers, by their index at the provider.
func indexes(s *chain.Start) (all []string) {
	for _, o := range s.Others {
		var k struct{ Index string }
		_ = json.Unmarshal(o.Upstream.Session, &k)
		all = append(all, k.Index)
	}
	slices.Sort(all)
	return all
}

// TestProviderEndsSessions: those that it names, wherever they are, and no others.
func TestProviderEndsSessions(t *testing.T) {
	r := newRig(t)
	one := r.visitor("alice", "Corp", "1")
	two := r.visitor("alice", "Corp", "2")
	r.visitor("alice", "Other", "3")
	r.visitor("alice", "", "")
	bob := r.visitor("bob", "Corp", "4")
	nobody := r.visitor("", "", "")
	for name, tt := range map[string]struct {
		v      *visitor
		says   *samlsp.Logout
		stays  bool
		others []string
	}{
		"here":                {one, ended("alice", "1"), false, nil},
		"here and elsewhere":  {one, ended("alice"), false, []string{"2"}},
		"elsewhere alone":     {two, ended("alice", "1"), true, []string{"1"}},
		"another user's here": {bob, ended("alice"), true, []string{"1", "2"}},
		"no browser":          {nobody, ended("alice"), true, []string{"1", "2"}},
		"nobody known":        {one, ended("carol"), true, nil},
		"over already":        {one, ended("alice", "9"), true, nil},
	} {
		r.says = tt.says
		if body := tt.v.get(page + "?SAMLRequest=x"); body != "signed out" {
			t.Fatalf("%s: %s", name, body)
		}
		s := r.last()
		if s.Stays != tt.stays || !slices.Equal(indexes(s), tt.others) || s.Kind != chain.Upstream || s.ID != "Corp" || s.Pool.ID != pool ||
			s.Goal.Kind != providerlogout.Goal || !strings.Contains(string(s.Goal.Data), `"_1"`) {
			t.Errorf("%s: %+v, others %v", name, s, indexes(s))
		}
	}
	r.says = ended("alice")
	r.says.Request.Silent = true
	one.get(page + "?SAMLRequest=x")
	if s := r.last(); s.Goal.Kind != "" || s.Goal.Address != "" {
		t.Errorf("answered though nobody wants to hear: %+v", s.Goal)
	}
}

// TestPostedRequest is taken up by the page that follows it, which has our cookie.
func TestPostedRequest(t *testing.T) {
	r := newRig(t)
	v := r.visitor("alice", "Corp", "1")
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r.says = ended("alice")
	res, err := v.PostForm(r.srv.URL+page, url.Values{"SAMLRequest": {"x"}})
	r.must(err)
	to := res.Header.Get("Location")
	if res.Body.Close(); res.StatusCode != http.StatusSeeOther || len(r.starts) > 0 {
		t.Fatalf("%d, %d ended", res.StatusCode, len(r.starts))
	}
	if body := v.get(to); body != "signed out" || r.last().Stays {
		t.Errorf("%s, %+v", body, r.last())
	}
	if body := v.get(to); len(r.starts) != 1 || !strings.Contains(body, "expired") {
		t.Errorf("taken up twice: %s", body)
	}
	// Whoever is lured to the end of another's request stays signed in.
	r.says = ended("bob")
	res, err = v.PostForm(r.srv.URL+page, url.Values{"SAMLRequest": {"x"}})
	r.must(err)
	res.Body.Close()
	v.get(res.Header.Get("Location"))
	if !r.last().Stays {
		t.Error("signed out by somebody else's request")
	}
}

func TestAnswer(t *testing.T) {
	r := newRig(t)
	v := r.visitor("", "", "")
	r.says = &samlsp.Logout{Provider: "Corp", State: "ticket", Done: true}
	v.get(page + "?SAMLResponse=x")
	r.says.Done = false
	v.body(v.PostForm(r.srv.URL+page, url.Values{"SAMLResponse": {"x"}}))
	if want := []string{string(pool) + " ticket", "confirmed", string(pool) + " ticket"}; !slices.Equal(r.told, want) || len(r.starts) > 0 {
		t.Errorf("%q", r.told)
	}
}

func TestRefused(t *testing.T) {
	r := newRig(t)
	v := r.visitor("alice", "Corp", "1")
	for cause, status := range map[error]int{errors.Join(sp.ErrInvalid, errors.New("hidden")): http.StatusBadRequest, errors.New("hidden"): http.StatusInternalServerError} {
		r.err = cause
		for _, send := range []func() (*http.Response, error){
			func() (*http.Response, error) { return v.Get(r.srv.URL + page + "?SAMLRequest=x") },
			func() (*http.Response, error) { return v.PostForm(r.srv.URL+page, url.Values{"SAMLRequest": {"x"}}) },
		} {
			res, err := send()
			r.must(err)
			if body := v.body(res, nil); res.StatusCode != status || strings.Contains(body, "hidden") {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		}
	}
	if res, err := v.Get(r.srv.URL + "/us-east-1_None00001/saml2/logout?SAMLRequest=x"); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("no pool: %v, %v", res, err)
	}
	if len(r.starts) > 0 {
		t.Error("something ended")
	}
}

// TestLimited: of too many messages none is read: each would cost a signature.
func TestLimited(t *testing.T) {
	r := newRig(t)
	r.limited = true
	for _, send := range []func() (*http.Response, error){
		func() (*http.Response, error) { return http.Get(r.srv.URL + page + "?SAMLRequest=x") },
		func() (*http.Response, error) {
			return http.PostForm(r.srv.URL+page, url.Values{"SAMLRequest": {"x"}})
		},
	} {
		res, err := send()
		r.must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusTooManyRequests || r.read > 0 {
			t.Errorf("status %d, %d read", res.StatusCode, r.read)
		}
	}
}

// TestOpenIDProvider: the browser comes back with a ticket, which stands for a stop at
// such a provider, and for no other.
func TestOpenIDProvider(t *testing.T) {
	r := newRig(t)
	r.must(r.users.CreateProvider(t.Context(), &userpool.Provider{Pool: pool, Name: "Login", Type: userpool.ProviderOIDC, Details: map[string]string{}}))
	r.asks = map[string]*chain.Ask{
		string(pool) + " good": {Stop: chain.Stop{Kind: chain.Upstream, ID: "Login"}}, string(pool) + " saml": {Stop: chain.Stop{Kind: chain.Upstream, ID: "Corp"}},
		string(pool) + " app": {Stop: chain.Stop{Kind: chain.App, ID: "Login"}}, string(pool) + " gone": {Stop: chain.Stop{Kind: chain.Upstream, ID: "Nobody"}}}
	for ticket, status := range map[string]int{"saml": 400, "app": 400, "gone": 400, "none": 400, "": 400, "good": 200} {
		res, err := http.Get(r.srv.URL + "/" + string(pool) + "/oauth2/idpsignout?state=" + ticket)
		r.must(err)
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%q: %d", ticket, res.StatusCode)
		}
	}
	if !slices.Equal(r.told, []string{string(pool) + " good", "confirmed"}) {
		t.Errorf("told %q", r.told)
	}
}
