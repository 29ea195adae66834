package oidcop_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

func wantGrantError(t *testing.T, status int, set map[string]any, code string) {
	t.Helper()
	if status != 400 || set["error"] != code {
		t.Errorf("got %d %v, want 400 %s", status, set, code)
	}
	if set["access_token"] != nil {
		t.Error("and tokens")
	}
}

// TestPKCE (F1, S5): what was sent as a challenge must be answered, at every try.
func TestPKCE(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	tries := []struct{ name, verifier string }{
		{"wrong verifier", strings.Repeat("x", 43)}, {"then none", ""}, {"then the challenge itself", challenge}, {"then none again", ""},
	}
	for _, try := range tries {
		form := redemption(public, code)
		form.Set("code_verifier", try.verifier)
		if try.verifier == "" {
			form.Del("code_verifier")
		}
		t.Run(try.name, func(t *testing.T) {
			status, set := h.token(poolID, form)
			wantGrantError(t, status, set, "invalid_grant")
		})
	}
	if status, _ := h.token(poolID, redemption(public, code)); status != 200 {
		t.Error("the owner's own verifier is refused afterwards")
	}
	plain := h.code(poolID, public, map[string]any{"code_challenge": nil, "code_challenge_method": nil})
	status, set := h.token(poolID, redemption(public, plain))
	wantGrantError(t, status, set, "invalid_grant") // a verifier without a challenge
}

// TestParallelRedemption (F2, F16, S2): of fifty, one wins and no other sees a 5xx.
func TestParallelRedemption(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			status, set := h.token(poolID, redemption(public, code))
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
		t.Errorf("%d redemptions won", won)
	}
}

// TestReplay (F13): a used code kills what was issued for it.
func TestReplay(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	_, first := h.token(poolID, redemption(public, code))
	if !h.works(first["access_token"]) {
		t.Fatal("the first token does not work")
	}
	h.clock.Add(idp.CodeLife + time.Minute) // a replay counts even after the code's time
	status, set := h.token(poolID, redemption(public, code))
	wantGrantError(t, status, set, "invalid_grant")
	if h.works(first["access_token"]) {
		t.Error("the access token outlived the replay")
	}
	status, set = h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {first["refresh_token"].(string)}})
	wantGrantError(t, status, set, "invalid_grant")
}

// TestStrangersReplay (F17, S1): what another client does harms nobody.
func TestStrangersReplay(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	for _, client := range []string{otherID, strings.ToUpper(public)} {
		if status, set := h.token(poolID, redemption(client, code)); status != 400 {
			t.Fatalf("%s: %d %v", client, status, set)
		}
	}
	status, first := h.token(poolID, redemption(public, code))
	if status != 200 {
		t.Fatal("a stranger's try burnt the code")
	}
	status, set := h.token(poolID, redemption(otherID, code))
	wantGrantError(t, status, set, "invalid_grant")
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {otherID}, "refresh_token": {first["refresh_token"].(string)}}
	status, set = h.token(poolID, refresh)
	wantGrantError(t, status, set, "invalid_grant")
	if !h.works(first["access_token"]) {
		t.Error("a stranger's replay killed the owner's tokens")
	}
	refresh.Set("client_id", public)
	if status, set := h.token(poolID, refresh); status != 200 {
		t.Errorf("and their refresh token: %d %v", status, set)
	}
}

func TestRefusedRedemption(t *testing.T) {
	h := open(t)
	tests := []struct {
		name   string
		change func(url.Values)
		want   string
	}{
		{"another address", func(f url.Values) { f.Set("redirect_uri", "myapp://cb") }, "invalid_grant"},
		{"no address", func(f url.Values) { f.Del("redirect_uri") }, "invalid_request"},
		{"no code", func(f url.Values) { f.Del("code") }, "invalid_request"},
		{"cut code (S9)", func(f url.Values) { f.Set("code", f.Get("code")[1:]) }, "invalid_grant"},
		{"longer code (S9)", func(f url.Values) { f.Set("code", f.Get("code")+"A") }, "invalid_grant"},
		{"no grant type", func(f url.Values) { f.Del("grant_type") }, "invalid_request"},
		{"password grant", func(f url.Values) { f.Set("grant_type", "password") }, "unsupported_grant_type"},
		{"two grant types", func(f url.Values) { f.Set("grant_type", "authorization_code refresh_token") }, "unsupported_grant_type"},
		{"duplicate parameter (F6)", func(f url.Values) { f.Add("code", "x") }, "invalid_request"},
		{"no client", func(f url.Values) { f.Del("client_id") }, "invalid_client"},
		{"unknown client", func(f url.Values) { f.Set("client_id", "nobody") }, "invalid_client"},
		{"secret of a public client", func(f url.Values) { f.Set("client_secret", "x") }, "invalid_client"},
		{"client assertion (F8)", func(f url.Values) { f.Set("client_assertion", "x") }, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := redemption(public, h.code(poolID, public, nil))
			tt.change(form)
			status, set := h.token(poolID, form)
			wantGrantError(t, status, set, tt.want)
		})
	}
}

