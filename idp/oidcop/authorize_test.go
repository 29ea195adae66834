package oidcop_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestCodeFlow(t *testing.T) {
	h := open(t)
	at := h.visitor().signIn(authorizeURL(poolID, public, nil), "alice")
	if got := at.Query(); got.Get("state") != "xyz" || got.Get("iss") != h.url+"/"+poolID || len(got) != 3 {
		t.Errorf("the app was called with %s, want code, state and iss alone", at)
	}
	status, set := h.token(poolID, redemption(public, at.Query().Get("code")))
	if status != 200 || set["token_type"] != "Bearer" || set["expires_in"] != 3600.0 || set["refresh_token"] == "" {
		t.Fatalf("%d %v", status, set)
	}
	if _, ok := set["scope"]; ok || len(set) != 5 {
		t.Errorf("Cognito's answer has five members and no scope (F22): %v", set)
	}
	id, access := claims(t, set["id_token"]), claims(t, set["access_token"])
	if id["sub"] != h.alice.Sub || id["aud"] != public || id["nonce"] != "n-1" || id["email"] != "alice@example.com" || id["at_hash"] == nil {
		t.Errorf("id token %v", id)
	}
	if access["scope"] != "openid email" || access["client_id"] != public || access["iss"] != h.url+"/"+poolID || access["token_use"] != "access" {
		t.Errorf("access token %v", access)
	}
	if id["auth_time"] != float64(h.clock.Now().Unix()) || id["origin_jti"] != access["origin_jti"] {
		t.Errorf("auth_time or origin_jti: %v, %v", id, access)
	}
	if !h.works(set["access_token"]) {
		t.Error("userInfo refuses the access token")
	}
}

func TestConfidentialClientWithoutPKCE(t *testing.T) {
	h := open(t)
	code := h.code(poolID, secretID, map[string]any{"code_challenge": nil, "code_challenge_method": nil, "state": nil, "nonce": nil})
	form := redemption(secretID, code)
	form.Del("code_verifier")
	form.Del("client_id")
	if status, set := h.program("POST", "/"+poolID+"/oauth2/token", form, basic(secretID, secret)); status != 200 {
		t.Errorf("state and nonce are optional (F5), and so is PKCE with a secret: %d %v", status, set)
	}
}

// TestUntrustedAddress: errors that may go nowhere but to our own page (S6).
func TestUntrustedAddress(t *testing.T) {
	h := open(t)
	tests := []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"unknown client", map[string]any{"client_id": "nobody"}, "invalid_client"},
		{"client of another pool", map[string]any{"client_id": stricter}, "invalid_client"},
		{"client in another case", map[string]any{"client_id": strings.ToUpper(public)}, "invalid_client"},
		{"two clients", map[string]any{"client_id": []string{public, otherID}}, "invalid_request"},
		{"no address", map[string]any{"redirect_uri": nil}, "redirect_mismatch"},
		{"other address", map[string]any{"redirect_uri": "https://evil.example/cb"}, "redirect_mismatch"},
		{"added query", map[string]any{"redirect_uri": callback + "?x=1"}, "redirect_mismatch"},
		{"two addresses", map[string]any{"redirect_uri": []string{callback, "https://evil.example/"}}, "invalid_request"},
		{"form_post elsewhere", map[string]any{"redirect_uri": "https://evil.example/", "response_mode": "form_post"}, "redirect_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := h.visitor()
			at := where(v.get(authorizeURL(poolID, public, tt.changes)))
			if at.Host != "" || at.Path != "/"+poolID+"/error" || at.Query().Get("error") != tt.want {
				t.Fatalf("sent to %s, want our page with %s", at, tt.want)
			}
			if page := v.get(at.String()); page.StatusCode != 400 || !strings.Contains(page.text, "An error was encountered with the requested page") {
				t.Errorf("%d %s", page.StatusCode, page.text)
			}
		})
	}
}

