package oidcop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

const cibaGrant = "urn:openid:params:grant-type:ciba"

func (h *house) cibaClient(change func(*userpool.Client)) {
	h.t.Helper()
	for _, id := range []userpool.ClientID{secretID, m2mID} {
		h.setClient(id, func(c *userpool.Client) {
			c.OpenID.GrantTypes = []string{cibaGrant}
			if change != nil {
				change(c)
			}
		})
	}
}

func (h *house) backchannel(changes url.Values) (int, map[string]any) {
	h.t.Helper()
	form := url.Values{"scope": {"openid email"}, "login_hint": {"alice"}, "binding_message": {"W4SCT"}}
	for name, values := range changes {
		form[name] = values
		if values == nil {
			form.Del(name)
		}
	}
	return h.program("POST", "/"+poolID+"/oauth2/bc-authorize", form, basic(secretID, secret))
}

func (h *house) pollCIBA(client string, id any) (int, map[string]any) {
	h.t.Helper()
	return h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {cibaGrant}, "auth_req_id": {id.(string)}}, basic(client, secret))
}

// mailed is the address in the newest mail.
func (h *house) mailed() string {
	h.t.Helper()
	h.mails.mu.Lock()
	defer h.mails.mu.Unlock()
	if len(h.mails.sent) == 0 {
		h.t.Fatal("no mail was sent")
	}
	return regexp.MustCompile(`http\S+`).FindString(h.mails.sent[len(h.mails.sent)-1].Body)
}

func TestCIBA(t *testing.T) {
	h := open(t)
	h.cibaClient(nil)
	status, asked := h.backchannel(nil)
	if status != 200 || asked["auth_req_id"] == nil || asked["expires_in"] != 600.0 {
		t.Fatalf("%d %v", status, asked)
	}
	id := asked["auth_req_id"]
	status, got := h.pollCIBA(secretID, id)
	wantGrantError(t, status, got, "authorization_pending")
	link := h.mailed()
	if strings.Contains(link, id.(string)) {
		t.Error("the mail carries what the app polls with")
	}
	v := h.signedIn("alice")
	page := v.get(link)
	for _, want := range []string{"W4SCT", "App", "alice"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the question lacks %q: %s", want, page.text)
		}
	}
	h.user(poolID, "bob", userpool.Confirmed)
	handle := must(url.Parse(link)).Query()
	bob := h.signedIn("bob")
	if res := bob.get(link); res.StatusCode != 404 {
		t.Errorf("bob sees it: %d", res.StatusCode)
	}
	if res := bob.post("/"+poolID+"/device", url.Values{"user_code": {handle.Get("request")}}); res.StatusCode != 400 {
		t.Errorf("as a device's code: %d", res.StatusCode)
	}
	if res := v.post(link, url.Values{"request": {handle.Get("request")}, "decision": {"allow"}}); res.StatusCode != 200 {
		t.Fatalf("allow: %d %s", res.StatusCode, res.text)
	}
	status, got = h.pollCIBA(m2mID, id)
	wantGrantError(t, status, got, "invalid_grant") // S1
	status, got = h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {deviceGrant}, "device_code": {id.(string)}}, basic(secretID, secret))
	wantGrantError(t, status, got, "unauthorized_client")
	if status, got = h.pollCIBA(secretID, id); status != 200 || claims(t, got["id_token"])["sub"] != h.alice.Sub {
		t.Errorf("%d %v", status, got)
	}
	status, got = h.pollCIBA(secretID, id)
	wantGrantError(t, status, got, "invalid_grant")
}

func must(u *url.URL, err error) *url.URL {
	if err != nil {
		panic(err)
	}
	return u
}

// TestCIBAWithoutMail: an open session finds the newest request by itself; a refusal
// reaches the app.
func TestCIBAWithoutMail(t *testing.T) {
	h := open(t)
	h.cibaClient(nil)
	v := h.signedIn("alice")
	if res := v.get("/" + poolID + "/approve"); res.StatusCode != 404 {
		t.Errorf("nothing waits: %d", res.StatusCode)
	}
	_, asked := h.backchannel(nil)
	page := v.get("/" + poolID + "/approve")
	request := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page.text)
	if page.StatusCode != 200 || request == nil {
		t.Fatalf("%d %s", page.StatusCode, page.text)
	}
	v.post("/"+poolID+"/approve", url.Values{"request": {request[1]}, "decision": {"deny"}})
	status, got := h.pollCIBA(secretID, asked["auth_req_id"])
	wantGrantError(t, status, got, "access_denied")
}

