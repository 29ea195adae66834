package oidc_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// testLogout ends sessions, and sends the browser only to registered addresses.
func testLogout(t *testing.T, r *rig) {
	logout := func(b *harness.Browser, q url.Values) *harness.Page {
		return b.Open(t, r.issuer()+"/logout?"+q.Encode())
	}
	b := harness.NewBrowser(t, nil)
	b.SignIn(t, r.authorizeURL(t, nil), &r.Alice, harness.Callback)
	stolen := b.Cookies(t, r.URL)
	p := logout(b, url.Values{"client_id": {r.ClientID}, "logout_uri": {"http://evil.example/"}})
	if p.Redirects() && !strings.HasPrefix(p.URL.String(), r.URL+"/") {
		t.Errorf("an unregistered logout_uri leads to %s", p.URL)
	}
	p = logout(b, url.Values{"client_id": {r.ClientID}, "logout_uri": {goodbye}})
	if !p.Redirects() || p.URL.String() != goodbye {
		t.Fatalf("logout leads to %s, status %d", p.URL, p.Status)
	}
	none := r.authorizeURL(t, map[string]string{"prompt": "none"})
	if q := b.SignIn(t, none, nil, harness.Callback).Query(); q.Get("error") != "login_required" {
		t.Errorf("after logout: %v", q)
	}
	thief := harness.NewBrowser(t, nil)
	var pairs []string
	for _, c := range stolen {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	thief.Header = http.Header{"Cookie": {strings.Join(pairs, "; ")}}
	if q := thief.SignIn(t, none, nil, harness.Callback).Query(); q.Get("error") != "login_required" {
		t.Errorf("the cookie of before the logout still signs in: %v", q)
	}
}

var hidden = regexp.MustCompile(`(name="_csrf" value=")[^"]*|(value=")[^"]*(" autocomplete="username)`)

// testUnknownUser compares what a wrong password and an unknown name are told.
func testUnknownUser(t *testing.T, r *rig) {
	answer := func(who harness.Person) (int, string) {
		b := harness.NewBrowser(t, nil)
		p := b.Walk(t, r.authorizeURL(t, map[string]string{"code_challenge": strings.Repeat("a", 43)}), &who, nil)
		return p.Status, strings.ReplaceAll(hidden.ReplaceAllString(p.Body, "$1$2$3"), who.Username, "NAME")
	}
	status, body := answer(harness.Person{Username: r.Bob.Username, Password: "Wrong-password-1"})
	unknown, other := answer(harness.Person{Username: "nobody-here", Password: "Wrong-password-1"})
	if status != unknown || body != other {
		t.Errorf("a wrong password is answered %d\n%s\nan unknown name %d\n%s", status, body, unknown, other)
	}
	if !strings.Contains(body, "Incorrect username or password") {
		t.Errorf("nothing is said about the failure:\n%s", body)
	}
}

// testCookies reads what the server tells the browser to keep.
func testCookies(t *testing.T, r *rig) {
	b := harness.NewBrowser(t, nil)
	var set []*http.Cookie
	p := b.Walk(t, r.authorizeURL(t, nil), &r.Alice, func(p *harness.Page) bool {
		set = append(set, (&http.Response{Header: p.Header}).Cookies()...)
		return harness.Leads(harness.Callback)(p)
	})
	if !p.URL.Query().Has("code") {
		t.Fatalf("the sign-in ended at %s", p.URL)
	}
	sessions := 0
	for _, c := range set {
		if strings.HasPrefix(c.Name, "ph_session_") {
			sessions++
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.Path != "/" || c.Domain != "" || c.MaxAge > 0 || !c.Expires.IsZero() {
			t.Errorf("cookie %v", c)
		}
	}
	if sessions != 1 {
		t.Errorf("%d session cookies: %v", sessions, set)
	}
}

// testDisabledUser disables a user between the steps. It comes last: bob stays so.
func testDisabledUser(t *testing.T, r *rig) {
	g := r.grant(t, r.app, &r.Bob)
	token := r.tokens(t, r.app, &r.Bob)
	b := harness.NewBrowser(t, nil)
	b.SignIn(t, r.authorizeURL(t, nil), &r.Bob, harness.Callback)
	if _, err := r.Root().IDP.AdminDisableUser(t.Context(), &idp.AdminDisableUserInput{UserPoolId: &r.PoolID, Username: &r.Bob.Username}); err != nil {
		t.Fatal(err)
	}
	_, err := g.redeem(t, r.app)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	_, err = r.refresh(t, r.app, token.RefreshToken)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	if q := b.SignIn(t, r.authorizeURL(t, map[string]string{"prompt": "none"}), nil, harness.Callback).Query(); q.Get("error") != "login_required" {
		t.Errorf("the session of a disabled user answers %v", q)
	}
	if p := b.Walk(t, r.authorizeURL(t, nil), &r.Bob, harness.Leads(harness.Callback)); p.Form("password") == nil {
		t.Errorf("a disabled user signs in: %s", p.URL)
	}
}
