package oidcop_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// loginPage is the login page that an authorization request leads to.
func (v *visitor) loginPage(changes map[string]any) string {
	v.h.t.Helper()
	at := where(v.get(authorizeURL(poolID, public, changes)))
	if !strings.HasSuffix(at.Path, "/login") {
		v.h.t.Fatalf("sent to %s", at)
	}
	return at.String()
}

func credentials(user, pass string) url.Values {
	return url.Values{"username": {user}, "password": {pass}}
}

// TestLoginTellsNothing (S14): a wrong password and an unknown user read the same.
func TestLoginTellsNothing(t *testing.T) {
	h := open(t)
	v := h.visitor()
	page := v.loginPage(nil)
	wrong := v.post(page, credentials("alice", "wrong"))
	unknown := v.post(page, credentials("nobody", "wrong"))
	if wrong.StatusCode != 401 || unknown.StatusCode != 401 {
		t.Errorf("status %d and %d", wrong.StatusCode, unknown.StatusCode)
	}
	if strings.ReplaceAll(wrong.text, "alice", "nobody") != unknown.text {
		t.Error("the two pages differ")
	}
	if !strings.Contains(wrong.text, `role="alert"`) || !strings.Contains(wrong.text, "Incorrect username or password.") {
		t.Error("no message for the person")
	}
}

// TestLoginHidesStates: who does not know the password does not learn that a user
// is disabled or unconfirmed either, even where the app's own API would tell.
func TestLoginHidesStates(t *testing.T) {
	h := open(t)
	h.user(poolID, "eve", userpool.Unconfirmed)
	h.user(poolID, "dan", userpool.Confirmed)
	_, err := h.store.UpdateUser(t.Context(), poolID, "dan", func(u *userpool.User) error { u.Enabled = false; return nil })
	h.must(err)
	v := h.visitor()
	page := v.loginPage(nil)
	for _, name := range []string{"eve", "dan"} {
		if res := v.post(page, credentials(name, "wrong")); res.StatusCode != 401 || !strings.Contains(res.text, "Incorrect username or password.") {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if at := where(v.post(page, credentials("eve", password))); !strings.HasSuffix(at.Path, "/confirm") {
		t.Errorf("her own password leads to %s, want the confirmation", at)
	}
	if res := v.post(page, credentials("dan", password)); res.StatusCode != 401 {
		t.Errorf("a disabled user's own password: %d", res.StatusCode)
	}
}

// TestSessionIDChanges (S16): an id that was planted before sign-in is no session after it.
func TestSessionIDChanges(t *testing.T) {
	h := open(t)
	v := h.visitor()
	home, _ := url.Parse(h.url)
	planted := &http.Cookie{Name: "ph_session_" + poolID, Value: "planted", Path: "/"}
	v.client.Jar.SetCookies(home, []*http.Cookie{planted})
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	first := cookie(v, home)
	if first == "planted" || len(first) != 43 {
		t.Fatalf("cookie %q", first)
	}
	v.signIn(authorizeURL(poolID, public, map[string]any{"prompt": "login"}), "alice")
	second := cookie(v, home)
	thief := h.visitor()
	thief.client.Jar.SetCookies(home, []*http.Cookie{{Name: "ph_session_" + poolID, Value: first, Path: "/"}})
	if at := where(thief.get(authorizeURL(poolID, public, nil))); second == first || !strings.HasSuffix(at.Path, "/login") {
		t.Error("the id of before the second sign-in still works")
	}
}

func cookie(v *visitor, u *url.URL) string {
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == "ph_session_"+poolID {
			return c.Value
		}
	}
	return ""
}

func TestLoginForgery(t *testing.T) {
	h := open(t)
	v := h.visitor()
	page := v.loginPage(nil)
	if res := v.submit(page, credentials("alice", password)); res.StatusCode != 403 {
		t.Errorf("without token: %d", res.StatusCode)
	}
	req, _ := http.NewRequest("POST", h.url+page, strings.NewReader(credentials("alice", password).Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example")
	if res := v.do(req); res.StatusCode != 403 {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	v.get(page)
	form := credentials("alice", password)
	form.Set("_csrf", tokenOn(t, h.visitor().get(page)))
	if res := v.submit(page, form); res.StatusCode != 403 {
		t.Errorf("with another browser's token: %d", res.StatusCode)
	}
}

func tokenOn(t testing.TB, page *reply) string {
	t.Helper()
	_, rest, ok := strings.Cut(page.text, `name="_csrf" value="`)
	token, _, end := strings.Cut(rest, `"`)
	if !ok || !end {
		t.Fatal("no token on the page")
	}
	return token
}

func TestLoginAddressIsChecked(t *testing.T) {
	h := open(t)
	for name, query := range map[string]url.Values{
		"nothing":        {},
		"unknown client": {"client_id": {"nobody"}, "redirect_uri": {callback}},
		"other address":  {"client_id": {public}, "redirect_uri": {"https://evil.example/"}},
	} {
		if at := where(h.visitor().get("/" + poolID + "/login?" + query.Encode())); at.Path != "/"+poolID+"/error" {
			t.Errorf("%s: sent to %s", name, at)
		}
	}
	if res := h.visitor().get("/" + poolID + "/login?continue=forged"); res.StatusCode != 400 {
		t.Errorf("a forged continuation: %d", res.StatusCode)
	}
}

func TestPageHeaders(t *testing.T) {
	h := open(t)
	v := h.visitor()
	res := v.get(v.loginPage(nil))
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "form-action 'self' https://app.example"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy lacks %q: %s", want, csp)
		}
	}
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			t.Errorf("cookie %+v", c)
		}
	}
}

