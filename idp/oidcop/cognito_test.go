package oidcop_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// The tests of this file hold a pool to the rules of Cognito's hosted endpoints, one
// subtest for each rule. Where we differ on purpose docs/divergences.md says so.

// TestCognitoAuthorize has the rules of GET /oauth2/authorize. Each request differs
// from a good one by the changes.
func TestCognitoAuthorize(t *testing.T) {
	h := open(t)
	toApp := func(params ...string) map[string]string {
		want := map[string]string{}
		for i := 0; i+1 < len(params); i += 2 {
			want[params[i]] = params[i+1]
		}
		return want
	}
	for _, tt := range []struct {
		rule    string
		changes map[string]any
		page    string            // where it leads below the pool, or
		app     map[string]string // what the app is told
	}{
		{"without a session it leads to the sign-in page with the same query", nil, "login", nil},
		{"response_type is required", map[string]any{"response_type": nil}, "", toApp("error", "invalid_request", "state", "xyz")},
		{"an unknown response_type is refused", map[string]any{"response_type": "magic"}, "", toApp("error", "unsupported_response_type", "state", "xyz")},
		{"a flow that the client lacks is unauthorized_client", map[string]any{"response_type": "token"}, "", toApp("error", "unauthorized_client", "state", "xyz")},
		{"client_id is required", map[string]any{"client_id": nil}, "error", nil},
		{"an unknown client_id leads nowhere else", map[string]any{"client_id": "nobody"}, "error", nil},
		{"redirect_uri is required", map[string]any{"redirect_uri": nil}, "error", nil},
		{"redirect_uri must be registered to the letter", map[string]any{"redirect_uri": callback + "/"}, "error", nil},
		{"http on localhost is a redirect_uri", map[string]any{"redirect_uri": "http://localhost:3000/cb"}, "login", nil},
		{"an app's own scheme is a redirect_uri", map[string]any{"redirect_uri": "myapp://cb"}, "login", nil},
		{"state is optional", map[string]any{"state": nil}, "login", nil},
		{"scope may be left out", map[string]any{"scope": nil}, "login", nil},
		{"a scope that the client lacks is ignored", map[string]any{"scope": "openid phone"}, "login", nil},
		{"an unknown scope is invalid_scope", map[string]any{"scope": "openid magic"}, "", toApp("error", "invalid_scope", "state", "xyz")},
		{"none of the scopes enabled is invalid_scope", map[string]any{"scope": "phone"}, "", toApp("error", "invalid_scope", "state", "xyz")},
		{"identity_provider COGNITO is the pool itself", map[string]any{"identity_provider": "COGNITO"}, "login", nil},
		{"code_challenge_method is S256", map[string]any{"code_challenge_method": "plain"}, "", toApp("error", "invalid_request")},
		{"a challenge without a method is invalid_request", map[string]any{"code_challenge_method": nil}, "", toApp("error", "invalid_request")},
		{"a method without a challenge is invalid_request", map[string]any{"code_challenge": nil}, "", toApp("error", "invalid_request")},
		{"PKCE is optional", map[string]any{"code_challenge": nil, "code_challenge_method": nil}, "login", nil},
		{"nonce is optional", map[string]any{"nonce": nil}, "login", nil},
		{"prompt none without a session is login_required", map[string]any{"prompt": "none"}, "", toApp("error", "login_required", "state", "xyz")},
		{"an unknown prompt is invalid_request", map[string]any{"prompt": "magic"}, "", toApp("error", "invalid_request")},
		{"lang and login_hint reach the page", map[string]any{"lang": "de", "login_hint": "alice"}, "login", nil},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			res := h.visitor().get(authorizeURL(poolID, public, tt.changes))
			at := where(res)
			if res.StatusCode != 302 {
				t.Errorf("status %d", res.StatusCode)
			}
			if tt.page != "" && at.Path != "/"+poolID+"/"+tt.page || tt.page == "" && !strings.HasPrefix(at.String(), callback) {
				t.Fatalf("sent to %s", at)
			}
			told, err := url.ParseQuery(at.RawQuery + "&" + at.EscapedFragment()) // tokens, and their errors, come in the fragment
			h.must(err)
			for name, want := range tt.app {
				if got := told.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	t.Run("the sign-in page takes the same parameters", func(t *testing.T) {
		asked := strings.TrimPrefix(authorizeURL(poolID, public, map[string]any{"login_hint": "alice", "lang": "de"}), "/"+poolID+"/oauth2/authorize")
		v := h.visitor()
		if page := v.get("/" + poolID + "/login" + asked); page.StatusCode != 200 || !strings.Contains(page.text, `value="alice"`) || !strings.Contains(page.text, `lang="de"`) {
			t.Errorf("%d %s", page.StatusCode, page.text)
		}
		back := v.post("/"+poolID+"/login"+asked, url.Values{"username": {"alice"}, "password": {password}})
		if at := where(v.get(where(back).String())); at.Query().Get("code") == "" || at.Query().Get("state") != "xyz" {
			t.Errorf("ended at %s", at)
		}
	})
	t.Run("the error page answers 400 with Cognito's sentence", func(t *testing.T) {
		page := h.visitor().get(where(h.visitor().get(authorizeURL(poolID, public, map[string]any{"redirect_uri": evilURL}))).String())
		if page.StatusCode != 400 || !strings.Contains(page.text, "An error was encountered with the requested page") || strings.Contains(page.text, "evil.example") {
			t.Errorf("%d %s", page.StatusCode, page.text)
		}
	})
	t.Run("resource becomes the audience of the access token", func(t *testing.T) {
		_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"resource": "https://api.example/v1"})))
		if got := claims(t, set["access_token"])["aud"]; got != "https://api.example/v1" {
			t.Errorf("aud %v", got)
		}
	})
}

