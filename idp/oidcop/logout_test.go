package oidcop_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	bye     = "https://app.example/bye"
	evilURL = "https://evil.example/"
)

// signedIn reports whether the browser has a session.
func (v *visitor) hasSession(pool, client string) bool {
	v.h.t.Helper()
	at := where(v.get(authorizeURL(pool, client, map[string]any{"prompt": "none"})))
	return at.Query().Get("code") != ""
}

// idToken signs the visitor in and returns the ID token.
func (v *visitor) idToken(pool, client, user string) string {
	v.h.t.Helper()
	code := v.signIn(authorizeURL(pool, client, nil), user).Query().Get("code")
	status, set := v.h.token(pool, redemption(client, code))
	if status != 200 {
		v.h.t.Fatalf("%d %v", status, set)
	}
	return set["id_token"].(string)
}

func logoutURL(pool string, q url.Values) string { return "/" + pool + "/logout?" + q.Encode() }

// answerYes submits the question whether to sign out.
func (v *visitor) answerYes(page *reply) *reply {
	v.h.t.Helper()
	form := url.Values{}
	for _, name := range []string{"_csrf", "step"} {
		_, rest, found := strings.Cut(page.text, `name="`+name+`" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		if !found {
			v.h.t.Fatalf("no question: %d %s", page.StatusCode, page.text)
		}
		form.Set(name, value)
	}
	return v.submit("/"+poolID+"/logout/confirm", form)
}

func asks(r *reply) bool {
	return r.StatusCode == 200 && strings.Contains(r.text, `action="/`+poolID+`/logout/confirm"`)
}

// TestLogoutByHint: who shows the ID token of this session ends it, by GET or POST,
// and goes where its client has registered.
func TestLogoutByHint(t *testing.T) {
	for name, tt := range map[string]struct {
		query url.Values
		want  string
	}{
		"with state":    {url.Values{"post_logout_redirect_uri": {bye}, "state": {"s 1&x=%"}}, bye + "?state=s+1%26x%3D%25"},
		"without state": {url.Values{"post_logout_redirect_uri": {bye}}, bye},
		"and client_id": {url.Values{"post_logout_redirect_uri": {bye}, "client_id": {public}}, bye},
		"hints unheard": {url.Values{"post_logout_redirect_uri": {bye}, "logout_hint": {"bob"}, "ui_locales": {"de xx"}}, bye},
		"hint alone":    {url.Values{}, "/" + poolID + "/signedout"},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				h := open(t)
				v := h.visitor()
				tt.query.Set("id_token_hint", v.idToken(poolID, public, "alice"))
				h.clock.Add(2 * time.Hour) // the token has expired; the session has ended too
				if !v.hasSession(poolID, public) {
					v.signIn(authorizeURL(poolID, public, nil), "alice")
				}
				tt.query.Set("id_token_hint", v.idToken(poolID, public, "alice"))
				var res *reply
				if method == "GET" {
					res = v.get(logoutURL(poolID, tt.query))
				} else {
					res = v.submit("/"+poolID+"/logout", tt.query)
					if at := where(res); res.StatusCode != 303 || strings.Contains(at.String(), "hint") {
						t.Fatalf("%d %s", res.StatusCode, at)
					}
					res = v.get(where(res).String())
				}
				if to := res.Header.Get("Location"); to != tt.want {
					t.Errorf("sent to %s, want %s: %s", to, tt.want, res.text)
				}
				if v.hasSession(poolID, public) {
					t.Error("still signed in")
				}
			})
		}
	}
}

// TestLogoutByOldHint: an expired ID token of this very session will do.
func TestLogoutByOldHint(t *testing.T) {
	h := open(t)
	v := h.visitor()
	hint := v.idToken(poolID, public, "alice")
	for range 3 {
		h.clock.Add(55 * time.Minute)
		v.signIn(authorizeURL(poolID, public, map[string]any{"prompt": "login"}), "alice") // the session goes on
	}
	if _, err := h.ring.Rotate(context.Background(), "pool/"+poolID+"/id", time.Hour); err != nil {
		t.Fatal(err)
	}
	res := v.get(logoutURL(poolID, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}}))
	if to := res.Header.Get("Location"); to != bye || v.hasSession(poolID, public) {
		t.Errorf("sent to %s; %s", to, res.text)
	}
}

// TestLogoutAsks: without proof that the app means this session the person decides,
// and the browser goes to no address of the request's.
func TestLogoutAsks(t *testing.T) {
	h := open(t)
	other := h.visitor()
	others := other.idToken(poolID, public, "alice")
	foreignPool := h.visitor().idToken(strictID, stricter, "alice")
	v := h.visitor()
	own := v.idToken(poolID, public, "alice")
	parts := strings.Split(own, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	h.must(nil)
	logoutToken, err := h.tokens.LogoutToken(t.Context(), &userpool.Client{ID: public, Pool: poolID}, userpool.Logout{ID: "x", Sub: h.alice.Sub, SessionID: claims(t, own)["sid"].(string)})
	h.must(err)
	access := h.accessToken()
	for name, q := range map[string]url.Values{
		"no parameters":          {},
		"only state":             {"state": {"x"}},
		"only client_id":         {"client_id": {public}},
		"unknown client_id":      {"client_id": {"nobody"}},
		"no hint":                {"post_logout_redirect_uri": {bye}, "client_id": {public}},
		"no hint, unregistered":  {"post_logout_redirect_uri": {evilURL}, "client_id": {public}},
		"hint of alg none":       {"post_logout_redirect_uri": {bye}, "id_token_hint": {none}},
		"hint of a foreign key":  {"post_logout_redirect_uri": {bye}, "id_token_hint": {resign(t, own)}},
		"hint of another pool":   {"post_logout_redirect_uri": {bye}, "id_token_hint": {foreignPool}},
		"a logout token as hint": {"post_logout_redirect_uri": {bye}, "id_token_hint": {logoutToken}},
		"access token as hint":   {"post_logout_redirect_uri": {bye}, "id_token_hint": {access}},
		"no token as hint":       {"post_logout_redirect_uri": {bye}, "id_token_hint": {strings.Repeat(".", 3000)}},
	} {
		t.Run(name, func(t *testing.T) {
			page := v.get(logoutURL(poolID, q))
			if !asks(page) || page.Header.Get("Location") != "" || strings.Contains(page.text, `="https://evil`) {
				t.Fatalf("%d %s %s", page.StatusCode, page.Header.Get("Location"), page.text)
			}
			if !v.hasSession(poolID, public) {
				t.Fatal("signed out without an answer")
			}
			u := h.visitor()
			u.idToken(poolID, public, "alice")
			if to := where(u.answerYes(u.get(logoutURL(poolID, q)))).String(); to != "/"+poolID+"/signedout" || u.hasSession(poolID, public) {
				t.Errorf("after the answer: %s", to)
			}
		})
	}
	// A good token of another browser, or of an earlier user of this one: after the
	// answer it leads where its client has registered.
	page := v.get(logoutURL(poolID, url.Values{"post_logout_redirect_uri": {bye}, "id_token_hint": {others}}))
	if !asks(page) || !v.hasSession(poolID, public) {
		t.Fatalf("another session's hint: %d %s", page.StatusCode, page.text)
	}
	if to := where(v.answerYes(page)).String(); to != bye || v.hasSession(poolID, public) {
		t.Errorf("after the answer: %s", to)
	}
	if !other.hasSession(poolID, public) {
		t.Error("the other browser is signed out")
	}
}

