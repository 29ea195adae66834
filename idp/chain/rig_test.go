package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const pool userpool.PoolID = "us-east-1_Test00001"

// A rig is a pool with a user, a client that has a frame, and the chain.
type rig struct {
	*httptest.Server
	t     *testing.T
	clock *idptest.Clock
	db    *sqlstore.DB
	users userpool.Store
	h     *chain.Handler
	apps  *apps
	start func() *chain.Start // what /start does
}

func open(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: idptest.NewClock()}
	r.db = sqlstoretest.SQLite(t, r.clock.Now)
	r.users = r.db.Userpool(keyringtest.Open(t, keyringtest.NewStore(), r.clock.Now))
	now := r.clock.Now()
	r.must(r.users.CreatePool(t.Context(), &userpool.Pool{ID: pool, Name: "test", Created: now, Modified: now}))
	for _, name := range []string{"alice", "bob"} {
		r.must(r.users.CreateUser(t.Context(), &userpool.User{Pool: pool, Username: name, Sub: name, Enabled: true, Status: userpool.Confirmed, Created: now, Modified: now}))
	}
	r.must(r.users.CreateClient(t.Context(), &userpool.Client{ID: "framed", Pool: pool, Name: "Framed", Created: now, Modified: now,
		OpenID: userpool.OpenIDClient{FrontchannelLogout: "https://framed.example/bye"}}))
	log := slog.New(slog.DiscardHandler)
	told := &signout.Service{Participants: r.db.IDP(), Sessions: r.db.IDP(), Clients: r.users, Issuer: func(p userpool.PoolID) string { return "https://op.example/" + string(p) }, Now: r.clock.Now, Log: log}
	sessions := &browser.Store{Sessions: &idp.Sessions{Store: r.db.IDP(), Users: r.users, Now: r.clock.Now, Ending: told.SessionEnding}}
	r.apps = &apps{rig: r, direct: map[string]chain.Outcome{}, alone: map[string]bool{}, broken: map[string]bool{}, posts: map[string]bool{}}
	r.h = &chain.Handler{Store: r.users, Browser: sessions, Participants: r.db.IDP(), Clients: told, Apps: r.apps, Providers: providers{r.apps}, Pages: pages{},
		Answerers: map[string]chain.Answerer{"test": r.apps}, Ephemeral: ephemeraltest.New(r.clock.Now), Now: r.clock.Now, Log: log}
	r.start = func() *chain.Start { return &chain.Start{} }
	mux := web.NewMux(log, func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		http.Error(w, e.Text, e.Status)
		return nil
	})
	r.h.Mount(mux)
	mux.Get("/start", r.serveStart)
	mux.Get("/test/login/{user}", func(w http.ResponseWriter, req *http.Request) error {
		_, err := sessions.SignInFrom(w, req, &userpool.User{Pool: pool, Sub: req.PathValue("user")}, r.apps.upstream, "pwd")
		return err
	})
	mux.Endpoint("/answer", r.apps.endpoint)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

func (r *rig) serveStart(w http.ResponseWriter, req *http.Request) error {
	s := r.start()
	p, err := r.users.Pool(req.Context(), pool)
	if err != nil {
		return err
	}
	s.Pool = p
	return r.h.SignOut(w, req, s)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// A visitor is a browser that follows no redirect by itself.
type visitor struct {
	r *rig
	c *http.Client
}

func (r *rig) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	r.must(err)
	return &visitor{r, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A page is one answer. what the fake pages show is decoded.
type page struct {
	status   int
	location string
	header   http.Header
	body     string
	shown
}

type shown struct {
	Kind     string
	Client   string
	Language string // that the request asks for
	Frames   []string
	Next     string
	Leaving  *chain.Leaving
	Left     *chain.Left
}

func (v *visitor) get(address string) *page {
	v.r.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.r.URL + address
	}
	res, err := v.c.Get(address)
	v.r.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	v.r.must(err)
	p := &page{status: res.StatusCode, location: res.Header.Get("Location"), header: res.Header, body: string(body)}
	if bytes.HasPrefix(body, []byte("{")) {
		v.r.must(json.Unmarshal(body, &p.shown))
	}
	return p
}

// follow follows redirects on our own server.
func (v *visitor) follow(address string) *page {
	v.r.t.Helper()
	p := v.get(address)
	for strings.HasPrefix(p.location, "/") && !strings.HasSuffix(p.location, "/signedout") {
		p = v.get(p.location)
	}
	return p
}

// signIn signs a user in, to apps too.
func (v *visitor) signIn(user string, apps ...string) *idp.Session {
	v.r.t.Helper()
	v.get("/test/login/" + user)
	list, err := v.r.db.IDP().List(v.r.t.Context(), pool, user)
	v.r.must(err)
	sess := list[0]
	for _, a := range apps {
		v.r.must(v.r.db.IDP().Join(v.r.t.Context(), &idp.Participant{Pool: pool, Sub: user, Root: sess.Root, Kind: idp.SAMLApp, Client: userpool.ClientID(a),
			Joined: v.r.clock.Now(), Expires: v.r.clock.Now().Add(time.Hour)}))
	}
	return sess
}

func (r *rig) sessions(user string) int {
	r.t.Helper()
	list, err := r.db.IDP().List(r.t.Context(), pool, user)
	r.must(err)
	return len(list)
}

// apps plays every app and every provider: it sends browsers to app.example, and its
// endpoint takes any answer for one.
type apps struct {
	*rig
	upstream *idp.Upstream
	broken   map[string]bool // cannot be departed to
	posts    map[string]bool // take a form
	answered []string        // what the Answerer said

	mu     sync.Mutex
	direct map[string]chain.Outcome // of those that are told without a browser
	alone  map[string]bool          // such that are so only where there is none
	told   []string                 // without a browser
}

func (a *apps) Tell(ctx context.Context, _ userpool.PoolID, s chain.Stop, alone bool) (bool, error) {
	o, ok := a.direct[s.ID]
	if !ok || a.alone[s.ID] && !alone {
		return false, sp.ErrBrowser
	}
	if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
		a.t.Errorf("told without a bound: %v", ctx.Err())
	}
	a.mu.Lock()
	a.told = append(a.told, s.ID)
	a.mu.Unlock()
	if a.broken[s.ID] {
		return false, errors.New("no way there")
	}
	return o == chain.Confirmed, nil
}

