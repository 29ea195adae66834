package oidcop_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// change changes alice as an administrator would.
func (h *house) change(fn func(*userpool.User)) {
	h.t.Helper()
	_, err := h.store.UpdateUser(h.t.Context(), poolID, "alice", func(u *userpool.User) error { fn(u); return nil })
	h.must(err)
}

// TestNewPasswordEndsOldCodes: a code of a sign-in with the old password buys
// nothing, as the session behind it does not.
func TestNewPasswordEndsOldCodes(t *testing.T) {
	for name, change := range map[string]func(h *house, u *userpool.User){
		"new password":   func(h *house, u *userpool.User) { u.PasswordChanged = h.clock.Now() },
		"reset required": func(_ *house, u *userpool.User) { u.Status = userpool.ResetRequired },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			v := h.visitor()
			code := v.signIn(authorizeURL(poolID, public, nil), "alice").Query().Get("code")
			h.clock.Add(time.Second)
			h.change(func(u *userpool.User) { change(h, u) })
			if status, out := h.token(poolID, redemption(public, code)); status != 400 || out["error"] != "invalid_grant" {
				t.Errorf("code: %d %v", status, out)
			}
			if at := where(v.get(authorizeURL(poolID, public, nil))); !strings.HasSuffix(at.Path, "/login") {
				t.Errorf("session: sent to %s", at)
			}
		})
	}
}

// TestScopesOfDeletedServers: no token carries a scope of an API that is gone.
func TestScopesOfDeletedServers(t *testing.T) {
	h := open(t)
	h.must(h.store.DeleteResourceServer(t.Context(), poolID, "api"))
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": nil})))
	if got := claims(t, set["access_token"])["scope"]; got != "openid email" {
		t.Errorf("got scope %q", got)
	}
	at := where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"scope": "openid api/read"})))
	if at.Query().Get("error") != "invalid_scope" {
		t.Errorf("asked for by name: sent to %s", at)
	}
	for _, scope := range []string{"", "api/read"} {
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
		status, out := h.program("POST", "/"+poolID+"/oauth2/token", form, basic(m2mID, secret))
		if status != 400 || out["error"] != "invalid_scope" {
			t.Errorf("client_credentials with scope %q: %d %v", scope, status, out)
		}
	}
}

// TestBrokenText: what is no text never reaches a store, which could refuse it
// only with an error of the server.
func TestBrokenText(t *testing.T) {
	h := open(t)
	v := h.visitor()
	page := v.loginPage(nil)
	form := credentials("ali\x00ce", password)
	form.Set("_csrf", tokenOn(t, v.get(page)))
	for name, res := range map[string]*reply{
		"path":        v.get("/us-east-1_%ff/login"),
		"path, NUL":   v.get("/us-east-1_%00/login"),
		"query":       v.get(page + "&nonce=%ff"),
		"query, NUL":  v.get("/" + poolID + "/login?client_id=%00"),
		"form of us":  v.submit(page, form),
		"form, login": v.submit(page+"&x=%ff", form),
	} {
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if at := where(v.get(authorizeURL(poolID, public, map[string]any{"nonce": "\xff"}))); at.Query().Get("error") != "invalid_request" || at.Host != "" {
		t.Errorf("authorize: sent to %s", at)
	}
	if at := where(v.get("/" + poolID + "/logout?client_id=%00")); at.Query().Get("error") != "invalid_request" {
		t.Errorf("logout: sent to %s", at)
	}
	status, out := h.token(poolID, redemption(public, "\xff"))
	if status != 400 || out["error"] != "invalid_request" {
		t.Errorf("token endpoint: %d %v", status, out)
	}
}

// TestFormsOnPlainHTTP: there a browser sends no Sec-Fetch-Site, and for a page
// with our Referrer-Policy Origin: null. The form's token still decides.
func TestFormsOnPlainHTTP(t *testing.T) {
	h := open(t)
	v := h.visitor()
	page := v.loginPage(nil)
	form := credentials("alice", password)
	form.Set("_csrf", tokenOn(t, v.get(page)))
	post := func(form url.Values, site string) int {
		req, err := http.NewRequest("POST", h.url+page, strings.NewReader(form.Encode()))
		h.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "null")
		if site != "" {
			req.Header.Set("Sec-Fetch-Site", site)
		}
		return v.do(req).StatusCode
	}
	if status := post(form, "cross-site"); status != 403 {
		t.Errorf("from another site: %d", status)
	}
	if status := post(credentials("alice", password), ""); status != 403 {
		t.Errorf("without a token: %d", status)
	}
	if status := post(form, ""); status != 303 {
		t.Errorf("from our own page: %d", status)
	}
}
