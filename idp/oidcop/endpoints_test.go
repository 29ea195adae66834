package oidcop_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func bearerHeader(token any) http.Header {
	return http.Header{"Authorization": {"Bearer " + token.(string)}}
}

func TestUserInfo(t *testing.T) {
	h := open(t)
	path := "/" + poolID + "/oauth2/userInfo"
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	for _, method := range []string{"GET", "POST"} {
		status, info := h.program(method, path, nil, bearerHeader(set["access_token"]))
		if status != 200 || info["sub"] != h.alice.Sub || info["email"] != "alice@example.com" || info["email_verified"] != "true" || info["username"] != "alice" {
			t.Errorf("%s: %d %v", method, status, info)
		}
		if info["name"] != nil {
			t.Error("name without the profile scope")
		}
	}
	form := url.Values{"access_token": {set["access_token"].(string)}}
	if status, _ := h.program("POST", path, form, nil); status != 200 {
		t.Errorf("token in the form: %d", status)
	}
	refused := []struct {
		name   string
		method string
		query  string
		form   url.Values
		header http.Header
		status int
		code   string
	}{
		{"no token", "GET", "", nil, nil, 400, "invalid_request"},
		{"token in the address", "GET", "?access_token=" + set["access_token"].(string), nil, nil, 400, "invalid_request"},
		{"two tokens", "POST", "", form, bearerHeader(set["access_token"]), 400, "invalid_request"},
		{"rubbish", "GET", "", nil, bearerHeader("rubbish"), 401, "invalid_token"},
		{"id token", "GET", "", nil, bearerHeader(set["id_token"]), 401, "invalid_token"},
		{"cut token (S9)", "GET", "", nil, bearerHeader(set["access_token"].(string)[:400]), 401, "invalid_token"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			if status, e := h.program(tt.method, path+tt.query, tt.form, tt.header); status != tt.status || e["error"] != tt.code {
				t.Errorf("%d %v, want %d %s", status, e, tt.status, tt.code)
			}
		})
	}
	if status, _ := h.program("GET", "/"+strictID+"/oauth2/userInfo", nil, bearerHeader(set["access_token"])); status != 401 {
		t.Errorf("at another pool (S24): %d", status)
	}
	h.clock.Add(time.Hour)
	if status, _ := h.program("GET", path, nil, bearerHeader(set["access_token"])); status != 401 {
		t.Errorf("expired: %d", status)
	}
}

func TestUserInfoStrict(t *testing.T) {
	h := open(t)
	_, set := h.token(strictID, redemption(stricter, h.code(strictID, stricter, nil)))
	status, info := h.program("GET", "/"+strictID+"/oauth2/userInfo", nil, bearerHeader(set["access_token"]))
	if status != 200 || info["email_verified"] != true || info["username"] != nil {
		t.Errorf("%d %v", status, info)
	}
}

// TestUserInfoStandard: a client with settings that Cognito has not gets claims as
// OpenID Connect has them, also in a pool of Cognito's kind.
func TestUserInfoStandard(t *testing.T) {
	h := open(t)
	h.client(public, func(c *userpool.Client) { c.OpenID.ResponseTypes = []string{"code"} })
	for scope, email := range map[string]any{"openid": nil, "openid email": "alice@example.com"} {
		_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": scope})))
		status, info := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, bearerHeader(set["access_token"]))
		if status != 200 || info["email"] != email || email != nil && info["email_verified"] != true || info["username"] != nil {
			t.Errorf("%s: %d %v", scope, status, info)
		}
	}
}

func TestUserInfoRefusesNativeTokens(t *testing.T) {
	h := open(t)
	client, err := h.store.Client(context.Background(), public)
	h.must(err)
	step, err := h.auth.Initiate(context.Background(), client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": password}, "", false)
	h.must(err)
	status, e := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, bearerHeader(step.Result.AccessToken))
	if status != 401 || e["error"] != "invalid_token" {
		t.Errorf("%d %v", status, e)
	}
}

func TestRevoke(t *testing.T) {
	h := open(t)
	path := "/" + poolID + "/oauth2/revoke"
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	refresh := set["refresh_token"].(string)
	refused := []struct {
		name   string
		form   url.Values
		status int
		code   string
	}{
		{"no token", url.Values{"client_id": {public}}, 400, "invalid_request"},
		{"access token", url.Values{"client_id": {public}, "token": {set["access_token"].(string)}}, 400, "unsupported_token_type"},
		{"no client", url.Values{"token": {refresh}}, 401, "invalid_client"},
	}
	for _, tt := range refused {
		if status, e := h.program("POST", path, tt.form, nil); status != tt.status || e["error"] != tt.code {
			t.Errorf("%s: %d %v", tt.name, status, e)
		}
	}
	if status, _ := h.program("POST", path, url.Values{"client_id": {otherID}, "token": {refresh}}, nil); status != 200 {
		t.Errorf("another client's: %d", status)
	}
	if !h.works(set["access_token"]) {
		t.Fatal("another client revoked the family (S1)")
	}
	for range 2 {
		if status, _ := h.program("POST", path, url.Values{"client_id": {public}, "token": {refresh}}, nil); status != 200 {
			t.Errorf("revoking: %d", status)
		}
	}
	if h.works(set["access_token"]) {
		t.Error("the access token outlived its family")
	}
	status, e := h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {refresh}})
	wantGrantError(t, status, e, "invalid_grant")
}

func TestDiscovery(t *testing.T) {
	h := open(t)
	req, _ := http.NewRequest("GET", h.url+"/"+poolID+"/.well-known/openid-configuration", nil)
	req.Host = "evil.example"
	req.Header.Set("X-Forwarded-Host", "evil.example")
	res := h.visitor().do(req)
	var doc map[string]any
	if err := json.Unmarshal([]byte(res.text), &doc); err != nil {
		t.Fatal(err)
	}
	issuer := h.url + "/" + poolID
	if doc["issuer"] != issuer || doc["token_endpoint"] != issuer+"/oauth2/token" || doc["userinfo_endpoint"] != issuer+"/oauth2/userInfo" {
		t.Errorf("%v", doc)
	}
	if strings.Contains(res.text, "evil") {
		t.Error("Host or X-Forwarded-Host reached the document (S11)")
	}
	if res.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(res.Header.Get("Cache-Control"), "max-age") {
		t.Errorf("headers %v", res.Header)
	}
	for name, value := range doc {
		if at, ok := value.(string); ok && strings.HasPrefix(at, issuer+"/") {
			if got := h.visitor().get(at); got.StatusCode == 404 {
				t.Errorf("%s leads nowhere: %s", name, at)
			}
		}
	}
	for _, path := range []string{"/us-east-1_None/.well-known/openid-configuration", "/us-east-1_None/.well-known/jwks.json"} {
		if status, _ := h.program("GET", path, nil, nil); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestJWKSAfterRotation(t *testing.T) {
	h := open(t)
	kids := func() string {
		_, set := h.program("GET", "/"+poolID+"/.well-known/jwks.json", nil, nil)
		raw, _ := json.Marshal(set)
		return string(raw)
	}
	before := kids()
	key, err := h.ring.Rotate(context.Background(), "pool/"+poolID+"/access", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if after := kids(); !strings.Contains(after, key.ID) || before == after {
		t.Error("a key that signs is not published")
	}
}