func (h *house) accessToken() string {
	h.t.Helper()
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	return set["access_token"].(string)
}

// resign returns a token with the same header and claims, by another key.
func resign(t *testing.T, raw string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := raw[:strings.LastIndexByte(raw, '.')]
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// TestLogoutLeadsNowhere is the corpus of open redirects, with a hint that is good
// and in Cognito's form: each ends on our error page, with the session alive.
func TestLogoutLeadsNowhere(t *testing.T) {
	h := open(t)
	v := h.visitor()
	hint := v.idToken(poolID, public, "alice")
	for _, to := range []string{evilURL, bye + "?foo=bar", bye + "/", bye + "#x", bye + "%2e", "https://app.example@evil.example/bye", "https://evil.example@app.example/bye",
		"https://app.example.evil.example/bye", "https://app.example/bye/../bye", "https://app.example/./bye", "https://APP.example/bye", "HTTPS://app.example/bye",
		"https://app.example:443/bye", "//app.example/bye", "///evil.example", "https:app.example/bye", "https:\\\\evil.example", "\\\\evil.example", "javascript:alert(1)", "JavaScript:alert(1)",
		"data:text/html,x", "https://app.example/by%65", " " + bye, bye + " ", bye + "\n", bye + "\r\nSet-Cookie: a=b", "https://xn--pp-yia.example/bye", "/bye", "?", callback} {
		for name, q := range map[string]url.Values{
			"standard": {"id_token_hint": {hint}, "post_logout_redirect_uri": {to}},
			"Cognito":  {"client_id": {public}, "logout_uri": {to}}} {
			res := v.get(logoutURL(poolID, q))
			if at := where(res); at.Path != "/"+poolID+"/error" || at.Host != "" || at.Query().Get("error") != "redirect_mismatch" {
				t.Errorf("%s %q: sent to %s", name, to, at)
			}
		}
	}
	if !v.hasSession(poolID, public) {
		t.Error("a refused request signed the user out")
	}
}

// TestLogoutRefuses: requests that contradict themselves end on the error page.
func TestLogoutRefuses(t *testing.T) {
	h := open(t)
	v := h.visitor()
	hint := v.idToken(poolID, public, "alice")
	for name, tt := range map[string]struct {
		query url.Values
		want  string
	}{
		"another client's hint":     {url.Values{"client_id": {otherID}, "id_token_hint": {hint}, "post_logout_redirect_uri": {bye}}, "invalid_request"},
		"parameter sent twice":      {url.Values{"client_id": {public}, "logout_uri": {bye, evilURL}}, "invalid_request"},
		"hint sent twice":           {url.Values{"id_token_hint": {hint, hint}}, "invalid_request"},
		"no text":                   {url.Values{"client_id": {"\x00"}}, "invalid_request"},
		"another pool's client":     {url.Values{"client_id": {stricter}, "logout_uri": {bye}}, "invalid_client"},
		"new sign-in at a stranger": {url.Values{"client_id": {public}, "redirect_uri": {evilURL}, "response_type": {"code"}}, "redirect_mismatch"},
	} {
		if at := where(v.get(logoutURL(poolID, tt.query))); at.Path != "/"+poolID+"/error" || at.Query().Get("error") != tt.want {
			t.Errorf("%s: sent to %s", name, at)
		}
	}
	if !v.hasSession(poolID, public) {
		t.Error("a refused request signed the user out")
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS"} {
		req, _ := http.NewRequest(method, h.url+"/"+poolID+"/logout", nil)
		if res := v.do(req); res.StatusCode != 405 {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
	if res := v.get("/us-east-1_Nobody001/logout"); res.StatusCode != 404 {
		t.Errorf("no such pool: %d", res.StatusCode)
	}
	if res := v.get("/" + poolID + "/logout?posted=unknown"); res.StatusCode != 400 {
		t.Errorf("unknown request: %d", res.StatusCode)
	}
}

// TestForgedYes: the answer counts from our own page in this browser only, and once.
func TestForgedYes(t *testing.T) {
	h := open(t)
	v, thief := h.visitor(), h.visitor()
	v.idToken(poolID, public, "alice")
	thief.idToken(poolID, public, "alice")
	page := thief.get(logoutURL(poolID, nil))
	_, rest, _ := strings.Cut(page.text, `name="_csrf" value="`)
	csrf, _, _ := strings.Cut(rest, `"`)
	_, rest, _ = strings.Cut(page.text, `name="step" value="`)
	step, _, _ := strings.Cut(rest, `"`)
	v.get(logoutURL(poolID, nil)) // has a form cookie of its own now
	for name, form := range map[string]url.Values{"nothing": {}, "the thief's token": {"_csrf": {csrf}, "step": {step}}} {
		if res := v.submit("/"+poolID+"/logout/confirm", form); res.StatusCode != 403 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	req, _ := http.NewRequest("POST", h.url+"/"+poolID+"/logout/confirm", strings.NewReader(url.Values{"_csrf": {csrf}, "step": {step}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res := thief.do(req); res.StatusCode != 403 {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	if !v.hasSession(poolID, public) || !thief.hasSession(poolID, public) {
		t.Fatal("a forged answer was taken")
	}
	thief.answerYes(page)
	if res := thief.answerYes(page); res.StatusCode != 400 {
		t.Errorf("twice: %d", res.StatusCode)
	}
}

// TestLogoutWithoutSession: where nobody is signed in nobody needs to be asked.
func TestLogoutWithoutSession(t *testing.T) {
	h := open(t)
	hint := h.visitor().idToken(poolID, public, "alice")
	for want, q := range map[string]url.Values{
		"/" + poolID + "/signedout": {"post_logout_redirect_uri": {bye}},
		bye + "?state=1":            {"post_logout_redirect_uri": {bye}, "id_token_hint": {hint}, "state": {"1"}},
	} {
		if to := where(h.visitor().get(logoutURL(poolID, q))).String(); to != want {
			t.Errorf("sent to %s, want %s", to, want)
		}
	}
}

// TestFrontChannelLogout: the apps of the session, and no others, are loaded in
// frames, and then the browser goes on, without a script too.
func TestFrontChannelLogout(t *testing.T) {
	h := open(t)
	h.setOpenID(public, func(o *userpool.OpenIDClient) { o.FrontchannelLogout = "https://one.example/front;a,b?x=1" })
	h.setOpenID(otherID, func(o *userpool.OpenIDClient) {
		o.FrontchannelLogout, o.BackchannelLogout = "https://two.example:8443/f", "https://two.example/b"
	})
	v := h.visitor()
	hint := v.idToken(poolID, public, "alice")
	sid := claims(t, v.idToken(poolID, otherID, "alice"))["sid"].(string)
	h.visitor().idToken(poolID, otherID, "alice") // another browser's
	res := v.get(logoutURL(poolID, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}, "state": {"1"}}))
	if res.StatusCode != 200 || res.Header.Get("Refresh") != "5; url="+bye+"?state=1" || !strings.Contains(res.text, `href="`+bye+`?state=1"`) {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, res.text)
	}
	iss := url.QueryEscape(h.url + "/" + poolID)
	for _, want := range []string{`src="https://one.example/front;a,b?x=1&amp;iss=` + iss + `&amp;sid=` + claims(t, hint)["sid"].(string) + `"`,
		`src="https://two.example:8443/f?iss=` + iss + `&amp;sid=` + sid + `"`} {
		if !strings.Contains(res.text, want) {
			t.Errorf("%s is missing in %s", want, res.text)
		}
	}
	if strings.Count(res.text, "<iframe") != 2 || strings.Contains(res.text, "locale") && strings.Contains(res.text, "logout?lang") {
		t.Errorf("page: %s", res.text)
	}
	_, sources, _ := strings.Cut(res.Header.Get("Content-Security-Policy"), "frame-src ")
	if got := strings.Fields(sources); !slices.Equal(got, []string{"https://one.example/front%3Ba%2Cb", "https://two.example:8443/f"}) &&
		!slices.Equal(got, []string{"https://two.example:8443/f", "https://one.example/front%3Ba%2Cb"}) {
		t.Errorf("frame-src %s", sources)
	}
	if v.hasSession(poolID, public) {
		t.Error("still signed in")
	}
	if len(h.mails.sent) != 1 || h.mails.sent[0].To != otherID || h.mails.sent[0].Medium != signout.Medium {
		t.Errorf("told %+v", h.mails.sent)
	}
}

// TestLogoutThatFails: nobody is told to be signed out who is not.
func TestLogoutThatFails(t *testing.T) {
	h := open(t)
	h.setOpenID(public, func(o *userpool.OpenIDClient) { o.BackchannelLogout = "https://one.example/b" })
	v := h.visitor()
	hint := v.idToken(poolID, public, "alice")
	h.signout.Outbox = brokenOutbox{}
	if res := v.get(logoutURL(poolID, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}})); res.StatusCode != 500 {
		t.Errorf("%d %s", res.StatusCode, res.Header.Get("Location"))
	}
	if !v.hasSession(poolID, public) {
		t.Error("the session ended, and its apps do not know")
	}
}

type brokenOutbox struct{}

func (brokenOutbox) Send(context.Context, userpool.Mail) error { return http.ErrServerClosed }

// TestStrictLogout: a strict pool takes Cognito's parameters for no proof.
func TestStrictLogout(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(strictID, stricter, nil), "alice")
	res := v.get(logoutURL(strictID, url.Values{"client_id": {stricter}, "logout_uri": {bye}}))
	if res.StatusCode != 200 || !strings.Contains(res.text, "/logout/confirm") || !v.hasSession(strictID, stricter) {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
}
