package authz_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/userpool"
)

// proof is a DPoP header for a request that presents token, or none.
func proof(t *testing.T, key *ecdsa.PrivateKey, method, address, token string) string {
	t.Helper()
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
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

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// boundToken is an access token that an app gets for itself, bound to a key.
func (g *rig) boundToken(key *ecdsa.PrivateKey) string {
	g.t.Helper()
	const id = "boundclient000000000000000"
	ctx, now, store := g.t.Context(), time.Now().UTC().Truncate(time.Microsecond), g.Pools.Store
	for _, err := range []error{
		store.PutResourceServer(ctx, &userpool.ResourceServer{Pool: demodata.PoolID, Identifier: "api", Name: "API", Scopes: []userpool.Scope{{Name: "read"}}}),
		store.CreateClient(ctx, &userpool.Client{ID: id, Pool: demodata.PoolID, Name: "App", Secret: "secret",
			Created: now, Modified: now, OAuthEnabled: true, OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"api/read"}}),
	} {
		if err != nil {
			g.t.Fatal(err)
		}
	}
	path := "/" + demodata.PoolID + "/oauth2/token"
	r := httptest.NewRequest("POST", g.URL()+path, strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"secret"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof(g.t, key, "POST", g.URL()+path, ""))
	w := g.send(r)
	var out struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.TokenType != "DPoP" {
		g.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return out.AccessToken
}

// A token that is bound to a key passes with a proof by the key, for this request,
// once.
func TestProofOfPossession(t *testing.T) {
	g := newRig(t, "nginx")
	key := newKey(t)
	token := g.boundToken(key)
	const address = "https://" + host + "/items/1"
	request := func(scheme, proof string) *http.Request {
		r := g.plain(spec{method: "GET", uri: "/items/1?x=y"})
		r.Header.Set("Authorization", scheme+" "+token)
		if proof != "" {
			r.Header.Set("DPoP", proof)
		}
		return asks["nginx"](r)
	}
	good := proof(t, key, "GET", address, token)
	g.want("with its key", request("DPoP", good), http.StatusOK)
	g.want("once more", request("DPoP", good), http.StatusUnauthorized)
	g.want("as a bearer", request("Bearer", ""), http.StatusUnauthorized)
	g.want("as a bearer with a proof", request("Bearer", proof(t, key, "GET", address, token)), http.StatusUnauthorized)
	g.want("no proof", request("DPoP", ""), http.StatusUnauthorized)
	g.want("another key", request("DPoP", proof(t, newKey(t), "GET", address, token)), http.StatusUnauthorized)
	g.want("another method", request("DPoP", proof(t, key, "PUT", address, token)), http.StatusUnauthorized)
	g.want("another address", request("DPoP", proof(t, key, "GET", address+"2", token)), http.StatusUnauthorized)
	g.want("another host", request("DPoP", proof(t, key, "GET", "https://evil.example/items/1", token)), http.StatusUnauthorized)
	g.want("another token", request("DPoP", proof(t, key, "GET", address, token+"x")), http.StatusUnauthorized)
}
