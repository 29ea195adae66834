package oidcop_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// keys is the pool's key set, as apps read it.
func (h *house) keys(pool string) jose.Keys {
	h.t.Helper()
	keys, err := jose.ParseKeySet([]byte(h.visitor().get("/" + pool + "/.well-known/jwks.json").text))
	h.must(err)
	return keys
}

func (h *house) userInfo(token any) *reply {
	h.t.Helper()
	req, err := http.NewRequest("GET", h.url+"/"+poolID+"/oauth2/userInfo", nil)
	h.must(err)
	req.Header = bearerHeader(token)
	return h.visitor().do(req)
}

func TestSignedUserInfo(t *testing.T) {
	h := open(t)
	h.setClient(public, func(c *userpool.Client) {
		c.OpenID.UserInfo.Algorithm, c.OpenID.IDToken.Algorithm = jose.ES256, jose.EdDSA
	})
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	if _, _, err := jose.Verify(t.Context(), set["id_token"].(string), h.keys(poolID), []string{jose.EdDSA}); err != nil {
		t.Errorf("ID token: %v", err)
	}
	res := h.userInfo(set["access_token"])
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/jwt" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	payload, _, err := jose.Verify(t.Context(), res.text, h.keys(poolID), []string{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var info map[string]any
	h.must(json.Unmarshal(payload, &info))
	if info["iss"] != h.url+"/"+poolID || info["aud"] != public || info["sub"] != h.alice.Sub || info["email"] != "alice@example.com" {
		t.Errorf("%v", info)
	}
	// It is not an ID token: nothing that reads one takes it.
	if _, err := h.tokens.IDHint(t.Context(), poolID, res.text); err == nil {
		t.Error("a userinfo answer passes for an ID token")
	}
}

func TestEncryptedUserInfo(t *testing.T) {
	h := open(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	jwks, err := jose.EncodeKeySet(jose.Keys{{ID: "e", Use: "enc", Material: key.Public()}})
	h.must(err)
	h.setClient(public, func(c *userpool.Client) {
		c.OpenID.JWKS = string(jwks)
		c.OpenID.UserInfo = userpool.Sealing{KeyManager: jose.ECDHESA256, Content: "A256GCM"}
	})
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	res := h.userInfo(set["access_token"])
	plain, _, err := jose.Decrypt(res.text, []jose.PrivateKey{{ID: "e", Private: key}}, []string{jose.ECDHESA256}, []string{"A256GCM"})
	if err != nil || res.Header.Get("Content-Type") != "application/jwt" || !strings.Contains(string(plain), h.alice.Sub) {
		t.Fatalf("%d %s %v", res.StatusCode, plain, err)
	}
	h.setClient(public, func(c *userpool.Client) { c.OpenID.JWKS = "" })
	if res := h.userInfo(set["access_token"]); res.StatusCode != 500 || strings.Contains(res.text, h.alice.Sub) || strings.Contains(res.text, "jose") {
		t.Errorf("without a key: %d %s", res.StatusCode, res.text)
	}
}

func TestPairwiseUserInfo(t *testing.T) {
	h := open(t)
	h.setClient(public, func(c *userpool.Client) { c.OpenID.Pairwise = true })
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	status, info := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, bearerHeader(set["access_token"]))
	if id := claims(t, set["id_token"]); status != 200 || info["sub"] != id["sub"] || info["sub"] == h.alice.Sub || info["username"] != nil {
		t.Errorf("%d %v, ID token %v", status, info, id)
	}
	// A hint with that name is of the same user, and of nobody else.
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	again := where(v.get(authorizeURL(poolID, public, map[string]any{"prompt": "none", "id_token_hint": set["id_token"].(string)})))
	if again.Query().Get("code") == "" {
		t.Errorf("with a hint: %s", again)
	}
	h.user(poolID, "bob", userpool.Confirmed)
	other := h.visitor()
	other.signIn(authorizeURL(poolID, public, nil), "bob")
	again = where(other.get(authorizeURL(poolID, public, map[string]any{"prompt": "none", "id_token_hint": set["id_token"].(string)})))
	if again.Query().Get("error") != "login_required" {
		t.Errorf("somebody else with the hint: %s", again)
	}
}

// What discovery promises of ID tokens is kept.
func TestDiscoveryOfSealing(t *testing.T) {
	h := open(t)
	_, doc := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
	list := func(name string) (out []string) {
		for _, v := range doc[name].([]any) {
			out = append(out, v.(string))
		}
		return out
	}
	for _, alg := range list("id_token_signing_alg_values_supported") {
		h.setClient(public, func(c *userpool.Client) { c.OpenID.IDToken.Algorithm = alg })
		_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
		if _, _, err := jose.Verify(t.Context(), set["id_token"].(string), h.keys(poolID), []string{alg}); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if !slices.Equal(list("subject_types_supported"), []string{"public", "pairwise"}) {
		t.Errorf("%v", doc)
	}
}
