package oidcop_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// deviceClient lets public use the device grant.
func (h *house) deviceClient() {
	h.t.Helper()
	for _, id := range []userpool.ClientID{public, otherID} {
		h.setClient(id, func(c *userpool.Client) { c.OpenID.GrantTypes = []string{deviceGrant} })
	}
}

func (h *house) startDevice() map[string]any {
	h.t.Helper()
	status, d := h.program("POST", "/"+poolID+"/oauth2/device_authorization", url.Values{"client_id": {public}, "scope": {"openid email"}}, nil)
	if status != 200 {
		h.t.Fatalf("device_authorization: %d %v", status, d)
	}
	return d
}

func (h *house) pollDevice(client string, d map[string]any) (int, map[string]any) {
	h.t.Helper()
	return h.token(poolID, url.Values{"grant_type": {deviceGrant}, "client_id": {client}, "device_code": {d["device_code"].(string)}})
}

// signedIn is a visitor whose session was started by hand at a page that needs one.
func (h *house) signedIn(user string) *visitor {
	h.t.Helper()
	v := h.visitor()
	v.signIn(authorizeURL(poolID, otherID, nil), user)
	return v
}

// answerDevice types a code and decides.
func (v *visitor) answerDevice(code, decision string) *reply {
	v.h.t.Helper()
	page := v.post("/"+poolID+"/device", url.Values{"user_code": {code}})
	if page.StatusCode != 200 || decision == "" {
		return page
	}
	return v.post("/"+poolID+"/device", url.Values{"user_code": {code}, "decision": {decision}})
}

func TestDeviceGrant(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	status, set := h.pollDevice(public, d)
	wantGrantError(t, status, set, "authorization_pending")
	status, set = h.pollDevice(public, d)
	wantGrantError(t, status, set, "slow_down")

	v := h.visitor()
	at := where(v.get(d["verification_uri_complete"].(string)))
	if !strings.HasSuffix(at.Path, "/login") {
		t.Fatalf("nobody is signed in, and the page leads to %s", at)
	}
	res := v.post(at.String(), url.Values{"username": {"alice"}, "password": {password}})
	page := v.get(res.Header.Get("Location"))
	if page.StatusCode != 200 || !strings.Contains(page.text, d["user_code"].(string)) {
		t.Fatalf("back at the page: %d %s", page.StatusCode, page.text)
	}
	ask := v.post("/"+poolID+"/device", url.Values{"user_code": {strings.ToLower(strings.ReplaceAll(d["user_code"].(string), "-", " "))}})
	for _, want := range []string{"App", d["user_code"].(string), "alice", "see your email address"} {
		if !strings.Contains(ask.text, want) {
			t.Errorf("the question lacks %q: %s", want, ask.text)
		}
	}
	status, set = h.pollDevice(public, d)
	wantGrantError(t, status, set, "slow_down") // typing the code decides nothing
	if done := v.answerDevice(d["user_code"].(string), "allow"); done.StatusCode != 200 {
		t.Fatalf("allow: %d %s", done.StatusCode, done.text)
	}
	status, set = h.pollDevice(otherID, d)
	wantGrantError(t, status, set, "invalid_grant") // S1
	if status, set = h.pollDevice(public, d); status != 200 || set["id_token"] == nil || set["refresh_token"] == nil || !h.works(set["access_token"]) {
		t.Fatalf("%d %v", status, set)
	}
	if got := claims(t, set["id_token"])["sub"]; got != h.alice.Sub {
		t.Errorf("tokens of %v", got)
	}
	status, again := h.pollDevice(public, d)
	wantGrantError(t, status, again, "invalid_grant")
	if !h.works(set["access_token"]) {
		t.Error("a second poll killed the tokens")
	}
}

