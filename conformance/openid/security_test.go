package openid_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// security are lessons of other providers' faults and of RFC 9700 that no plan of the
// Foundation has. docs/security-checks.md names them by number.
var security = []module{
	{"S1 another client", anotherClient},
	{"S9 cut and longer tokens", cutTokens},
	{"S10 pagination tokens", paginationTokens},
	{"S19 forged access tokens", forgedAccessTokens},
	{"S23 no implicit by request", implicitByRequest},
	{"S24 a name that is used again", recreatedUser},
	{"S28 hostile JWTs", hostileJWTs},
	{"RFC 9700 cross-origin requests", crossOrigin},
	{"RFC 9700 headers of pages", pageHeaders},
	{"RFC 9700 redirects after forms", seeOther},
}

// anotherClient presents a code and a refresh token as another client, and under the
// right one's id in capitals: nothing comes of it, and nothing is spoilt.
func anotherClient(t *testing.T, e *exam) {
	r, other := e.register(t), e.register(t)
	a := r.flow(set("scope", "openid offline_access")).run(t, e.visitor(t))
	loud := *r
	loud.id = strings.ToUpper(r.id)
	other.tokenRequest(t, a.redemption()).refused(t, "invalid_grant")
	loud.tokenRequest(t, a.redemption()).refused(t, "invalid_client")
	k := a.tokens(t)
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {k.Refresh}}
	other.tokenRequest(t, refresh).refused(t, "invalid_grant")
	loud.tokenRequest(t, refresh).refused(t, "invalid_client")
	r.granted(t, r.tokenRequest(t, refresh))
	if !k.works(t) {
		t.Error("strangers ended the sign-in")
	}
}

// cutTokens takes a character away from what is opaque, and adds one.
func cutTokens(t *testing.T, e *exam) {
	a := e.register(t).flow(set("scope", "openid offline_access")).run(t, e.visitor(t))
	code := a.values.Get("code")
	for _, wrong := range []string{code[1:], code[:len(code)-1], code + "A", "A" + code} {
		a.tokenRequest(t, a.redemption(set("code", wrong))).refused(t, "invalid_grant")
	}
	k := a.tokens(t)
	for _, wrong := range []string{k.Refresh[1:], k.Refresh[:len(k.Refresh)-1], k.Refresh + "A"} {
		k.tokenRequest(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {wrong}}).refused(t, "invalid_grant")
	}
	for _, wrong := range []string{k.Access[1:], k.Access[:len(k.Access)-1], k.Access + "A"} {
		other := *k
		if other.Access = wrong; other.works(t) {
			t.Error("an access token that was changed works")
		}
	}
}

// paginationTokens changes one, and uses it at another pool.
func paginationTokens(t *testing.T, e *exam) {
	api := e.Root().IDP
	list := func(pool, token string) (*idp.ListUsersOutput, error) {
		in := &idp.ListUsersInput{UserPoolId: &pool, Limit: aws.Int32(1)}
		if token != "" {
			in.PaginationToken = &token
		}
		return api.ListUsers(t.Context(), in)
	}
	first, err := list(e.pool, "")
	if err != nil || first.PaginationToken == nil {
		t.Fatal(first, err)
	}
	token := *first.PaginationToken
	if _, err := list(e.pool, token); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{token[:len(token)-2], token + "AA", "x", "' OR 1=1 --", base64.StdEncoding.EncodeToString([]byte("alice"))} {
		_, err := list(e.pool, wrong)
		harness.WantCode(t, err, "InvalidParameterException", "")
	}
}

// forgedAccessTokens signs claims of an access token without a key, with the public key
// as a shared secret, and with another key under the right one's id.
func forgedAccessTokens(t *testing.T, e *exam) {
	k := e.register(t).signIn(t, e.visitor(t))
	var claims map[string]any
	header := e.open(t, k.Access, "RS256", &claims)
	public := must(t)(x509.MarshalPKIXPublicKey(e.op.key(t, header.KeyID).Key))
	foreign := rsaKey(t, "RS256")
	embedded := foreign.public()
	forged := map[string]string{
		"none":               encoded(t, map[string]any{"alg": "none"}) + "." + encoded(t, claims) + ".",
		"the public key":     (&key{"HS256", header.KeyID, public}).signed(t, "", claims),
		"another key":        (&key{"RS256", header.KeyID, foreign.private}).signed(t, "", claims),
		"a key in the token": foreign.compact(t, map[string]any{"alg": "RS256", "jwk": embedded}, claims),
		"an ID token":        k.ID.raw,
	}
	for name, raw := range forged {
		other := *k
		if other.Access = raw; other.works(t) {
			t.Errorf("%s opens userinfo", name)
		}
	}
}

