package openid_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// dynamic are the modules of the Dynamic plan.
var dynamic = []module{
	{"oidcc-refresh-token-rp-key-rotation", rpKeyRotation}, // waits a minute
	{"oidcc-server", server},
	{"oidcc-idtoken-rs256", idTokenSignature},
	{"oidcc-idtoken-unsigned", nil},
	{"oidcc-userinfo-rs256", userInfoSigned},
	{"oidcc-ensure-redirect-uri-in-authorization-request", noRedirectURI},
	{"oidcc-redirect-uri-query-OK", func(t *testing.T, e *exam) { e.register(t, withQuery).signIn(t, e.visitor(t)) }},
	{"oidcc-redirect-uri-query-mismatch", func(t *testing.T, e *exam) {
		r := e.register(t, withQuery)
		r.flow(set("redirect_uri", strings.Replace(r.callback, "bar", "baz", 1))).errorPage(t, e.visitor(t))
	}},
	{"oidcc-redirect-uri-query-added", func(t *testing.T, e *exam) {
		r := e.register(t)
		r.flow(set("redirect_uri", r.callback+"?foo=bar")).errorPage(t, e.visitor(t))
	}},
	{"oidcc-redirect-uri-regfrag", func(t *testing.T, e *exam) {
		e.new(t, func(r *rp) { r.callback += "#foobar" }).refusedRegistration(t, "invalid_redirect_uri", "invalid_client_metadata")
	}},
	{"oidcc-discovery-endpoint-verification", discoveryWithRegistration},
	{"oidcc-registration-logo-uri", registrationLogo},
	{"oidcc-registration-policy-uri", registrationLink("policy_uri")},
	{"oidcc-registration-tos-uri", registrationLink("tos_uri")},
	{"oidcc-registration-jwks-uri", func(t *testing.T, e *exam) { e.register(t, publishedKey(t)).signIn(t, e.visitor(t)) }},
	{"oidcc-registration-sector-uri", func(t *testing.T, e *exam) { e.register(t, sector(t, "/callback")).signIn(t, e.visitor(t)) }},
	{"oidcc-registration-sector-bad", func(t *testing.T, e *exam) {
		e.new(t, sector(t, "/elsewhere")).refusedRegistration(t, "invalid_client_metadata", "invalid_redirect_uri")
	}},
	{"oidcc-server-rotate-keys", opKeyRotation},
	{"oidcc-request-uri-unsigned", nil},
	{"oidcc-request-uri-signed-rs256", requestURISigned},
	{"oidcc-ensure-request-object-with-redirect-uri", nil},
	{"oidcc-refresh-token", refreshToken},
	{"oidcc-ensure-client-assertion-with-iss-aud-succeeds", func(t *testing.T, e *exam) {
		e.register(t, func(r *rp) { r.auth, r.key = "private_key_jwt", rsaKey(t, "RS256") }).signIn(t, e.visitor(t))
	}},
}

func withQuery(r *rp) { r.callback += "?foo=bar" }

// publishedKey has a relying party authenticate by a key of its jwks_uri.
func publishedKey(t *testing.T) func(*rp) {
	return func(r *rp) {
		r.auth, r.key = "private_key_jwt", rsaKey(t, "RS256")
		r.publish(t, r.key)
		r.asked["jwks_uri"], r.asked["jwks"] = r.home+"/jwks", nil
	}
}

// publish puts keys where the relying party's are read.
func (r *rp) publish(t *testing.T, keys ...*key) {
	t.Helper()
	r.serve(r.home+"/jwks", "application/json", string(must(t)(json.Marshal(jwks(keys...)))))
}

// sector gives a relying party a sector_identifier_uri that lists that address of its.
func sector(t *testing.T, listed string) func(*rp) {
	return func(r *rp) {
		r.serve(r.home+"/sector", "application/json", string(must(t)(json.Marshal([]string{r.home + listed}))))
		r.asked["sector_identifier_uri"], r.asked["subject_type"] = r.home+"/sector", "pairwise"
	}
}

// userInfoSigned wants the UserInfo endpoint to answer with a JWT (OpenID Connect Core
// section 5.3.2).
func userInfoSigned(t *testing.T, e *exam) {
	k := e.register(t, func(r *rp) { r.asked["userinfo_signed_response_alg"] = "RS256" }).signIn(t, e.visitor(t))
	got := k.present(t)
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "application/jwt") {
		t.Fatalf("%d %s %s", got.status, got.header.Get("Content-Type"), got.body)
	}
	info := idToken{raw: got.body}
	e.open(t, got.body, "RS256", &info.claims)
	info.same(t, "sub", k.ID.claims["sub"])
	info.same(t, "iss", e.meta.Issuer)
	info.same(t, "aud", k.id)
	checkClaims(t, info.claims)
}

func noRedirectURI(t *testing.T, e *exam) {
	r := e.register(t, func(r *rp) { r.asked["redirect_uris"] = []string{r.callback, r.home + "/second"} })
	r.flow(drop("redirect_uri")).errorPage(t, e.visitor(t))
}

