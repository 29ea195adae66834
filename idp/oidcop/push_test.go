package oidcop_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/pushed"
	"github.com/poolhouse/poolhouse/userpool"
)

// plain is an authorization request as a form.
func plain(client string, changes map[string]any) url.Values {
	_, query, _ := strings.Cut(authorizeURL(poolID, client, changes), "?")
	form, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return form
}

// pushes sends a request to the PAR endpoint.
func (h *house) pushes(form url.Values, header http.Header) (int, map[string]any) {
	h.t.Helper()
	return h.program("POST", "/"+poolID+"/oauth2/par", form, header)
}

// pushed returns the address that a pushed request of the public client begins at.
func (h *house) pushed(changes map[string]any) string {
	h.t.Helper()
	status, out := h.pushes(plain(public, changes), nil)
	if status != 201 || out["expires_in"] != 90.0 {
		h.t.Fatalf("%d %v", status, out)
	}
	return byName(public, out["request_uri"].(string))
}

func byName(client, uri string) string {
	return "/" + poolID + "/oauth2/authorize?" + url.Values{"client_id": {client}, "request_uri": {uri}}.Encode()
}

// wantOver wants the page that says that a request is no good.
func wantOver(t *testing.T, what string, res *reply) {
	t.Helper()
	at := where(res)
	if at.Host != "" || !strings.HasSuffix(at.Path, "/error") || at.Query().Get("error") != "invalid_request_uri" {
		t.Errorf("%s: %d to %s", what, res.StatusCode, at)
	}
}

// TestPushedRequest: it may be loaded again until there is a code, and never after.
func TestPushedRequest(t *testing.T) {
	h := open(t)
	h.client(public, func(c *userpool.Client) { c.OpenID.RequirePAR = true })
	address := h.pushed(map[string]any{"login_hint": "alice", "state": "kept"})
	v := h.visitor()
	login := where(v.get(address))
	if got := login.Query(); len(got) != 2 || strings.Contains(login.String(), "kept") || !pushed.IsVisit(got.Get("request_uri")) {
		t.Fatalf("the browser carries %s", login)
	}
	if page := v.get(login.String()); !strings.Contains(page.text, `value="alice"`) {
		t.Error("login_hint is lost")
	}
	if again := where(v.get(address)); !strings.HasSuffix(again.Path, "/login") {
		t.Errorf("the second visit before the sign-in: %s", again)
	}
	at := v.signIn(address, "alice")
	if at.Query().Get("code") == "" || at.Query().Get("state") != "kept" {
		t.Fatalf("sent to %s", at)
	}
	if status, set := h.token(poolID, redemption(public, at.Query().Get("code"))); status != 200 {
		t.Errorf("%d %v", status, set)
	}
	wantOver(t, "again", v.get(address))
	back := "/" + poolID + "/oauth2/authorize?" + login.RawQuery
	wantOver(t, "the other visit", v.get(back))
}

// TestPushedRequestSurvivesTheSignIn though its name lives for 90 seconds.
func TestPushedRequestSurvivesTheSignIn(t *testing.T) {
	h := open(t)
	address := h.pushed(map[string]any{"prompt": "login"})
	v := h.visitor()
	login := where(v.get(address)).String()
	h.clock.Add(10 * time.Minute)
	wantOver(t, "its own name", v.get(address))
	back := where(v.post(login, credentials("alice", password))).String()
	if at := where(v.get(back)); at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
	late := where(v.get(h.pushed(map[string]any{"prompt": "login"}))).String()
	h.clock.Add(time.Hour)
	if res := v.get(late); res.StatusCode != 400 || !strings.Contains(res.text, "expired") {
		t.Errorf("the page after an hour: %d", res.StatusCode)
	}
}

