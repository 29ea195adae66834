package oidcrp_test

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
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/sp/oidcrp"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// An issuer is a real, small OpenID provider.
type issuer struct {
	*httptest.Server
	name       string // what its discovery document calls it
	keys       atomic.Pointer[jose.JSONWebKeySet]
	down       atomic.Bool
	discovered atomic.Int32
	fetched    atomic.Int32
}

func newIssuer(t testing.TB) *issuer {
	i := &issuer{}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.discovered.Add(1)
		json.NewEncoder(w).Encode(map[string]string{"issuer": i.name, "jwks_uri": i.URL + "/keys",
			"authorization_endpoint": i.URL + "/a", "token_endpoint": i.URL + "/t"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.fetched.Add(1)
		json.NewEncoder(w).Encode(i.keys.Load())
	})
	i.Server = httptest.NewServer(mux)
	i.name = i.URL
	t.Cleanup(i.Close)
	return i
}

// Fetch makes the issuer its own Fetcher.
func (i *issuer) Fetch(ctx context.Context, address string, limit int) ([]byte, error) {
	if i.down.Load() {
		return nil, errors.New("down")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := i.Client().Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(io.LimitReader(res.Body, int64(limit)))
}

func (i *issuer) publish(kid string, key crypto.PublicKey) {
	i.keys.Store(&jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key, KeyID: kid, Use: "sig"}}})
}

func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := json.Marshal(claims)
	j, err := s.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	token, err := j.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// payload is the middle of a token.
func payload(claims map[string]any) string {
	raw, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (i *issuer) claims(change map[string]any) map[string]any {
	c := map[string]any{"iss": i.URL, "aud": "client", "sub": "alice", "exp": start.Add(time.Hour).Unix(), "iat": start.Unix()}
	for k, v := range change {
		c[k] = v
	}
	return c
}

func newKey(t testing.TB) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerify(t *testing.T) {
	i, key := newIssuer(t), newKey(t)
	other := newKey(t)
	i.publish("k1", key.Public())
	good := sign(t, jose.RS256, key, "k1", i.claims(nil))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(good, ".")[1] + "."
	modulus := key.N.Bytes() // what a verifier that mixes algorithms up would take for a secret
	tests := []struct {
		name, token string
		want        error
	}{
		{"good", good, nil},
		{"expired", sign(t, jose.RS256, key, "k1", i.claims(map[string]any{"exp": start.Add(-time.Second).Unix()})), oidcrp.ErrExpired},
		{"another issuer's", sign(t, jose.RS256, key, "k1", i.claims(map[string]any{"iss": "https://other.example"})), oidcrp.ErrInvalid},
		{"another key", sign(t, jose.RS256, other, "k1", i.claims(nil)), oidcrp.ErrInvalid},
		{"unknown key", sign(t, jose.RS256, other, "k9", i.claims(nil)), oidcrp.ErrInvalid},
		{"not yet", sign(t, jose.RS256, key, "k1", i.claims(map[string]any{"nbf": start.Add(time.Hour).Unix()})), oidcrp.ErrInvalid},
		{"none", none, oidcrp.ErrInvalid},
		{"HS256 with the public key", sign(t, jose.HS256, modulus, "k1", i.claims(nil)), oidcrp.ErrInvalid},
		{"altered", good[:len(good)-4] + "AAAA", oidcrp.ErrInvalid},
		{"no token", "x", oidcrp.ErrInvalid},
	}
	v := oidcrp.New(i, func() time.Time { return start })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			claims, err := v.Verify(context.Background(), i.URL, tt.token)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil && claims["sub"] != "alice" {
				t.Errorf("got %v", claims)
			}
		})
	}
	if n := i.discovered.Load(); n != 1 {
		t.Errorf("discovered %d times", n)
	}
	for k := range 20 {
		v.Verify(context.Background(), i.URL, sign(t, jose.RS256, other, fmt.Sprint("hostile", k), i.claims(nil)))
	}
	if n := i.fetched.Load(); n > 2 {
		t.Errorf("keys fetched %d times: hostile tokens drive the fetching", n)
	}
}

