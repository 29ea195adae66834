package dpop_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
)

const (
	pool     = "us-east-1_Test00001"
	endpoint = "https://id.example/us-east-1_Test00001/oauth2/token"
)

var (
	ecKey, _  = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, _ = rsa.GenerateKey(rand.Reader, 2048)
	weak, _   = rsa.GenerateKey(rand.Reader, 1024)
)

type world struct {
	now time.Time
	*dpop.Verifier
}

func open() *world {
	w := &world{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.Verifier = &dpop.Verifier{Ephemeral: ephemeraltest.New(clock), Secret: []byte("secret"), Now: clock}
	return w
}

type m = map[string]any

func (w *world) claims(changes m) m {
	c := m{"jti": rand.Text(), "htm": "POST", "htu": endpoint, "iat": w.now.Unix()}
	maps.Copy(c, changes)
	for name, value := range c {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

// sign makes a JWS with any header at all.
func sign(t testing.TB, key crypto.Signer, header m, payload any) string {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	h, _ := json.Marshal(header)
	p, _ := json.Marshal(payload)
	text := enc(h) + "." + enc(p)
	sum := sha256.Sum256([]byte(text))
	var sig []byte
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case *rsa.PrivateKey:
		var err error
		if header["alg"] == "PS256" {
			sig, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 32})
		} else {
			sig, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return text + "." + enc(sig)
}

func public(key crypto.Signer) jose.JSONWebKey { return jose.JSONWebKey{Key: key.Public()} }

func es256(changes m) m {
	h := m{"typ": "dpop+jwt", "alg": "ES256", "jwk": public(ecKey)}
	maps.Copy(h, changes)
	for name, value := range h {
		if value == nil {
			delete(h, name)
		}
	}
	return h
}

func target() dpop.Target { return dpop.Target{Pool: pool, Method: "POST", URL: endpoint} }

// TestProofs is RFC 9449 section 4.3, and the Foundation's dpop-negative-tests.
func TestProofs(t *testing.T) {
	ath := sha256.Sum256([]byte("the-token"))
	tests := []struct {
		name           string
		header, claims m
		key            crypto.Signer
		target         func(*dpop.Target)
		bad            bool
	}{
		{name: "good"},
		{name: "PS256", header: m{"alg": "PS256", "jwk": public(rsaKey)}, key: rsaKey},
		{name: "typ in capitals", header: m{"typ": "DPOP+JWT"}},
		{name: "unknown claims and headers", header: m{"x": 1}, claims: m{"y": m{"z": 1}}},
		{name: "htu with query and fragment", claims: m{"htu": endpoint + "?a=b#c"}},
		{name: "htu with scheme and host in capitals", claims: m{"htu": strings.Replace(endpoint, "https://id", "HTTPS://ID", 1)}},
		{name: "htu with the default port", claims: m{"htu": strings.Replace(endpoint, ".example", ".example:443", 1)}},
		{name: "10 seconds old", claims: m{"iat": open().now.Unix() - 10}},
		{name: "10 seconds early", claims: m{"iat": open().now.Unix() + 10}},
		{name: "nbf and exp", claims: m{"nbf": open().now.Unix() - 1, "exp": open().now.Unix() + 30}},
		{name: "ath", claims: m{"ath": base64.RawURLEncoding.EncodeToString(ath[:])}, target: func(t *dpop.Target) { t.Token = "the-token" }},

		{name: "no typ", header: m{"typ": nil}, bad: true},
		{name: "other typ", header: m{"typ": "JWT"}, bad: true},
		{name: "no alg", header: m{"alg": nil}, bad: true},
		{name: "none", header: m{"alg": "none"}, bad: true},
		{name: "RS256", header: m{"alg": "RS256", "jwk": public(rsaKey)}, key: rsaKey, bad: true},
		{name: "ES384", header: m{"alg": "ES384"}, bad: true},
		{name: "HS256", header: m{"alg": "HS256", "jwk": m{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}}, bad: true},
		{name: "weak key", header: m{"alg": "PS256", "jwk": public(weak)}, key: weak, bad: true},
		{name: "no key", header: m{"jwk": nil}, bad: true},
		{name: "private key", header: m{"jwk": jose.JSONWebKey{Key: ecKey}}, bad: true},
		{name: "another key", header: m{"alg": "PS256", "jwk": public(rsaKey)}, bad: true},
		{name: "crit", header: m{"crit": []string{"b64"}, "b64": true}, bad: true},
		{name: "no jti", claims: m{"jti": nil}, bad: true},
		{name: "endless jti", claims: m{"jti": strings.Repeat("x", 300)}, bad: true},
		{name: "no htm", claims: m{"htm": nil}, bad: true},
		{name: "other htm", claims: m{"htm": "GET"}, bad: true},
		{name: "no htu", claims: m{"htu": nil}, bad: true},
		{name: "other path", claims: m{"htu": endpoint + "/"}, bad: true},
		{name: "other host", claims: m{"htu": strings.Replace(endpoint, "id.", "evil.", 1)}, bad: true},
		{name: "other port", claims: m{"htu": strings.Replace(endpoint, ".example", ".example:444", 1)}, bad: true},
		{name: "user in htu", claims: m{"htu": strings.Replace(endpoint, "https://", "https://a@", 1)}, bad: true},
		{name: "no iat", claims: m{"iat": nil}, bad: true},
		{name: "one hour old", claims: m{"iat": open().now.Unix() - 3600}, bad: true},
		{name: "one hour early", claims: m{"iat": open().now.Unix() + 3600}, bad: true},
		{name: "iat beyond all time", claims: m{"iat": 1e300}, bad: true},
		{name: "expired", claims: m{"exp": open().now.Unix() - 1}, bad: true},
		{name: "not yet", claims: m{"nbf": open().now.Unix() + 100}, bad: true},
		{name: "no ath", target: func(t *dpop.Target) { t.Token = "the-token" }, bad: true},
		{name: "ath of another", claims: m{"ath": base64.RawURLEncoding.EncodeToString(ath[:])}, target: func(t *dpop.Target) { t.Token = "other" }, bad: true},
		{name: "a nonce that is not ours", claims: m{"nonce": "x"}, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, want, key := open(), target(), tt.key
			if key == nil {
				key = ecKey
			}
			if tt.target != nil {
				tt.target(&want)
			}
			jkt, err := w.Verify(context.Background(), []string{sign(t, key, es256(tt.header), w.claims(tt.claims))}, want)
			if tt.bad != (err != nil) {
				t.Fatalf("error %v", err)
			}
			k := public(key)
			if sum, _ := k.Thumbprint(crypto.SHA256); !tt.bad && jkt != base64.RawURLEncoding.EncodeToString(sum) {
				t.Errorf("thumbprint %q", jkt)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	w := open()
	good := sign(t, ecKey, es256(nil), w.claims(nil))
	parts := strings.Split(good, ".")
	twice := base64.RawURLEncoding.EncodeToString([]byte(`{"htm":"GET","htm":"POST"}`))
	for name, header := range map[string][]string{
		"none": nil, "two": {good, good}, "empty": {""}, "words": {"not a jwt"}, "dots (S28)": {strings.Repeat(".", 1<<20)},
		"long (S28)": {strings.Repeat("a", 1<<20)}, "cut signature": {good[:len(good)-4]}, "no signature": {parts[0] + "." + parts[1] + "."},
		"other payload": {parts[0] + "." + twice + "." + parts[2]}, "no object": {sign(t, ecKey, es256(nil), "x")},
		"JWE": {parts[0] + ".a.b.c.d"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Verify(context.Background(), header, target())
			if refused := (*dpop.Error)(nil); !errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestReplay (S2): of fifty, one wins; a proof that is refused for something else is not used up.
func TestReplay(t *testing.T) {
	w := open()
	raw := sign(t, ecKey, es256(nil), w.claims(nil))
	other := target()
	other.URL += "2"
	if _, err := w.Verify(context.Background(), []string{raw}, other); err == nil {
		t.Fatal("a proof is good for another address")
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			_, err := w.Verify(context.Background(), []string{raw}, target())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
	w.now = w.now.Add(90 * time.Second) // its memory must not end before it does
	if _, err := w.Verify(context.Background(), []string{raw}, target()); err == nil {
		t.Error("used again later")
	}
}

func TestNonce(t *testing.T) {
	w := open()
	need := target()
	need.NeedNonce = true
	try := func(claims m) error {
		_, err := w.Verify(context.Background(), []string{sign(t, ecKey, es256(nil), w.claims(claims))}, need)
		return err
	}
	if err := try(nil); !errors.Is(err, dpop.ErrNonce) {
		t.Errorf("without one: %v", err)
	}
	nonce := w.Nonce(pool)
	hour := m{"nonce": nonce, "iat": w.now.Unix() - 3600}
	if err := try(hour); err != nil {
		t.Errorf("a nonce vouches for the time: %v", err)
	}
	if err := try(m{"nonce": w.Nonce("us-east-1_Other0001")}); !errors.Is(err, dpop.ErrNonce) {
		t.Errorf("another pool's: %v", err)
	}
	w.now = w.now.Add(5 * time.Minute)
	if err := try(m{"nonce": nonce}); err != nil {
		t.Errorf("in the window after: %v", err)
	}
	w.now = w.now.Add(5 * time.Minute)
	if err := try(m{"nonce": nonce}); !errors.Is(err, dpop.ErrNonce) {
		t.Errorf("afterwards: %v", err)
	}
	w.now = open().now
	again := m{"jti": "once", "nonce": w.Nonce(pool)}
	if err := try(again); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(6 * time.Minute)
	if err := try(again); err == nil {
		t.Error("a nonce let a proof be used twice")
	}
}

func FuzzVerify(f *testing.F) {
	w := open()
	f.Add(sign(f, ecKey, es256(nil), w.claims(nil)))
	f.Add(sign(f, rsaKey, es256(m{"alg": "PS256", "jwk": public(rsaKey)}), w.claims(m{"iat": -1e18})))
	f.Add("eyJhbGciOiJub25lIn0..")
	f.Fuzz(func(t *testing.T, raw string) {
		w := open()
		if jkt, err := w.Verify(context.Background(), []string{raw}, target()); (err == nil) != (len(jkt) == 43) {
			t.Errorf("%q, %v", jkt, err)
		}
	})
}
