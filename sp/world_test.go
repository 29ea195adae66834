package sp_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// A world is a pool with a provider on a real store, and the functions of the pool.
type world struct {
	*testing.T
	*sp.Service
	accounts *userpool.Service
	store    userpool.Store
	clock    *ephemeraltest.Clock
	pool     *userpool.Pool
	client   *userpool.Client
	acme     *userpool.Provider

	mu      sync.Mutex
	sources []string
	on      map[string]func(event map[string]any) error // by trigger
}

func newWorld(t *testing.T, change func(*userpool.Pool), provider func(*userpool.Provider)) *world {
	return newWorldOn(t, sqlstoretest.SQLite, change, provider)
}

func newWorldOn(t *testing.T, open func(testing.TB, func() time.Time) *sqlstore.DB, change func(*userpool.Pool), provider func(*userpool.Provider)) *world {
	t.Helper()
	w := &world{T: t, clock: ephemeraltest.NewClock(), on: map[string]func(map[string]any) error{}}
	ring := keyringtest.Open(t, keyringtest.NewStore(), w.clock.Now)
	db, log := open(t, w.clock.Now), slog.New(slog.DiscardHandler)
	w.store = db.Userpool(ring)
	functions := &userpool.Triggers{Invoker: w, Region: "us-east-1", Log: log}
	w.accounts = &userpool.Service{Store: w.store, Ephemeral: db.Ephemeral(), Keys: ring, Triggers: functions, Now: w.clock.Now,
		Region: "us-east-1", Account: "000000000000", Log: log}
	auth := &userpool.Auth{Store: w.store, Ephemeral: db.Ephemeral(), Keys: ring, Triggers: functions, Now: w.clock.Now, Log: log,
		Risk: &userpool.Risk{Store: w.store, Ephemeral: db.Ephemeral(), Now: w.clock.Now, Log: log}}
	w.Service = &sp.Service{Store: w.store, Accounts: w.accounts, SignIns: auth, Functions: functions, Now: w.clock.Now, Log: log}
	p := userpool.NewPool("pool")
	if change != nil {
		change(p)
	}
	var err error
	w.pool, err = w.accounts.CreatePool(t.Context(), p, []userpool.SchemaAttribute{
		{Name: "team", Type: "String", Mutable: true, Max: "9"}, {Name: "badge", Type: "String", Max: "9"}})
	w.ok(err)
	w.acme = &userpool.Provider{Pool: w.pool.ID, Name: "acme", Type: userpool.ProviderOIDC,
		Details: map[string]string{"client_id": "c", "attributes_request_method": "GET", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid"},
		Mapping: map[string]string{"email": "mail", "email_verified": "mail_ok", "custom:team": "team", "custom:badge": "badge"}}
	if provider != nil {
		provider(w.acme)
	}
	w.acme, err = w.accounts.CreateProvider(t.Context(), w.acme)
	w.ok(err)
	w.client = &userpool.Client{ID: "client", Pool: w.pool.ID, IdentityProviders: []string{"acme"}}
	return w
}

// Invoke implements userpool.Invoker.
func (w *world) Invoke(_ context.Context, call userpool.Invocation) ([]byte, error) {
	var event map[string]any
	if err := json.Unmarshal(call.Event, &event); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.sources = append(w.sources, event["triggerSource"].(string))
	f := w.on[call.Trigger]
	w.mu.Unlock()
	if f != nil {
		if err := f(event); err != nil {
			return nil, err
		}
	}
	return json.Marshal(event)
}

// ran are the functions that ran since it was asked last.
func (w *world) ran() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := strings.Join(w.sources, " ")
	w.sources = nil
	return list
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(err, kind error, text string) {
	w.Helper()
	var f *userpool.Fault
	if !errors.Is(err, kind) || text != "" && (!errors.As(err, &f) || f.Text != text) {
		w.Fatalf("got %v, want %v: %s", err, kind, text)
	}
}

// arrival is somebody with claims, given as name=value.
func arrival(subject string, claims ...string) *sp.Arrival {
	a := &sp.Arrival{Subject: subject, Claims: map[string][]string{}}
	for _, c := range claims {
		name, value, _ := strings.Cut(c, "=")
		a.Claims[name] = append(a.Claims[name], value)
	}
	return a
}

func (w *world) arrive(a *sp.Arrival) (*sp.Outcome, error) {
	return w.SignIn(w.Context(), w.pool, w.client, w.acme, a)
}

// signIn is arrive for what has to succeed.
func (w *world) signIn(subject string, claims ...string) *userpool.User {
	w.Helper()
	out, err := w.arrive(arrival(subject, claims...))
	w.ok(err)
	if out.User == nil {
		w.Fatal("nobody is signed in")
	}
	return w.user(out.User.Username)
}

func (w *world) user(name string) *userpool.User {
	w.Helper()
	u, err := w.store.User(w.Context(), w.pool.ID, name)
	w.ok(err)
	return u
}

// local makes a user of the pool's own.
func (w *world) local(name string, attributes ...string) *userpool.User {
	w.Helper()
	u := &userpool.User{Pool: w.pool.ID, Username: name, Sub: "sub-" + name, Status: userpool.Confirmed, Enabled: true,
		Created: w.clock.Now(), Modified: w.clock.Now(), Attributes: map[string]string{}}
	for _, a := range attributes {
		n, v, _ := strings.Cut(a, "=")
		u.Attributes[n] = v
	}
	w.ok(w.store.CreateUser(w.Context(), u))
	return u
}

func (w *world) groups(u *userpool.User) string {
	w.Helper()
	held, err := w.store.GroupsOf(w.Context(), w.pool.ID, u.Username)
	w.ok(err)
	var names []string
	for _, g := range held {
		names = append(names, strings.TrimPrefix(g.Name, string(w.pool.ID)))
	}
	return strings.Join(names, " ")
}