// implicitByRequest asks a client of the code flow for tokens in the address.
func implicitByRequest(t *testing.T, e *exam) {
	r := e.register(t)
	for _, kind := range []string{"token", "id_token", "code token", "id_token token code"} {
		r.flow(set("response_type", kind)).failsOrPage(t, e.visitor(t), "unauthorized_client", "unsupported_response_type", "invalid_request")
	}
}

// recreatedUser deletes somebody and gives the name to somebody else: nothing of the
// first one is the second one's.
func recreatedUser(t *testing.T, e *exam) {
	p := harness.Person{Username: "carol", Password: "Carols-password-1", Email: "carol@example.com"}
	e.addPerson(t, p)
	r, v := e.register(t), e.visitor(t)
	v.who = &p
	k := r.signIn(t, v, set("scope", "openid offline_access"))
	if _, err := e.Root().IDP.AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: &e.pool, Username: &p.Username}); err != nil {
		t.Fatal(err)
	}
	e.addPerson(t, p)
	if k.works(t) {
		t.Error("an access token of somebody who was deleted works")
	}
	k.tokenRequest(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {k.Refresh}}).refused(t, "invalid_grant")
	r.flow(set("prompt", "none")).fails(t, v, "login_required")
	v = e.visitor(t)
	v.who = &p
	if again := r.signIn(t, v); again.ID.claims["sub"] == k.ID.claims["sub"] {
		t.Error("the sub came back")
	}
}

// hostileJWTs sends what made parsers of others burn: each is refused, in no time.
func hostileJWTs(t *testing.T, e *exam) {
	r := e.register(t)
	deep, err := json.Marshal(map[string]any{"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 2147483647, "p2s": "AAAA"})
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"dots":  strings.Repeat(".", 200_000),
		"zip":   encoded(t, map[string]any{"alg": "dir", "enc": "A256GCM", "zip": "DEF"}) + "..AAAA.AAAA.AAAA",
		"PBES2": base64.RawURLEncoding.EncodeToString(deep) + ".AAAA.AAAA.AAAA.AAAA",
		"deep":  base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(`{"a":`, 50_000))) + ".e30.AAAA",
	} {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {r.callback}, "client_id": {r.id},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {raw}}
		if got := r.post(t, r.meta.Token, form); got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized && got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s as an assertion: %d %s", name, got.status, got.body)
		}
		if got := r.fetch(t, http.MethodPost, r.meta.UserInfo, url.Values{"access_token": {raw}}); got.status == http.StatusOK {
			t.Errorf("%s opens userinfo", name)
		}
	}
}

// crossOrigin: scripts of other sites may read what carries no cookies, and nothing
// of the authorization endpoint.
func crossOrigin(t *testing.T, e *exam) {
	r := e.register(t)
	const origin = "https://app.example.com"
	for _, address := range []string{e.meta.Issuer + "/.well-known/openid-configuration", e.meta.JWKS, e.meta.Token, e.meta.UserInfo} {
		got := e.fetch(t, http.MethodOptions, address, nil, "Origin", origin, "Access-Control-Request-Method", "GET")
		if h := got.header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", address, h)
		}
	}
	for _, address := range []string{r.flow().start(t), e.meta.EndSession, e.meta.Issuer + "/login"} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			if got := e.fetch(t, method, address, nil, "Origin", origin); got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s may be read by %s", method, address, got.header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}

// pageHeaders: nobody frames the pages, they load nothing from elsewhere, and tell
// nobody where the visitor comes from.
func pageHeaders(t *testing.T, e *exam) {
	r := e.register(t)
	for name, address := range map[string]string{"sign-in": r.flow().start(t), "error": r.flow(set("redirect_uri", r.home)).start(t), "signed out": e.meta.EndSession} {
		v := e.visitor(t)
		v.who = nil
		p := v.walk(t, v.Open(t, address), r.callback)
		policy := p.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", name, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe-inline") || p.Header.Get("X-Frame-Options") != "DENY" || p.Header.Get("Referrer-Policy") == "" ||
			!strings.Contains(p.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %v", name, p.Header)
		}
	}
}

// seeOther: what was posted is posted to nobody else (RFC 9700 section 4.12).
func seeOther(t *testing.T, e *exam) {
	v := e.visitor(t)
	e.register(t).flow().run(t, v)
	posts := 0
	for _, p := range v.seen {
		if p.Redirects() && p.Status == http.StatusTemporaryRedirect || p.Status == http.StatusPermanentRedirect {
			t.Errorf("%d to %s", p.Status, p.URL)
		}
		if p.Redirects() && p.Status == http.StatusSeeOther {
			posts++
		}
	}
	if posts == 0 {
		t.Error("no 303 after the form")
	}
}
