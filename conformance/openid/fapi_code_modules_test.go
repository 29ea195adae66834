package openid_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

var fapiCodes = []module{
	{"par-ensure-pkce-required", func(t *testing.T, e *exam) {
		e.register(t).flow(drop("code_challenge"), drop("code_challenge_method")).refused(t, e.visitor(t), "invalid_request")
	}},
	{"par-plain-pkce-rejected", func(t *testing.T, e *exam) {
		e.register(t).flow(set("code_challenge", verifier), set("code_challenge_method", "plain")).refused(t, e.visitor(t), "invalid_request")
	}},
	{"ensure-pkce-code-verifier-required", verifierRefused(drop("code_verifier"))},
	{"incorrect-pkce-code-verifier-rejected", verifierRefused(set("code_verifier", verifier+"-but-another"))},
	{"ensure-authorization-code-is-bound-to-client", codeOfAnother},
	{"ensure-client-id-in-token-endpoint", anotherClientID},
	{"attempt-reuse-authorization-code-after-one-second", func(t *testing.T, e *exam) { reuse(t, e, time.Second) }},
}

func verifierRefused(change param) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		a := e.register(t).flow().run(t, e.visitor(t))
		a.tokenRequest(t, a.redemption(change)).refused(t, "invalid_grant")
	}
}

// codeOfAnother presents a code as another client, which spoils nothing for its owner.
func codeOfAnother(t *testing.T, e *exam) {
	a, other := e.register(t).flow().run(t, e.visitor(t)), e.register(t)
	other.tokenRequest(t, a.redemption()).refused(t, "invalid_grant", "invalid_client")
	a.tokens(t)
}

// anotherClientID has the client_id say somebody else than the authentication.
func anotherClientID(t *testing.T, e *exam) {
	a, other := e.register(t).flow().run(t, e.visitor(t)), e.register(t)
	a.tokenRequest(t, a.redemption(set("client_id", other.id))).refused(t, "invalid_client", "invalid_request", "invalid_grant", "unauthorized_client")
}

func codeExpired(t *testing.T, e *exam) {
	a := e.register(t).flow().run(t, e.visitor(t))
	time.Sleep(61 * time.Second)
	a.tokenRequest(t, a.redemption()).refused(t, "invalid_grant")
}

// fapiRefresh refreshes; nobody else can, nor anybody without authentication or proof
// of possession. A token that was rotated works for another half minute.
func fapiRefresh(t *testing.T, e *exam) {
	r, other := e.register(t), e.register(t)
	first := r.signIn(t, e.visitor(t), set("scope", r.scope+" offline_access"), set("prompt", "consent"))
	if first.Refresh == "" {
		t.Fatal("no refresh token")
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}
	other.tokenRequest(t, form).refused(t, "invalid_grant")
	r.unauthenticated(t, form).refused(t, "invalid_client", "invalid_grant", "invalid_request")
	r.unproven(t, form).refused(t, "invalid_request", "invalid_grant", "invalid_dpop_proof", "invalid_client")
	second := r.granted(t, r.tokenRequest(t, form))
	second.ID = first.ID
	second.use(t)
	second.unusableAlone(t)
	if second.Refresh != "" && second.Refresh != first.Refresh {
		time.Sleep(30 * time.Second)
		r.granted(t, r.tokenRequest(t, form))
	}
}

// unauthenticated is a token request by somebody who knows no more than the client_id.
func (r *rp) unauthenticated(t *testing.T, form url.Values) *reply {
	t.Helper()
	form = cloneValues(form)
	form.Set("client_id", r.id)
	address := r.meta.Token
	return r.proving(t, http.MethodPost, address, "", func(proof []string) *reply {
		return fetch(t, r.HTTP, http.MethodPost, address, form, proof...)
	})
}

// unproven is a token request without the key or the certificate that its tokens are
// bound to.
func (r *rp) unproven(t *testing.T, form url.Values) *reply {
	t.Helper()
	form, header := r.authenticate(t, form)
	if r.bound {
		return fetch(t, r.HTTP, http.MethodPost, r.meta.Token, form, header...)
	}
	return r.post(t, r.endpoint("token_endpoint"), form, header...)
}
