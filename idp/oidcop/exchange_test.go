package oidcop_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessKind    = "urn:ietf:params:oauth:token-type:access_token"
	idKind        = "urn:ietf:params:oauth:token-type:id_token"
)

// exchanger lets m2m exchange tokens of public.
func (h *house) exchanger() {
	h.t.Helper()
	h.setClient(m2mID, func(c *userpool.Client) {
		c.OpenID.GrantTypes, c.OpenID.ExchangeFrom, c.OpenID.Audiences = []string{exchangeGrant}, []string{public}, []string{"https://next.example"}
		c.OAuthScopes = []string{"openid", "api/read", "aws.cognito.signin.user.admin"}
	})
}

func (h *house) exchange(changes url.Values) (int, map[string]any) {
	h.t.Helper()
	form := url.Values{"grant_type": {exchangeGrant}, "subject_token_type": {accessKind}}
	for name, values := range changes {
		form[name] = values
	}
	return h.program("POST", "/"+poolID+"/oauth2/token", form, basic(m2mID, secret))
}

func TestTokenExchange(t *testing.T) {
	h := open(t)
	h.exchanger()
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": "openid email api/read"})))
	mine := url.Values{"subject_token": {set["access_token"].(string)}}
	with := func(pairs ...string) url.Values {
		form := url.Values{"subject_token": mine["subject_token"]}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	status, got := h.exchange(with("resource", "https://next.example"))
	if status != 200 || got["issued_token_type"] != accessKind || got["refresh_token"] != nil || got["id_token"] != nil || got["scope"] != "openid api/read" {
		t.Fatalf("%d %v", status, got)
	}
	next := claims(t, got["access_token"])
	if next["sub"] != h.alice.Sub || next["client_id"] != m2mID || next["aud"] != "https://next.example" || next["origin_jti"] == claims(t, set["access_token"])["origin_jti"] {
		t.Errorf("claims %v", next)
	}
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"a scope of the token alone (S20)", with("scope", "email"), "invalid_scope"},
		{"a scope of the client alone (S20)", with("scope", "aws.cognito.signin.user.admin"), "invalid_scope"},
		{"an audience of nobody", with("audience", "https://evil.example"), "invalid_target"},
		{"another type", with("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"},
		{"an ID token as an access token", with("subject_token", set["id_token"].(string)), "invalid_request"},
		{"no token", url.Values{}, "invalid_request"},
		{"a refresh token asked for", with("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"},
		{"an actor that is none", with("actor_token", "x", "actor_token_type", accessKind), "invalid_request"},
		{"an actor without a type", with("actor_token", "x"), "invalid_request"},
		{"a type without an actor", with("actor_token_type", accessKind), "invalid_request"},
	} {
		status, got := h.exchange(tt.form)
		if status != 400 || got["error"] != tt.want {
			t.Errorf("%s: %d %v", tt.name, status, got)
		}
	}
	if status, got = h.exchange(with("subject_token", set["id_token"].(string), "subject_token_type", idKind)); status != 200 || got["scope"] != "openid" {
		t.Errorf("an ID token: %d %v", status, got)
	}
	h.setClient(m2mID, func(c *userpool.Client) { c.OpenID.ExchangeFrom = nil })
	status, got = h.exchange(mine)
	wantGrantError(t, status, got, "invalid_request") // S21
	h.setClient(m2mID, func(c *userpool.Client) { c.OpenID.GrantTypes = nil })
	status, got = h.exchange(mine)
	wantGrantError(t, status, got, "unauthorized_client") // S21
}

// TestExchangeRevoked: a token that was exchanged for can be revoked by itself, and
// dies when its user signs out everywhere or is disabled (S12).
func TestExchangeRevoked(t *testing.T) {
	h := open(t)
	h.exchanger()
	h.setClient(m2mID, func(c *userpool.Client) { c.OpenID.AuthMethod = userpool.AuthBasic })
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	mine := url.Values{"subject_token": {set["access_token"].(string)}}
	_, got := h.exchange(mine)
	if !h.works(got["access_token"]) {
		t.Fatalf("%v", got)
	}
	if status, _ := h.program("POST", "/"+poolID+"/oauth2/revoke", url.Values{"token": {got["access_token"].(string)}}, basic(m2mID, secret)); status != 200 ||
		h.works(got["access_token"]) || !h.works(set["access_token"]) {
		t.Error("not revoked, or too much")
	}
	_, got = h.exchange(mine)
	h.disable("alice")
	if h.works(got["access_token"]) {
		t.Error("it outlived its user")
	}
	status, again := h.exchange(mine)
	wantGrantError(t, status, again, "invalid_request")
}

// TestExchangeEndsNoLater: however often it is exchanged, no token outlives the first.
func TestExchangeEndsNoLater(t *testing.T) {
	h := open(t)
	h.exchanger()
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	ends := claims(t, set["access_token"])["exp"]
	for token, left := set["access_token"], 3600.0; left > 1200; {
		h.clock.Add(20 * time.Minute)
		left -= 1200
		status, got := h.exchange(url.Values{"subject_token": {token.(string)}})
		in, _ := got["expires_in"].(float64) // whole seconds of what is left
		if status != 200 || in > left || in < left-1 || claims(t, got["access_token"])["exp"] != ends {
			t.Fatalf("with %v s left: %d %v", left, status, got)
		}
		token = got["access_token"]
	}
}

// TestDelegation: who acts for whom is written down, the last one outermost.
func TestDelegation(t *testing.T) {
	h := open(t)
	h.exchanger()
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	_, own := h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"api/read"}}, basic(m2mID, secret))
	if own["access_token"] == nil {
		t.Fatalf("no token of its own: %v", own)
	}
	form := url.Values{"subject_token": {set["access_token"].(string)}, "actor_token": {own["access_token"].(string)}, "actor_token_type": {accessKind}}
	status, got := h.exchange(form)
	act, _ := claims(t, got["access_token"])["act"].(map[string]any)
	if status != 200 || act["sub"] != m2mID || act["act"] != nil {
		t.Fatalf("%d, act %v", status, act)
	}
	depth := 1
	for ; status == 200 && depth < 10; depth++ {
		form.Set("subject_token", got["access_token"].(string))
		status, got = h.exchange(form)
		if status == 200 {
			act, _ = claims(t, got["access_token"])["act"].(map[string]any)
			if before, _ := act["act"].(map[string]any); before["sub"] != m2mID {
				t.Fatalf("the chain is lost: %v", act)
			}
		}
	}
	if depth != 6 {
		t.Errorf("passed on %d times", depth)
	}
	form.Del("actor_token")
	form.Del("actor_token_type")
	form.Set("subject_token", set["access_token"].(string))
	form.Set("subject_token", own["access_token"].(string))
	status, got = h.exchange(form)
	wantGrantError(t, status, got, "invalid_request") // a client's own token has no user
}

