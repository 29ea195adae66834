package oidcop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// redeemed is the ID token of an answer with a code.
func (h *house) redeemed(t *testing.T, code string) (id map[string]any, set map[string]any) {
	t.Helper()
	status, set := h.token(poolID, redemption(public, code))
	if status != 200 {
		t.Fatalf("%d %v", status, set)
	}
	return claims(t, set["id_token"]), set
}

// TestPromptsThatAskForAPage: an old session is not enough, a new sign-in is, once.
func TestPromptsThatAskForAPage(t *testing.T) {
	for prompt, page := range map[string]string{"login": "login", "select_account": "login", "create": "signup"} {
		t.Run(prompt, func(t *testing.T) {
			h := open(t)
			v := h.visitor()
			v.signIn(authorizeURL(poolID, public, nil), "alice")
			address := authorizeURL(poolID, public, map[string]any{"prompt": prompt})
			at := where(v.get(address))
			if at.Path != "/"+poolID+"/"+page {
				t.Fatalf("sent to %s", at)
			}
			login := strings.Replace(at.String(), "/signup?", "/login?", 1) // as the link on that page
			back := where(v.post(login, credentials("alice", password))).String()
			if got := where(v.get(back)); got.Query().Get("code") == "" {
				t.Fatalf("after the sign-in: %s", got)
			}
			if got := where(v.get(back)); got.Query().Has("code") {
				t.Error("the proof was good twice")
			}
		})
	}
}

// TestDefaultMaxAge: what a client registered holds for requests that say nothing;
// zero is a wish too (F3).
func TestDefaultMaxAge(t *testing.T) {
	for seconds, page := range map[int]bool{0: true, 30: true, 60: false} {
		h := open(t)
		v := h.visitor()
		v.signIn(authorizeURL(poolID, public, nil), "alice")
		h.client(public, func(c *userpool.Client) { c.OpenID.DefaultMaxAge = &seconds })
		h.clock.Add(time.Minute)
		if at := where(v.get(authorizeURL(poolID, public, nil))); strings.HasSuffix(at.Path, "/login") != page {
			t.Errorf("default_max_age %d: sent to %s", seconds, at)
		}
		if at := where(v.get(authorizeURL(poolID, public, map[string]any{"max_age": "3600"}))); at.Query().Get("code") == "" {
			t.Errorf("default_max_age %d, the request says otherwise: sent to %s", seconds, at)
		}
		at := v.signIn(authorizeURL(poolID, public, nil), "alice")
		if at.Query().Get("code") == "" {
			t.Errorf("default_max_age %d: after a sign-in: %s", seconds, at)
		}
	}
}

// TestHarmlessParameters never cause an error (OpenID Connect Core 3.1.2.1).
func TestHarmlessParameters(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	for name, value := range map[string]string{"display": "hologram", "ui_locales": "tlh x-y-z", "claims_locales": "??",
		"login_hint": "nobody", "acr_values": "1 2 urn:x", "extra": "foobar", "claims": `{"future":{"x":[{}]},"userinfo":null}`} {
		if at := where(v.get(authorizeURL(poolID, public, map[string]any{name: value}))); at.Query().Get("code") == "" {
			t.Errorf("%s=%s: sent to %s", name, value, at)
		}
	}
}