func TestVerifyWithin(t *testing.T) {
	i, key := newIssuer(t), newKey(t)
	i.publish("k1", key.Public())
	v := oidcrp.New(i, func() time.Time { return start })
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, tt := range map[string]struct {
		claims map[string]any
		want   error
	}{
		"just expired":     {map[string]any{"exp": at(-4 * time.Minute)}, nil},
		"long expired":     {map[string]any{"exp": at(-5 * time.Minute)}, oidcrp.ErrExpired},
		"without expiry":   {map[string]any{"exp": nil}, oidcrp.ErrInvalid},
		"begins soon":      {map[string]any{"nbf": at(4 * time.Minute)}, nil},
		"begins later":     {map[string]any{"nbf": at(6 * time.Minute)}, oidcrp.ErrInvalid},
		"another issuer's": {map[string]any{"iss": "https://other.example"}, oidcrp.ErrInvalid},
	} {
		_, err := v.VerifyWithin(t.Context(), i.URL, sign(t, jose.RS256, key, "k1", i.claims(tt.claims)), 5*time.Minute)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := v.VerifyWithin(t.Context(), i.URL, sign(t, jose.RS256, newKey(t), "k1", i.claims(nil)), 5*time.Minute); !errors.Is(err, oidcrp.ErrInvalid) {
		t.Errorf("another key: %v", err)
	}
}

func TestElliptic(t *testing.T) {
	i := newIssuer(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.publish("k1", key.Public())
	v := oidcrp.New(i, func() time.Time { return start })
	if _, err := v.Verify(context.Background(), i.URL, sign(t, jose.ES256, key, "k1", i.claims(nil))); err != nil {
		t.Error(err)
	}
}

func TestRollover(t *testing.T) {
	i, one, two := newIssuer(t), newKey(t), newKey(t)
	now := start
	v := oidcrp.New(i, func() time.Time { return now })
	check := func(step string, key *rsa.PrivateKey, kid string, want error) {
		t.Helper()
		token := sign(t, jose.RS256, key, kid, i.claims(nil))
		if _, err := v.Verify(context.Background(), i.URL, token); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", step, err, want)
		}
	}
	i.publish("k1", one.Public())
	check("first", one, "k1", nil)
	i.publish("k2", two.Public())
	now = now.Add(time.Second)
	check("new key", two, "k2", nil)
	check("old key", one, "k1", oidcrp.ErrInvalid)
	i.down.Store(true)
	now = now.Add(time.Minute)
	check("known key while down", two, "k2", nil)
	check("unknown key while down", one, "k3", oidcrp.ErrUnreachable)
}

func TestUnreachable(t *testing.T) {
	i, key := newIssuer(t), newKey(t)
	i.publish("k1", key.Public())
	token := sign(t, jose.RS256, key, "k1", i.claims(nil))
	i.down.Store(true)
	now := start
	v := oidcrp.New(i, func() time.Time { return now })
	if _, err := v.Verify(context.Background(), i.URL, token); !errors.Is(err, oidcrp.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	i.down.Store(false)
	if _, err := v.Verify(context.Background(), i.URL, token); !errors.Is(err, oidcrp.ErrUnreachable) || i.discovered.Load() != 0 {
		t.Errorf("asked again at once: %v", err)
	}
	now = now.Add(11 * time.Second)
	if _, err := v.Verify(context.Background(), i.URL, token); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func TestDiscoveryMustNameTheIssuer(t *testing.T) {
	i := newIssuer(t)
	i.name = "https://other.example"
	v := oidcrp.New(i, func() time.Time { return start })
	if _, err := v.Verify(context.Background(), i.URL, "x"); !errors.Is(err, oidcrp.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
