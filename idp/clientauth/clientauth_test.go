package clientauth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	pool   = "us-east-1_Test00001"
	other  = "us-east-1_Other0001"
	issuer = "https://id.example/us-east-1_Test00001"
	app    = "appclient00000000000000000"
	secret = "s3cret+with/odd%chars:and more, long enough for every MAC that there is"
)

var (
	ecKey, _  = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ecNew, _  = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, _ = rsa.GenerateKey(rand.Reader, 2048)
)

// A world is an authenticator and the one client that it knows.
type world struct {
	*clientauth.Authenticator
	now    time.Time
	client userpool.Client
	keys   string // what the client's jwks_uri says
	down   error
}

func (w *world) Client(_ context.Context, id userpool.ClientID) (*userpool.Client, error) {
	if w.down != nil {
		return nil, w.down
	}
	if !strings.EqualFold(string(id), string(w.client.ID)) { // as a careless database would compare
		return nil, userpool.ErrClientNotFound
	}
	c := w.client
	return &c, nil
}

func (w *world) Fetch(context.Context, string, int) ([]byte, error) {
	if w.keys == "" {
		return nil, errors.New("unreachable")
	}
	return []byte(w.keys), nil
}

func open(o userpool.OpenIDClient) *world {
	w := &world{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.client = userpool.Client{ID: app, Pool: pool, Secret: secret, OpenID: o}
	w.Authenticator = &clientauth.Authenticator{Clients: w, Ephemeral: ephemeraltest.New(clock), Now: clock,
		Remote: &jose.RemoteKeys{Fetch: w, Now: clock},
		Issuer: func(id userpool.PoolID) string { return "https://id.example/" + string(id) }}
	return w
}

func (w *world) try(r *clientauth.Request) error {
	if r.Pool == nil {
		r.Pool = &userpool.Pool{ID: pool}
	}
	if r.Endpoint == "" {
		r.Endpoint = "/oauth2/token"
	}
	c, err := w.Authenticate(context.Background(), r)
	if err == nil && c.ID != app {
		panic("another client")
	}
	return err
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	var refused *clientauth.Refusal
	switch {
	case code == "" && err != nil:
		t.Errorf("refused: %v", err)
	case code != "" && !errors.As(err, &refused):
		t.Errorf("got %v, want %s", err, code)
	case code != "" && refused.Code != code:
		t.Errorf("got %s, want %s", refused.Code, code)
	}
}

func jwks(keys ...crypto.Signer) string {
	var set jose.Keys
	for i, k := range keys {
		set = append(set, jose.Key{ID: string(rune('a' + i)), Material: k.Public()})
	}
	raw, err := jose.EncodeKeySet(set)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func basic(id, secret string) []string {
	return []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

func body(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestSecrets(t *testing.T) {
	post := body("client_id", app, "client_secret", secret)
	tests := []struct {
		name   string
		method string
		public bool
		r      clientauth.Request
		want   string
	}{
		{name: "basic", r: clientauth.Request{Authorization: basic(app, secret)}},
		{name: "basic with the client in the body", r: clientauth.Request{Authorization: basic(app, secret), Form: body("client_id", app)}},
		{name: "post", r: clientauth.Request{Form: post}},
		{name: "none", public: true, r: clientauth.Request{Form: body("client_id", app)}},
		{name: "registered for basic", method: userpool.AuthBasic, r: clientauth.Request{Authorization: basic(app, secret)}},
		{name: "registered for none", method: userpool.AuthNone, r: clientauth.Request{Form: body("client_id", app)}},

		{name: "registered for basic, by post", method: userpool.AuthBasic, r: clientauth.Request{Form: post}, want: "invalid_client"},
		{name: "registered for post, by basic", method: userpool.AuthPost, r: clientauth.Request{Authorization: basic(app, secret)}, want: "invalid_client"},
		{name: "registered for keys, by secret", method: userpool.AuthPrivateKeyJWT, r: clientauth.Request{Form: post}, want: "invalid_client"},
		{name: "registered for keys, by nothing", method: userpool.AuthPrivateKeyJWT, r: clientauth.Request{Form: body("client_id", app)}, want: "invalid_client"},
		{name: "registered for TLS, by nothing", method: userpool.AuthTLS, r: clientauth.Request{Form: body("client_id", app)}, want: "invalid_client"},
		{name: "both", r: clientauth.Request{Authorization: basic(app, secret), Form: post}, want: "invalid_request"},
		{name: "basic and assertion", r: clientauth.Request{Authorization: basic(app, secret), Form: body("client_assertion", "x")}, want: "invalid_client"},
		{name: "no secret", r: clientauth.Request{Form: body("client_id", app)}, want: "invalid_client"},
		{name: "empty secret", r: clientauth.Request{Authorization: basic(app, "")}, want: "invalid_client"},
		{name: "wrong secret", r: clientauth.Request{Authorization: basic(app, "x")}, want: "invalid_client"},
		{name: "secret of a public client", public: true, r: clientauth.Request{Form: post}, want: "invalid_client"},
		{name: "another client in the body", r: clientauth.Request{Authorization: basic(app, secret), Form: body("client_id", "x")}, want: "invalid_client"},
		{name: "client in another case (S1)", r: clientauth.Request{Authorization: basic(strings.ToUpper(app), secret)}, want: "invalid_client"},
		{name: "another pool's", r: clientauth.Request{Pool: &userpool.Pool{ID: other}, Form: post}, want: "invalid_client"},
		{name: "nobody", r: clientauth.Request{}, want: "invalid_client"},
		{name: "bearer", r: clientauth.Request{Authorization: []string{"Bearer x"}}, want: "invalid_client"},
		{name: "two headers", r: clientauth.Request{Authorization: append(basic(app, secret), basic(app, secret)...)}, want: "invalid_client"},
		{name: "no pair", r: clientauth.Request{Authorization: []string{"Basic eA=="}}, want: "invalid_client"},
		{name: "bad escape", r: clientauth.Request{Authorization: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(app+":%zz"))}}, want: "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := open(userpool.OpenIDClient{AuthMethod: tt.method})
			if tt.public {
				w.client.Secret = ""
			}
			want(t, w.try(&tt.r), tt.want)
		})
	}
}

func TestStoreFails(t *testing.T) {
	w := open(userpool.OpenIDClient{})
	w.down = errors.New("disk")
	var refused *clientauth.Refusal
	if err := w.try(&clientauth.Request{Form: body("client_id", app, "client_secret", secret)}); err == nil || errors.As(err, &refused) {
		t.Errorf("a failing store (S4): %v", err)
	}
}

type m = map[string]any

// assertion signs claims; nil takes one away.
func (w *world) assertion(t testing.TB, key jose.PrivateKey, changes m) url.Values {
	t.Helper()
	c := m{"iss": app, "sub": app, "aud": issuer, "jti": rand.Text(), "iat": w.now.Unix(), "exp": w.now.Unix() + 60}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jose.Sign(key, "", payload)
	if err != nil {
		t.Fatal(err)
	}
	return assertionForm(raw)
}

func assertionForm(raw string) url.Values {
	return body("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", raw)
}

func es256() jose.PrivateKey { return jose.PrivateKey{ID: "a", Algorithm: jose.ES256, Private: ecKey} }

// TestAssertions (F8, S19) has the Foundation's modules on client assertions in it.
func TestAssertions(t *testing.T) {
	now := open(userpool.OpenIDClient{}).now.Unix()
	par := issuer + "/oauth2/par"
	shared := func(alg, secret string) jose.PrivateKey {
		return jose.PrivateKey{Algorithm: alg, Private: []byte(secret)}
	}
	tests := []struct {
		name   string
		client userpool.OpenIDClient
		key    jose.PrivateKey
		claims m
		form   func(url.Values)
		at     string
		want   string
	}{
		{name: "good"},
		{name: "with client_id", form: func(f url.Values) { f.Set("client_id", app) }},
		{name: "for the token endpoint", claims: m{"aud": issuer + "/oauth2/token"}},
		{name: "for the endpoint that is called", claims: m{"aud": []string{par}}, at: "/oauth2/par"},
		{name: "for several of ours", claims: m{"aud": []string{issuer, issuer + "/oauth2/token"}}},
		{name: "8 seconds early", claims: m{"nbf": now + 8, "iat": now + 8}},
		{name: "RS256", key: jose.PrivateKey{ID: "b", Algorithm: jose.RS256, Private: rsaKey}},
		{name: "the algorithm that was registered", client: userpool.OpenIDClient{AuthAlgorithm: jose.ES256}},
		{name: "HS256", client: userpool.OpenIDClient{AuthMethod: userpool.AuthSecretJWT}, key: shared(jose.HS256, secret)},
		{name: "HS512", client: userpool.OpenIDClient{AuthMethod: userpool.AuthSecretJWT}, key: shared(jose.HS512, secret)},
		{name: "FAPI", client: userpool.OpenIDClient{FAPI: true}},
		{name: "FAPI with PS256", client: userpool.OpenIDClient{FAPI: true}, key: jose.PrivateKey{ID: "b", Algorithm: jose.PS256, Private: rsaKey}},

		{name: "another algorithm than was registered", client: userpool.OpenIDClient{AuthAlgorithm: jose.PS256}, want: "invalid_client"},
		{name: "a secret for a client of keys", key: shared(jose.HS256, secret), want: "invalid_client"},
		{name: "the public key as a secret", key: shared(jose.HS256, jwks(ecKey, rsaKey)), want: "invalid_client"},
		{name: "a key for a client of secrets", client: userpool.OpenIDClient{AuthMethod: userpool.AuthSecretJWT, JWKS: jwks(ecKey)}, want: "invalid_client"},
		{name: "another secret", client: userpool.OpenIDClient{AuthMethod: userpool.AuthSecretJWT}, key: shared(jose.HS256, strings.Repeat("x", 64)), want: "invalid_client"},
		{name: "a stranger's key", key: jose.PrivateKey{ID: "a", Algorithm: jose.ES256, Private: ecNew}, want: "invalid_client"},
		{name: "FAPI with RS256", client: userpool.OpenIDClient{FAPI: true}, key: jose.PrivateKey{ID: "b", Algorithm: jose.RS256, Private: rsaKey}, want: "invalid_client"},
		{name: "FAPI for the token endpoint", client: userpool.OpenIDClient{FAPI: true}, claims: m{"aud": issuer + "/oauth2/token"}, want: "invalid_client"},
		{name: "FAPI for a list", client: userpool.OpenIDClient{FAPI: true}, claims: m{"aud": []string{issuer}}, want: "invalid_client"},
		{name: "FAPI for half an hour", client: userpool.OpenIDClient{FAPI: true}, claims: m{"exp": now + 1800}, want: "invalid_client"},
		{name: "FAPI with a secret", client: userpool.OpenIDClient{FAPI: true, AuthMethod: userpool.AuthSecretJWT}, key: shared(jose.HS256, secret), want: "invalid_client"},
		{name: "for others too", claims: m{"aud": []string{issuer, "https://evil.example"}}, want: "invalid_client"},
		{name: "for another", claims: m{"aud": "https://evil.example"}, want: "invalid_client"},
		{name: "for another endpoint", claims: m{"aud": par}, want: "invalid_client"},
		{name: "for nobody", claims: m{"aud": []string{}}, want: "invalid_client"},
		{name: "no aud", claims: m{"aud": nil}, want: "invalid_client"},
		{name: "aud is no text", claims: m{"aud": 7}, want: "invalid_client"},
		{name: "no sub", claims: m{"sub": nil}, want: "invalid_client"},
		{name: "no iss", claims: m{"iss": nil}, want: "invalid_client"},
		{name: "another iss", claims: m{"iss": "x"}, want: "invalid_client"},
		{name: "another sub", claims: m{"sub": "x"}, want: "invalid_client"},
		{name: "no exp", claims: m{"exp": nil}, want: "invalid_client"},
		{name: "5 minutes late", claims: m{"exp": now - 300}, want: "invalid_client"},
		{name: "endless", claims: m{"exp": 1e300}, want: "invalid_client"},
		{name: "61 seconds early", claims: m{"nbf": now + 61, "exp": now + 120}, want: "invalid_client"},
		{name: "issued in 61 seconds", claims: m{"iat": now + 61, "exp": now + 120}, want: "invalid_client"},
		{name: "no jti", claims: m{"jti": nil}, want: "invalid_client"},
		{name: "endless jti", claims: m{"jti": strings.Repeat("x", 300)}, want: "invalid_client"},
		{name: "another client_id", form: func(f url.Values) { f.Set("client_id", "x") }, want: "invalid_client"},
		{name: "another type", form: func(f url.Values) { f.Set("client_assertion_type", "x") }, want: "invalid_client"},
		{name: "no assertion", form: func(f url.Values) { f.Del("client_assertion") }, want: "invalid_client"},
		{name: "a secret beside it", form: func(f url.Values) { f.Set("client_secret", secret) }, want: "invalid_request"},
		{name: "dots (S28)", form: func(f url.Values) { f.Set("client_assertion", strings.Repeat(".", 1<<20)) }, want: "invalid_client"},
		{name: "none", form: func(f url.Values) {
			parts := strings.Split(f.Get("client_assertion"), ".")
			f.Set("client_assertion", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))+"."+parts[1]+".")
		}, want: "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.client.AuthMethod == "" {
				tt.client.AuthMethod, tt.client.JWKS = userpool.AuthPrivateKeyJWT, jwks(ecKey, rsaKey)
			}
			if tt.key.Private == nil {
				tt.key = es256()
			}
			w := open(tt.client)
			form := w.assertion(t, tt.key, tt.claims)
			if tt.form != nil {
				tt.form(form)
			}
			want(t, w.try(&clientauth.Request{Form: form, Endpoint: tt.at}), tt.want)
		})
	}
}

