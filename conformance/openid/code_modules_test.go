package openid_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// postRequest sends the request as a form of the app.
func postRequest(t *testing.T, e *exam) {
	r, v := e.register(t), e.visitor(t)
	f := r.flow()
	home, err := url.Parse(r.home)
	if err != nil {
		t.Fatal(err)
	}
	p := v.Submit(t, &harness.Page{URL: home}, harness.Form{Action: e.meta.Authorization, Post: true, Fields: f.params})
	f.ended(t, v, v.walk(t, p, f.callback)).tokens(t)
}

func clientSecretPost(t *testing.T, e *exam) {
	e.register(t, func(r *rp) { r.auth = "client_secret_post" }).signIn(t, e.visitor(t))
}

func codeReuse(t *testing.T, e *exam)     { reuse(t, e, 0) }
func codeReuseLate(t *testing.T, e *exam) { reuse(t, e, 30*time.Second) }

// reuse redeems a code twice: the second time nothing comes of it, and what came
// of the first is worth nothing any more (RFC 6749 section 4.1.2).
func reuse(t *testing.T, e *exam, wait time.Duration) {
	t.Helper()
	a := e.register(t).flow().run(t, e.visitor(t))
	got := a.tokens(t)
	if !got.works(t) {
		t.Fatal("the access token does not work")
	}
	time.Sleep(wait)
	a.tokenRequest(t, a.redemption()).refused(t, "invalid_grant")
	if got.works(t) {
		t.Error("the access token outlived the replay of its code")
	}
}

// refreshToken refreshes, and lets another relying party try.
func refreshToken(t *testing.T, e *exam) {
	scope := "openid"
	if contains(e.meta.Scopes, "offline_access") {
		scope += " offline_access"
	}
	r, other := e.register(t), e.register(t)
	first := r.signIn(t, e.visitor(t), set("scope", scope), set("prompt", "consent"))
	if first.Refresh == "" {
		t.Fatal("no refresh token")
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}
	other.tokenRequest(t, form).refused(t, "invalid_grant")
	time.Sleep(1100 * time.Millisecond)
	second := r.granted(t, r.tokenRequest(t, form))
	if second.Access == first.Access {
		t.Error("the same access token again")
	}
	if second.ID != nil {
		second.continues(t, first)
	}
	second.ID = first.ID
	second.userInfo(t)
}

// continues checks the ID token of a refresh (OpenID Connect Core section 12.2).
func (k *tokens) continues(t *testing.T, first *tokens) {
	t.Helper()
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "azp"} {
		k.ID.same(t, name, first.ID.claims[name])
	}
	if !k.ID.time(t, "iat").After(first.ID.time(t, "iat")) {
		t.Errorf("iat %v after %v", k.ID.claims["iat"], first.ID.claims["iat"])
	}
	if nonce, ok := k.ID.claims["nonce"]; ok && nonce != first.ID.claims["nonce"] {
		t.Errorf("nonce %v", nonce)
	}
}

const verifier = "a-verifier-of-the-tests-that-has-enough-characters"

// pkce adds the challenge of a verifier.
func pkce(v url.Values) {
	sum := sha256.Sum256([]byte(verifier))
	v.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
	v.Set("code_challenge_method", "S256")
}

func validPKCE(t *testing.T, e *exam) {
	a := e.register(t).flow(pkce).run(t, e.visitor(t))
	a.tokenRequest(t, a.redemption()).refused(t, "invalid_grant", "invalid_request")
	a = e.register(t).flow(pkce).run(t, e.visitor(t))
	a.tokens(t, set("code_verifier", verifier))
}
