package oidcrp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A world is a provider of every kind, with real keys, and a server that relies on
// it.
type world struct {
	*testing.T
	*httptest.Server
	upstream *oidcrp.Upstream
	now      time.Time
	key      *ecdsa.PrivateKey
	kid      string

	mu       sync.Mutex
	codes    map[string]url.Values // the authorization requests behind them
	requests []*http.Request       // what was asked since, with its form
	metadata map[string]any        // changes of the discovery document

	// What may be otherwise. Each has the honest way for its zero value.
	claims   map[string]any                                // of the ID token
	token    func(claims map[string]any) string            // signs it
	exchange func(http.ResponseWriter, *http.Request) bool // answers at the token endpoint
	answers  map[string]string                             // bodies, by path
	respond  map[string]func(http.ResponseWriter, *http.Request)
	keysDown bool
	noPKCE   bool
}

const (
	clientID = "poolhouse"
	secret   = "s3cret:&"
	callback = "https://pools.example/eu-1_a/oauth2/idpresponse"
)

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: start, key: newECKey(t), kid: "k1", codes: map[string]url.Values{}, metadata: map[string]any{},
		answers: map[string]string{}, respond: map[string]func(http.ResponseWriter, *http.Request){}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", w.discovery)
	mux.HandleFunc("POST /token", w.exchanged)
	mux.HandleFunc("/keys", func(rw http.ResponseWriter, _ *http.Request) {
		if w.keysDown {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		json.NewEncoder(rw).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.key.Public(), KeyID: w.kid, Use: "sig"}}})
	})
	mux.HandleFunc("/", w.resource)
	w.Server = httptest.NewServer(mux)
	t.Cleanup(w.Close)
	w.upstream = oidcrp.NewUpstream(outbound.New(true), w, bases, func() time.Time { return w.now })
	return w
}

// Pool makes the world the store of pools.
func (w *world) Pool(_ context.Context, id userpool.PoolID) (*userpool.Pool, error) {
	return &userpool.Pool{ID: id}, nil
}

func bases(p *userpool.Pool) []string {
	return []string{"https://pools.example/" + string(p.ID), "https://corp.auth.pools.example"}
}

func newECKey(t testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// pem is a key as Apple gives it out.
func pkcs8(t testing.TB, key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (w *world) discovery(rw http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{"issuer": w.URL, "authorization_endpoint": w.URL + "/authorize", "token_endpoint": w.URL + "/token",
		"userinfo_endpoint": w.URL + "/userinfo", "jwks_uri": w.URL + "/keys", "authorization_response_iss_parameter_supported": true,
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"}}
	maps.Copy(doc, w.metadata)
	json.NewEncoder(rw).Encode(doc)
}

// exchanged is the token endpoint.
func (w *world) exchanged(rw http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	if w.exchange != nil && w.exchange(rw, r) {
		return
	}
	asked, ok := w.codes[r.Form.Get("code")]
	delete(w.codes, r.Form.Get("code"))
	sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
	proven := w.noPKCE || base64.RawURLEncoding.EncodeToString(sum[:]) == asked.Get("code_challenge")
	if !ok || !proven || r.Form.Get("redirect_uri") != asked.Get("redirect_uri") {
		rw.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(rw).Encode(map[string]string{"error": "invalid_grant"})
		return
	}
	out := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 3600}
	if nonce := asked.Get("nonce"); nonce != "" {
		claims := map[string]any{"iss": w.URL, "aud": asked.Get("client_id"), "sub": "alice", "nonce": nonce,
			"iat": w.now.Unix(), "exp": w.now.Add(time.Minute).Unix(), "at_hash": atHash("access")}
		change(claims, w.claims)
		if w.token == nil {
			out["id_token"] = sign(w, jose.ES256, w.key, w.kid, claims)
		} else {
			out["id_token"] = w.token(claims)
		}
	}
	json.NewEncoder(rw).Encode(out)
}

func atHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// change sets members; nil takes one away.
func change(claims, changes map[string]any) {
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
}

// resource is whatever takes the access token.
func (w *world) resource(rw http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	if respond := w.respond[r.URL.Path]; respond != nil {
		respond(rw, r)
		return
	}
	body, ok := w.answers[r.URL.Path]
	if !ok || r.Header.Get("Authorization") != "Bearer access" {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.Write([]byte(body))
}

// provider is the world as one of a pool's.
func (w *world) provider(kind string, details map[string]string) *userpool.Provider {
	all := map[string]string{"client_id": clientID, "client_secret": secret, "authorize_scopes": "openid email", "oidc_issuer": w.URL}
	for name, value := range details {
		if all[name] = value; value == "" {
			delete(all, name)
		}
	}
	return &userpool.Provider{Pool: "eu-1_a", Name: "Corp", Type: kind, Details: all}
}

// depart asks, and returns the request that a browser takes to the provider.
func (w *world) depart(p *userpool.Provider, ask sp.Ask) (*sp.Departure, url.Values) {
	w.Helper()
	ask.Provider, ask.State = p, "the-state"
	out, err := w.upstream.Depart(w.Context(), &ask)
	if err != nil {
		w.Fatal(err)
	}
	u, err := url.Parse(out.Address)
	if err != nil {
		w.Fatal(err)
	}
	return out, u.Query()
}

// grant is what the provider sends the browser back with.
func (w *world) grant(asked url.Values) url.Values {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := rand.Text()
	w.codes[code] = asked
	return url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {w.URL}}
}

// signIn goes all the way.
func (w *world) signIn(p *userpool.Provider, ask sp.Ask) (*sp.Arrival, error) {
	w.Helper()
	out, asked := w.depart(p, ask)
	return w.upstream.Arrive(w.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: w.grant(asked)})
}
