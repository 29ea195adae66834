package openid_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tokens are what a relying party holds in the end.
type tokens struct {
	*rp
	ID              *idToken // the newest one
	Access, Refresh string
	Scope           string
}

// A tokenAnswer is the token endpoint's (RFC 6749 section 5.1).
type tokenAnswer struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// redemption is the token request for the answer's code.
func (a *answer) redemption(params ...param) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {a.values.Get("code")}, "redirect_uri": {a.callback}}
	if a.pkce {
		form.Set("code_verifier", verifier)
	}
	for _, p := range params {
		p(form)
	}
	return form
}

// tokens redeems the code, where one came.
func (a *answer) tokens(t *testing.T, params ...param) *tokens {
	t.Helper()
	if !a.has("code") {
		return &tokens{rp: a.rp, ID: a.id, Access: a.values.Get("access_token")}
	}
	got := a.granted(t, a.tokenRequest(t, a.redemption(params...)))
	if a.plain() {
		if got.ID != nil {
			t.Error("an id_token without the scope openid")
		}
		return got
	}
	if got.ID == nil {
		t.Fatal("no id_token")
	}
	if want := a.params.Get("nonce"); want != "" || got.ID.claims["nonce"] != nil {
		got.ID.same(t, "nonce", want)
	}
	if a.id != nil {
		for _, name := range []string{"iss", "sub", "aud"} {
			got.ID.same(t, name, a.id.claims[name])
		}
	}
	return got
}

// vschar is what tokens are made of (RFC 6749 appendix A).
var vschar = regexp.MustCompile(`^[\x20-\x7e]+$`)

// granted checks an answer that carries tokens.
func (r *rp) granted(t *testing.T, got *reply) *tokens {
	t.Helper()
	var a tokenAnswer
	got.decode(t, &a)
	if !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		t.Errorf("Cache-Control %q (RFC 6749 section 5.1)", got.header.Get("Cache-Control"))
	}
	if !strings.EqualFold(a.Type, r.tokenType()) || a.Expires <= 0 || !vschar.MatchString(a.Access) {
		t.Errorf("token answer %s", got.body)
	}
	if a.Refresh != "" && !vschar.MatchString(a.Refresh) {
		t.Errorf("refresh token %q", a.Refresh)
	}
	out := &tokens{rp: r, Access: a.Access, Refresh: a.Refresh, Scope: a.Scope}
	if a.ID != "" {
		out.ID = r.verify(t, a.ID)
		out.ID.hashes(t, "at_hash", a.Access)
	}
	return out
}

// tokenType is the type of its access tokens, and the scheme that they are used with.
func (r *rp) tokenType() string {
	if r.holder != nil {
		return "DPoP"
	}
	return "Bearer"
}

// signIn is a whole sign-in at the variant's endpoints.
func (r *rp) signIn(t *testing.T, v *visitor, params ...param) *tokens {
	t.Helper()
	return r.flow(params...).run(t, v).tokens(t)
}

// userInfo asks the UserInfo endpoint, which must speak of the ID token's subject.
func (k *tokens) userInfo(t *testing.T) map[string]any {
	t.Helper()
	return k.info(t, k.present(t))
}

// use uses the access token at the resource that it is for, which must open.
func (k *tokens) use(t *testing.T) {
	t.Helper()
	if !k.plain() {
		k.userInfo(t)
		return
	}
	k.present(t).decode(t, new(any))
}

// present asks the resource with the access token.
func (k *tokens) present(t *testing.T) *reply {
	t.Helper()
	address := k.resource()
	return k.proving(t, http.MethodGet, address, k.Access, func(proof []string) *reply {
		return fetch(t, k.client, http.MethodGet, address, nil, append(proof, "Authorization", k.tokenType()+" "+k.Access)...)
	})
}

func (k *tokens) info(t *testing.T, got *reply) map[string]any {
	t.Helper()
	var claims map[string]any
	got.decode(t, &claims)
	if claims["sub"] != k.ID.claims["sub"] {
		t.Errorf("userinfo is about %v, the ID token about %v", claims["sub"], k.ID.claims["sub"])
	}
	checkClaims(t, claims)
	return claims
}

// works reports whether the access token opens the resource.
func (k *tokens) works(t *testing.T) bool {
	t.Helper()
	got := k.present(t)
	if got.status != http.StatusOK && got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d without WWW-Authenticate (RFC 6750 section 3)", got.status)
	}
	return got.status == http.StatusOK
}

// claimTypes are the JSON types of OpenID Connect Core section 5.1.
var claimTypes = map[string]func(any) bool{
	"sub": isText, "name": isText, "given_name": isText, "family_name": isText, "middle_name": isText, "nickname": isText,
	"preferred_username": isText, "profile": isText, "picture": isText, "website": isText, "email": isText, "email_verified": isBool,
	"gender": isText, "birthdate": isText, "zoneinfo": isText, "locale": isText, "phone_number": isText, "phone_number_verified": isBool,
	"address": isObject, "updated_at": isNumber,
}

func isText(v any) bool   { s, ok := v.(string); return ok && s != "" }
func isBool(v any) bool   { _, ok := v.(bool); return ok }
func isNumber(v any) bool { _, ok := v.(float64); return ok }
func isObject(v any) bool { m, ok := v.(map[string]any); return ok && len(m) > 0 }

func checkClaims(t *testing.T, claims map[string]any) {
	t.Helper()
	for name, is := range claimTypes {
		if v, ok := claims[name]; ok && !is(v) {
			b, _ := json.Marshal(v)
			t.Errorf("claim %s is %s", name, b)
		}
	}
}
