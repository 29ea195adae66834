package registration_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/registration"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const pool = userpool.PoolID("us-east-1_Register1")

// A desk is a registration endpoint over real stores.
type desk struct {
	t       testing.TB
	url     string
	store   userpool.Store
	service *userpool.Service
	clock   *ephemeraltest.Clock
	sector  map[string]string // documents by address
}

// Fetch implements jose.Fetcher.
func (d *desk) Fetch(ctx context.Context, address string, limit int) ([]byte, error) {
	if text, ok := d.sector[address]; ok {
		return []byte(text), nil
	}
	return outbound.New(false).Fetch(ctx, address, limit)
}

func open(t testing.TB, settings userpool.OpenIDPool) *desk {
	t.Helper()
	clock := ephemeraltest.NewClock()
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	d := &desk{t: t, store: sqlstoretest.SQLite(t, clock.Now).Userpool(ring), clock: clock, sector: map[string]string{}}
	eph := ephemeraltest.New(clock.Now)
	log := slog.New(slog.DiscardHandler)
	d.service = &userpool.Service{Store: d.store, Ephemeral: eph, Keys: ring, Now: clock.Now, Fetch: d, Log: log}
	p := userpool.NewPool("pool")
	p.ID, p.OpenID, p.Created, p.Modified = pool, settings, clock.Now(), clock.Now()
	d.must(d.store.CreatePool(t.Context(), p))
	mux := web.NewMux(log, func(w http.ResponseWriter, _ *http.Request, e *web.Error) error { w.WriteHeader(e.Status); return nil })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	d.url = srv.URL
	(&registration.Handler{Clients: d.service, Ephemeral: eph, Log: log,
		Issuer: func(p userpool.PoolID) string { return srv.URL + "/" + string(p) }}).Mount(mux)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

type m = map[string]any

// call sends JSON, or a text as it is.
func (d *desk) call(method, address, token string, body any) (int, m) {
	d.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		raw, err := json.Marshal(body)
		d.must(err)
		text = string(raw)
	}
	req, err := http.NewRequest(method, address, strings.NewReader(text))
	d.must(err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	d.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	d.must(err)
	if res.Header.Get("Cache-Control") != "no-store" {
		d.t.Errorf("%s %s may be cached", method, address)
	}
	out := m{}
	if len(raw) > 0 {
		d.must(json.Unmarshal(raw, &out))
	}
	return res.StatusCode, out
}

func (d *desk) register(token string, body any) (int, m) {
	d.t.Helper()
	return d.call("POST", d.url+"/"+string(pool)+"/oauth2/register", token, body)
}

func (d *desk) mustRegister(body m) m {
	d.t.Helper()
	status, out := d.register("", body)
	if status != 201 {
		d.t.Fatalf("%d %v", status, out)
	}
	return out
}

var callback = []string{"https://rp.example/cb"}

func TestRegister(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	d.sector["https://rp.example/logo.png"] = "none"
	out := d.mustRegister(m{"redirect_uris": callback, "client_name": "RP", "logo_uri": "https://rp.example/logo.png", "client_name#de": "ignored",
		"policy_uri": "https://rp.example/policy", "tos_uri": "https://rp.example/tos", "software_version": "ignored", "contacts": []string{"a@rp.example"}})
	want := m{"client_name": "RP", "token_endpoint_auth_method": "client_secret_basic", "client_secret_expires_at": 0.0,
		"logo_uri": "https://rp.example/logo.png", "scope": "openid email phone profile address offline_access"}
	for name, want := range want {
		if out[name] != want {
			t.Errorf("%s = %v, want %v", name, out[name], want)
		}
	}
	c, err := d.store.Client(t.Context(), userpool.ClientID(out["client_id"].(string)))
	d.must(err)
	if !c.OpenID.Registered || c.Secret != out["client_secret"] || len(c.Secret) < 64 || c.OpenID.PolicyURI != "https://rp.example/policy" || c.Pool != pool {
		t.Errorf("%+v", c)
	}
	if strings.Contains(string(c.OpenID.RegistrationToken), out["registration_access_token"].(string)) {
		t.Error("the token is stored in clear")
	}
	if out["registration_client_uri"] != d.url+"/"+string(pool)+"/oauth2/register/"+string(c.ID) {
		t.Errorf("%v", out["registration_client_uri"])
	}
}

func TestRefusedRegistrations(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	redirect := func(uris ...string) m { return m{"redirect_uris": uris} }
	with := func(more m) m {
		out := m{"redirect_uris": callback}
		for name, value := range more {
			out[name] = value
		}
		return out
	}
	for name, tt := range map[string]struct {
		body any
		code string
	}{
		"no addresses":           {m{}, "invalid_redirect_uri"},
		"fragment":               {redirect("https://rp.example/cb#x"), "invalid_redirect_uri"},
		"empty fragment":         {redirect("https://rp.example/cb#"), "invalid_redirect_uri"},
		"http":                   {redirect("http://rp.example/cb"), "invalid_redirect_uri"},
		"http to this machine":   {redirect("http://127.0.0.1/cb"), "invalid_redirect_uri"},
		"scheme of an app":       {redirect("com.example.app:/cb"), "invalid_redirect_uri"},
		"script":                 {redirect("javascript:alert(1)"), "invalid_redirect_uri"},
		"data":                   {redirect("data:text/html,x"), "invalid_redirect_uri"},
		"user in it":             {redirect("https://user@rp.example/cb"), "invalid_redirect_uri"},
		"wildcard":               {redirect("https://*.rp.example/cb"), "invalid_redirect_uri"},
		"native, short scheme":   {m{"application_type": "native", "redirect_uris": []string{"app:/cb"}}, "invalid_redirect_uri"},
		"native, http elsewhere": {m{"application_type": "native", "redirect_uris": []string{"http://rp.example/cb"}}, "invalid_redirect_uri"},
		"admin's scope":          {with(m{"scope": "openid aws.cognito.signin.user.admin"}), "invalid_client_metadata"},
		"company's API":          {with(m{"scope": "api/read"}), "invalid_client_metadata"},
		"implicit":               {with(m{"response_types": []string{"id_token token"}, "grant_types": []string{"implicit"}}), "invalid_client_metadata"},
		"hybrid":                 {with(m{"response_types": []string{"code id_token"}, "grant_types": []string{"authorization_code", "implicit"}}), "invalid_client_metadata"},
		"types that disagree":    {with(m{"response_types": []string{"code token"}, "grant_types": []string{"authorization_code"}}), "invalid_client_metadata"},
		"client credentials":     {with(m{"grant_types": []string{"client_credentials"}}), "invalid_client_metadata"},
		"token exchange":         {with(m{"grant_types": []string{userpool.GrantExchange}}), "invalid_client_metadata"},
		"passwords":              {with(m{"grant_types": []string{"password"}}), "invalid_client_metadata"},
		"unsigned ID tokens":     {with(m{"id_token_signed_response_alg": "none"}), "invalid_client_metadata"},
		"ID tokens by secret":    {with(m{"id_token_signed_response_alg": "HS256"}), "invalid_client_metadata"},
		"unsigned requests":      {with(m{"request_object_signing_alg": "none"}), "invalid_client_metadata"},
		"unknown method":         {with(m{"token_endpoint_auth_method": "x"}), "invalid_client_metadata"},
		"keys that lack":         {with(m{"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata"},
		"private key":            {with(m{"jwks": m{"keys": []m{{"kty": "oct", "k": "AAAA"}}}}), "invalid_client_metadata"},
		"keys twice":             {with(m{"jwks": m{"keys": []m{}}, "jwks_uri": "https://rp.example/jwks"}), "invalid_client_metadata"},
		"keys by http":           {with(m{"jwks_uri": "http://rp.example/jwks"}), "invalid_client_metadata"},
		"keys by file":           {with(m{"jwks_uri": "file:///etc/passwd"}), "invalid_client_metadata"},
		"encrypted to nobody":    {with(m{"id_token_encrypted_response_alg": "RSA-OAEP"}), "invalid_client_metadata"},
		"password encryption":    {with(m{"jwks_uri": "https://rp.example/jwks", "id_token_encrypted_response_alg": "PBES2-HS256+A128KW"}), "invalid_client_metadata"},
		"script for a logo":      {with(m{"logo_uri": "javascript:alert(1)"}), "invalid_client_metadata"},
		"own token":              {with(m{"registration_access_token": "x"}), "invalid_client_metadata"},
		"wrong kind":             {with(m{"default_max_age": "x"}), "invalid_client_metadata"},
		"negative":               {with(m{"default_max_age": -1}), "invalid_client_metadata"},
		"a list":                 {`[]`, "invalid_client_metadata"},
		"no JSON":                {`{`, "invalid_client_metadata"},
		"deep":                   {`{"redirect_uris":` + strings.Repeat("[", 10000), "invalid_client_metadata"},
		"large":                  {`{"client_name":"` + strings.Repeat("a", 200<<10) + `"}`, "invalid_client_metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := d.register("", tt.body)
			if status != 400 || out["error"] != tt.code || out["error_description"] == nil || out["client_id"] != nil {
				t.Errorf("%d %v", status, out)
			}
		})
	}
	clients, _, err := d.store.Clients(t.Context(), pool, "", 10)
	if err != nil || len(clients) != 0 {
		t.Errorf("%d clients, %v", len(clients), err)
	}
}

// What an administrator gives a client, no client takes.
func TestOwnSettingsAreNotTheClients(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	out := d.mustRegister(m{"redirect_uris": callback, "exchange_from": []string{"x"}, "audiences": []string{"https://api.example"}, "require_consent": false})
	id := userpool.ClientID(out["client_id"].(string))
	c, err := d.store.Client(t.Context(), id)
	d.must(err)
	if c.OpenID.ExchangeFrom != nil || c.OpenID.Audiences != nil {
		t.Errorf("%+v", c.OpenID)
	}
	_, err = d.store.UpdateClient(t.Context(), pool, id, func(c *userpool.Client) error { c.OpenID.RequirePKCE, c.OpenID.RequireConsent = true, true; return nil })
	d.must(err)
	status, out := d.call("PUT", out["registration_client_uri"].(string), out["registration_access_token"].(string), m{"client_id": id, "redirect_uris": callback, "require_pkce": false})
	if c, err = d.store.Client(t.Context(), id); status != 200 || err != nil || !c.OpenID.RequirePKCE || !c.OpenID.RequireConsent || !c.OpenID.Registered {
		t.Errorf("%d %v %+v", status, out, c.OpenID)
	}
}

func TestNativeAndImplicitClients(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen, ImplicitClients: true})
	out := d.mustRegister(m{"application_type": "native", "redirect_uris": []string{"com.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]:81/cb", "https://rp.example/cb"},
		"token_endpoint_auth_method": "none"})
	if out["client_secret"] != nil {
		t.Error("a public client has a secret")
	}
	out = d.mustRegister(m{"redirect_uris": callback, "response_types": []string{"token id_token", "code"}, "grant_types": []string{"implicit", "authorization_code"}})
	c, err := d.store.Client(t.Context(), userpool.ClientID(out["client_id"].(string)))
	if err != nil || len(c.OpenID.ResponseTypes) != 1 || c.OpenID.ResponseTypes[0] != "id_token token" {
		t.Errorf("%+v, %v", c.OpenID, err)
	}
}

