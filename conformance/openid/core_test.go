package openid_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// core are the modules of the Basic, Implicit and Hybrid plans; plans are those that
// have the module.
var core = []struct {
	name, plans string
	run         func(*testing.T, *exam)
}{
	// Those that wait long begin first.
	{"codereuse-30seconds", "BH", codeReuseLate},
	{"server", "BIH", server},
	{"response-type-missing", "BIH", responseTypeMissing},
	{"idtoken-signature", "BIH", idTokenSignature},
	{"idtoken-unsigned", "B", nil},
	{"ensure-request-without-nonce-succeeds-for-code-flow", "BH", withoutNonceSucceeds},
	{"ensure-request-without-nonce-fails", "IH", withoutNonceFails},
	{"userinfo-get", "BIH", userInfoGet},
	{"userinfo-post-header", "BIH", userInfoPostHeader},
	{"userinfo-post-body", "BIH", userInfoPostBody},
	{"scope-profile", "BIH", scopes("profile")},
	{"scope-email", "BIH", scopes("email")},
	{"scope-address", "BIH", scopes("address")},
	{"scope-phone", "BIH", scopes("phone")},
	{"scope-all", "BIH", scopes("profile", "email", "address", "phone")},
	{"alternate-happy-flow", "BIH", alternateHappyFlow},
	{"display-page", "BIH", harmless("display", "page")},
	{"display-popup", "BIH", harmless("display", "popup")},
	{"prompt-login", "BIH", promptLogin},
	{"prompt-none-not-logged-in", "BIH", promptNoneNotLoggedIn},
	{"prompt-none-logged-in", "BIH", promptNoneLoggedIn},
	{"max-age-1", "BIH", maxAge1},
	{"max-age-10000", "BIH", maxAge10000},
	{"ensure-request-with-unknown-parameter-succeeds", "BIH", harmless("extra", "foobar")},
	{"id-token-hint", "BIH", idTokenHint},
	{"login-hint", "BIH", harmless("login_hint", "alice@example.com")},
	{"ui-locales", "BIH", harmless("ui_locales", "se de-DE en")},
	{"claims-locales", "BIH", harmless("claims_locales", "se")},
	{"ensure-request-with-acr-values-succeeds", "BIH", acrValues},
	{"codereuse", "BH", codeReuse},
	{"ensure-registered-redirect-uri", "BIH", registeredRedirectURI},
	{"ensure-post-request-succeeds", "B", postRequest},
	{"server-client-secret-post", "BH", clientSecretPost},
	{"request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", "BIH", nil},
	{"unsigned-request-object-supported-correctly-or-rejected-as-unsupported", "BIH", nil},
	{"ensure-request-object-with-redirect-uri", "BIH", nil},
	{"claims-essential", "BIH", claimsEssential},
	{"refresh-token", "BH", refreshToken},
	{"ensure-request-with-valid-pkce-succeeds", "BH", validPKCE},
}

// coreModules are those of the Basic (B), Implicit (I) or Hybrid (H) plan.
func coreModules(letter string) (list []module) {
	for _, m := range core {
		if strings.Contains(m.plans, letter) {
			list = append(list, module{"oidcc-" + m.name, m.run})
		}
	}
	return list
}

func server(t *testing.T, e *exam) {
	got := e.register(t).signIn(t, e.visitor(t))
	if got.Access != "" {
		got.userInfo(t)
	}
}

func responseTypeMissing(t *testing.T, e *exam) {
	e.register(t).flow(drop("response_type")).failsOrPage(t, e.visitor(t), "unsupported_response_type", "invalid_request")
}

func idTokenSignature(t *testing.T, e *exam) {
	if got := e.register(t).signIn(t, e.visitor(t)); got.ID.alg != "RS256" {
		t.Errorf("alg %s", got.ID.alg)
	}
}

func withoutNonceSucceeds(t *testing.T, e *exam) {
	e.register(t).signIn(t, e.visitor(t), drop("nonce"))
}

