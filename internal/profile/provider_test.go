package profile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/internal/profile"
)

// A fake is an OpenID provider that says what it is told to.
type fake struct {
	*httptest.Server
	t      *testing.T
	key    *ecdsa.PrivateKey
	nonce  string
	claims map[string]any // over those of a good ID token
	answer url.Values     // over those of a good authorization response
	used   []string       // refresh tokens that were used, in order
	status int            // of the token endpoint, unless 200
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, status: http.StatusOK}
	f.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", f.discovery)
	mux.HandleFunc("/jwks", f.jwks)
	mux.HandleFunc("/authorize", f.authorize)
	mux.HandleFunc("/token", f.token)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.t.Error(err)
	}
}

func (f *fake) discovery(w http.ResponseWriter, _ *http.Request) {
	f.write(w, map[string]any{"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/jwks",
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}, "authorization_response_iss_parameter_supported": true})
}

func (f *fake) jwks(w http.ResponseWriter, _ *http.Request) {
	f.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
}

func (f *fake) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.nonce = q.Get("nonce")
	back := url.Values{"code": {"c"}, "state": {q.Get("state")}, "iss": {f.URL}}
	for k, v := range f.answer {
		back[k] = v
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") == "refresh_token" {
		f.used = append(f.used, r.FormValue("refresh_token"))
	}
	if f.status != http.StatusOK {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.status)
		f.write(w, map[string]string{"error": "invalid_grant"})
		return
	}
	f.write(w, map[string]any{"access_token": "a", "token_type": "Bearer", "refresh_token": "refresh-2", "id_token": f.idToken()})
}

func (f *fake) idToken() string {
	now := time.Now()
	claims := map[string]any{"iss": f.URL, "sub": "alice", "aud": "app", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": f.nonce}
	for k, v := range f.claims {
		claims[k] = v
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: f.key, KeyID: "1"}}, nil)
	if err != nil {
		f.t.Error(err)
		return ""
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		f.t.Error(err)
	}
	return token
}

func (f *fake) config() profile.Config {
	c := profile.Config{Issuer: f.URL, ClientID: "app", Scopes: []string{"openid"}}
	if err := c.Check(); err != nil {
		f.t.Fatal(err)
	}
	return c
}