func TestCIBARefused(t *testing.T) {
	h := open(t)
	status, got := h.backchannel(nil)
	wantGrantError(t, status, got, "unauthorized_client")
	h.cibaClient(nil)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"no hint", url.Values{"login_hint": nil}, "invalid_request"},
		{"two hints", url.Values{"id_token_hint": {"x"}}, "invalid_request"},
		{"a login_hint_token", url.Values{"login_hint": nil, "login_hint_token": {"x"}}, "invalid_request"},
		{"another client's ID token", url.Values{"login_hint": nil, "id_token_hint": {set["id_token"].(string)}}, "invalid_request"},
		{"a forged ID token", url.Values{"login_hint": nil, "id_token_hint": {"a.b.c"}}, "invalid_request"},
		{"nobody", url.Values{"login_hint": {"nobody"}}, "unknown_user_id"},
		{"no openid", url.Values{"scope": {"api/read"}}, "invalid_scope"},
		{"a long message", url.Values{"binding_message": {strings.Repeat("x", 101)}}, "invalid_binding_message"},
		{"a message of two lines", url.Values{"binding_message": {"a\nb"}}, "invalid_binding_message"},
		{"a message with a turn of direction", url.Values{"binding_message": {"a\u202eb"}}, "invalid_binding_message"},
		{"classes that there are not", url.Values{"acr_values": {"gold silver"}}, "invalid_request"},
		{"a wrong expiry", url.Values{"requested_expiry": {"-1"}}, "invalid_request"},
	} {
		status, got := h.backchannel(tt.form)
		if status != 400 || got["error"] != tt.want {
			t.Errorf("%s: %d %v", tt.name, status, got)
		}
	}
	if status, got = h.backchannel(url.Values{"requested_expiry": {"60"}}); status != 200 || got["expires_in"] != 60.0 {
		t.Errorf("a short one: %d %v", status, got)
	}
	h.clock.Add(61 * time.Second)
	status, got = h.pollCIBA(secretID, got["auth_req_id"])
	wantGrantError(t, status, got, "expired_token")
}

// TestCIBAStepUp: who is signed in more weakly than the app requires cannot allow, by
// the page or past it; after a sign-in with a second factor they can, and the tokens say so.
func TestCIBAStepUp(t *testing.T) {
	h := open(t)
	h.cibaClient(nil)
	v := h.signedIn("alice")
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	_, asked := h.backchannel(url.Values{"acr_values": {"gold " + idp.ACRMultiFactor}})
	link := h.mailed()
	allow := url.Values{"request": {must(url.Parse(link)).Query().Get("request")}, "decision": {"allow"}}
	if at := where(v.get(link)); !strings.HasSuffix(at.Path, "/login") {
		t.Fatalf("the question to a weak session: %s", at)
	}
	login := where(v.get(link)).String()
	back := where(v.post(login, credentials("alice", password))).String()
	page := v.get(back)
	if page.StatusCode != 200 || strings.Contains(page.text, `value="allow"`) || !strings.Contains(page.text, `value="deny"`) || !strings.Contains(page.text, "a stronger sign-in than yours") {
		t.Errorf("after a sign-in as weak: %d %s", page.StatusCode, page.text)
	}
	allow.Set("_csrf", tokenOn(t, page))
	v.submit(link, allow)
	status, got := h.pollCIBA(secretID, asked["auth_req_id"])
	wantGrantError(t, status, got, "authorization_pending")

	h.changeUser("alice", withTOTP)
	login = where(v.get(link)).String()
	factor := where(v.post(login, credentials("alice", password))).String()
	back = where(v.post(factor, h.totp(mfaSecret, 0))).String()
	if page = v.get(back); !strings.Contains(page.text, `value="allow"`) {
		t.Fatalf("after two factors: %d %s", page.StatusCode, page.text)
	}
	allow.Set("_csrf", tokenOn(t, page))
	v.submit(link, allow)
	h.clock.Add(5 * time.Second)
	if status, got = h.pollCIBA(secretID, asked["auth_req_id"]); status != 200 || claims(t, got["id_token"])["acr"] != idp.ACRMultiFactor {
		t.Errorf("%d %v", status, got)
	}
}

// TestCIBAOfStrangers (S23): a client that registered itself writes to nobody.
func TestCIBAOfStrangers(t *testing.T) {
	h := open(t)
	h.cibaClient(func(c *userpool.Client) { c.OpenID.Registered = true })
	status, got := h.backchannel(nil)
	wantGrantError(t, status, got, "unauthorized_client")
	if len(h.mails.sent) != 0 {
		t.Error("a mail went out")
	}
}