func TestCodeExpires(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	h.clock.Add(idp.CodeLife)
	status, set := h.token(poolID, redemption(public, code))
	wantGrantError(t, status, set, "invalid_grant")
}

// TestAnotherPoolsCode (S24): a code is good at its own pool alone.
func TestAnotherPoolsCode(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	status, set := h.token(strictID, redemption(stricter, code))
	wantGrantError(t, status, set, "invalid_grant")
	if status, set := h.token(strictID, redemption(public, code)); status != 401 || set["error"] != "invalid_client" {
		t.Errorf("its client at another pool: %d %v", status, set)
	}
}

// TestStoreFailure (S4): a store that fails is a 5xx without a word about it.
func TestStoreFailure(t *testing.T) {
	h := open(t)
	cause := errors.New("disk on fire at 10.0.0.7")
	code := h.code(poolID, public, nil)
	h.grants.redeem = cause
	status, set := h.token(poolID, redemption(public, code))
	if status != 500 || set["error"] != "server_error" || len(set) != 1 {
		t.Errorf("redeeming: %d %v", status, set)
	}
	h.grants.redeem = nil
	if status, _ := h.token(poolID, redemption(public, code)); status != 200 {
		t.Fatal("the code did not survive the failure")
	}
	h.grants.replay = cause
	if status, set := h.token(poolID, redemption(public, code)); status != 500 {
		t.Errorf("a replay that could not be acted on: %d %v", status, set)
	}
}

// TestReplayBeforeTheTokens (S4): who presents a code between its redemption and the
// making of its tokens ends them as they are born.
func TestReplayBeforeTheTokens(t *testing.T) {
	h := open(t)
	form := redemption(public, h.code(poolID, public, nil))
	h.grants.redeemed = func() {
		h.grants.redeemed = nil
		status, set := h.token(poolID, form)
		wantGrantError(t, status, set, "invalid_grant")
	}
	status, set := h.token(poolID, form)
	if status != 200 {
		t.Fatalf("%d %v", status, set)
	}
	if h.works(set["access_token"]) {
		t.Error("the access token lives")
	}
	status, got := h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}})
	wantGrantError(t, status, got, "invalid_grant")
}

func TestDisabledUserBuysNothing(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, nil)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	_, err := h.store.UpdateUser(context.Background(), poolID, "alice", func(u *userpool.User) error { u.Enabled = false; return nil })
	h.must(err)
	status, got := h.token(poolID, redemption(public, code))
	wantGrantError(t, status, got, "invalid_grant")
	status, got = h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}})
	wantGrantError(t, status, got, "invalid_grant")
	if h.works(set["access_token"]) {
		t.Error("userInfo answers a disabled user")
	}
}

// TestRefreshCrossesOver: one kind of refresh token, whichever door it came by.
func TestRefreshCrossesOver(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	client, err := h.store.Client(ctx, public)
	h.must(err)
	step, err := h.auth.Initiate(ctx, client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": password}, "", false)
	h.must(err)
	status, set := h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {step.Result.RefreshToken}})
	if status != 200 || set["access_token"] == nil {
		t.Errorf("InitiateAuth's at the token endpoint: %d %v", status, set)
	}
	_, set = h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	step, err = h.auth.Initiate(ctx, client, "REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": set["refresh_token"].(string)}, "", false)
	if err != nil || claims(t, step.Result.AccessToken)["scope"] != "openid email" {
		t.Errorf("the token endpoint's at InitiateAuth: %+v, %v", step, err)
	}
}

