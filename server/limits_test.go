package server_test

import (
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
)

// limited is a server whose clock stands three seconds into a window.
func limited(t *testing.T, p servertest.Profile, o servertest.Options) *server.Server {
	t.Helper()
	at := time.Unix(1795417203, 0)
	o.Demo, o.Now = true, func() time.Time { return at }
	return servertest.Start(t, p, o)
}

// post sends a body to the handler, as a client with that address.
func post(s *server.Server, from, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.RemoteAddr = from
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func call(s *server.Server, from, operation, body string) *httptest.ResponseRecorder {
	return post(s, from, "/", body, "Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
}

const (
	revoke  = `{"ClientId":"` + demodata.ClientID + `","Token":"x"}`
	again   = `{"ClientId":"` + demodata.WebClientID + `","Token":"x"}` // by another client
	respond = `{"ClientId":"` + demodata.ClientID + `","ChallengeName":"SMS_MFA","Session":"xxxxxxxxxxxxxxxxxxxxxxxx"}`
)

// exhaust makes n calls, of which none is too many.
func exhaust(t *testing.T, s *server.Server, n int, from, operation, body string) {
	t.Helper()
	for i := range n {
		if w := call(s, from, operation, body); w.Header().Get("Retry-After") != "" {
			t.Fatalf("call %d of %d: %s", i+1, n, w.Body)
		}
	}
}

// wantLater is an answer that says what is too much, and when to try again.
func wantLater(t *testing.T, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Retry-After") != "7" || !strings.Contains(w.Body.String(), text) {
		t.Errorf("got %d, Retry-After %q, %s; want %d, 7, %s", w.Code, w.Header().Get("Retry-After"), w.Body, status, text)
	}
}

func TestLimitOfAnAddress(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := limited(t, p, servertest.Options{})
		exhaust(t, s, 600, there, "RevokeToken", revoke)
		exhaust(t, s, 600, there, "RevokeToken", again)
		wantLater(t, call(s, there, "RevokeToken", revoke), 400, "TooManyRequestsException")
		wantLater(t, post(s, there, "/", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=me&WebIdentityToken=none&RoleArn=arn:aws:iam::000000000000:role/x"), 400, "<Code>Throttling</Code>")
		for _, endpoint := range []string{"token", "revoke", "par", "device_authorization", "bc-authorize"} {
			wantLater(t, post(s, there, "/"+demodata.PoolID+"/oauth2/"+endpoint, "grant_type=refresh_token&refresh_token=x"), 429, "temporarily_unavailable")
		}
	})
}

// The pages share the allowance of the API, so that neither is a way around the other.
func TestLimitOfPages(t *testing.T) {
	s := limited(t, servertest.Embedded, servertest.Options{})
	exhaust(t, s, 200, "[2001:db8::1]:80", "RespondToAuthChallenge", respond)
	wantLater(t, call(s, "[2001:db8::ffff:2]:80", "RespondToAuthChallenge", respond), 400, "TooManyRequestsException")
	page := get(s, "[2001:db8::3]:80", loginPage(s))
	_, rest, _ := strings.Cut(page.Body.String(), `name="_csrf" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	form := url.Values{"_csrf": {token}, "username": {"x"}, "password": {"y"}}
	cookie, _, _ := strings.Cut(page.Header().Get("Set-Cookie"), ";")
	wantLater(t, post(s, "[2001:db8::3]:80", loginPage(s), form.Encode(), "Cookie", cookie), 429, "Too many people")
}

func loginPage(s *server.Server) string {
	return "/" + demodata.PoolID + "/login?" + url.Values{"client_id": {demodata.WebClientID}, "response_type": {"code"}, "redirect_uri": {s.URL() + "/demo/oidc/callback"}}.Encode()
}

// What was provisioned acts, in each pool for itself.
func TestProvisionedLimitActs(t *testing.T) {
	s := limited(t, servertest.Embedded, servertest.Options{})
	exhaust(t, s, 1, there, "RevokeToken", revoke) // the node has read the ceilings
	if _, err := s.Pools.Provision(t.Context(), userpool.CategoryToken, 2); err != nil {
		t.Fatal(err)
	}
	exhaust(t, s, 9, there, "RevokeToken", revoke)
	exhaust(t, s, 10, there, "RevokeToken", again)
	wantLater(t, call(s, here, "RevokeToken", revoke), 400, "TooManyRequestsException")
	if err := s.Limits.AllowPool(t.Context(), "us-east-1_Other0001", userpool.CategoryToken); err != nil {
		t.Errorf("another pool: %v", err)
	}
}

// claim is a call with a token that nobody signed: what it names is counted all the same.
func claim(s *server.Server, client string) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	token := part(`{"alg":"RS256","kid":"x"}`) + "." + part(`{"iss":"`+s.URL()+"/"+demodata.PoolID+`","client_id":"`+client+`"}`) + "." + part("x")
	return `{"AccessToken":"` + token + `"}`
}

// One client of several leaves the others a part of the pool's ceiling; a pool's only
// client has it whole.
func TestLimitOfAClient(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := limited(t, p, servertest.Options{})
		exhaust(t, s, 900, there, "RevokeToken", revoke)
		wantLater(t, call(s, there, "RevokeToken", revoke), 400, "TooManyRequestsException")
		wantLater(t, post(s, here, "/"+demodata.PoolID+"/oauth2/token", "grant_type=refresh_token&refresh_token=x&client_id="+demodata.ClientID), 429, "temporarily_unavailable")
		exhaust(t, s, 200, there, "RevokeToken", again)
		exhaust(t, s, 900, there, "GetUser", claim(s, demodata.ClientID))
		wantLater(t, call(s, there, "GetUser", claim(s, demodata.ClientID)), 400, "TooManyRequestsException")
		exhaust(t, s, 200, there, "GetUser", claim(s, demodata.WebClientID))
		pool, client := userpool.PoolID("us-east-1_Other0001"), userpool.ClientID("the-only-client")
		for i := range 1200 {
			if err := s.Limits.AllowClient(t.Context(), pool, client, userpool.CategoryToken); err != nil {
				t.Fatalf("call %d of the only client: %v", i+1, err)
			}
		}
	})
}

func TestLimitsOff(t *testing.T) {
	s := limited(t, servertest.Embedded, servertest.Options{Edit: func(c *server.Config) { c.RateLimits = "off" }})
	exhaust(t, s, 300, there, "RespondToAuthChallenge", respond)
}

// TestVisits: a network that opens page after page is held back, and no other one.
func TestVisits(t *testing.T) {
	s := limited(t, servertest.Embedded, servertest.Options{})
	visit := func(from, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	page := "/" + demodata.PoolID + "/signedout"
	for i := range 3000 {
		if w := visit("192.0.2.1:1", page); w.Code != 200 {
			t.Fatalf("visit %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	wantLater(t, visit("192.0.2.1:2", page), 429, "Too many requests")
	wantLater(t, visit("192.0.2.1:2", "/"+demodata.PoolID+"/oauth2/authorize?client_id=x"), 429, "Too many requests")
	for _, w := range []*httptest.ResponseRecorder{visit("192.0.2.2:1", page), visit("192.0.2.1:3", "/"+demodata.PoolID+"/.well-known/jwks.json")} {
		if w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
