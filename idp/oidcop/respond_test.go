package oidcop_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// every response type, as a client that asked for all of them may use it.
var everyType = []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

// allowed lets a client answer with any response type.
func (h *house) allowed(client userpool.ClientID) {
	h.t.Helper()
	h.client(client, func(c *userpool.Client) {
		c.OAuthFlows, c.OpenID.ResponseTypes = []string{"code", "implicit"}, everyType
	})
}

// client changes a client's settings.
func (h *house) client(id userpool.ClientID, change func(*userpool.Client)) {
	h.t.Helper()
	c, err := h.store.Client(h.t.Context(), id)
	h.must(err)
	_, err = h.store.UpdateClient(h.t.Context(), c.Pool, id, func(c *userpool.Client) error { change(c); return nil })
	h.must(err)
}

// half is what at_hash and c_hash are of an RS256 token (OpenID Connect Core 3.3.2.11).
func half(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// fragment is what an answer carries behind the #.
func fragment(t *testing.T, at *url.URL) url.Values {
	t.Helper()
	v, err := url.ParseQuery(at.Fragment)
	if err != nil || at.RawQuery != "" {
		t.Fatalf("sent to %s: %v", at, err)
	}
	return v
}

func TestResponseTypes(t *testing.T) {
	tests := []struct {
		kind              string
		code, access, idt bool
	}{
		{"token", false, true, true}, // Cognito's: with openid comes an ID token
		{"id_token", false, false, true},
		{"id_token token", false, true, true},
		{"token id_token", false, true, true},
		{"code id_token", true, false, true},
		{"code token", true, true, false},
		{"token code id_token", true, true, true},
	}
	h := open(t)
	h.allowed(public)
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			at := h.visitor().signIn(authorizeURL(poolID, public, map[string]any{"response_type": tt.kind}), "alice")
			got := fragment(t, at)
			if got.Has("code") != tt.code || got.Has("access_token") != tt.access || got.Has("id_token") != tt.idt {
				t.Fatalf("got %v", got)
			}
			if got.Has("refresh_token") || got.Get("state") != "xyz" || got.Get("iss") != h.url+"/"+poolID {
				t.Errorf("got %v", got)
			}
			if tt.access && (got.Get("token_type") != "Bearer" || got.Get("expires_in") != "3600" || !h.works(got.Get("access_token"))) {
				t.Errorf("the access token: %v", got)
			}
			if tt.idt {
				checkFrontID(t, h, got)
			}
			if tt.code {
				if status, set := h.token(poolID, redemption(public, got.Get("code"))); status != 200 || set["refresh_token"] == nil {
					t.Errorf("the code: %d %v", status, set)
				}
			}
		})
	}
}

// checkFrontID: an ID token from the browser is bound to what came with it.
func checkFrontID(t *testing.T, h *house, got url.Values) {
	t.Helper()
	id := claims(t, got.Get("id_token"))
	if id["nonce"] != "n-1" || id["sub"] != h.alice.Sub || id["aud"] != public || id["email"] != "alice@example.com" {
		t.Errorf("id token %v", id)
	}
	for claim, value := range map[string]string{"at_hash": got.Get("access_token"), "c_hash": got.Get("code")} {
		want := any(nil)
		if value != "" {
			want = half(value)
		}
		if id[claim] != want {
			t.Errorf("%s is %v, want %v", claim, id[claim], want)
		}
	}
}

// TestFrontChannelIsOff: tokens leave by the browser only where the client's
// settings say so; nothing in a request changes that (S23).
func TestFrontChannelIsOff(t *testing.T) {
	h := open(t)
	h.allowed(stricter)
	h.allowed(otherID)
	h.client(otherID, func(c *userpool.Client) { c.OpenID.FAPI = true })
	for _, tt := range []struct{ name, pool, client, kind string }{
		{"not allowed", poolID, public, "token"},
		{"not listed", poolID, secretID, "id_token"}, // though it has implicit
		{"hybrid, not listed", poolID, secretID, "code id_token"},
		{"strict pool", strictID, stricter, "token"},
		{"strict pool, hybrid", strictID, stricter, "code id_token"},
		{"FAPI", poolID, otherID, "id_token token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changes := map[string]any{"response_type": tt.kind, "grant_types": "implicit", "response_types": tt.kind}
			at := where(h.visitor().get(authorizeURL(tt.pool, tt.client, changes)))
			got := fragment(t, at)
			if got.Get("error") != "unauthorized_client" || got.Get("state") != "xyz" {
				t.Errorf("sent to %s", at)
			}
		})
	}
}

