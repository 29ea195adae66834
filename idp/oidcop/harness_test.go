package oidcop_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/approval"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/idp/decoupled"
	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/idp/oidcop"
	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/idp/requestobject"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/static"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/templates"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	poolID   = "us-east-1_Test00001"
	strictID = "us-east-1_Strict001"
	public   = "publicclient00000000000000"
	secretID = "secretclient00000000000000"
	otherID  = "otherclient000000000000000"
	m2mID    = "m2mclient00000000000000000"
	stricter = "strictclient00000000000000"

	callback = "https://app.example/cb"
	password = "Correct-Horse-7"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	// challenge is the S256 of verifier (RFC 7636 appendix B).
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// secret has characters that HTTP Basic must carry encoded (RFC 6749 section 2.3.1).
const secret = "s3cret+with/odd%chars:and more"

// A house is a whole provider on real stores, with a clock that the test sets.
type house struct {
	t        testing.TB
	clock    *idptest.Clock
	url      string
	front    *http.ServeMux
	store    userpool.Store
	tokens   *userpool.Tokens
	auth     *userpool.Auth
	service  *userpool.Service
	ring     *keyring.Keys
	handler  *oidcop.Handler
	grants   *faultyGrants
	sessions idp.SessionStore
	signout  *signout.Service
	mails    *mails
	alice    *userpool.User
}

type mails struct {
	mu   sync.Mutex
	sent []userpool.Mail
}

func (m *mails) Send(_ context.Context, mail userpool.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, mail)
	return nil
}

// code returns the code in the newest mail.
func (m *mails) code(t *testing.T) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sent) == 0 {
		t.Fatal("no mail was sent")
	}
	return regexp.MustCompile(`\b\d{6}\b`).FindString(m.sent[len(m.sent)-1].Body)
}

// faultyGrants fails on demand, as a database does.
type faultyGrants struct {
	idp.GrantStore
	redeem, replay error
	redeemed       func() // runs when a code is consumed, before its tokens are signed
}

func (f *faultyGrants) Redeem(ctx context.Context, code idp.Handle, family *userpool.Family, at time.Time) error {
	if f.redeem != nil {
		return f.redeem
	}
	err := f.GrantStore.Redeem(ctx, code, family, at)
	if err == nil && f.redeemed != nil {
		f.redeemed()
	}
	return err
}

func (f *faultyGrants) MarkReplayed(ctx context.Context, p userpool.PoolID, code idp.Handle) (string, error) {
	if f.replay != nil {
		return "", f.replay
	}
	return f.GrantStore.MarkReplayed(ctx, p, code)
}