// TestHint injection: what an app sends is text on the page, never markup (S7).
func TestLoginHintIsText(t *testing.T) {
	h := open(t)
	v := h.visitor()
	res := v.get(v.loginPage(map[string]any{"login_hint": `"><script>alert(1)</script>`}))
	if strings.Contains(res.text, "<script>") || !strings.Contains(res.text, "&lt;script&gt;") {
		t.Error("login_hint became markup")
	}
}

func TestForcedNewPassword(t *testing.T) {
	h := open(t)
	h.user(poolID, "carol", userpool.ForceChangePassword)
	v := h.visitor()
	page := v.loginPage(nil)
	step := where(v.post(page, credentials("carol", password))).String()
	if !strings.Contains(step, "/newpassword?") {
		t.Fatalf("sent to %s", step)
	}
	if res := h.visitor().get(step); res.StatusCode != 400 {
		t.Errorf("another browser may go on from her step: %d", res.StatusCode)
	}
	if res := v.post(step, url.Values{"password": {"short"}}); res.StatusCode != 400 || !strings.Contains(res.text, `role="alert"`) {
		t.Errorf("a weak password: %d", res.StatusCode)
	}
	res := v.post(step, url.Values{"password": {"Her-own-password-1"}})
	if at := where(res); !strings.HasSuffix(at.Path, "/oauth2/authorize") {
		t.Fatalf("%d, sent to %s", res.StatusCode, at)
	}
	if at := where(v.get(where(res).String())); at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
	if res := v.get(step); res.StatusCode != 400 {
		t.Errorf("the step is good twice: %d", res.StatusCode)
	}
	if res := h.visitor().post(page, credentials("carol", password)); res.StatusCode != 401 {
		t.Errorf("the temporary password still works: %d", res.StatusCode)
	}
}

func TestSignUp(t *testing.T) {
	h := open(t)
	v := h.visitor()
	signup := strings.Replace(v.loginPage(nil), "/login?", "/signup?", 1)
	res := v.post(signup, url.Values{"username": {"dave"}, "password": {"Dave-password-1"}, "attribute:email": {"dave@example.com"}})
	confirm := where(res).String()
	if !strings.Contains(confirm, "/confirm?") {
		t.Fatalf("%d %s, sent to %q", res.StatusCode, res.text, confirm)
	}
	page := v.get(confirm)
	if strings.Contains(page.text, "dave@example.com") || !strings.Contains(page.text, "We sent a code to") {
		t.Error("the page shows the whole address, or none")
	}
	if res := v.post(confirm, url.Values{"username": {"dave"}, "code": {"000000"}}); res.StatusCode != 400 {
		t.Errorf("a wrong code: %d", res.StatusCode)
	}
	res = v.post(confirm, url.Values{"username": {"dave"}, "code": {h.mails.code(t)}})
	if at := where(res); !strings.HasSuffix(at.Path, "/login") {
		t.Fatalf("%d %s", res.StatusCode, res.text)
	}
	if res := v.post(where(res).String(), credentials("dave", "Dave-password-1")); res.StatusCode != 303 {
		t.Errorf("sign-in afterwards: %d", res.StatusCode)
	}
}

// TestSignUpTakesNoOtherAttribute: a form cannot set what the page did not ask for.
func TestSignUpTakesNoOtherAttribute(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.post(strings.Replace(v.loginPage(nil), "/login?", "/signup?", 1), url.Values{"username": {"dave"}, "password": {"Dave-password-1"},
		"attribute:email": {"dave@example.com"}, "attribute:email_verified": {"true"}, "attribute:name": {"Admin"}})
	u, err := h.store.User(t.Context(), poolID, "dave")
	if err != nil || u.Attributes["name"] != "" || u.Attributes["email_verified"] == "true" {
		t.Errorf("%+v %v", u, err)
	}
}

func TestForgotPassword(t *testing.T) {
	h := open(t)
	v := h.visitor()
	forgot := strings.Replace(v.loginPage(nil), "/login?", "/forgotPassword?", 1)
	unknown := v.post(forgot, url.Values{"username": {"nobody"}})
	known := v.post(forgot, url.Values{"username": {"alice"}})
	if unknown.StatusCode != known.StatusCode || where(unknown).Path != where(known).Path {
		t.Errorf("who exists shows: %d %s, %d %s", unknown.StatusCode, where(unknown).Path, known.StatusCode, where(known).Path)
	}
	reset := where(known).String()
	form := url.Values{"username": {"alice"}, "code": {h.mails.code(t)}, "password": {"Alices-new-one-2"}}
	h.clock.Add(time.Second)
	res := v.post(reset, form)
	if !strings.HasSuffix(where(res).Path, "/login") {
		t.Fatalf("%d %s", res.StatusCode, res.text)
	}
	if res := v.post(where(res).String(), credentials("alice", "Alices-new-one-2")); res.StatusCode != 303 {
		t.Errorf("the new password: %d", res.StatusCode)
	}
}