// TestRefusedRequest: errors that the app hears about.
func TestRefusedRequest(t *testing.T) {
	h := open(t)
	tests := []struct {
		name    string
		client  string
		changes map[string]any
		want    string
	}{
		{"no response type", public, map[string]any{"response_type": nil}, "invalid_request"},
		{"unknown response type", public, map[string]any{"response_type": "code magic"}, "unsupported_response_type"},
		{"response type twice", public, map[string]any{"response_type": "code code"}, "unsupported_response_type"},
		{"client for machines", m2mID, nil, "unauthorized_client"},
		{"unknown scope", public, map[string]any{"scope": "openid nonsense"}, "invalid_scope"},
		{"no enabled scope", public, map[string]any{"scope": "phone"}, "invalid_scope"},
		{"duplicate parameter (F6)", public, map[string]any{"nonce": []string{"a", "b"}}, "invalid_request"},
		{"duplicate state", public, map[string]any{"state": []string{"a", "b"}}, "invalid_request"},
		{"challenge without method", public, map[string]any{"code_challenge_method": nil}, "invalid_request"},
		{"method without challenge", public, map[string]any{"code_challenge": nil}, "invalid_request"},
		{"plain challenge", public, map[string]any{"code_challenge_method": "plain"}, "invalid_request"},
		{"short challenge", public, map[string]any{"code_challenge": "abc"}, "invalid_request"},
		{"prompt none, nobody there", public, map[string]any{"prompt": "none"}, "login_required"},
		{"prompt none and login", public, map[string]any{"prompt": "none login"}, "invalid_request"},
		{"unknown prompt", public, map[string]any{"prompt": "Login"}, "invalid_request"},
		{"bad max_age", public, map[string]any{"max_age": "-1"}, "invalid_request"},
		{"request_uri that is not registered (F9)", public, map[string]any{"request_uri": "http://169.254.169.254/"}, "invalid_request_uri"},
		{"unknown response mode", public, map[string]any{"response_mode": "smoke"}, "invalid_request"},
		{"bad resource", public, map[string]any{"resource": "no uri"}, "invalid_target"},
		{"forged hint", public, map[string]any{"id_token_hint": "e30.e30.e30"}, "invalid_request"},
		{"upstream provider", public, map[string]any{"identity_provider": "Google"}, "invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := where(h.visitor().get(authorizeURL(poolID, tt.client, tt.changes)))
			if !strings.HasPrefix(at.String(), callback+"?") || at.Query().Get("error") != tt.want {
				t.Fatalf("sent to %s, want the app with %s", at, tt.want)
			}
			if s := at.Query().Get("state"); s != "xyz" && tt.name != "duplicate state" {
				t.Errorf("state %q", s)
			}
			if at.Query().Has("code") {
				t.Error("and a code")
			}
		})
	}
}

func TestScopes(t *testing.T) {
	h := open(t)
	tests := []struct {
		name  string
		scope any
		want  string
	}{
		{"omitted: all of the client's", nil, "openid email api/read"},
		{"not enabled for the client: left out", "openid phone api/write", "openid"},
		{"repeated", "openid openid", "openid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": tt.scope})))
			if got := claims(t, set["access_token"])["scope"]; got != tt.want {
				t.Errorf("got scope %q, want %q", got, tt.want)
			}
		})
	}
}

func TestResourceBecomesAudience(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"resource": "https://api.example"})))
	if got := claims(t, set["access_token"])["aud"]; got != "https://api.example" {
		t.Errorf("aud %v", got)
	}
}

func TestNoIDTokenWithoutOpenID(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": "api/read"})))
	if set["id_token"] != nil || set["access_token"] == nil {
		t.Errorf("got %v", set)
	}
	if h.works(set["access_token"]) {
		t.Error("userInfo answers without openid")
	}
}

// TestSingleSignOn: a second app needs no password while the session lives.
func TestSingleSignOn(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	for _, prompt := range []any{nil, "none"} {
		at := where(v.get(authorizeURL(poolID, otherID, map[string]any{"prompt": prompt})))
		if at.Query().Get("code") == "" {
			t.Errorf("prompt %v: sent to %s", prompt, at)
		}
	}
	if at := where(v.get(authorizeURL(strictID, stricter, nil))); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("another pool: sent to %s, want its login", at)
	}
	h.clock.Add(time.Hour)
	if at := where(v.get(authorizeURL(poolID, otherID, nil))); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("after Cognito's hour: sent to %s", at)
	}
}

func TestSessionEndsWithItsUser(t *testing.T) {
	changes := map[string]func(*userpool.User, time.Time){
		"disabled (S12)":      func(u *userpool.User, _ time.Time) { u.Enabled = false },
		"signed out globally": func(u *userpool.User, now time.Time) { u.SignedOut = now },
		"new password":        func(u *userpool.User, now time.Time) { u.PasswordChanged = now },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			v := h.visitor()
			v.signIn(authorizeURL(poolID, public, nil), "alice")
			h.clock.Add(time.Second)
			_, err := h.store.UpdateUser(context.Background(), poolID, "alice", func(u *userpool.User) error {
				change(u, h.clock.Now())
				return nil
			})
			h.must(err)
			if at := where(v.get(authorizeURL(poolID, public, nil))); !strings.HasSuffix(at.Path, "/login") {
				t.Errorf("sent to %s", at)
			}
		})
	}
}