// TestCIBAHides (S14): where the client must not learn who exists, nobody looks like
// somebody who does not answer. A disabled user is nobody (S12).
func TestCIBAHides(t *testing.T) {
	h := open(t)
	h.cibaClient(func(c *userpool.Client) { c.HideUserExistence = true })
	status, got := h.backchannel(url.Values{"login_hint": {"nobody"}})
	if status != 200 {
		t.Fatalf("%d %v", status, got)
	}
	status, got = h.pollCIBA(secretID, got["auth_req_id"])
	wantGrantError(t, status, got, "authorization_pending")
	h.cibaClient(func(c *userpool.Client) { c.HideUserExistence = false })
	h.disable("alice")
	status, got = h.backchannel(nil)
	wantGrantError(t, status, got, "unknown_user_id")
}

// TestCIBAFlood: a user is not asked without end.
func TestCIBAFlood(t *testing.T) {
	h := open(t)
	h.cibaClient(nil)
	for range 5 {
		if status, got := h.backchannel(nil); status != 200 {
			t.Fatalf("%d %v", status, got)
		}
	}
	if status, got := h.backchannel(nil); status != 429 {
		t.Errorf("the sixth: %d %v", status, got)
	}
}

// TestPing: the app is told that there is an answer, by its own token, and not which.
func TestPing(t *testing.T) {
	h := open(t)
	var mu sync.Mutex
	var body, authorization string
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		body, authorization = string(raw), r.Header.Get("Authorization")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer app.Close()
	h.cibaClient(func(c *userpool.Client) { c.OpenID.CIBAMode, c.OpenID.CIBANotify = "ping", app.URL })
	status, got := h.backchannel(nil)
	wantGrantError(t, status, got, "invalid_request") // no token to tell it by
	token := "8d67dc78-7faa-4d41-aabd-67707b374255"
	_, asked := h.backchannel(url.Values{"client_notification_token": {token}})
	v, link := h.signedIn("alice"), h.mailed()
	v.post(link, url.Values{"request": {must(url.Parse(link)).Query().Get("request")}, "decision": {"allow"}})
	mu.Lock()
	defer mu.Unlock()
	var told map[string]string
	if err := json.Unmarshal([]byte(body), &told); err != nil || len(told) != 1 || told["auth_req_id"] != asked["auth_req_id"] || authorization != "Bearer "+token {
		t.Errorf("told %q by %q", body, authorization)
	}
	if status, got := h.pollCIBA(secretID, asked["auth_req_id"]); status != 200 {
		t.Errorf("%d %v", status, got)
	}
}

// TestCIBASigned: a signed request says all of itself and is taken once, whoever sends
// it and however often at a time.
func TestCIBASigned(t *testing.T) {
	h := open(t)
	s := h.signer(secretID)
	h.cibaClient(func(c *userpool.Client) { c.OpenID.CIBAAlgorithm = "ES256" })
	now := h.clock.Now().Unix()
	object := func(changes map[string]any) string {
		m := map[string]any{"iss": secretID, "aud": h.url + "/" + poolID, "iat": now, "nbf": now, "exp": now + 60, "jti": "one", "scope": "openid", "login_hint": "alice"}
		for name, value := range changes {
			if m[name] = value; value == nil {
				delete(m, name)
			}
		}
		return s.sign("", m)
	}
	ask := func(request string) (int, map[string]any) {
		return h.program("POST", "/"+poolID+"/oauth2/bc-authorize", url.Values{"request": {request}}, basic(secretID, secret))
	}
	for name, changes := range map[string]map[string]any{"no jti": {"jti": nil}, "long jti": {"jti": strings.Repeat("x", 300)}, "no iat": {"iat": nil}, "no nbf": {"nbf": nil},
		"no exp": {"exp": nil}, "for another": {"aud": "https://other.example"}, "by another": {"iss": m2mID}, "endless": {"exp": now + 100_000}} {
		if status, out := ask(object(changes)); status != 400 || out["error"] != "invalid_request_object" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if status, out := h.backchannel(nil); status != 400 || out["error"] != "invalid_request" {
		t.Errorf("unsigned: %d %v", status, out)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won, request := 0, object(nil)
	for range 50 {
		wg.Go(func() {
			status, out := ask(request)
			mu.Lock()
			defer mu.Unlock()
			if status == 200 {
				won++
			} else if status != 400 || out["error"] != "invalid_request" {
				t.Errorf("%d %v", status, out)
			}
		})
	}
	if wg.Wait(); won != 1 {
		t.Errorf("%d of 50 were taken", won)
	}
	h.clock.Add(50 * time.Second)
	if status, out := ask(request); status != 400 || out["error"] != "invalid_request" {
		t.Errorf("sent again: %d %v", status, out)
	}
	if status, out := ask(object(map[string]any{"jti": "two"})); status != 200 {
		t.Errorf("the next one: %d %v", status, out)
	}
}