// TestPushedRequestIsBound (F7, S8): to its client and pool, and who presents it
// elsewhere does not burn it.
func TestPushedRequestIsBound(t *testing.T) {
	h := open(t)
	address := h.pushed(nil)
	uri := where(&reply{Response: &http.Response{Header: http.Header{"Location": {address}}}}).Query().Get("request_uri")
	v := h.visitor()
	wantOver(t, "another client", v.get(byName(otherID, uri)))
	wantOver(t, "no client", v.get("/"+poolID+"/oauth2/authorize?"+url.Values{"request_uri": {uri}}.Encode()))
	wantOver(t, "another pool", v.get(strings.Replace(byName(public, uri), poolID, strictID, 1)))
	wantOver(t, "a name of the other kind", v.get(byName(public, strings.Replace(uri, "urn:ietf:params:oauth:request_uri:", "urn:poolhouse:visit:", 1))))
	wantOver(t, "made up", v.get(byName(public, uri[:len(uri)-2])))
	polluted := address + "&redirect_uri=" + url.QueryEscape("https://evil.example/") + "&scope=phone&state=evil&response_mode=fragment"
	at := v.signIn(polluted, "alice")
	if at.Host != "app.example" || at.Query().Get("code") == "" || at.Query().Get("state") != "xyz" {
		t.Errorf("parameters beside it count: %s", at)
	}
	if at := where(v.get(address + "&client_id=" + otherID)); at.Query().Get("error") != "invalid_request" {
		t.Errorf("two clients: %s", at)
	}
}

func TestPushRefuses(t *testing.T) {
	h := open(t)
	h.client(otherID, func(c *userpool.Client) { c.OpenID.FAPI = true })
	for _, tt := range []struct {
		name   string
		form   url.Values
		header http.Header
		status int
		want   string
	}{
		{"request_uri (RFC 9126 2.1)", plain(public, map[string]any{"request_uri": "urn:ietf:params:oauth:request_uri:x"}), nil, 400, "invalid_request"},
		{"unknown client", plain("nobody", nil), nil, 400, "invalid_client"},
		{"wrong secret", plain(secretID, nil), basic(secretID, "wrong"), 400, "invalid_client"},
		{"no secret", plain(secretID, nil), nil, 400, "invalid_client"},
		{"another client's name", plain(public, nil), basic(secretID, secret), 400, "invalid_client"},
		{"FAPI without a key", plain(otherID, nil), nil, 400, "invalid_client"},
		{"unregistered address", plain(public, map[string]any{"redirect_uri": "https://evil.example/"}), nil, 400, "invalid_request"},
		{"no address", plain(public, map[string]any{"redirect_uri": nil}), nil, 400, "invalid_request"},
		{"plain challenge", plain(public, map[string]any{"code_challenge_method": "plain"}), nil, 400, "invalid_request"},
		{"response type", plain(public, map[string]any{"response_type": "token"}), nil, 400, "unauthorized_client"},
		{"unknown scope", plain(public, map[string]any{"scope": "nonsense"}), nil, 400, "invalid_scope"},
		{"twice", plain(public, map[string]any{"nonce": []string{"a", "b"}}), nil, 400, "invalid_request"},
		{"two clients", plain(public, map[string]any{"client_id": []string{public, otherID}}), nil, 400, "invalid_request"},
		{"malformed claims", plain(public, map[string]any{"claims": "{"}), nil, 400, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, out := h.pushes(tt.form, tt.header); status != tt.status || out["error"] != tt.want || out["request_uri"] != nil {
				t.Errorf("%d %v, want %s", status, out, tt.want)
			}
		})
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if status, out := h.program(method, "/"+poolID+"/oauth2/par", plain(public, nil), nil); status != 405 || out["request_uri"] != nil {
			t.Errorf("%s: %d %v", method, status, out)
		}
	}
}

// TestPushOfAConfidentialClient: what it proved itself by is not kept (F7).
func TestPushOfAConfidentialClient(t *testing.T) {
	h := open(t)
	form := plain(secretID, nil)
	form.Set("client_secret", secret)
	status, out := h.pushes(form, nil)
	if status != 201 {
		t.Fatalf("%d %v", status, out)
	}
	kept, err := h.handler.Requests.Load(t.Context(), poolID, secretID, out["request_uri"].(string))
	h.must(err)
	if kept.Params.Has("client_secret") || kept.Params.Get("client_id") != secretID {
		t.Errorf("kept %v", kept.Params)
	}
	form = plain(secretID, nil)
	form.Del("client_id")
	if status, out = h.pushes(form, basic(secretID, secret)); status != 201 {
		t.Fatalf("%d %v", status, out)
	}
	at := h.visitor().signIn(byName(secretID, out["request_uri"].(string)), "alice")
	if at.Query().Get("code") == "" {
		t.Errorf("sent to %s", at)
	}
}

