package openid_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var fapiDPoP = []module{
	{"check-dpop-proof-nbf-exp", proofWith(func(p *proof) {
		p.claims["nbf"], p.claims["exp"] = time.Now().Unix()-10, time.Now().Unix()+60
	})},
	{"ensure-dpopproof-with-iat-10seconds-before-succeeds", proofWith(func(p *proof) { p.claims["iat"] = time.Now().Unix() - 10 })},
	{"ensure-dpopproof-with-iat-10seconds-after-succeeds", proofWith(func(p *proof) { p.claims["iat"] = time.Now().Unix() + 10 })},
	{"ensure-mismatched-dpop-jkt-fails", mismatchAtPush},
	{"ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", mismatchAtToken(func(*testing.T, *holder) []param { return nil })},
	{"ensure-token-endpoint-fails-with-mismatched-dpop-jkt", mismatchAtToken(boundBy)},
	{"ensure-dpopproof-at-par-endpoint-binding-success", fapiSignIn()},
	{"ensure-dpop-auth-code-binding-success", boundByThumbprint},
	{"dpop-negative-tests", spoiltProofs},
}

func boundBy(t *testing.T, h *holder) []param { return []param{set("dpop_jkt", h.thumbprint(t))} }

// proofWith signs in with proofs that are changed like that: at each endpoint.
func proofWith(change func(*proof)) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		r := e.register(t)
		r.holder.spoil = change
		r.signIn(t, e.visitor(t)).use(t)
	}
}

// mismatchAtPush names another key than the proof's.
func mismatchAtPush(t *testing.T, e *exam) {
	e.register(t).flow(boundBy(t, newHolder(t))...).push(t).refused(t, "invalid_dpop_proof", "invalid_request")
}

// mismatchAtToken redeems the code with another key than the request was bound to, by
// its proof or by dpop_jkt alone.
func mismatchAtToken(params func(*testing.T, *holder) []param) func(*testing.T, *exam) {
	return func(t *testing.T, e *exam) {
		r := e.register(t)
		a := r.flow(params(t, r.holder)...).run(t, e.visitor(t))
		r.holder = newHolder(t)
		a.tokenRequest(t, a.redemption()).refused(t, "invalid_grant", "invalid_dpop_proof", "invalid_request")
	}
}

// boundByThumbprint pushes without a proof, with the key's thumbprint alone.
func boundByThumbprint(t *testing.T, e *exam) {
	r := e.register(t)
	h := r.holder
	f := r.flow(boundBy(t, h)...)
	r.holder = nil
	uri := f.pushed(t)
	v := e.visitor(t)
	a := f.ended(t, v, v.walk(t, v.Open(t, f.pushedAt(uri)), f.callback))
	r.holder = h
	a.tokens(t).use(t)
}

// A spoilt proof is sent to the resource.
type spoilt struct {
	name  string
	spoil func(*proof)
}

// refusedProofs must be refused.
var refusedProofs = []spoilt{
	{"without typ", func(p *proof) { delete(p.header, "typ") }},
	{"another typ", func(p *proof) { p.header["typ"] = "JWT" }},
	{"without alg", func(p *proof) { delete(p.header, "alg") }},
	{"alg none", func(p *proof) { p.header["alg"] = "none" }},
	{"without jwk", func(p *proof) { delete(p.header, "jwk") }},
	{"without jti", func(p *proof) { delete(p.claims, "jti") }},
	{"without htm", func(p *proof) { delete(p.claims, "htm") }},
	{"without htu", func(p *proof) { delete(p.claims, "htu") }},
	{"without iat", func(p *proof) { delete(p.claims, "iat") }},
	{"without ath", func(p *proof) { delete(p.claims, "ath") }},
	{"another htm", func(p *proof) { p.claims["htm"] = http.MethodPost }},
	{"another htu", func(p *proof) { p.claims["htu"] = "https://other.example.com/userinfo" }},
	{"another ath", func(p *proof) { p.claims["ath"] = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" }},
}

// acceptedProofs must be accepted.
var acceptedProofs = []spoilt{
	{"a query in htu", func(p *proof) { p.claims["htu"] = p.claims["htu"].(string) + "?a=b" }},
	{"a fragment in htu", func(p *proof) { p.claims["htu"] = p.claims["htu"].(string) + "#a" }},
	{"an unknown claim", func(p *proof) { p.claims["urn:example:unknown"] = "x" }},
	{"an unknown header", func(p *proof) { p.header["urn:example:unknown"] = "x" }},
	{"scheme and host in capitals", func(p *proof) {
		p.claims["htu"] = strings.Replace(p.claims["htu"].(string), "https://localhost", "HTTPS://LOCALHOST", 1)
	}},
	{"nothing wrong", func(*proof) {}},
}

// spoiltProofs tries at the resource what is wrong with a proof.
func spoiltProofs(t *testing.T, e *exam) {
	k := e.register(t).signIn(t, e.visitor(t))
	address := k.resource()
	try := func(name string, accepted bool, header ...string) {
		t.Helper()
		got := fetch(t, k.client, http.MethodGet, address, nil, header...)
		k.holder.learn(got)
		if refused := got.status == http.StatusUnauthorized || got.status == http.StatusBadRequest; accepted && got.status != http.StatusOK || !accepted && !refused {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, got.header["Www-Authenticate"])
		}
	}
	with := func(spoil ...func(*proof)) string {
		return k.holder.proof(t, http.MethodGet, address, k.Access, spoil...)
	}
	token := []string{"Authorization", "DPoP " + k.Access}
	k.use(t) // the server's nonce is known now
	for _, s := range refusedProofs {
		try(s.name, false, append(token, "DPoP", with(s.spoil))...)
	}
	for _, s := range acceptedProofs {
		try(s.name, true, append(token, "DPoP", with(s.spoil))...)
	}
	for _, hour := range []int64{-3600, 3600} {
		// A nonce tells the time of a proof better than the client's clock does.
		try("an hour off", k.holder.asked, append(token, "DPoP", with(func(p *proof) { p.claims["iat"] = time.Now().Unix() + hour }))...)
	}
	try("two proofs", false, append(token, "DPoP", with(), "DPoP", with())...)
	try("no JWT", false, append(token, "DPoP", "proof")...)
	try("no proof", false, token...)
	try("as a bearer", false, "Authorization", "Bearer "+k.Access)
	try("as a bearer with a proof", false, "Authorization", "Bearer "+k.Access, "DPoP", with())
	try("another key", false, append(token, "DPoP", newHolder(t).proof(t, http.MethodGet, address, k.Access, withNonce(k.holder)))...)
	try("a private key", false, append(token, "DPoP", with(func(p *proof) { p.header["jwk"] = k.holder.privateJWK() }))...)
	try("RS256", false, append(token, "DPoP", k.holder.byRS256(t, address, k.Access))...)
	bad := with()
	try("a bad signature", false, append(token, "DPoP", bad[:len(bad)-8]+"AAAAAAAA")...)
	once := with()
	try("a proof", true, append(token, "DPoP", once)...)
	try("the same proof again", false, append(token, "DPoP", once)...)
	try("a proof in the end", true, append(token, "DPoP", with())...)
}
