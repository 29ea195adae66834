package oidcop_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// A pouch keeps cookies as a browser does over https, which the tests do without.
type pouch map[string]*http.Cookie

func (p pouch) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		p[c.Name] = c
		if c.MaxAge < 0 {
			delete(p, c.Name)
		}
	}
}

func (p pouch) Cookies(*url.URL) (list []*http.Cookie) {
	for _, c := range p {
		list = append(list, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return list
}

// secureHouse is a house whose public URL is https.
func secureHouse(t *testing.T) (*house, *visitor, pouch) {
	h := open(t)
	h.handler.Browser.Secure = true
	v, p := h.visitor(), pouch{}
	v.client.Jar = p
	return h, v, p
}

const stateCookie = "__Host-ph_state_" + poolID

// judged is what the script of the frame does, in Go.
func judged(client, origin, cookie, state string) bool {
	hash, salt, _ := strings.Cut(state, ".")
	sum := sha256.Sum256([]byte(client + " " + origin + " " + cookie + " " + salt))
	return hash == base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestSessionState: the state of an answer is true until the session ends or becomes
// another user's, and only for the client and origin that it was made for.
func TestSessionState(t *testing.T) {
	h, v, cookies := secureHouse(t)
	state := v.signIn(authorizeURL(poolID, public, nil), "alice").Query().Get("session_state")
	c := cookies[stateCookie]
	if c == nil || c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteNoneMode || c.Path != "/" || c.Domain != "" {
		t.Fatalf("cookie %+v", c)
	}
	const origin = "https://app.example"
	if !judged(public, origin, c.Value, state) {
		t.Fatalf("state %q is not true of cookie %q", state, c.Value)
	}
	if judged(public, "https://evil.example", c.Value, state) || judged(otherID, origin, c.Value, state) {
		t.Error("the state is true for others")
	}
	second := v.signIn(authorizeURL(poolID, public, nil), "alice").Query().Get("session_state")
	if second == state || !judged(public, origin, cookies[stateCookie].Value, second) {
		t.Error("states repeat, or stop being true")
	}
	v.signIn(authorizeURL(poolID, public, map[string]any{"prompt": "login"}), "alice")
	if !judged(public, origin, cookies[stateCookie].Value, state) {
		t.Error("a new sign-in of the same user changed the state")
	}
	h.user(poolID, "bob", userpool.Confirmed)
	v.signIn(authorizeURL(poolID, public, map[string]any{"prompt": "login"}), "bob")
	if judged(public, origin, cookies[stateCookie].Value, state) {
		t.Error("another user's session looks like alice's")
	}
	third := v.signIn(authorizeURL(poolID, public, nil), "bob").Query().Get("session_state")
	v.get(logoutURL(poolID, url.Values{"client_id": {public}, "logout_uri": {bye}}))
	if now := cookies[stateCookie].Value; now == "" || judged(public, origin, now, third) {
		t.Errorf("after the sign-out: cookie %q", now)
	}
}

// TestNoSessionState: without https there is no such cookie, and no word of it; and
// an app without an origin has nowhere to ask from.
func TestNoSessionState(t *testing.T) {
	h := open(t)
	v := h.visitor()
	if at := v.signIn(authorizeURL(poolID, public, nil), "alice"); at.Query().Has("session_state") {
		t.Error(at)
	}
	if _, doc := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil); doc["check_session_iframe"] != nil {
		t.Error("announced")
	}
	if res := v.get("/" + poolID + "/oauth2/checksession"); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
	_, s, _ := secureHouse(t)
	s.signIn(authorizeURL(poolID, public, nil), "alice")
	if at := where(s.get(authorizeURL(poolID, public, map[string]any{"redirect_uri": "myapp://cb"}))); at.Query().Get("code") == "" || at.Query().Has("session_state") {
		t.Error(at)
	}
}

func TestCheckSessionFrame(t *testing.T) {
	h, v, _ := secureHouse(t)
	_, doc := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
	if doc["check_session_iframe"] != h.url+"/"+poolID+"/oauth2/checksession" {
		t.Fatalf("announced %v", doc["check_session_iframe"])
	}
	res := v.get("/" + poolID + "/oauth2/checksession")
	policy := res.Header.Get("Content-Security-Policy")
	if res.StatusCode != 200 || res.Header.Get("X-Frame-Options") != "" || !strings.Contains(policy, "frame-ancestors *") || !strings.Contains(policy, "script-src 'self'") ||
		!strings.Contains(res.text, `data-cookie="`+stateCookie+`"`) {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, res.text)
	}
	_, script, _ := strings.Cut(res.text, `src="`)
	script, _, _ = strings.Cut(script, `"`)
	if js := v.get(script); js.StatusCode != 200 || !strings.Contains(js.text, "postMessage(await answer(e.data, e.origin), e.origin)") || strings.Contains(js.text, `"*"`) {
		t.Errorf("script: %d %s", js.StatusCode, js.text)
	}
	if res := v.get("/" + poolID + "/login?client_id=" + public + "&redirect_uri=" + callback); res.Header.Get("X-Frame-Options") != "DENY" {
		t.Error("the sign-in page can be framed")
	}
}