// TestRotation (S2, S3): of many users of one refresh token one wins, and a late
// one is reuse that kills the family, with invalid_grant and nothing else (F18).
func TestRotation(t *testing.T) {
	h := open(t)
	_, err := h.store.UpdateClient(context.Background(), poolID, public, func(c *userpool.Client) error { c.RotateRefresh = true; return nil })
	h.must(err)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var winners []map[string]any
	for range 20 {
		wg.Go(func() {
			status, set := h.token(poolID, form)
			mu.Lock()
			defer mu.Unlock()
			if status == 200 {
				winners = append(winners, set)
			} else {
				wantGrantError(t, status, set, "invalid_grant")
			}
		})
	}
	wg.Wait()
	if len(winners) != 1 {
		t.Fatalf("%d won", len(winners))
	}
	form.Set("refresh_token", winners[0]["refresh_token"].(string))
	status, got := h.token(poolID, form)
	wantGrantError(t, status, got, "invalid_grant")
}

func TestClientCredentials(t *testing.T) {
	h := open(t)
	grant := func(change func(url.Values), header http.Header) (int, map[string]any) {
		form := url.Values{"grant_type": {"client_credentials"}}
		if change != nil {
			change(form)
		}
		return h.program("POST", "/"+poolID+"/oauth2/token", form, header)
	}
	status, set := grant(nil, basic(m2mID, secret))
	if status != 200 || len(set) != 3 {
		t.Fatalf("%d %v", status, set)
	}
	if c := claims(t, set["access_token"]); c["sub"] != m2mID || c["scope"] != "api/read" || c["username"] != nil {
		t.Errorf("claims %v", c)
	}
	status, set = grant(func(f url.Values) { f.Set("client_id", m2mID); f.Set("client_secret", secret) }, nil)
	if status != 200 {
		t.Errorf("secret in the body: %d %v", status, set)
	}
	_, err := h.store.UpdateClient(t.Context(), poolID, m2mID, func(c *userpool.Client) error { c.SecondSecret = "the-next-one"; return nil })
	h.must(err)
	if status, set = grant(nil, basic(m2mID, "the-next-one")); status != 200 {
		t.Errorf("second secret: %d %v", status, set)
	}
	if status, set = grant(func(f url.Values) { f.Set("client_id", m2mID); f.Set("client_secret", "the-next-one") }, nil); status != 200 {
		t.Errorf("second secret in the body: %d %v", status, set)
	}
	refused := []struct {
		name   string
		want   string
		change func(url.Values)
		header http.Header
	}{
		{"wrong secret", "invalid_client", nil, basic(m2mID, secret+"x")},
		{"empty secret", "invalid_client", nil, basic(m2mID, "")},
		{"no client", "invalid_client", nil, nil},
		{"two ways at once", "invalid_request", func(f url.Values) { f.Set("client_secret", secret) }, basic(m2mID, secret)},
		{"two clients at once", "invalid_client", func(f url.Values) { f.Set("client_id", secretID) }, basic(m2mID, secret)},
		{"grant not allowed", "unauthorized_client", nil, basic(secretID, secret)},
		{"standard scope", "invalid_scope", func(f url.Values) { f.Set("scope", "openid") }, basic(m2mID, secret)},
		{"scope not enabled (S20)", "invalid_scope", func(f url.Values) { f.Set("scope", "api/read api/write") }, basic(m2mID, secret)},
		{"unknown scope", "invalid_scope", func(f url.Values) { f.Set("scope", "api/none") }, basic(m2mID, secret)},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			status, set := grant(tt.change, tt.header)
			wantGrantError(t, status, set, tt.want)
		})
	}
}

func TestTokenEndpointForm(t *testing.T) {
	h := open(t)
	path := "/" + poolID + "/oauth2/token"
	if status, set := h.program("GET", path+"?grant_type=client_credentials", nil, basic(m2mID, secret)); status != 405 || set["error"] != "invalid_request" {
		t.Errorf("GET: %d %v", status, set)
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	header := basic(m2mID, secret)
	header.Set("Content-Type", "application/json")
	if status, set := h.program("POST", path, form, header); status != 400 || set["error"] != "invalid_request" {
		t.Errorf("JSON: %d %v", status, set)
	}
	form.Set("padding", strings.Repeat("x", 65<<10))
	if status, set := h.program("POST", path, form, basic(m2mID, secret)); status != 400 || set["error"] != "invalid_request" {
		t.Errorf("a large body: %d %v", status, set)
	}
	req, _ := http.NewRequest("OPTIONS", h.url+path, nil)
	if res := h.visitor().do(req); res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("preflight: %d %v", res.StatusCode, res.Header)
	}
}