// TestExchangeBound: a bound token is exchanged by its key's holder, for a bound one.
func TestExchangeBound(t *testing.T) {
	h := open(t)
	h.exchanger()
	_, set := h.provenToken(keyA, redemption(public, h.code(poolID, public, nil)))
	form := url.Values{"grant_type": {exchangeGrant}, "subject_token_type": {accessKind}, "subject_token": {set["access_token"].(string)}}
	path := "/" + poolID + "/oauth2/token"
	status, got := h.exchange(form)
	wantGrantError(t, status, got, "invalid_request")
	header := h.proof(keyB, "POST", path, "")
	header.Set("Authorization", basic(m2mID, secret).Get("Authorization"))
	status, got = h.program("POST", path, form, header)
	wantGrantError(t, status, got, "invalid_request")
	header = h.proof(keyA, "POST", path, "")
	header.Set("Authorization", basic(m2mID, secret).Get("Authorization"))
	if status, got = h.program("POST", path, form, header); status != 200 || got["token_type"] != "DPoP" || claims(t, got["access_token"])["cnf"] == nil {
		t.Errorf("%d %v", status, got)
	}
}

// TestExchangeOfPublic: who proves nothing exchanges nothing.
func TestExchangeOfPublic(t *testing.T) {
	h := open(t)
	h.setClient(public, func(c *userpool.Client) { c.OpenID.GrantTypes = []string{exchangeGrant} })
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	status, got := h.token(poolID, url.Values{"grant_type": {exchangeGrant}, "client_id": {public}, "subject_token_type": {accessKind},
		"subject_token": {set["access_token"].(string)}})
	wantGrantError(t, status, got, "unauthorized_client")
	_, err := h.tokens.VerifyAccess(context.Background(), set["access_token"].(string))
	h.must(err)
}