func acrClaim(essential bool, values ...string) string {
	text, _ := json.Marshal(map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": essential, "values": values}}})
	return string(text)
}

func TestACR(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes map[string]any
		want    any // acr of the ID token
		fails   string
	}{
		{"nobody asks", nil, nil, ""},
		{"met", map[string]any{"acr_values": "phr " + idp.ACROneFactor}, idp.ACROneFactor, ""},
		{"a wish that is not met", map[string]any{"acr_values": idp.ACRMultiFactor}, idp.ACROneFactor, ""},
		{"a claim that is not met", map[string]any{"claims": acrClaim(false, "phr")}, idp.ACROneFactor, ""},
		{"a claim by name alone", map[string]any{"claims": `{"id_token":{"acr":null}}`}, idp.ACROneFactor, ""},
		{"essential, met", map[string]any{"claims": acrClaim(true, idp.ACROneFactor)}, idp.ACROneFactor, ""},
		{"essential, not met", map[string]any{"claims": acrClaim(true, "phr")}, nil, "unmet_authentication_requirements"},
		{"essential, unknown", map[string]any{"claims": acrClaim(true, "gold")}, nil, "unmet_authentication_requirements"},
		{"acr_values do not weaken it", map[string]any{"claims": acrClaim(true, "phr"), "acr_values": idp.ACROneFactor}, nil, "unmet_authentication_requirements"},
		{"silently", map[string]any{"claims": acrClaim(true, "phr"), "prompt": "none"}, nil, "unmet_authentication_requirements"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t)
			v := h.visitor()
			v.signIn(authorizeURL(poolID, public, nil), "alice")
			at := where(v.get(authorizeURL(poolID, public, tt.changes)))
			if at.Query().Get("error") != tt.fails {
				t.Fatalf("sent to %s, want %s", at, tt.fails)
			}
			if tt.fails != "" {
				return
			}
			if id, _ := h.redeemed(t, at.Query().Get("code")); id["acr"] != tt.want {
				t.Errorf("acr %v, want %v", id["acr"], tt.want)
			}
		})
	}
}

// TestDefaultACR is what a client registered.
func TestDefaultACR(t *testing.T) {
	h := open(t)
	h.client(public, func(c *userpool.Client) { c.OpenID.DefaultACR = []string{idp.ACROneFactor} })
	if id, _ := h.redeemed(t, h.code(poolID, public, nil)); id["acr"] != idp.ACROneFactor {
		t.Errorf("acr %v", id["acr"])
	}
}

// TestStepUp (RFC 9470): a session of one factor is raised for the app that asks,
// where the user has a second one.
func TestStepUp(t *testing.T) {
	for _, changes := range []map[string]any{{"acr_values": idp.ACRMultiFactor}, {"claims": acrClaim(true, idp.ACRMultiFactor)}} {
		h := open(t)
		v := h.visitor()
		v.signIn(authorizeURL(poolID, public, nil), "alice")
		h.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
		h.changeUser("alice", withTOTP)
		if at := where(v.get(authorizeURL(poolID, public, nil))); at.Query().Get("code") == "" {
			t.Fatalf("nobody asks for more: %s", at)
		}
		silent := authorizeURL(poolID, public, map[string]any{"acr_values": idp.ACRMultiFactor, "prompt": "none"})
		if at := where(v.get(silent)); at.Query().Get("code") == "" {
			t.Errorf("a silent wish: %s", at)
		}
		address := authorizeURL(poolID, public, changes)
		at := where(v.get(address))
		if !strings.HasSuffix(at.Path, "/login") {
			t.Fatalf("one factor was enough: %s", at)
		}
		step := where(v.post(at.String(), credentials("alice", password)))
		if !strings.HasSuffix(step.Path, "/mfa") {
			t.Fatalf("sent to %s", step)
		}
		back := where(v.post(step.String(), h.totp(mfaSecret, 0)))
		id, _ := h.redeemed(t, where(v.get(back.String())).Query().Get("code"))
		if id["acr"] != idp.ACRMultiFactor {
			t.Errorf("acr %v", id["acr"])
		}
		if at := where(v.get(address)); at.Query().Get("code") == "" {
			t.Errorf("the session has both factors now: %s", at)
		}
	}
}

func TestClaimsParameter(t *testing.T) {
	h := open(t)
	h.change(func(u *userpool.User) { u.Attributes["nickname"], u.Attributes["dev:custom:x"] = "Al", "hidden" })
	asked := `{"userinfo":{"name":{"essential":true},"dev:custom:x":null,"nothing":null},"id_token":{"nickname":null}}`
	id, set := h.redeemed(t, h.code(poolID, public, map[string]any{"claims": asked}))
	if id["nickname"] != "Al" || id["name"] != nil || id["email"] == nil {
		t.Errorf("id token %v", id)
	}
	bearer := func(access any) http.Header { return http.Header{"Authorization": {"Bearer " + access.(string)}} }
	_, info := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, bearer(set["access_token"]))
	if info["name"] != "alice" || info["nickname"] != nil || info["email"] == nil || info["dev:custom:x"] != nil || len(info) != 5 {
		t.Errorf("userinfo %v", info)
	}
	_, again := h.token(poolID, map[string][]string{"grant_type": {"refresh_token"}, "client_id": {public},
		"refresh_token": {set["refresh_token"].(string)}})
	if id := claims(t, again["id_token"]); id["nickname"] != "Al" {
		t.Errorf("refreshed id token %v", id)
	}
	h.client(public, func(c *userpool.Client) { c.ReadAttributes = []string{"email"} })
	_, info = h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, bearer(set["access_token"]))
	if info["name"] != nil {
		t.Errorf("an attribute that the client may not read: %v", info)
	}
}