func TestSectorDocuments(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	d.sector["https://sector.example/good"] = `["https://rp.example/cb","https://other.example/cb"]`
	d.sector["https://sector.example/bad"] = `["https://other.example/cb"]`
	d.sector["https://sector.example/page"] = `<html>`
	for address, good := range map[string]bool{"https://sector.example/good": true, "https://sector.example/bad": false, "https://sector.example/page": false,
		"https://127.0.0.1/inside": false, "https://169.254.169.254/": false, "http://sector.example/good": false} {
		status, out := d.register("", m{"redirect_uris": callback, "subject_type": "pairwise", "sector_identifier_uri": address})
		if (status == 201) != good || !good && out["error"] != "invalid_client_metadata" {
			t.Errorf("%s: %d %v", address, status, out)
		}
		if good {
			c, err := d.store.Client(t.Context(), userpool.ClientID(out["client_id"].(string)))
			if err != nil || c.OpenID.Sector != "sector.example" || !c.OpenID.Pairwise || out["subject_type"] != "pairwise" {
				t.Errorf("%+v, %v", c.OpenID, err)
			}
		}
	}
	two := []string{"https://rp.example/cb", "https://other.example/cb"}
	if status, out := d.register("", m{"redirect_uris": two, "subject_type": "pairwise"}); status != 400 {
		t.Errorf("two hosts and no document: %d %v", status, out)
	}
}

