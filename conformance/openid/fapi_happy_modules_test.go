package openid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

var fapiRequests = []module{
	{"discovery-end-point-verification", fapiDiscovery},
	{"happy-flow", fapiHappyFlow},
	{"user-rejects-authentication", userRejects},
	{"ensure-authorization-request-without-state-success", fapiSignIn(drop("state"))},
	{"ensure-authorization-request-without-nonce-success", fapiSignIn(drop("nonce"))},
	{"ensure-authorization-request-with-64-char-nonce-success", fapiSignIn(set("nonce", strings.Repeat("n0nce-64", 8)))},
	{"ensure-authorization-request-with-long-nonce", intactOrRefused("nonce")},
	{"ensure-authorization-request-with-long-state", intactOrRefused("state")},
	{"ensure-other-scope-order-succeeds", fapiSignIn(set("scope", "profile email openid"))},
	{"test-claims-parameter-identity-claims", identityClaims},
	{"access-token-type-header-case-sensitivity", schemeCase},
	{"par-without-duplicate-parameters", fapiSignIn()},
	{"plain-fapi-tolerate-unregistered-redirect-uri", unregisteredRedirectURI},
}

// fapiDiscovery is the module of the provider's metadata.
func fapiDiscovery(t *testing.T, e *exam) {
	checkMetadata(t, e.document)
	if e.meta.Issuer != e.issuer() || !e.meta.Iss {
		t.Errorf("issuer %s, iss in answers: %t", e.meta.Issuer, e.meta.Iss)
	}
	for member, want := range map[string]string{"response_types_supported": "code", "code_challenge_methods_supported": "S256",
		"token_endpoint_auth_methods_supported": e.plan.auth} {
		wantListed(t, e.document, member, want)
	}
	for _, member := range []string{"dpop_signing_alg_values_supported"} {
		for _, alg := range texts(e.document[member]) {
			if !contains([]string{"PS256", "ES256", "EdDSA", "Ed25519", "PS384", "PS512", "ES384", "ES512"}, alg) {
				t.Errorf("%s lists %s", member, alg)
			}
		}
	}
	for _, alg := range []string{"PS256", "ES256"} {
		wantListed(t, e.document, "id_token_signing_alg_values_supported", alg)
		wantListed(t, e.document, "token_endpoint_auth_signing_alg_values_supported", alg)
		wantListed(t, e.document, "dpop_signing_alg_values_supported", alg)
	}
	if e.meta.PAR == "" {
		t.Error("no pushed_authorization_request_endpoint")
	}
	if v, ok := e.document["require_pushed_authorization_requests"]; ok && !isBool(v) {
		t.Errorf("require_pushed_authorization_requests is %v", v)
	}
	if !dpopBound(e) && e.document["tls_client_certificate_bound_access_tokens"] != true {
		t.Errorf("tls_client_certificate_bound_access_tokens is %v", e.document["tls_client_certificate_bound_access_tokens"])
	}
}

// fapiHappyFlow signs two relying parties in, one of them twice and with another of
// its redirect URIs; no token is good without what it is bound to.
func fapiHappyFlow(t *testing.T, e *exam) {
	first, second := e.register(t, func(r *rp) { r.asked["redirect_uris"] = []string{r.callback, r.home + "/second"} }), e.register(t)
	v := e.visitor(t)
	for _, r := range []*rp{first, second, first} {
		k := r.signIn(t, v)
		k.use(t)
		k.unusableAlone(t)
		first.callback = first.home + "/second"
	}
}

// unusableAlone wants the access token refused without proof of possession.
func (k *tokens) unusableAlone(t *testing.T) {
	t.Helper()
	address := k.meta.UserInfo
	if k.plain() {
		address = k.resource()
	}
	for _, scheme := range []string{"Bearer", "DPoP"} {
		got := fetch(t, k.HTTP, http.MethodGet, address, nil, "Authorization", scheme+" "+k.Access)
		if got.status != http.StatusUnauthorized && got.status != http.StatusBadRequest {
			t.Errorf("the token alone, as %s, is answered %d %s", scheme, got.status, got.body)
		}
	}
}

func fapiSignIn(params ...param) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) { e.register(t).signIn(t, e.visitor(t), params...).use(t) }
}

// userRejects says no: where consent is asked, or by the way out of the sign-in.
func userRejects(t *testing.T, e *exam) {
	v := e.visitor(t)
	v.denies = true
	e.register(t, func(r *rp) { r.asked["require_consent"] = true }).flow().fails(t, v, "access_denied")
}

// intactOrRefused sends a value of 384 characters, which may be refused but not cut.
func intactOrRefused(name string) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		v, f := e.visitor(t), e.register(t).flow(set(name, strings.Repeat("0123456789abcdef", 24)))
		got := f.push(t)
		if got.status != http.StatusCreated {
			got.refused(t, "invalid_request")
			return
		}
		uri, _ := f.pushedFor(t, got)
		p := v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback)
		if !p.Redirects() || p.URL.Query().Has("error") {
			f.landsRefused(t, v, p, "invalid_request")
			return
		}
		f.ended(t, v, p).tokens(t) // both check that it is whole
	}
}

// identityClaims asks for each claim that discovery lists, and one that nobody has.
func identityClaims(t *testing.T, e *exam) {
	protocol := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "jti"}
	var identity []string
	member := map[string]any{"urn:example:unknown": nil}
	for _, c := range e.meta.Claims {
		if !contains(protocol, c) {
			member[c], identity = nil, append(identity, c)
		}
	}
	k := e.register(t).signIn(t, e.visitor(t), set("claims", string(must(t)(json.Marshal(map[string]any{"userinfo": member, "id_token": member})))))
	info := k.userInfo(t)
	for _, c := range identity {
		if info[c] == nil && k.ID.claims[c] == nil {
			t.Errorf("no %s", c)
		}
	}
	if len(identity) == 0 || info["urn:example:unknown"] != nil {
		t.Errorf("claims %v: %v", identity, info)
	}
}

// schemeCase writes the authentication scheme in other letters (RFC 9110 section 11.1).
func schemeCase(t *testing.T, e *exam) {
	k := e.register(t).signIn(t, e.visitor(t))
	for _, scheme := range []string{strings.ToLower(k.tokenType()), strings.ToUpper(k.tokenType())} {
		address := k.resource()
		got := k.proving(t, http.MethodGet, address, k.Access, func(proof []string) *reply {
			return fetch(t, k.client, http.MethodGet, address, nil, append(proof, "Authorization", scheme+" "+k.Access)...)
		})
		if got.status != http.StatusOK {
			t.Errorf("scheme %s: %d %s", scheme, got.status, got.body)
		}
	}
}

// unregisteredRedirectURI may be accepted when it is pushed (RFC 9126 section 2.4), or
// refused: then nothing is sent to it.
func unregisteredRedirectURI(t *testing.T, e *exam) {
	r := e.register(t)
	f := r.flow(set("redirect_uri", fmt.Sprint(r.home, "/unregistered")))
	f.refused(t, e.visitor(t), "invalid_request", "invalid_redirect_uri")
	if got := e.visits(r.home + "/unregistered"); len(got) > 0 {
		t.Errorf("the unregistered address was sent %v", got)
	}
}