func withoutNonceFails(t *testing.T, e *exam) {
	e.register(t).flow(drop("nonce")).failsOrPage(t, e.visitor(t), "invalid_request")
}

func userInfoGet(t *testing.T, e *exam) {
	e.register(t).signIn(t, e.visitor(t)).userInfo(t)
}

func userInfoPostHeader(t *testing.T, e *exam) {
	got := e.register(t).signIn(t, e.visitor(t))
	got.info(t, e.fetch(t, "POST", e.meta.UserInfo, nil, "Authorization", "Bearer "+got.Access))
}

func userInfoPostBody(t *testing.T, e *exam) {
	got := e.register(t).signIn(t, e.visitor(t))
	got.info(t, e.fetch(t, "POST", e.meta.UserInfo, url.Values{"access_token": {got.Access}}))
}

// scopeClaims are the claims of each scope (OpenID Connect Core section 5.4).
var scopeClaims = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
		"gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// scopes wants the claims of those scopes, and of no other: from the UserInfo
// endpoint or, where there is no access token, in the ID token.
func scopes(names ...string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		got := e.register(t).signIn(t, e.visitor(t), set("scope", "openid "+strings.Join(names, " ")))
		claims := got.ID.claims
		if got.Access != "" {
			claims = got.userInfo(t)
		}
		for scope, list := range scopeClaims {
			for _, name := range list {
				if _, ok := claims[name]; ok != slices.Contains(names, scope) {
					t.Errorf("scopes %v; claim %s is there: %t", names, name, ok)
				}
			}
		}
		want := attributes(e.alice)
		for _, name := range []string{"name", "email", "phone_number", "birthdate", "zoneinfo"} {
			if v, ok := claims[name]; ok && v != want[name] {
				t.Errorf("%s is %v, want %s", name, v, want[name])
			}
		}
	}
}

// alternateHappyFlow asks for the same in another order.
func alternateHappyFlow(t *testing.T, e *exam) {
	f := e.register(t).flow(set("scope", "email openid"))
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range f.params {
			if !yield(name) {
				return
			}
		}
	})
	slices.Reverse(names)
	var query []string
	for _, name := range names {
		query = append(query, name+"="+url.QueryEscape(f.params.Get(name)))
	}
	v := e.visitor(t)
	got := f.ended(t, v, v.walk(t, v.Open(t, e.meta.Authorization+"?"+strings.Join(query, "&")), f.callback)).tokens(t)
	if got.Access != "" && got.userInfo(t)["email"] != e.alice.Email {
		t.Error("no email")
	}
}

// harmless adds a parameter that must not be in the way.
func harmless(name, value string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) { e.register(t).signIn(t, e.visitor(t), set(name, value)) }
}

// acrValues asks for what the provider offers, and wants one of it.
func acrValues(t *testing.T, e *exam) {
	offered := e.meta.ACR
	got := e.register(t).signIn(t, e.visitor(t), set("acr_values", strings.Join(append(offered, "urn:example:unknown"), " ")))
	if acr, _ := got.ID.claims["acr"].(string); len(offered) > 0 && !contains(offered, acr) {
		t.Errorf("acr is %q, offered are %v", acr, offered)
	}
}

func registeredRedirectURI(t *testing.T, e *exam) {
	r := e.register(t)
	r.flow(set("redirect_uri", r.callback+"/elsewhere")).errorPage(t, e.visitor(t))
}

func claimsEssential(t *testing.T, e *exam) {
	place := "userinfo"
	if e.responseType() == "id_token" {
		place = "id_token"
	}
	got := e.register(t).signIn(t, e.visitor(t), set("claims", `{"`+place+`":{"name":{"essential":true}}}`))
	claims := got.ID.claims
	if place == "userinfo" {
		claims = got.userInfo(t)
	}
	if claims["name"] != attributes(e.alice)["name"] {
		t.Errorf("name is %v", claims["name"])
	}
}