func discoveryWithRegistration(t *testing.T, e *exam) {
	discovery(t, e)
	checkURL(t, "registration_endpoint", e.document["registration_endpoint"])
}

// registrationLink wants a link of the client on the page that asks for a password.
func registrationLink(member string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		r := e.register(t, func(r *rp) { r.asked[member] = r.home + "/" + member })
		if body := r.signInPage(t, e); !strings.Contains(body, `href="`+r.home+"/"+member+`"`) {
			t.Errorf("no link to %s on the page:\n%s", r.asked[member], body)
		}
	}
}

// registrationLogo wants the client's logo on the page that asks for a password, from
// the provider: the page may tell nobody else who is there.
func registrationLogo(t *testing.T, e *exam) {
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 120, 40))); err != nil {
		t.Fatal(err)
	}
	r := e.register(t, func(r *rp) {
		r.asked["logo_uri"] = r.home + "/logo.png"
		r.serve(r.home+"/logo.png", "image/png", drawn.String())
	})
	body := r.signInPage(t, e)
	m := regexp.MustCompile(`<img class="logo" src="(/[^"]+)"`).FindStringSubmatch(body)
	if m == nil || strings.Contains(body, r.home+"/logo.png") {
		t.Fatalf("no logo of the provider's own on the page:\n%s", body)
	}
	got := e.fetch(t, http.MethodGet, e.URL+m[1], nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/png" || got.body != drawn.String() {
		t.Errorf("the logo is %d %s", got.status, got.header.Get("Content-Type"))
	}
}

// signInPage is the page that somebody sees who is not signed in.
func (r *rp) signInPage(t *testing.T, e *exam) string {
	t.Helper()
	v := e.visitor(t)
	v.who = nil
	p := r.flow().open(t, v)
	if p.Status != http.StatusOK || p.Form("password") == nil {
		t.Fatalf("no sign-in page: %d at %s\n%s", p.Status, p.URL, p.Body)
	}
	return p.Body
}

// opKeyRotation wants the new key and the old one in the provider's key set, and tokens
// of before the rotation to be as good as ever.
func opKeyRotation(t *testing.T, e *exam) {
	k := e.register(t).signIn(t, e.visitor(t))
	before := e.keyIDs(t)
	e.rotateKeys(t)
	after := e.keyIDs(t)
	fresh := 0
	for id := range after {
		if !before[id] {
			fresh++
		}
	}
	for id := range before {
		if !after[id] {
			t.Errorf("key %s is gone", id)
		}
	}
	if fresh == 0 {
		t.Errorf("no new key: %v", after)
	}
	if !k.works(t) {
		t.Error("the access token of before does not work")
	}
	e.register(t).signIn(t, e.visitor(t))
}

func (o *op) keyIDs(t *testing.T) map[string]bool {
	t.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		}
	}
	o.fetch(t, http.MethodGet, o.meta.JWKS, nil).decode(t, &set)
	ids := map[string]bool{}
	for _, k := range set.Keys {
		ids[k.ID] = true
	}
	return ids
}

// rpKeyRotation has the relying party sign with a key that the provider has not seen.
func rpKeyRotation(t *testing.T, e *exam) {
	r := e.register(t, publishedKey(t))
	first := r.signIn(t, e.visitor(t), set("scope", "openid offline_access"), set("prompt", "consent"))
	old := r.key
	r.key = rsaKey(t, "RS256")
	r.publish(t, old, r.key)
	time.Sleep(time.Minute)
	r.granted(t, r.tokenRequest(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}))
}

// requestURISigned hands the request over by reference (OpenID Connect Core section 6.2).
func requestURISigned(t *testing.T, e *exam) {
	r := e.register(t, publishedKey(t), func(r *rp) {
		r.auth = "client_secret_basic"
		r.asked["request_object_signing_alg"], r.asked["request_uris"] = "RS256", []string{r.home + "/request.jwt"}
	})
	f := r.flow()
	r.serve(r.home+"/request.jwt", "application/oauth-authz-req+jwt", r.requestObject(t, f.params))
	v := e.visitor(t)
	outer := url.Values{"client_id": {r.id}, "scope": {"openid"}, "response_type": {r.kind}, "request_uri": {r.home + "/request.jwt"}}
	f.ended(t, v, v.walk(t, v.Open(t, e.meta.Authorization+"?"+outer.Encode()), f.callback)).tokens(t)
}

// requestObject is a signed request (RFC 9101 section 4).
func (r *rp) requestObject(t *testing.T, params url.Values) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": r.id, "aud": r.meta.Issuer, "iat": now, "nbf": now, "exp": now + 60}
	for name := range params {
		claims[name] = params.Get(name)
	}
	return r.key.signed(t, "oauth-authz-req+jwt", claims)
}

// rotateKeys has the pool sign with new keys.
func (o *op) rotateKeys(t *testing.T) {
	t.Helper()
	for _, use := range []string{"ID", "ACCESS"} {
		o.Poolhouse(t, "RotateSigningKey", map[string]any{"UserPoolId": o.pool, "TokenUse": use}, new(any))
	}
}