// TestCognitoToken has the rules of POST /oauth2/token.
func TestCognitoToken(t *testing.T) {
	h := open(t)
	code := func() url.Values { return redemption(public, h.code(poolID, public, nil)) }
	m2m := func(extra ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {m2mID}, "client_secret": {secret}}
		for i := 0; i+1 < len(extra); i += 2 {
			v.Set(extra[i], extra[i+1])
		}
		return v
	}
	h.mustClient(m2mID, func(c *userpool.Client) { c.OAuthScopes = []string{"api/read", "api/write"} })
	for _, tt := range []struct {
		rule   string
		form   url.Values
		header http.Header
		want   string
	}{
		{"grant_type is required", url.Values{"client_id": {public}}, nil, "invalid_request"},
		{"another grant_type is unsupported_grant_type", url.Values{"client_id": {public}, "grant_type": {"password"}}, nil, "unsupported_grant_type"},
		{"code is required", without(code(), "code"), nil, "invalid_request"},
		{"redirect_uri is required with a code", without(code(), "redirect_uri"), nil, "invalid_request"},
		{"another redirect_uri is invalid_grant", with(code(), "redirect_uri", "http://localhost:3000/cb"), nil, "invalid_grant"},
		{"a wrong verifier is invalid_grant", with(code(), "code_verifier", strings.Repeat("x", 43)), nil, "invalid_grant"},
		{"an unknown code is invalid_grant", with(code(), "code", "unknown"), nil, "invalid_grant"},
		{"an unknown client is invalid_client", with(code(), "client_id", "nobody"), nil, "invalid_client"},
		{"a wrong secret is invalid_client", with(m2m(), "client_secret", "wrong"), nil, "invalid_client"},
		{"a missing secret is invalid_client", without(m2m(), "client_secret"), nil, "invalid_client"},
		{"a grant that the client lacks is unauthorized_client", url.Values{"grant_type": {"client_credentials"}}, basic(secretID, secret), "unauthorized_client"},
		{"an unknown refresh token is invalid_grant", url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {"x"}}, nil, "invalid_grant"},
		{"refresh_token is required", url.Values{"grant_type": {"refresh_token"}, "client_id": {public}}, nil, "invalid_request"},
		{"a client for itself has no openid", m2m("scope", "openid"), nil, "invalid_scope"},
		{"aws_client_metadata is a JSON object", m2m("aws_client_metadata", "[]"), nil, "invalid_request"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			status, out := h.program("POST", "/"+poolID+"/oauth2/token", tt.form, tt.header)
			if status != 400 || out["error"] != tt.want {
				t.Errorf("%d %v, want 400 %s", status, out, tt.want)
			}
		})
	}
	t.Run("a code buys three tokens, a refresh token two", func(t *testing.T) {
		status, set := h.token(poolID, code())
		if status != 200 || set["token_type"] != "Bearer" || set["expires_in"] != 3600.0 || set["scope"] != nil || set["id_token"] == nil || set["refresh_token"] == nil {
			t.Fatalf("%d %v", status, set)
		}
		status, fresh := h.token(poolID, url.Values{"grant_type": {"refresh_token"}, "client_id": {public}, "refresh_token": {set["refresh_token"].(string)}})
		if status != 200 || fresh["id_token"] == nil || fresh["refresh_token"] != nil {
			t.Errorf("%d %v", status, fresh)
		}
	})
	t.Run("a client for itself gets an access token with all its scopes", func(t *testing.T) {
		status, set := h.program("POST", "/"+poolID+"/oauth2/token", m2m("aws_client_metadata", `{"a":"b"}`), nil)
		if status != 200 || set["id_token"] != nil || set["refresh_token"] != nil {
			t.Fatalf("%d %v", status, set)
		}
		c := claims(t, set["access_token"])
		if c["sub"] != m2mID || c["username"] != nil || c["scope"] != "api/read api/write" || c["token_use"] != "access" || c["version"] != 2.0 {
			t.Errorf("claims %v", c)
		}
	})
	t.Run("the answer is for any origin, and the body a form", func(t *testing.T) {
		req, _ := http.NewRequest("POST", h.url+"/"+poolID+"/oauth2/token", strings.NewReader(`{"grant_type":"client_credentials"}`))
		req.Header.Set("Content-Type", "application/json")
		res := h.visitor().do(req)
		if res.StatusCode != 400 || !strings.Contains(res.text, `"error":"invalid_request"`) || res.Header.Get("Access-Control-Allow-Origin") != "*" ||
			res.Header.Get("Content-Type") != "application/json;charset=UTF-8" {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.text)
		}
	})
	t.Run("tokens have Cognito's claims", func(t *testing.T) {
		_, set := h.token(poolID, code())
		id, access := claims(t, set["id_token"]), claims(t, set["access_token"])
		for _, name := range []string{"sub", "aud", "iss", "auth_time", "iat", "exp", "jti", "origin_jti", "event_id", "cognito:username", "nonce", "at_hash", "email"} {
			if id[name] == nil {
				t.Errorf("the ID token has no %s", name)
			}
		}
		for _, name := range []string{"sub", "client_id", "scope", "username", "event_id", "version", "auth_time", "iss", "iat", "exp", "jti", "origin_jti"} {
			if access[name] == nil {
				t.Errorf("the access token has no %s", name)
			}
		}
		if id["token_use"] != "id" || access["token_use"] != "access" || access["aud"] != nil || id["email_verified"] != true || id["origin_jti"] != access["origin_jti"] {
			t.Errorf("%v\n%v", id, access)
		}
	})
}