// TestRequiredPush: clients that must push cannot do without.
func TestRequiredPush(t *testing.T) {
	for name, change := range map[string]func(*userpool.Client){
		"setting": func(c *userpool.Client) { c.OpenID.RequirePAR = true },
		"FAPI":    func(c *userpool.Client) { c.OpenID.FAPI = true },
	} {
		h := open(t)
		h.client(public, change)
		at := where(h.visitor().get(authorizeURL(poolID, public, nil)))
		if at.Host != "app.example" || at.Query().Get("error") != "invalid_request" {
			t.Errorf("%s: sent to %s", name, at)
		}
	}
}

// TestOneCodeForAPushedRequest (S2): fifty tabs, one code.
func TestOneCodeForAPushedRequest(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signIn(authorizeURL(poolID, public, nil), "alice")
	address := h.pushed(nil)
	home, _ := url.Parse(h.url)
	cookies := v.client.Jar.Cookies(home)
	var codes, pages atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch at := h.serve("GET", address, nil, cookies, nil).Header().Get("Location"); {
			case strings.Contains(at, "code="):
				codes.Add(1)
			case strings.Contains(at, "invalid_request_uri"):
				pages.Add(1)
			}
		})
	}
	all.Wait()
	if codes.Load() != 1 || pages.Load() != 49 {
		t.Errorf("%d codes, %d refusals", codes.Load(), pages.Load())
	}
}

// TestProofAtPush (RFC 9449 section 10.1): a proof with the pushed request binds the
// code to its key; one by another key than dpop_jkt is refused.
func TestProofAtPush(t *testing.T) {
	h := open(t)
	path := "/" + poolID + "/oauth2/par"
	for _, changes := range []map[string]any{nil, {"dpop_jkt": thumbprint(keyA)}} {
		status, out := h.pushes(plain(public, changes), h.proof(keyA, "POST", path, ""))
		if status != 201 {
			t.Fatalf("%d %v", status, out)
		}
		code := h.visitor().signIn(byName(public, out["request_uri"].(string)), "alice").Query().Get("code")
		status, out = h.provenToken(keyB, redemption(public, code))
		wantGrantError(t, status, out, "invalid_grant")
		if status, out = h.provenToken(keyA, redemption(public, code)); status != 200 {
			t.Errorf("%d %v", status, out)
		}
	}
	for what, header := range map[string]http.Header{"another key": h.proof(keyB, "POST", path, ""),
		"for another address": h.proof(keyA, "POST", "/"+poolID+"/oauth2/token", "")} {
		status, out := h.pushes(plain(public, map[string]any{"dpop_jkt": thumbprint(keyA)}), header)
		if status != 400 || out["error"] != "invalid_dpop_proof" {
			t.Errorf("%s: %d %v", what, status, out)
		}
	}
}

// TestPoolRequiresPushedRequests: a pool's setting is for all of its clients, and told
// in discovery.
func TestPoolRequiresPushedRequests(t *testing.T) {
	h := open(t)
	_, before := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
	_, err := h.store.UpdatePool(t.Context(), poolID, func(p *userpool.Pool) error { p.OpenID.RequirePAR = true; return nil })
	h.must(err)
	h.clock.Add(time.Minute) // for which the document is kept
	_, after := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
	if before["require_pushed_authorization_requests"] != false || after["require_pushed_authorization_requests"] != true {
		t.Errorf("discovery says %v, then %v", before["require_pushed_authorization_requests"], after["require_pushed_authorization_requests"])
	}
	for _, client := range []string{public, otherID} {
		if at := where(h.visitor().get(authorizeURL(poolID, client, nil))); at.Query().Get("error") != "invalid_request" {
			t.Errorf("%s: a request by the address leads to %s", client, at)
		}
	}
	if at := where(h.visitor().get(h.pushed(nil))); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("a pushed one leads to %s", at)
	}
}
