package oidcop_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// introspect asks about a token as a client with a secret.
func (h *house) introspect(client, token string) (int, map[string]any) {
	h.t.Helper()
	return h.program("POST", "/"+poolID+"/oauth2/introspect", url.Values{"token": {token}, "token_type_hint": {"nonsense"}}, basic(client, secret))
}

func (h *house) secretTokens() map[string]any {
	h.t.Helper()
	status, set := h.program("POST", "/"+poolID+"/oauth2/token", redemption(secretID, h.code(poolID, secretID, map[string]any{"scope": "openid email api/read"})), basic(secretID, secret))
	if status != 200 {
		h.t.Fatalf("%d %v", status, set)
	}
	return set
}

func TestIntrospection(t *testing.T) {
	h := open(t)
	set := h.secretTokens()
	access, refresh := set["access_token"].(string), set["refresh_token"].(string)
	said := claims(t, access)
	status, got := h.introspect(secretID, access)
	if status != 200 || got["active"] != true || got["sub"] != said["sub"] || got["client_id"] != secretID || got["scope"] != "openid email api/read" ||
		got["exp"] != said["exp"] || got["iss"] != h.url+"/"+poolID || got["jti"] != said["jti"] || got["token_type"] != "Bearer" || got["username"] != "alice" {
		t.Errorf("access token: %d %v", status, got)
	}
	status, got = h.introspect(secretID, refresh)
	if status != 200 || got["active"] != true || got["exp"] == said["exp"] || got["sub"] != said["sub"] {
		t.Errorf("refresh token: %d %v", status, got)
	}
	nothing := func(name, client, token string) {
		t.Helper()
		if status, got := h.introspect(client, token); status != 200 || len(got) != 1 || got["active"] != false {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	nothing("another client's access token", m2mID, access)
	nothing("another client's refresh token", m2mID, refresh)
	nothing("an ID token", secretID, set["id_token"].(string))
	nothing("a cut token (S9)", secretID, access[:len(access)-2])
	nothing("a longer refresh token (S9)", secretID, refresh+"A")
	nothing("nonsense", secretID, strings.Repeat(".", 1000))

	h.setClient(m2mID, func(c *userpool.Client) { c.OpenID.Introspects = []string{"api"} })
	if _, got := h.introspect(m2mID, access); got["active"] != true || got["scope"] != "api/read" {
		t.Errorf("for the API of a scope: %v", got)
	}
	nothing("a refresh token, for an API", m2mID, refresh)

	h.clock.Add(2 * time.Hour)
	nothing("an old token", secretID, access)
	h.must(h.tokens.Revoke(context.Background(), h.get(secretID), refresh))
	nothing("a revoked token", secretID, refresh)
}

func (h *house) get(id userpool.ClientID) *userpool.Client {
	h.t.Helper()
	c, err := h.store.Client(context.Background(), id)
	h.must(err)
	return c
}

// TestIntrospectionOfDisabled (S12): tokens of a disabled user are not active.
func TestIntrospectionOfDisabled(t *testing.T) {
	h := open(t)
	set := h.secretTokens()
	h.disable("alice")
	for _, token := range []any{set["access_token"], set["refresh_token"]} {
		if _, got := h.introspect(secretID, token.(string)); got["active"] != false {
			t.Errorf("%v", got)
		}
	}
}

func (h *house) disable(user string) {
	h.t.Helper()
	_, err := h.store.UpdateUser(context.Background(), poolID, user, func(u *userpool.User) error {
		u.Enabled = false
		return nil
	})
	h.must(err)
}

// TestIntrospectionUsed: a look at a refresh token that was turned over says that it
// is dead, and kills nothing.
func TestIntrospectionUsed(t *testing.T) {
	h := open(t)
	h.setClient(secretID, func(c *userpool.Client) { c.RotateRefresh = true })
	set := h.secretTokens()
	_, next := h.program("POST", "/"+poolID+"/oauth2/token", refreshing(secretID, set), basic(secretID, secret))
	if _, got := h.introspect(secretID, set["refresh_token"].(string)); got["active"] != false {
		t.Errorf("the old one: %v", got)
	}
	if _, got := h.introspect(secretID, next["refresh_token"].(string)); got["active"] != true {
		t.Errorf("its successor: %v", got)
	}
}

func TestIntrospectionNeedsClient(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	form := url.Values{"token": {set["access_token"].(string)}}
	bearer := http.Header{"Authorization": {"Bearer " + set["access_token"].(string)}}
	if status, got := h.program("POST", "/"+poolID+"/oauth2/introspect", form, bearer); status != 400 || got["error"] != "invalid_client" { // F10
		t.Errorf("by the token itself: %d %v", status, got)
	}
	form.Set("client_id", public)
	if status, got := h.program("POST", "/"+poolID+"/oauth2/introspect", form, nil); status != 400 || got["error"] != "invalid_client" {
		t.Errorf("a public client: %d %v", status, got)
	}
	if status, got := h.program("POST", "/"+poolID+"/oauth2/introspect", url.Values{}, basic(secretID, secret)); status != 400 || got["error"] != "invalid_request" {
		t.Errorf("no token: %d %v", status, got)
	}
}

// TestSignedIntrospection is RFC 9701.
func TestSignedIntrospection(t *testing.T) {
	h := open(t)
	set := h.secretTokens()
	req, err := http.NewRequest("POST", h.url+"/"+poolID+"/oauth2/introspect", strings.NewReader(url.Values{"token": {set["access_token"].(string)}}.Encode()))
	h.must(err)
	req.Header = basic(secretID, secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/plain, application/token-introspection+jwt;q=1")
	res := h.visitor().do(req)
	got := claims(t, res.text)
	told, _ := got["token_introspection"].(map[string]any)
	if res.Header.Get("Content-Type") != "application/token-introspection+jwt" || got["aud"] != secretID || got["iss"] != h.url+"/"+poolID ||
		told["active"] != true || got["sub"] != nil || got["exp"] != nil {
		t.Errorf("%v %v", res.Header, got)
	}
}

// TestRevokeAccess: where Cognito's rules do not bind, an access token can be revoked.
func TestRevokeAccess(t *testing.T) {
	h := open(t)
	set := h.secretTokens()
	form := url.Values{"token": {set["access_token"].(string)}, "token_type_hint": {"refresh_token"}}
	revoke := func(client string) (int, map[string]any) {
		return h.program("POST", "/"+poolID+"/oauth2/revoke", form, basic(client, secret))
	}
	if status, got := revoke(secretID); status != 400 || got["error"] != "unsupported_token_type" {
		t.Errorf("as with Cognito: %d %v", status, got)
	}
	for _, id := range []userpool.ClientID{secretID, m2mID} {
		h.setClient(id, func(c *userpool.Client) { c.OpenID.AuthMethod = userpool.AuthBasic })
	}
	if status, got := revoke(m2mID); status != 200 || !h.works(set["access_token"]) {
		t.Errorf("by another client: %d %v", status, got)
	}
	if status, got := revoke(secretID); status != 200 || h.works(set["access_token"]) {
		t.Errorf("by its client: %d %v", status, got)
	}
	_, m2m := h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, basic(m2mID, secret))
	form.Set("token", m2m["access_token"].(string))
	if status, got := revoke(m2mID); status != 400 || got["error"] != "unsupported_token_type" {
		t.Errorf("a token without a sign-in: %d %v", status, got)
	}
}