// TestCodeTypesNeedTheCodeFlow: a hybrid answer has a code that must be redeemable.
func TestCodeTypesNeedTheCodeFlow(t *testing.T) {
	h := open(t)
	h.allowed(public)
	h.client(public, func(c *userpool.Client) { c.OAuthFlows = []string{"implicit"} })
	for kind, want := range map[string]string{"code id_token": "unauthorized_client", "id_token": "login"} {
		at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"response_type": kind})))
		if got := at.Fragment; !strings.Contains(got+at.Path, want) {
			t.Errorf("%s: sent to %s", kind, at)
		}
	}
}

func TestNonceAndScopeOfFrontChannelTokens(t *testing.T) {
	h := open(t)
	h.allowed(public)
	for _, tt := range []struct {
		kind    string
		changes map[string]any
		want    string
	}{
		{"id_token", map[string]any{"nonce": nil}, "invalid_request"},
		{"code id_token token", map[string]any{"nonce": nil}, "invalid_request"},
		{"id_token", map[string]any{"scope": "email"}, "invalid_scope"},
		{"id_token", map[string]any{"response_mode": "query"}, "invalid_request"},
		{"token", map[string]any{"response_mode": "query"}, "invalid_request"},
		{"code token", map[string]any{"nonce": nil}, ""},
		{"token", map[string]any{"nonce": nil}, ""}, // Cognito's apps send none
	} {
		changes := map[string]any{"response_type": tt.kind, "prompt": "none"}
		for k, v := range tt.changes {
			changes[k] = v
		}
		if tt.want == "" {
			tt.want = "login_required" // nothing else is wrong
		}
		at := where(h.visitor().get(authorizeURL(poolID, public, changes)))
		if got := fragment(t, at); got.Get("error") != tt.want {
			t.Errorf("%v: sent to %s, want %s", changes, at, tt.want)
		}
	}
}

func TestFragmentForCode(t *testing.T) {
	h := open(t)
	at := h.visitor().signIn(authorizeURL(poolID, public, map[string]any{"response_mode": "fragment"}), "alice")
	if got := fragment(t, at); got.Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
}

// posted reads the form of a form post.
func posted(t *testing.T, res *reply) (to string, fields url.Values) {
	t.Helper()
	if res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Location"))
	}
	fields = url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(res.text, -1) {
		fields.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	m := regexp.MustCompile(`<form id="post" method="post" action="([^"]*)">`).FindStringSubmatch(res.text)
	if m == nil {
		t.Fatalf("no form: %s", res.text)
	}
	return html.UnescapeString(m[1]), fields
}

// TestFormPost: the answer goes by POST to the registered address alone, escaped
// (S7), and so do errors.
func TestFormPost(t *testing.T) {
	h := open(t)
	h.allowed(public)
	evil := `"><script>alert(1)</script>`
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	for _, kind := range everyType {
		res := v.get(authorizeURL(poolID, public, map[string]any{"response_mode": "form_post", "response_type": kind, "state": evil}))
		to, got := posted(t, res)
		if to != callback || got.Get("state") != evil || got.Get("iss") == "" || strings.Contains(res.text, "<script>alert") {
			t.Errorf("%s: to %s: %s", kind, to, res.text)
		}
		if strings.Contains(kind, "code") != got.Has("code") || strings.Contains(kind, "id_token") && !got.Has("id_token") {
			t.Errorf("%s: %v", kind, got)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "form-action 'self' https://app.example") || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("cache %q", res.Header.Get("Cache-Control"))
		}
	}
	to, got := posted(t, h.visitor().get(authorizeURL(poolID, public, map[string]any{"response_mode": "form_post", "prompt": "none"})))
	if to != callback || got.Get("error") != "login_required" || got.Get("iss") == "" {
		t.Errorf("an error: to %s: %v", to, got)
	}
}

// TestFormPostToAnApp: a browser cannot post to an app's own scheme.
func TestFormPostToAnApp(t *testing.T) {
	h := open(t)
	at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"response_mode": "form_post", "redirect_uri": "myapp://cb"})))
	if at.Scheme != "myapp" || at.Query().Get("error") != "invalid_request" {
		t.Errorf("sent to %s", at)
	}
}