func open(t testing.TB) *house {
	t.Helper()
	clock := idptest.NewClock()
	db := sqlstoretest.SQLite(t, clock.Now)
	ring := keyringtest.New(t)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	eph := ephemeraltest.New(clock.Now)
	h := &house{t: t, clock: clock, store: db.Userpool(ring), ring: ring, mails: &mails{}}
	front := http.NewServeMux()
	srv := httptest.NewServer(front)
	t.Cleanup(srv.Close)
	h.url, h.front = srv.URL, front
	issuer := func(id userpool.PoolID) string { return srv.URL + "/" + string(id) }
	remote := &jose.RemoteKeys{Fetch: outbound.New(true), Now: clock.Now}
	h.tokens = &userpool.Tokens{Store: h.store, Keys: ring, Now: clock.Now, Issuer: issuer, ClientKeys: remote}
	hasher := cheapHasher()
	h.service = &userpool.Service{Store: h.store, Ephemeral: eph, Messages: h.mails, Keys: ring, Hasher: hasher, Now: clock.Now,
		Region: "us-east-1", Account: "000000000000", Issuer: issuer, Log: log}
	h.auth = &userpool.Auth{Store: h.store, Ephemeral: eph, Keys: ring, Hasher: hasher, Tokens: h.tokens, Messages: h.mails,
		Now: clock.Now, Log: log}
	h.signout = &signout.Service{Participants: db.IDP(), Sessions: db.IDP(), Clients: h.store, Outbox: h.mails, Issuer: issuer, Now: clock.Now, Log: log}
	browsers := &browser.Store{Sessions: &idp.Sessions{Store: db.IDP(), Users: h.store, Now: clock.Now, Ending: h.signout.SessionEnding}}
	gate := &login.Gate{Browser: browsers, Ephemeral: eph, Now: clock.Now, Log: log}
	pages, err := web.ParsePages(templates.FS, "login", static.Path)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := words.Parse(templates.FS, "login/locales", "en")
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(log, login.ErrorPage(pages, texts))
	h.sessions = db.IDP()
	h.grants = &faultyGrants{GrantStore: db.IDP()}
	h.handler = &oidcop.Handler{Store: h.store, Tokens: h.tokens, Grants: h.grants, Browser: browsers, Gate: gate,
		SignOut: h.signout, Issuer: issuer, Script: static.Path("post.js"), Now: clock.Now, Log: log}
	h.handler.Clients = &clientauth.Authenticator{Clients: h.store, Ephemeral: eph, Issuer: issuer, Now: clock.Now,
		Remote: remote}
	h.handler.Waiting = &decoupled.Store{Ephemeral: eph, Keys: ring, Now: clock.Now}
	h.handler.Proofs = &dpop.Verifier{Ephemeral: eph, Secret: []byte("secret of nonces"), Now: clock.Now}
	h.handler.Requests = &pushed.Store{Ephemeral: eph, Now: clock.Now}
	h.handler.Objects = &requestobject.Reader{Remote: h.handler.Clients.Remote, Keys: h.tokens.RequestKeys, Fetch: outbound.New(true), Issuer: issuer, Now: clock.Now}
	h.handler.Consents, h.handler.ConsentKey = db.Consents(), []byte("secret of consents")
	h.handler.Hosted = &login.Handler{Store: h.store, Passwords: h.auth, Accounts: h.service, Looks: h.service, Browser: browsers, Gate: gate, Ephemeral: eph,
		Forms: &web.Forms{Secret: []byte("0123456789abcdef0123456789abcdef")}, Pages: pages, Words: texts, Now: clock.Now, Log: log}
	h.handler.Pages = h.handler.Hosted
	h.handler.Leaving = &chain.Handler{Store: h.store, Browser: browsers, Participants: db.IDP(), Clients: h.signout, Pages: h.handler.Hosted, Ephemeral: eph, Now: clock.Now, Log: log}
	h.handler.Leaving.Mount(mux)
	h.handler.Mount(mux)
	h.handler.Hosted.Mount(mux)
	(&approval.Handler{Store: h.store, Waiting: h.handler.Waiting, Login: h.handler.Hosted, Gate: gate, Ephemeral: eph, Caller: outbound.New(true), Log: log}).Mount(mux)
	h.handler.Inviter = &approval.Inviter{Messages: h.mails, Words: texts}
	front.Handle("/static/", static.Handler())
	front.Handle("/", edge(mux))
	h.seed()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) seed() {
	ctx, now := context.Background(), h.clock.Now()
	for _, id := range []userpool.PoolID{poolID, strictID} {
		h.must(h.store.CreatePool(ctx, &userpool.Pool{ID: id, Name: "Test", Created: now, Modified: now, Strict: id == strictID,
			PasswordPolicy: userpool.PasswordPolicy{MinimumLength: 8, RequireNumbers: true}, AutoVerified: []string{"email"},
			Schema: []userpool.SchemaAttribute{{Name: "email", Type: "String", Mutable: true, Min: "0", Max: "2048"},
				{Name: "name", Type: "String", Mutable: true, Min: "0", Max: "2048"}}}))
		h.must(h.store.PutResourceServer(ctx, &userpool.ResourceServer{Pool: id, Identifier: "api", Name: "API",
			Scopes: []userpool.Scope{{Name: "read"}, {Name: "write"}}}))
	}
	client := func(id userpool.ClientID, pool userpool.PoolID, secret string, flows ...string) {
		h.must(h.store.CreateClient(ctx, &userpool.Client{ID: id, Pool: pool, Name: "App", Secret: secret, Created: now, Modified: now,
			ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, TokenRevocation: true,
			OAuthEnabled: true, OAuthFlows: flows, OAuthScopes: []string{"openid", "email", "api/read"},
			CallbackURLs: []string{callback, "http://127.0.0.1/cb", "http://localhost:3000/cb", "myapp://cb"},
			LogoutURLs:   []string{"https://app.example/bye"}, IdentityProviders: []string{"COGNITO"}}))
	}
	client(public, poolID, "", "code")
	client(secretID, poolID, secret, "code", "implicit")
	client(otherID, poolID, "", "code")
	client(m2mID, poolID, secret, "client_credentials")
	client(stricter, strictID, "", "code")
	for _, pool := range []userpool.PoolID{poolID, strictID} {
		h.user(pool, "alice", userpool.Confirmed)
	}
	h.alice, _ = h.store.User(ctx, poolID, "alice")
}

var hashed sync.Map // by password