func TestMalformedClaims(t *testing.T) {
	h := open(t)
	many := map[string]any{}
	for i := range 101 {
		many[fmt.Sprint("c", i)] = nil
	}
	flood, _ := json.Marshal(map[string]any{"userinfo": many})
	for _, text := range []string{"{", "null", "[]", `"x"`, `{"userinfo":[]}`, `{"id_token":{"acr":"x"}}`, `{"userinfo":{},"userinfo":{}}`,
		`{"userinfo":{"a":{"value":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}}}`, string(flood),
		`{"userinfo":{"a":{"value":"` + strings.Repeat("x", 9000) + `"}}}`} {
		at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"claims": text})))
		if at.Query().Get("error") != "invalid_request" {
			t.Errorf("%.60s: sent to %s", text, at)
		}
	}
}

// TestSubjectClaim: who the app names is who signs in, or nobody.
func TestSubjectClaim(t *testing.T) {
	h := open(t)
	h.user(poolID, "bob", userpool.Confirmed)
	text := `{"id_token":{"sub":{"value":"` + h.alice.Sub + `"}}}`
	for user, fails := range map[string]string{"alice": "", "bob": "login_required"} {
		v := h.visitor()
		v.signIn(authorizeURL(poolID, public, nil), user)
		if at := where(v.get(authorizeURL(poolID, public, map[string]any{"claims": text, "prompt": "none"}))); at.Query().Get("error") != fails {
			t.Errorf("%s: sent to %s", user, at)
		}
		if at := v.signIn(authorizeURL(poolID, public, map[string]any{"claims": text}), user); at.Query().Get("error") != fails {
			t.Errorf("%s, after a sign-in: sent to %s", user, at)
		}
	}
}

// TestOfflineAccess decides over the refresh token of clients that have the scope,
// and of no other (OpenID Connect Core section 11).
func TestOfflineAccess(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		name    string
		has     bool
		scope   string
		refresh bool
	}{
		{"as Cognito's", false, "openid", true},
		{"the scope is ignored", false, "openid offline_access", true},
		{"granted", true, "openid offline_access", true},
		{"not asked for", true, "openid", false},
	} {
		h.client(public, func(c *userpool.Client) {
			c.OAuthScopes = []string{"openid", "email"}
			if tt.has {
				c.OAuthScopes = append(c.OAuthScopes, "offline_access")
			}
		})
		_, set := h.redeemed(t, h.code(poolID, public, map[string]any{"scope": tt.scope}))
		if (set["refresh_token"] != nil) != tt.refresh {
			t.Errorf("%s: %v", tt.name, set)
		}
	}
	h.allowed(public)
	at := h.visitor().signIn(authorizeURL(poolID, public, map[string]any{"response_type": "token", "scope": "openid offline_access"}), "alice")
	if scope := claims(t, fragment(t, at).Get("access_token"))["scope"]; scope != "openid" {
		t.Errorf("scope %v of a grant that cannot be offline", scope)
	}
}

func TestAddressScope(t *testing.T) {
	h := open(t)
	h.change(func(u *userpool.User) { u.Attributes["address"] = "1 Main St" })
	h.client(public, func(c *userpool.Client) { c.OAuthScopes = []string{"openid", "email", "address"} })
	for scope, want := range map[string]bool{"openid address": true, "openid email": false} {
		id, _ := h.redeemed(t, h.code(poolID, public, map[string]any{"scope": scope}))
		if (id["address"] != nil) != want {
			t.Errorf("%s: %v", scope, id["address"])
		}
	}
}