// TestScopeOfUnreadableAttributes: a client that may not read all that a scope stands for
// gets what it may read, and never the rest.
func TestScopeOfUnreadableAttributes(t *testing.T) {
	h := open(t)
	h.client(public, func(c *userpool.Client) { c.ReadAttributes = []string{"email"} })
	status, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": "openid email"})))
	if status != 200 {
		t.Fatalf("%d %v", status, set)
	}
	_, info := h.program("GET", "/"+poolID+"/oauth2/userInfo", nil, http.Header{"Authorization": {"Bearer " + set["access_token"].(string)}})
	for where, got := range map[string]map[string]any{"ID token": claims(t, set["id_token"]), "userInfo": info} {
		if got["email"] == nil || got["email_verified"] != nil || got["name"] != nil || got["phone_number"] != nil {
			t.Errorf("%s: %v", where, got)
		}
	}
}

// TestCognitoUserInfo has the rules of GET /oauth2/userInfo.
func TestCognitoUserInfo(t *testing.T) {
	h := open(t)
	at := "/" + poolID + "/oauth2/userInfo"
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	bearer := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	t.Run("email_verified is text", func(t *testing.T) {
		status, info := h.program("GET", at, nil, bearer(set["access_token"].(string)))
		if status != 200 || info["sub"] != h.alice.Sub || info["email_verified"] != "true" || info["username"] != "alice" {
			t.Errorf("%d %v", status, info)
		}
	})
	native, err := h.tokens.Issue(t.Context(), &userpool.Grant{Pool: &userpool.Pool{ID: poolID}, Client: h.clientOf(public), User: h.alice, Scopes: []string{userpool.ScopeAdmin}, Native: true})
	h.must(err)
	for _, tt := range []struct {
		rule, header string
		status       int
		want         string
	}{
		{"without a token it is a bad request", "", 400, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`},
		{"another scheme is a bad request", "Basic YTpi", 400, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`},
		{"a token that is none is invalid_token", "Bearer x", 401, `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`},
		{"an ID token is invalid_token", "Bearer " + set["id_token"].(string), 401, `error="invalid_token"`},
		{"a token of the API is refused", "Bearer " + native.AccessToken, 401, `error="invalid_token"`},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			req, _ := http.NewRequest("GET", h.url+at, nil)
			if tt.header != "" {
				req.Header.Set("Authorization", tt.header)
			}
			res := h.visitor().do(req)
			if res.StatusCode != tt.status || !strings.Contains(res.Header.Get("WWW-Authenticate"), tt.want) {
				t.Errorf("%d %s", res.StatusCode, res.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

// TestCognitoRevoke has the rules of POST /oauth2/revoke.
func TestCognitoRevoke(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	_, others := h.token(poolID, redemption(otherID, h.code(poolID, otherID, nil)))
	refresh, access := set["refresh_token"].(string), set["access_token"]
	revoke := func(client, token string) (int, map[string]any) {
		form := url.Values{"client_id": {client}}
		if token != "" {
			form.Set("token", token)
		}
		return h.program("POST", "/"+poolID+"/oauth2/revoke", form, nil)
	}
	for _, tt := range []struct {
		rule, client, token string
		status              int
		want                any
	}{
		{"token is required", public, "", 400, "invalid_request"},
		{"an access token is unsupported_token_type", public, access.(string), 400, "unsupported_token_type"},
		{"an unknown client is invalid_client", "nobody", refresh, 401, "invalid_client"},
		{"a client with a secret must prove itself", secretID, refresh, 401, "invalid_client"},
		{"an invalid token is no error", public, "x", 200, nil},
		{"another client's token is not touched", public, others["refresh_token"].(string), 200, nil},
		{"a refresh token takes its access tokens with it", public, refresh, 200, nil},
		{"twice is no error", public, refresh, 200, nil},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			if status, out := revoke(tt.client, tt.token); status != tt.status || out["error"] != tt.want {
				t.Errorf("%d %v", status, out)
			}
		})
	}
	if h.works(access) || !h.works(others["access_token"]) {
		t.Error("the wrong tokens were revoked")
	}
	h.mustClient(otherID, func(c *userpool.Client) { c.TokenRevocation = false })
	t.Run("a client without the feature is invalid_request", func(t *testing.T) {
		if status, out := revoke(otherID, others["refresh_token"].(string)); status != 400 || out["error"] != "invalid_request" {
			t.Errorf("%d %v", status, out)
		}
	})
}

// TestCognitoLogout has the rules of GET /logout: it asks nobody.
func TestCognitoLogout(t *testing.T) {
	h := open(t)
	again := url.Values{"client_id": {public}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"s"}, "scope": {"openid"}, "nonce": {"n"}}
	for _, tt := range []struct {
		rule  string
		query url.Values
		want  string // "" is the error page, and the session lives
	}{
		{"logout_uri is gone to", url.Values{"client_id": {public}, "logout_uri": {bye}}, bye},
		{"logout_uri wins over redirect_uri", url.Values{"client_id": {public}, "logout_uri": {bye}, "redirect_uri": {callback}, "response_type": {"code"}}, bye},
		{"redirect_uri leads to a new sign-in", again, "/" + poolID + "/login?" + again.Encode()},
		{"logout_uri must be a sign-out address of the client", url.Values{"client_id": {public}, "logout_uri": {callback}}, ""},
		{"redirect_uri must be a callback of the client", url.Values{"client_id": {public}, "redirect_uri": {bye}, "response_type": {"code"}}, ""},
		{"client_id is required", url.Values{"logout_uri": {bye}}, ""},
		{"an unknown client leads nowhere", url.Values{"client_id": {"nobody"}, "logout_uri": {bye}}, ""},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			v := h.visitor()
			v.signIn(authorizeURL(poolID, public, nil), "alice")
			res := v.get(logoutURL(poolID, tt.query))
			if to := res.Header.Get("Location"); res.StatusCode != 302 || tt.want != "" && to != tt.want || tt.want == "" && !strings.HasPrefix(to, "/"+poolID+"/error?") {
				t.Errorf("%d, sent to %s", res.StatusCode, to)
			}
			if v.hasSession(poolID, public) != (tt.want == "") {
				t.Error("the session is not as it should be")
			}
		})
	}
}