// TestAssertionOnce (S2, S8): fifty at once, one wins. A refused one is not used up,
// and two clients may use the same id.
func TestAssertionOnce(t *testing.T) {
	w := open(userpool.OpenIDClient{AuthMethod: userpool.AuthPrivateKeyJWT, JWKS: jwks(ecKey)})
	form := w.assertion(t, es256(), m{"jti": "one", "aud": issuer + "/oauth2/par"})
	want(t, w.try(&clientauth.Request{Form: form}), "invalid_client")
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			err := w.try(&clientauth.Request{Form: form, Endpoint: "/oauth2/par"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else {
				want(t, err, "invalid_client")
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
	w.now = w.now.Add(70 * time.Second) // expired, but for the skew
	want(t, w.try(&clientauth.Request{Form: form, Endpoint: "/oauth2/par"}), "invalid_client")
}

// TestKeyRotation is refresh-token-rp-key-rotation: a kid that is not known has the
// client's keys read again.
func TestKeyRotation(t *testing.T) {
	w := open(userpool.OpenIDClient{AuthMethod: userpool.AuthPrivateKeyJWT, JWKSURI: "https://app.example/keys"})
	want(t, w.try(&clientauth.Request{Form: w.assertion(t, es256(), nil)}), "invalid_client") // not reachable
	w.keys, w.now = jwks(ecKey), w.now.Add(time.Minute)
	want(t, w.try(&clientauth.Request{Form: w.assertion(t, es256(), nil)}), "")
	w.keys, w.now = jwks(ecKey, ecNew), w.now.Add(time.Minute)
	fresh := jose.PrivateKey{ID: "b", Algorithm: jose.ES256, Private: ecNew}
	want(t, w.try(&clientauth.Request{Form: w.assertion(t, fresh, nil)}), "")
}

func FuzzAssertion(f *testing.F) {
	w := open(userpool.OpenIDClient{AuthMethod: userpool.AuthPrivateKeyJWT, JWKS: jwks(ecKey)})
	f.Add(w.assertion(f, es256(), nil).Get("client_assertion"))
	f.Add(w.assertion(f, es256(), m{"aud": []any{1, "x"}, "exp": -1e300}).Get("client_assertion"))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, raw string) {
		_ = open(w.client.OpenID).try(&clientauth.Request{Form: assertionForm(raw)})
	})
}

func FuzzBasic(f *testing.F) {
	f.Add(basic(app, secret)[0])
	f.Fuzz(func(t *testing.T, header string) {
		err := open(userpool.OpenIDClient{}).try(&clientauth.Request{Authorization: []string{header}})
		if err == nil && !strings.EqualFold(header[:5], "basic") {
			t.Errorf("%q was taken", header)
		}
	})
}