func TestInitialTokens(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationToken})
	body := m{"redirect_uris": callback}
	token, _, err := d.service.NewRegistrationToken(t.Context(), pool, 2, time.Hour)
	d.must(err)
	refused := func(step, token string) {
		t.Helper()
		if status, out := d.register(token, body); status != 401 || out["error"] != "invalid_token" {
			t.Errorf("%s: %d %v", step, status, out)
		}
	}
	refused("none", "")
	refused("rubbish", "rubbish")
	refused("altered", token[:len(token)-2]+"AA")
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for range 10 {
		wg.Go(func() {
			if _, _, err := d.service.Register(t.Context(), pool, token, &userpool.Registration{RedirectURIs: callback}); err == nil {
				mu.Lock()
				good++
				mu.Unlock()
			} else if !errors.Is(err, userpool.ErrRegistration) {
				t.Error(err)
			}
		})
	}
	if wg.Wait(); good != 2 {
		t.Errorf("%d registrations by a token for two", good)
	}
	token, _, err = d.service.NewRegistrationToken(t.Context(), pool, 100, time.Hour)
	d.must(err)
	if status, _ := d.register(token, body); status != 201 {
		t.Errorf("%d", status)
	}
	d.clock.Advance(time.Hour)
	refused("expired", token)
}