// TestCognitoDiscovery: what Cognito's own document has is here too.
func TestCognitoDiscovery(t *testing.T) {
	h := open(t)
	_, doc := h.program("GET", "/"+poolID+"/.well-known/openid-configuration", nil, nil)
	has := func(name string, values ...string) {
		list, _ := doc[name].([]any)
		for _, v := range values {
			if !slices.Contains(list, any(v)) {
				t.Errorf("%s has no %s: %v", name, v, list)
			}
		}
	}
	has("id_token_signing_alg_values_supported", "RS256")
	has("response_types_supported", "code", "token")
	has("scopes_supported", "openid", "email", "phone", "profile")
	has("subject_types_supported", "public")
	has("token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post")
	iss := h.url + "/" + poolID
	for name, path := range map[string]string{"issuer": "", "authorization_endpoint": "/oauth2/authorize", "token_endpoint": "/oauth2/token", "userinfo_endpoint": "/oauth2/userInfo",
		"revocation_endpoint": "/oauth2/revoke", "end_session_endpoint": "/logout", "jwks_uri": "/.well-known/jwks.json"} {
		if doc[name] != iss+path {
			t.Errorf("%s is %v", name, doc[name])
		}
	}
}

func without(v url.Values, name string) url.Values { v.Del(name); return v }

func with(v url.Values, name, value string) url.Values { v.Set(name, value); return v }

func (h *house) mustClient(client string, change func(*userpool.Client)) {
	h.t.Helper()
	_, err := h.store.UpdateClient(h.t.Context(), poolID, userpool.ClientID(client), func(c *userpool.Client) error { change(c); return nil })
	h.must(err)
}

func (h *house) clientOf(client string) *userpool.Client {
	h.t.Helper()
	c, err := h.store.Client(h.t.Context(), userpool.ClientID(client))
	h.must(err)
	return c
}