// TestFreshSignIn: prompt=login and max_age are satisfied by a new sign-in, once.
func TestFreshSignIn(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"prompt=login":    {"prompt": "login"},
		"max_age=0 (F3)":  {"max_age": "0"},
		"max_age, passed": {"max_age": "30"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			v := h.visitor()
			v.signIn(authorizeURL(poolID, public, nil), "alice")
			h.clock.Add(time.Minute)
			if at := where(v.get(authorizeURL(poolID, public, changes))); !strings.HasSuffix(at.Path, "/login") {
				t.Fatalf("an old session was enough: %s", at)
			}
			at := v.signIn(authorizeURL(poolID, public, changes), "alice")
			_, set := h.token(poolID, redemption(public, at.Query().Get("code")))
			if got := claims(t, set["id_token"])["auth_time"]; got != float64(h.clock.Now().Unix()) {
				t.Errorf("auth_time %v is not new", got)
			}
			h.clock.Add(time.Minute)
			if at := where(v.get(authorizeURL(poolID, public, changes))); !strings.HasSuffix(at.Path, "/login") {
				t.Errorf("the proof was good twice: %s", at)
			}
		})
	}
}

func TestMaxAgeNotPassed(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	h.clock.Add(time.Minute)
	if at := where(v.get(authorizeURL(poolID, public, map[string]any{"max_age": "60"}))); at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
}

// TestHint (F20, F21): the hint's user must be the one signed in, and a hint stays
// good after the key that signed it was retired.
func TestHint(t *testing.T) {
	h := open(t)
	h.user(poolID, "bob", userpool.Confirmed)
	v := h.visitor()
	_, set := h.token(poolID, redemption(public, v.signIn(authorizeURL(poolID, public, nil), "alice").Query().Get("code")))
	hint := set["id_token"].(string)
	if _, err := h.ring.Rotate(context.Background(), "pool/"+poolID+"/id", time.Hour); err != nil {
		t.Fatal(err)
	}
	h.clock.Add(30 * time.Minute)
	changes := map[string]any{"id_token_hint": hint, "prompt": "none"}
	if at := where(v.get(authorizeURL(poolID, public, changes))); at.Query().Get("code") == "" {
		t.Errorf("her own hint: %s", at)
	}
	bob := h.visitor()
	bob.signIn(authorizeURL(poolID, public, nil), "bob")
	if at := where(bob.get(authorizeURL(poolID, public, changes))); at.Query().Get("error") != "login_required" {
		t.Errorf("another's hint, prompt none: %s", at)
	}
	delete(changes, "prompt")
	if at := bob.signIn(authorizeURL(poolID, public, changes), "bob"); at.Query().Get("error") != "login_required" {
		t.Errorf("another's hint, after a sign-in: %s", at)
	}
}

func TestAuthorizeByPost(t *testing.T) {
	h := open(t)
	u, _ := url.Parse(authorizeURL(poolID, public, nil))
	res := h.visitor().submit(u.Path, u.Query())
	if at := where(res); res.StatusCode != 303 || at.Path != u.Path || at.Query().Get("client_id") != public {
		t.Errorf("%d to %s", res.StatusCode, at)
	}
}

func TestStrictPool(t *testing.T) {
	h := open(t)
	none := map[string]any{"code_challenge": nil, "code_challenge_method": nil}
	at := where(h.visitor().get(authorizeURL(strictID, stricter, none)))
	if at.Query().Get("error") != "invalid_request" || at.Query().Get("iss") != h.url+"/"+strictID {
		t.Errorf("a public client without PKCE: %s", at)
	}
	h.client(stricter, func(c *userpool.Client) { c.Secret = secret })
	if at = where(h.visitor().get(authorizeURL(strictID, stricter, none))); at.Query().Get("error") != "invalid_request" {
		t.Errorf("a confidential client without PKCE: %s", at)
	}
	h.client(stricter, func(c *userpool.Client) { c.Secret = "" })
	h.client(public, func(c *userpool.Client) { c.OpenID.RequirePKCE = true })
	if at = where(h.visitor().get(authorizeURL(poolID, public, none))); at.Query().Get("error") != "invalid_request" {
		t.Errorf("a client that must: %s", at)
	}
	at = h.visitor().signIn(authorizeURL(strictID, stricter, nil), "alice")
	if at.Query().Get("iss") != h.url+"/"+strictID {
		t.Errorf("no iss (RFC 9207): %s", at)
	}
	h.clock.Add(time.Minute)
	if status, set := h.token(strictID, redemption(stricter, at.Query().Get("code"))); status != 400 || set["error"] != "invalid_grant" {
		t.Errorf("a code of a minute: %d %v", status, set)
	}
}

// TestNativeAppPort (F11): the port of a loopback address is free, of localhost not.
func TestNativeAppPort(t *testing.T) {
	h := open(t)
	for to, want := range map[string]bool{"http://127.0.0.1:51004/cb": true, "http://localhost:3000/cb": true,
		"http://localhost:3001/cb": false, "https://127.0.0.1:51004/cb": false, "myapp://cb": true} {
		at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"redirect_uri": to})))
		if got := strings.HasSuffix(at.Path, "/login"); got != want {
			t.Errorf("%s: sent to %s", to, at)
		}
	}
}
