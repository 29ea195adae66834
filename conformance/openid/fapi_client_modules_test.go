package openid_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"
)

var fapiClients = []module{
	{"ensure-holder-of-key-required", holderOfKeyRequired},
	{"ensure-signed-client-assertion-with-RS256-fails", assertionByRS256},
	{"ensure-client-assertion-in-token-endpoint", noAssertion},
	{"ensure-client-assertion-with-exp-is-5-minutes-in-past-fails", assertionRefused(func(*exam) map[string]any {
		return map[string]any{"iat": time.Now().Unix() - 360, "exp": time.Now().Unix() - 300}
	})},
	{"ensure-client-assertion-with-wrong-aud-fails", assertionRefused(audience(func(*exam) any { return "https://other.example.com" }))},
	{"ensure-client-assertion-with-no-sub-fails", assertionRefused(func(*exam) map[string]any { return map[string]any{"sub": nil} })},
	{"par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted", assertionAhead},
	{"par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails", pushRefused(func(*exam) map[string]any {
		now := time.Now().Unix()
		return map[string]any{"iat": now + 70, "nbf": now + 70, "exp": now + 130}
	})},
	{"par-test-array-as-audience-fails", pushRefused(audience(func(e *exam) any { return []string{e.meta.Issuer} }))},
	{"par-test-par-endpoint-url-as-audience-fails", pushRefused(audience(func(e *exam) any { return e.meta.PAR }))},
	{"par-test-token-endpoint-url-as-audience-fails", pushRefused(audience(func(e *exam) any { return e.meta.Token }))},
}

func audience(of func(*exam) any) func(*exam) map[string]any {
	return func(e *exam) map[string]any { return map[string]any{"aud": of(e)} }
}

// holderOfKeyRequired wants no tokens for a request without proof of possession, and
// nothing but current TLS.
func holderOfKeyRequired(t *testing.T, e *exam) {
	conn, err := tls.Dial("tcp", strings.TrimPrefix(e.URL, "https://"), &tls.Config{RootCAs: e.ca.Pool, MaxVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if s := conn.ConnectionState(); s.Version != tls.VersionTLS12 || !strings.Contains(tls.CipherSuiteName(s.CipherSuite), "ECDHE") ||
		!strings.Contains(tls.CipherSuiteName(s.CipherSuite), "GCM") && !strings.Contains(tls.CipherSuiteName(s.CipherSuite), "CHACHA20") {
		t.Errorf("%s, %s", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
	}
	weak := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(e.URL, "https://"), &tls.Config{RootCAs: e.ca.Pool, MaxVersion: tls.VersionTLS12, CipherSuites: weak}); err == nil {
		t.Errorf("the server takes %s (FAPI 2.0 section 5.2.2)", tls.CipherSuiteName(conn.ConnectionState().CipherSuite))
		conn.Close()
	}
	a := e.register(t).flow().run(t, e.visitor(t))
	a.unproven(t, a.redemption()).refused(t, "invalid_request", "invalid_grant", "invalid_dpop_proof", "invalid_client")
}

// assertionByRS256 signs with an algorithm that the profile forbids, by a key that is
// registered.
func assertionByRS256(t *testing.T, e *exam) {
	key := rsaKey(t, "RS256")
	r := e.register(t, func(r *rp) { r.asked["jwks"] = jwks(r.key, key) })
	a := r.flow().run(t, e.visitor(t))
	r.key = key
	a.tokenRequest(t, a.redemption()).refused(t, "invalid_client")
}

func noAssertion(t *testing.T, e *exam) {
	a := e.register(t).flow().run(t, e.visitor(t))
	a.unauthenticated(t, a.redemption()).refused(t, "invalid_client", "invalid_request")
}

// assertionRefused wants an assertion refused at the token endpoint.
func assertionRefused(change func(*exam) map[string]any) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		a := e.register(t).flow().run(t, e.visitor(t))
		a.tokenRequest(t, a.redemption(set("client_assertion", a.assertion(t, change(e))))).refused(t, "invalid_client")
		a.tokens(t) // nothing is spoilt
	}
}

// pushRefused wants an assertion refused when a request is pushed.
func pushRefused(change func(*exam) map[string]any) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		f := e.register(t).flow()
		f.params.Set("client_assertion", f.assertion(t, change(e)))
		f.push(t).refused(t, "invalid_request", "invalid_client")
	}
}

func assertionAhead(t *testing.T, e *exam) {
	f := e.register(t).flow()
	ahead := time.Now().Unix() + 8
	params := f.params
	f.params = cloneValues(params)
	f.params.Set("client_assertion", f.assertion(t, map[string]any{"iat": ahead, "nbf": ahead}))
	uri := f.pushed(t)
	f.params = params
	v := e.visitor(t)
	f.ended(t, v, v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback)).tokens(t)
}