// TestDeviceRace (S2): of fifty polls after the answer, one gets tokens.
func TestDeviceRace(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	h.signedIn("alice").answerDevice(d["user_code"].(string), "allow")
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			status, set := h.pollDevice(public, d)
			mu.Lock()
			defer mu.Unlock()
			if status == 200 {
				won++
			} else {
				wantGrantError(t, status, set, "invalid_grant")
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestDeviceRefused(t *testing.T) {
	h := open(t)
	status, got := h.program("POST", "/"+poolID+"/oauth2/device_authorization", url.Values{"client_id": {public}}, nil)
	wantGrantError(t, status, got, "unauthorized_client")
	h.deviceClient()
	d := h.startDevice()
	h.signedIn("alice").answerDevice(d["user_code"].(string), "deny")
	status, got = h.pollDevice(public, d)
	wantGrantError(t, status, got, "access_denied")
	d = h.startDevice()
	if status, got = h.pollDevice(public, map[string]any{"device_code": d["user_code"]}); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("the user's code as the device's: %d %v", status, got)
	}
	h.clock.Add(11 * time.Minute)
	status, got = h.pollDevice(public, d)
	wantGrantError(t, status, got, "expired_token")
	if page := h.signedIn("alice").answerDevice(d["user_code"].(string), ""); page.StatusCode != 400 {
		t.Errorf("an old code: %d", page.StatusCode)
	}
	status, got = h.token(poolID, url.Values{"grant_type": {deviceGrant}, "client_id": {public}})
	wantGrantError(t, status, got, "invalid_request")
}

// TestDeviceOfDisabled (S12): who was disabled between yes and the poll gets nothing.
func TestDeviceOfDisabled(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	h.signedIn("alice").answerDevice(d["user_code"].(string), "allow")
	_, err := h.store.UpdateUser(context.Background(), poolID, "alice", func(u *userpool.User) error {
		u.Enabled = false
		return nil
	})
	h.must(err)
	status, got := h.pollDevice(public, d)
	wantGrantError(t, status, got, "invalid_grant")
}

// TestDeviceOfAnotherProvider: a session that the client does not admit answers nothing
// for it, neither where it is asked nor by a form of before.
func TestDeviceOfAnotherProvider(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	v := h.signedIn("alice")
	if page := v.answerDevice(d["user_code"].(string), ""); page.StatusCode != 200 {
		t.Fatal(page.StatusCode, page.text)
	}
	h.setClient(public, func(c *userpool.Client) { c.IdentityProviders = []string{"Corp"} })
	for _, decision := range []string{"", "allow"} {
		form := url.Values{"user_code": {d["user_code"].(string)}}
		if decision != "" {
			form.Set("decision", decision)
		}
		if page := v.post("/"+poolID+"/device", form); page.StatusCode != 404 || strings.Contains(page.text, "App") {
			t.Errorf("%q: %d %s", decision, page.StatusCode, page.text)
		}
	}
	status, got := h.pollDevice(public, d)
	wantGrantError(t, status, got, "authorization_pending")
}

// TestDeviceGuesses (S13): ten wrong codes, then even the right one waits.
func TestDeviceGuesses(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	v := h.signedIn("alice")
	for range 10 {
		if page := v.answerDevice("BBBB-BBBB", ""); page.StatusCode != 400 {
			t.Fatalf("%d %s", page.StatusCode, page.text)
		}
	}
	if page := v.answerDevice(d["user_code"].(string), ""); page.StatusCode != 429 {
		t.Errorf("after ten guesses: %d", page.StatusCode)
	}
	if page := h.signedIn("alice").answerDevice(d["user_code"].(string), ""); page.StatusCode != 429 {
		t.Errorf("in another browser: %d", page.StatusCode)
	}
	h.user(poolID, "bob", userpool.Confirmed)
	if page := h.signedIn("bob").answerDevice(d["user_code"].(string), ""); page.StatusCode != 200 {
		t.Errorf("another user: %d", page.StatusCode)
	}
}

// TestDeviceForgery: a decision needs the form of the page.
func TestDeviceForgery(t *testing.T) {
	h := open(t)
	h.deviceClient()
	d := h.startDevice()
	v := h.signedIn("alice")
	form := url.Values{"user_code": {d["user_code"].(string)}, "decision": {"allow"}}
	if page := v.submit("/"+poolID+"/device", form); page.StatusCode != 403 {
		t.Errorf("without the form's token: %d", page.StatusCode)
	}
	page := h.visitor().submit("/"+poolID+"/device", form)
	if page.StatusCode != 303 {
		t.Errorf("signed out: %d", page.StatusCode)
	}
	status, got := h.pollDevice(public, d)
	wantGrantError(t, status, got, "authorization_pending")
}

// TestDeviceStore: what is kept of a request is not what opens it.
func TestDeviceStore(t *testing.T) {
	h := open(t)
	h.deviceClient()
	spy := &spy{Store: h.handler.Waiting.Ephemeral}
	h.handler.Waiting.Ephemeral = spy
	d := h.startDevice()
	code, secret := d["user_code"].(string), d["device_code"].(string)
	if !regexp.MustCompile(`^[B-Z]{4}-[B-Z]{4}$`).MatchString(code) || len(secret) < 43 {
		t.Errorf("codes %q, %q", code, secret)
	}
	for _, text := range spy.seen {
		if strings.Contains(text, secret) {
			t.Errorf("the device code is kept: %q", text)
		}
	}
	if len(spy.seen) == 0 {
		t.Error("nothing was kept")
	}
}

// A spy writes down what goes into a store.
type spy struct {
	ephemeral.Store
	seen []string
}

func (s *spy) Put(ctx context.Context, namespace, key string, value []byte, expires time.Time) error {
	s.seen = append(s.seen, key+" "+string(value))
	return s.Store.Put(ctx, namespace, key, value, expires)
}

func (s *spy) Claim(ctx context.Context, namespace, key string, expires time.Time) (bool, error) {
	s.seen = append(s.seen, key)
	return s.Store.Claim(ctx, namespace, key, expires)
}
