package oidcop_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// response reads an answer that is one JWT, by the pool's published keys.
func (h *house) response(t *testing.T, v url.Values, alg string) map[string]any {
	t.Helper()
	if len(v) != 1 || !v.Has("response") {
		t.Fatalf("got %v, want a response alone", v)
	}
	return h.opened(t, v.Get("response"), alg)
}

func (h *house) opened(t *testing.T, raw, alg string) map[string]any {
	t.Helper()
	set := h.visitor().get("/" + poolID + "/.well-known/jwks.json").text
	keys, err := jose.ParseKeySet([]byte(set))
	h.must(err)
	payload, _, err := jose.Verify(t.Context(), raw, keys, []string{alg})
	h.must(err)
	claims := map[string]any{}
	h.must(json.Unmarshal(payload, &claims))
	if claims["iss"] != h.url+"/"+poolID || claims["aud"] != public || claims["exp"] != float64(h.clock.Now().Unix()+600) || claims["state"] != "xyz" {
		t.Errorf("claims %v", claims)
	}
	return claims
}

// TestJARM: each mode, with each kind of answer, errors included.
func TestJARM(t *testing.T) {
	h := open(t)
	h.allowed(public)
	h.client(public, func(c *userpool.Client) { c.OpenID.Authorization.Algorithm = jose.ES256 })
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	for _, tt := range []struct{ mode, kind, by string }{
		{"jwt", "code", "query"}, {"query.jwt", "code", "query"}, {"fragment.jwt", "code", "fragment"}, {"form_post.jwt", "code", "form"},
		{"jwt", "code id_token token", "fragment"}, {"form_post.jwt", "code id_token", "form"},
	} {
		for _, changes := range []map[string]any{nil, {"prompt": "none", "max_age": "0"}} {
			all := map[string]any{"response_mode": tt.mode, "response_type": tt.kind}
			for name, value := range changes {
				all[name] = value
			}
			res := v.get(authorizeURL(poolID, public, all))
			var got url.Values
			switch tt.by {
			case "query":
				got = where(res).Query()
			case "fragment":
				got = fragment(t, where(res))
			default:
				_, got = posted(t, res)
			}
			claims := h.response(t, got, jose.ES256)
			if changes == nil && claims["code"] == nil || changes != nil && claims["error"] != "login_required" {
				t.Errorf("%v: %v", all, claims)
			}
		}
	}
}

// TestJARMKeepsTokensOutOfQueries: a JWT with tokens in it is tokens.
func TestJARMKeepsTokensOutOfQueries(t *testing.T) {
	h := open(t)
	h.allowed(public)
	at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"response_mode": "query.jwt", "response_type": "code id_token"})))
	if claims := h.response(t, fragment(t, at), jose.RS256); claims["error"] != "invalid_request" {
		t.Errorf("claims %v", claims)
	}
	at = where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"response_mode": "form_post.jwt", "redirect_uri": "myapp://cb"})))
	if at.Query().Get("error") != "invalid_request" {
		t.Errorf("a form to an app: %s", at)
	}
}

// TestEncryptedJARM: signed, then encrypted to the client's key.
func TestEncryptedJARM(t *testing.T) {
	h := open(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	h.must(err)
	set, err := jose.EncodeKeySet(jose.Keys{{ID: "e", Use: "enc", Material: private.Public()}})
	h.must(err)
	h.client(public, func(c *userpool.Client) {
		c.OpenID.JWKS, c.OpenID.Authorization = string(set), userpool.Sealing{Algorithm: jose.PS256, KeyManager: jose.RSAOAEP256, Content: "A256GCM"}
	})
	at := h.visitor().signIn(authorizeURL(poolID, public, map[string]any{"response_mode": "jwt"}), "alice")
	inner, _, err := jose.Decrypt(at.Query().Get("response"), []jose.PrivateKey{{ID: "e", Private: private}}, []string{jose.RSAOAEP256}, []string{"A256GCM"})
	h.must(err)
	if claims := h.opened(t, string(inner), jose.PS256); claims["code"] == nil {
		t.Errorf("claims %v", claims)
	}
}