func cheapHasher() *userpool.Hasher {
	return userpool.NewHasher(userpool.HasherConfig{Cost: userpool.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
}

func (h *house) user(pool userpool.PoolID, name string, status userpool.Status) {
	h.t.Helper()
	phc, ok := hashed.Load(password)
	if !ok {
		made, err := cheapHasher().Hash(context.Background(), password)
		h.must(err)
		phc = made
		hashed.Store(password, made)
	}
	now := h.clock.Now()
	h.must(h.store.CreateUser(context.Background(), &userpool.User{Pool: pool, Username: name, Sub: "sub-" + name + "-" + string(pool),
		Status: status, Enabled: true, Created: now, Modified: now, Password: phc.(string), PasswordChanged: now.Add(-time.Second),
		SignedOut: time.Time{}, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "name": name}}))
}

// A visitor is a browser: it keeps cookies and follows no redirect by itself.
type visitor struct {
	h      *house
	client *http.Client
}

func (h *house) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A reply is a response, read.
type reply struct {
	*http.Response
	text string
}

func (v *visitor) do(req *http.Request) *reply {
	v.h.t.Helper()
	res, err := v.client.Do(req)
	v.h.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	v.h.must(err)
	return &reply{res, string(body)}
}

func (v *visitor) get(path string) *reply {
	v.h.t.Helper()
	req, err := http.NewRequest("GET", v.h.absolute(path), nil)
	v.h.must(err)
	return v.do(req)
}

func (h *house) absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return h.url + path
	}
	return path
}

// post sends a form of our own pages, with the token of the page at path.
func (v *visitor) post(path string, form url.Values) *reply {
	v.h.t.Helper()
	page := v.get(path)
	m := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(page.text)
	if m == nil {
		v.h.t.Fatalf("%s has no form: %d %s", path, page.StatusCode, page.text)
	}
	form.Set("_csrf", m[1])
	if s := regexp.MustCompile(`name="step" value="([^"]+)"`).FindStringSubmatch(page.text); s != nil {
		form.Set("step", s[1])
	}
	return v.submit(path, form)
}

func (v *visitor) submit(path string, form url.Values) *reply {
	v.h.t.Helper()
	req, err := http.NewRequest("POST", v.h.absolute(path), strings.NewReader(form.Encode()))
	v.h.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(req)
}

// authorizeURL is an authorization request; nil in changes removes a parameter.
func authorizeURL(pool, client string, changes map[string]any) string {
	q := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "scope": {"openid email"},
		"state": {"xyz"}, "nonce": {"n-1"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for name, value := range changes {
		switch value := value.(type) {
		case nil:
			q.Del(name)
		case string:
			q.Set(name, value)
		case []string:
			q[name] = value
		}
	}
	return "/" + pool + "/oauth2/authorize?" + q.Encode()
}

func where(r *reply) *url.URL {
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil {
		panic(err)
	}
	return u
}

// signIn follows an authorization request through the login page to the app, and
// returns the address that the app is called with.
func (v *visitor) signIn(authorize, user string) *url.URL {
	v.h.t.Helper()
	res := v.get(authorize)
	for range 5 {
		at := where(res)
		switch {
		case strings.HasPrefix(at.String(), callback):
			return at
		case strings.HasSuffix(at.Path, "/login"):
			res = v.post(at.String(), url.Values{"username": {user}, "password": {password}})
		case at.Path == "":
			v.h.t.Fatalf("stuck at %d: %s", res.StatusCode, res.text)
		default:
			res = v.get(at.String())
		}
	}
	v.h.t.Fatalf("no end: %s", res.Header.Get("Location"))
	return nil
}

// code signs alice in and returns an authorization code.
func (h *house) code(pool, client string, changes map[string]any) string {
	h.t.Helper()
	at := h.visitor().signIn(authorizeURL(pool, client, changes), "alice")
	code := at.Query().Get("code")
	if code == "" {
		h.t.Fatalf("no code: %s", at)
	}
	return code
}

// token calls the token endpoint as a public client.
func (h *house) token(pool string, form url.Values) (int, map[string]any) {
	h.t.Helper()
	return h.program("POST", "/"+pool+"/oauth2/token", form, nil)
}

func (h *house) program(method, path string, form url.Values, header http.Header) (int, map[string]any) {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, h.url+path, body)
	h.must(err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res := h.visitor().do(req)
	out := map[string]any{}
	if res.text != "" {
		if err := json.Unmarshal([]byte(res.text), &out); err != nil {
			h.t.Fatalf("%s %s: %d %q", method, path, res.StatusCode, res.text)
		}
	}
	return res.StatusCode, out
}

func redemption(client, code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {callback},
		"code_verifier": {verifier}}
}

func basic(id, secret string) http.Header {
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
}

// claims reads a token without checking it.
func claims(t testing.TB, raw any) map[string]any {
	t.Helper()
	parts := strings.Split(raw.(string), ".")
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// works reports whether an access token is still good.
func (h *house) works(access any) bool {
	status, _ := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, http.Header{"Authorization": {"Bearer " + access.(string)}})
	return status == 200
}
