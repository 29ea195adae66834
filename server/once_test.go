package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	oncePool = "us-east-1_Once00001"
	onceApp  = "onceclient0000000000000000"
)

// TestOnce: of fifty requests with the same assertion, or the same proof, one gets a
// token, whatever the stores are.
func TestOnce(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := servertest.Start(t, p, servertest.Options{Edit: func(c *server.Config) { c.RateLimits = "off" }})
		addKeyClient(t, s, key)
		endpoint := s.URL() + "/" + oncePool + "/oauth2/token"
		t.Run("assertion", func(t *testing.T) {
			form := assertionOf(t, s, key)
			fifty(t, func() (*http.Request, error) { return tokenRequest(endpoint, form) })
		})
		t.Run("proof", func(t *testing.T) {
			proof := proofFor(t, key, endpoint)
			fifty(t, func() (*http.Request, error) {
				r, err := tokenRequest(endpoint, assertionOf(t, s, key)) // a new one each time
				if err == nil {
					r.Header.Set("DPoP", proof)
				}
				return r, err
			})
		})
	})
}

func addKeyClient(t *testing.T, s *server.Server, key *ecdsa.PrivateKey) {
	t.Helper()
	ctx, now, store := context.Background(), time.Now().UTC().Truncate(time.Microsecond), s.Pools.Store
	keys, err := jose.EncodeKeySet(jose.Keys{{ID: "a", Material: key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		store.CreatePool(ctx, &userpool.Pool{ID: oncePool, Name: "Once", Created: now, Modified: now}),
		store.PutResourceServer(ctx, &userpool.ResourceServer{Pool: oncePool, Identifier: "api", Name: "API", Scopes: []userpool.Scope{{Name: "read"}}}),
		store.CreateClient(ctx, &userpool.Client{ID: onceApp, Pool: oncePool, Name: "App", Created: now, Modified: now, OAuthEnabled: true,
			OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"api/read"},
			OpenID: userpool.OpenIDClient{AuthMethod: userpool.AuthPrivateKeyJWT, JWKS: string(keys)}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func assertionOf(t *testing.T, s *server.Server, key *ecdsa.PrivateKey) url.Values {
	t.Helper()
	now := time.Now().Unix()
	payload, err := json.Marshal(map[string]any{"iss": onceApp, "sub": onceApp, "aud": s.URL() + "/" + oncePool, "jti": rand.Text(), "iat": now, "exp": now + 60})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jose.Sign(jose.PrivateKey{ID: "a", Algorithm: jose.ES256, Private: key}, "", payload)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion": {raw},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func proofFor(t *testing.T, key *ecdsa.PrivateKey, endpoint string) string {
	t.Helper()
	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.ES256, Key: key}, (&gojose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{"jti": rand.Text(), "htm": "POST", "htu": endpoint, "iat": time.Now().Unix()})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func tokenRequest(endpoint string, form url.Values) (*http.Request, error) {
	r, err := http.NewRequest("POST", endpoint, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}

// fifty sends fifty requests at once and wants one 200 and no 5xx.
func fifty(t *testing.T, request func() (*http.Request, error)) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	count := map[int]int{}
	for range 50 {
		r, err := request()
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			count[res.StatusCode]++
		})
	}
	wg.Wait()
	if count[200] != 1 || count[400] != 49 {
		t.Errorf("answers %v", count)
	}
}