// providers plays them: the chain asks them by other methods.
type providers struct{ *apps }

func (a providers) Tell(ctx context.Context, p *userpool.Provider, _ []byte, alone bool) (bool, error) {
	return a.apps.Tell(ctx, pool, chain.Stop{ID: p.Name}, alone)
}

func (a *apps) Stops(_ context.Context, _ userpool.PoolID, list []*idp.Participant) (stops []chain.Stop, mute []string, err error) {
	for _, p := range list {
		if strings.HasPrefix(string(p.Client), "mute") {
			mute = append(mute, string(p.Client))
			continue
		}
		stops = append(stops, chain.Stop{Kind: chain.App, ID: string(p.Client), Name: "The " + string(p.Client), Data: []byte(p.Root)})
	}
	return stops, mute, nil
}

func (a *apps) Depart(_ context.Context, _ userpool.PoolID, s chain.Stop, ticket string) (*sp.Departure, error) {
	if a.broken[s.ID] {
		return nil, errors.New("no way there")
	}
	if len(ticket) > 80 || strings.Trim(ticket, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		a.t.Errorf("ticket %q", ticket)
	}
	d := &sp.Departure{Address: "https://app.example/" + s.ID + "?" + url.Values{"ticket": {ticket}}.Encode(), Memo: []byte("memo of " + s.ID)}
	if a.posts[s.ID] {
		d.Form = url.Values{"Message": {ticket}}
	}
	return d, nil
}

func (a *apps) Leave(ctx context.Context, p *userpool.Provider, session []byte, state string) (*sp.Departure, error) {
	if string(session) != "their session" {
		a.t.Errorf("session %q", session)
	}
	return a.Depart(ctx, pool, chain.Stop{ID: p.Name}, state)
}

func (a *apps) Answer(_ context.Context, _ userpool.PoolID, data []byte, partial bool) (*sp.Departure, error) {
	a.answered = append(a.answered, fmt.Sprint(string(data), " partial=", partial))
	return &sp.Departure{Address: "https://asker.example/", Form: url.Values{"Answer": {string(data)}}}, nil
}

func (a *apps) endpoint(w http.ResponseWriter, r *http.Request) error {
	ticket := r.URL.Query().Get("ticket")
	ask, err := a.h.Asked(r.Context(), pool, ticket)
	if err != nil {
		return web.Fail(http.StatusBadRequest, err.Error(), err)
	}
	if string(ask.Memo) != "memo of "+ask.Stop.ID {
		a.t.Errorf("memo %q of %s", ask.Memo, ask.Stop.ID)
	}
	return a.h.Answered(w, r, pool, ticket, r.URL.Query().Has("ok"))
}

// visit goes to the present stop and returns the ticket that it was sent with.
func (v *visitor) visit(p *page, app string) (ticket string) {
	v.r.t.Helper()
	if p.Leaving == nil {
		v.r.t.Fatalf("no page between stops: %d %s %s", p.status, p.location, p.body)
	}
	u, err := url.Parse(v.get(p.Leaving.Go).location)
	v.r.must(err)
	if u.Path != "/"+app {
		v.r.t.Fatalf("sent to %s, want %s", u, app)
	}
	return u.Query().Get("ticket")
}

// states are the outcomes that a page shows, the present stop in brackets.
func (p *page) states() (list []string) {
	if p.Leaving == nil {
		return nil
	}
	for _, v := range p.Leaving.Visits {
		s := v.Name + " " + string(v.Done)
		if v.Now {
			s = "[" + s + "]"
		}
		list = append(list, s)
	}
	return list
}

func (v *visitor) wantStates(p *page, want ...string) {
	v.r.t.Helper()
	if got := p.states(); !slices.Equal(got, want) {
		v.r.t.Errorf("states %q, want %q (%d %s)", got, want, p.status, p.body)
	}
}

// pages shows what it is given.
type pages struct{}

func show(w http.ResponseWriter, r *http.Request, c *userpool.Client, s shown) error {
	s.Language = r.URL.Query().Get("lang")
	if c != nil {
		s.Client = c.Name
	}
	return json.NewEncoder(w).Encode(s)
}

func (pages) ShowSigningOut(w http.ResponseWriter, r *http.Request, _ *userpool.Pool, c *userpool.Client, frames []string, next string) error {
	return show(w, r, c, shown{Kind: "frames", Frames: frames, Next: next})
}

func (pages) ShowLeaving(w http.ResponseWriter, r *http.Request, _ *userpool.Pool, c *userpool.Client, l *chain.Leaving) error {
	return show(w, r, c, shown{Kind: "leaving", Leaving: l})
}

func (pages) ShowLeft(w http.ResponseWriter, r *http.Request, _ *userpool.Pool, c *userpool.Client, l *chain.Left) error {
	return show(w, r, c, shown{Kind: "left", Left: l})
}
