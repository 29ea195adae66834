package oidc_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestZitadel signs in through a relying party that the OpenID Foundation has
// certified: code flow, userinfo, refresh, logout, revocation.
func TestZitadel(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		party, err := rp.NewRelyingPartyOIDC(t.Context(), f.URL+"/"+f.PoolID, f.ClientID, "", harness.Callback, []string{oidc.ScopeOpenID, oidc.ScopeEmail},
			rp.WithSigningAlgsFromDiscovery(), rp.WithAuthStyle(oauth2.AuthStyleInParams))
		if err != nil {
			t.Fatal(err)
		}
		b, state, verifier := harness.NewBrowser(t, nil), rand.Text(), oauth2.GenerateVerifier()
		start := rp.AuthURL(state, party, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier)))
		q := b.SignIn(t, start, &f.Alice, harness.Callback).Query()
		if q.Get("state") != state {
			t.Fatalf("the app is answered %v", q)
		}
		tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](t.Context(), q.Get("code"), party, rp.WithCodeVerifier(verifier))
		if err != nil {
			t.Fatal(err)
		}
		if tokens.IDTokenClaims.Email != f.Alice.Email {
			t.Errorf("claims %+v", tokens.IDTokenClaims)
		}
		info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), tokens.AccessToken, tokens.TokenType, tokens.IDTokenClaims.Subject, party)
		if err != nil || info.Email != f.Alice.Email {
			t.Errorf("userinfo %+v: %v", info, err)
		}
		fresh, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), party, tokens.RefreshToken, "", "")
		if err != nil || fresh.IDTokenClaims.Subject != tokens.IDTokenClaims.Subject {
			t.Fatalf("refreshed %+v: %v", fresh, err)
		}
		leave(t, party, b, fresh.IDToken, start)
		if err := rp.RevokeToken(t.Context(), party, tokens.RefreshToken, "refresh_token"); err != nil {
			t.Fatal(err)
		}
		if _, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), party, tokens.RefreshToken, "", ""); err == nil {
			t.Error("the refresh token outlived its revocation")
		}
	})
}

// leave signs the browser out; the next sign-in asks for a password again.
func leave(t *testing.T, party rp.RelyingParty, b *harness.Browser, hint, start string) {
	t.Helper()
	state := rand.Text()
	q := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"http://localhost/goodbye"}, "state": {state}}
	p := b.Walk(t, party.GetEndSessionEndpoint()+"?"+q.Encode(), nil, harness.Leads("http://localhost/goodbye"))
	if p.URL.Query().Get("state") != state {
		t.Fatalf("the logout ended at %s, status %d", p.URL, p.Status)
	}
	if p := b.Walk(t, start, nil, harness.Leads(harness.Callback)); p.Form("password") == nil || strings.HasPrefix(p.URL.String(), harness.Callback) {
		t.Errorf("still signed in: %s", p.URL)
	}
}
