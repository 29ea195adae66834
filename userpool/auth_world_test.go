package userpool_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const (
	worldPool = userpool.PoolID("us-east-1_World0001")
	otherPool = userpool.PoolID("us-east-1_Other0001")
	password  = "Correct-Horse1"
	allFlows  = "ALLOW_USER_SRP_AUTH ALLOW_USER_PASSWORD_AUTH ALLOW_ADMIN_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH ALLOW_CUSTOM_AUTH ALLOW_USER_AUTH"
)

// A world is two pools on a real store, under a clock that tests turn.
type world struct {
	testing.TB
	*ephemeraltest.Clock
	keys   keyring.Store
	store  userpool.Store
	auth   *userpool.Auth
	tokens *userpool.Tokens
	hasher *userpool.Hasher
	pool   *userpool.Pool
	client *userpool.Client
	alice  *userpool.User
}

func newWorld(t testing.TB) *world { return newWorldWith(t, cheap) }

func newWorldWith(t testing.TB, cost userpool.HashCost) *world {
	t.Helper()
	clock := ephemeraltest.NewClock()
	rows := keyringtest.NewStore()
	ring := keyringtest.Open(t, rows, clock.Now)
	db := sqlstoretest.SQLite(t, clock.Now)
	store := db.Userpool(ring)
	w := &world{TB: t, Clock: clock, keys: rows, store: store, hasher: userpool.NewHasher(userpool.HasherConfig{Cost: cost, Queue: 1000})}
	w.tokens = &userpool.Tokens{Store: store, Keys: ring, Now: clock.Now, Issuer: issuer, ClientKeys: &jose.RemoteKeys{Now: clock.Now}}
	w.auth = &userpool.Auth{Store: store, Ephemeral: db.Ephemeral(), Keys: ring, Hasher: w.hasher, Tokens: w.tokens,
		Now: clock.Now, Log: slog.New(slog.DiscardHandler)}
	w.pool = w.addPool(worldPool, func(p *userpool.Pool) {})
	w.addPool(otherPool, func(p *userpool.Pool) {})
	w.client = w.addClient("worldclient000000000000000", func(c *userpool.Client) {})
	w.alice = w.addUser("alice", func(u *userpool.User) {})
	return w
}

// otherRing is that of another node.
func (w *world) otherRing() keyring.Ring { return keyringtest.Open(w, w.keys, w.Now) }

func issuer(id userpool.PoolID) string { return "http://127.0.0.1:8080/" + string(id) }

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) addPool(id userpool.PoolID, change func(*userpool.Pool)) *userpool.Pool {
	w.Helper()
	p := userpool.NewPool("pool")
	p.ID, p.Created, p.Modified = id, w.Now(), w.Now()
	p.Schema = append(p.Schema, userpool.SchemaAttribute{Name: "custom:team", Type: "String", Mutable: true, Max: "20"})
	change(p)
	w.check(w.store.CreatePool(w.Context(), p))
	return p
}

func (w *world) addClient(id userpool.ClientID, change func(*userpool.Client)) *userpool.Client {
	w.Helper()
	c := &userpool.Client{ID: id, Pool: worldPool, Name: "app", Created: w.Now(), Modified: w.Now(),
		ExplicitAuthFlows: strings.Fields(allFlows), TokenRevocation: true, HideUserExistence: true,
		RefreshTokenLife: 24 * time.Hour}
	change(c)
	w.check(w.store.CreateClient(w.Context(), c))
	return c
}

func (w *world) addUser(name string, change func(*userpool.User)) *userpool.User {
	w.Helper()
	phc, err := w.hasher.Hash(w.Context(), password)
	w.check(err)
	u := &userpool.User{Pool: worldPool, Username: name, Sub: "5ub-" + name, Status: userpool.Confirmed, Enabled: true,
		Created: w.Now(), Modified: w.Now(), Password: phc, PasswordChanged: w.Now(), Attributes: map[string]string{
			"email": name + "@example.com", "email_verified": "true", "custom:team": "blue"}}
	change(u)
	if u.Password != "" {
		u.SRPSalt, u.SRPVerifier = userpool.NewVerifier(u.Pool, u.Username, password)
	}
	w.check(w.store.CreateUser(w.Context(), u))
	return u
}

func (w *world) changeUser(name string, change func(*userpool.User)) {
	w.Helper()
	_, err := w.store.UpdateUser(w.Context(), worldPool, name, func(u *userpool.User) error {
		change(u)
		return nil
	})
	w.check(err)
}

func (w *world) signOut(name string) {
	w.Helper()
	w.changeUser(name, func(u *userpool.User) { u.SignedOut = w.Now() })
}

// initiate runs a flow with parameters given as name, value, name, value …
func (w *world) initiate(c *userpool.Client, flow string, params ...string) (*userpool.Step, error) {
	return w.auth.Initiate(w.Context(), c, flow, pairs(params), "", strings.HasPrefix(flow, "ADMIN"))
}

func (w *world) respond(c *userpool.Client, challenge, session string, params ...string) (*userpool.Step, error) {
	return w.auth.Respond(w.Context(), c, challenge, pairs(params), session, false)
}

func pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// passwordSignIn signs in with USER_PASSWORD_AUTH.
func (w *world) passwordSignIn(c *userpool.Client, name, password string) (*userpool.TokenSet, error) {
	step, err := w.initiate(c, "USER_PASSWORD_AUTH", "USERNAME", name, "PASSWORD", password)
	if err != nil {
		return nil, err
	}
	return step.Result, nil
}

func (w *world) mustSignIn() *userpool.TokenSet {
	w.Helper()
	set, err := w.passwordSignIn(w.client, "alice", password)
	w.check(err)
	return set
}

// srpChallenge starts USER_SRP_AUTH.
func (w *world) srpChallenge(c *userpool.Client, name string, more ...string) (*srp.Client, *userpool.Challenge) {
	w.Helper()
	half := srp.NewClient()
	step, err := w.initiate(c, "USER_SRP_AUTH", append(more, "USERNAME", name, "SRP_A", half.Public.Text(16))...)
	w.check(err)
	return half, step.Challenge
}

// srpAnswer is what a client sends for a challenge.
func (w *world) srpAnswer(half *srp.Client, ch *userpool.Challenge, password string) map[string]string {
	w.Helper()
	answer, err := half.Answer("World0001", password, ch.Params, w.Now())
	w.check(err)
	return answer
}

func (w *world) verify(c *userpool.Client, answer map[string]string) (*userpool.Step, error) {
	return w.auth.Respond(w.Context(), c, "PASSWORD_VERIFIER", answer, "", false)
}

// wantFault checks the kind and the text of a refusal.
func wantFault(t testing.TB, err, kind error, text string) {
	t.Helper()
	var f *userpool.Fault
	if !errors.As(err, &f) || !errors.Is(err, kind) || f.Text != text {
		t.Errorf("err = %v, want %v: %s", err, kind, text)
	}
}

// claims decodes a token without verifying it.
func claims(t testing.TB, token string) map[string]any {
	t.Helper()
	return decodePart(t, token, 1)
}

func decodePart(t testing.TB, token string, part int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[part])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func fromIP(ctx context.Context, ip string) context.Context {
	return userpool.WithOrigin(ctx, userpool.Origin{IP: ip})
}
