package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func signInAt(t *testing.T, r *rig, start string) url.Values {
	t.Helper()
	return harness.NewBrowser(t, nil).SignIn(t, start, &r.Alice, harness.Callback).Query()
}

// testRedirectURIs asks for answers at addresses that look like the app's: no
// answer ever leaves the server, signed in or not.
func testRedirectURIs(t *testing.T, r *rig) {
	signedIn := harness.NewBrowser(t, nil)
	signedIn.SignIn(t, r.authorizeURL(t, nil), &r.Alice, harness.Callback)
	for _, uri := range []string{
		"", "http://localhost", "http://localhost/callback/", "http://localhost/callback?a=b", "http://localhost/callback#f",
		"http://localhost/callback/../evil", "http://localhost/%63allback", "http://localhost.evil.example/callback",
		"http://localhost@evil.example/callback", `http://localhost\@evil.example/callback`, "https://localhost/callback",
		"HTTP://LOCALHOST/callback", "http://localhost/Callback", " http://localhost/callback", "//evil.example/callback", "/callback",
		"javascript:alert(1)", "data:text/html,x", "http://127.0.0.1/callback", "http://[::1]/callback", "http://evil.example/http://localhost/callback",
	} {
		for name, b := range map[string]*harness.Browser{"signed in": signedIn, "a stranger": harness.NewBrowser(t, nil)} {
			for _, prompt := range []string{"", "none"} {
				p := b.Walk(t, r.authorizeURL(t, map[string]string{"redirect_uri": uri, "prompt": prompt}), nil, leaves(r))
				if p.Redirects() || p.Status != http.StatusBadRequest || p.Form("password") != nil {
					t.Errorf("%q, %s, prompt %q: ends at %s, status %d", uri, name, prompt, p.URL, p.Status)
				}
			}
		}
	}
}

// leaves accepts a redirect away from the server.
func leaves(r *rig) func(*harness.Page) bool {
	return func(p *harness.Page) bool { return p.Redirects() && !strings.HasPrefix(p.URL.String(), r.URL+"/") }
}

// testPrompt walks through the prompts, with and without a session.
func testPrompt(t *testing.T, r *rig) {
	b := harness.NewBrowser(t, nil)
	none := r.authorizeURL(t, map[string]string{"prompt": "none"})
	if q := b.SignIn(t, none, nil, harness.Callback).Query(); q.Get("error") != "login_required" || q.Get("state") != "some state" || q.Has("code") {
		t.Errorf("prompt=none without a session answers %v", q)
	}
	b.SignIn(t, r.authorizeURL(t, nil), &r.Alice, harness.Callback)
	for _, address := range []string{none, r.authorizeURL(t, nil), r.authorizeURL(t, map[string]string{"max_age": "3600"})} {
		if q := b.SignIn(t, address, nil, harness.Callback).Query(); q.Get("code") == "" {
			t.Errorf("%s with a session answers %v", address, q)
		}
	}
	for _, again := range []map[string]string{{"prompt": "login"}, {"max_age": "0"}} {
		start := r.authorizeURL(t, again)
		if p := b.Walk(t, start, nil, harness.Leads(harness.Callback)); p.Form("password") == nil {
			t.Errorf("%v with a session ends at %s without asking for the password", again, p.URL)
		}
		if q := b.SignIn(t, start, &r.Alice, harness.Callback).Query(); q.Get("code") == "" {
			t.Errorf("%v after the password answers %v", again, q)
		}
	}
}

// testDuplicates sends each parameter twice: which one counts is a question that
// two programs answer differently.
func testDuplicates(t *testing.T, r *rig) {
	base := r.authorizeURL(t, map[string]string{"nonce": "n", "scope": "openid"})
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method"} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		p := harness.NewBrowser(t, nil).Walk(t, base+"&"+url.Values{name: {u.Query().Get(name)}}.Encode(), nil, leaves(r))
		if q := p.URL.Query(); q.Has("code") || p.Form("password") != nil || q.Get("error") != "invalid_request" {
			t.Errorf("%s twice ends at %s", name, p.URL)
		}
	}
	g := r.grant(t, r.app, &r.Alice)
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {r.ClientID}, "redirect_uri": {harness.Callback},
		"code": {g.code}, "code_verifier": {g.verifier}}
	for name := range form {
		twice := url.Values{}
		for n, v := range form {
			twice[n] = v
		}
		twice[name] = []string{form.Get(name), form.Get(name)}
		if status, body := r.post(t, twice); status != http.StatusBadRequest || !strings.Contains(body, "invalid_request") {
			t.Errorf("%s twice at the token endpoint: %d %s", name, status, body)
		}
	}
	if _, err := g.redeem(t, r.app); err != nil {
		t.Errorf("malformed requests spent the code: %v", err)
	}
}

// testRefusedRequests has requests answered at the app with the error, never with
// a code.
func testRefusedRequests(t *testing.T, r *rig) {
	for want, change := range map[string]map[string]string{
		"unsupported_response_type": {"response_type": "code thing"},
		"unauthorized_client":       {"response_type": "code token"},
		"invalid_request":           {"response_type": ""},
		"invalid_scope":             {"scope": "openid unknown"},
		"request_not_supported":     {"request": "eyJhbGciOiJub25lIn0.e30."},
	} {
		p := harness.NewBrowser(t, nil).Walk(t, r.authorizeURL(t, change), nil, leaves(r))
		q := p.URL.Query()
		if fragment, err := url.ParseQuery(p.URL.Fragment); err == nil && len(fragment) > 0 {
			q = fragment
		}
		if !harness.Leads(harness.Callback)(p) || q.Get("error") != want || q.Get("state") != "some state" {
			t.Errorf("%v ends at %s, want %s", change, p.URL, want)
		}
	}
	for _, change := range []map[string]string{{"code_challenge_method": "plain"}, {"code_challenge_method": ""}, {"code_challenge": "short"}} {
		p := harness.NewBrowser(t, nil).Walk(t, r.authorizeURL(t, change), nil, leaves(r))
		if q := p.URL.Query(); q.Get("error") != "invalid_request" {
			t.Errorf("%v ends at %s", change, p.URL)
		}
	}
	if _, err := r.app.PasswordCredentialsToken(t.Context(), r.Alice.Username, r.Alice.Password); err == nil {
		t.Error("the password grant works")
	} else {
		wantOAuth(t, err, http.StatusBadRequest, "unsupported_grant_type")
	}
}