func TestClosedPool(t *testing.T) {
	d := open(t, userpool.OpenIDPool{})
	if status, out := d.register("", m{"redirect_uris": callback}); status != 403 || out["error"] != "access_denied" {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := d.call("POST", d.url+"/us-east-1_None00000/oauth2/register", "", m{"redirect_uris": callback}); status != 403 {
		t.Errorf("no pool: %d", status)
	}
}

func TestManage(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	mine, other := d.mustRegister(m{"redirect_uris": callback}), d.mustRegister(m{"redirect_uris": callback})
	at, token := mine["registration_client_uri"].(string), mine["registration_access_token"].(string)
	status, out := d.call("GET", at, token, nil)
	if status != 200 || out["client_id"] != mine["client_id"] || out["client_secret"] != mine["client_secret"] {
		t.Errorf("%d %v", status, out)
	}
	change := m{"client_id": mine["client_id"], "client_secret": mine["client_secret"], "redirect_uris": []string{"https://rp.example/new"}, "client_name": "New"}
	for name, bad := range map[string]struct {
		method, address, token string
	}{
		"no token":           {"GET", at, ""},
		"somebody's token":   {"GET", at, other["registration_access_token"].(string)},
		"somebody's client":  {"GET", other["registration_client_uri"].(string), token},
		"no client":          {"GET", at + "x", token},
		"update":             {"PUT", at, other["registration_access_token"].(string)},
		"delete":             {"DELETE", at, other["registration_access_token"].(string)},
		"another pool":       {"GET", strings.Replace(at, string(pool), "us-east-1_None00000", 1), token},
		"secret for a token": {"GET", at, mine["client_secret"].(string)},
	} {
		if status, out := d.call(bad.method, bad.address, bad.token, change); status != 401 || out["error"] != "invalid_token" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	for name, bad := range map[string]m{
		"other client":  {"client_id": other["client_id"], "redirect_uris": callback},
		"no client":     {"redirect_uris": callback},
		"other secret":  {"client_id": mine["client_id"], "client_secret": "x", "redirect_uris": callback},
		"no addresses":  {"client_id": mine["client_id"]},
		"no secret now": {"client_id": mine["client_id"], "redirect_uris": callback, "token_endpoint_auth_method": "none"},
	} {
		if status, out := d.call("PUT", at, token, bad); status != 400 {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	status, out = d.call("PUT", at, token, change)
	if status != 200 || out["client_name"] != "New" || out["registration_access_token"] == token || out["client_secret"] != mine["client_secret"] {
		t.Fatalf("%d %v", status, out)
	}
	if status, _ := d.call("GET", at, token, nil); status != 401 {
		t.Errorf("the old token still works: %d", status)
	}
	token = out["registration_access_token"].(string)
	if status, _ := d.call("DELETE", at, token, nil); status != 204 {
		t.Errorf("delete: %d", status)
	}
	if status, _ := d.call("GET", at, token, nil); status != 401 {
		t.Errorf("deleted: %d", status)
	}
}

// Of two holders of one token, one changes the client: the other notices.
func TestTokenIsGoodForOneUpdate(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	mine := d.mustRegister(m{"redirect_uris": callback})
	id, token := userpool.ClientID(mine["client_id"].(string)), mine["registration_access_token"].(string)
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for range 20 {
		wg.Go(func() {
			_, _, err := d.service.UpdateRegistration(t.Context(), pool, id, token, &userpool.Registration{RedirectURIs: callback,
				OpenID: userpool.OpenIDClient{AuthMethod: userpool.AuthBasic}})
			if err == nil {
				mu.Lock()
				good++
				mu.Unlock()
			} else if !errors.Is(err, userpool.ErrRegistration) {
				t.Error(err)
			}
		})
	}
	if wg.Wait(); good != 1 {
		t.Errorf("%d updates by one token", good)
	}
}

// A client of an administrator's has no token, and none opens it.
func TestOtherClientsAreNotManagedHere(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	c, err := d.service.CreateClient(t.Context(), userpool.NewClient(pool, "own"))
	d.must(err)
	if status, _ := d.call("GET", d.url+"/"+string(pool)+"/oauth2/register/"+string(c.ID), "", nil); status != 401 {
		t.Errorf("%d", status)
	}
}

func TestAddressesAreLimited(t *testing.T) {
	d := open(t, userpool.OpenIDPool{Registration: userpool.RegistrationOpen})
	for range 300 {
		d.register("", "{}")
	}
	if status, _ := d.register("", m{"redirect_uris": callback}); status != 429 {
		t.Errorf("%d", status)
	}
	d.clock.Advance(time.Hour + time.Second)
	if status, _ := d.register("", m{"redirect_uris": callback}); status != 201 {
		t.Errorf("an hour later: %d", status)
	}
}

func FuzzRegister(f *testing.F) {
	f.Add([]byte(`{"redirect_uris":["https://rp.example/cb"],"jwks":{"keys":[]}}`))
	f.Add([]byte(`{"response_types":["code"],"subject_type":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := userpool.ParseOpenIDClient(raw, true)
		if err != nil {
			if !errors.Is(err, userpool.ErrInvalidParameter) {
				t.Fatal(err)
			}
			return
		}
		members, err := o.Metadata(true)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatalf("%v of %s", err, raw)
		}
		if _, err := userpool.ParseOpenIDClient(text, true); err != nil {
			t.Fatalf("%s became %s: %v", raw, text, err)
		}
	})
}
