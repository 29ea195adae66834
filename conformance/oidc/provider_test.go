package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestProvider is one server of each profile under go-oidc's eyes.
func TestProvider(t *testing.T) {
	tests := []struct {
		name string
		run  func(*testing.T, *rig)
	}{
		{"code flow", testCodeFlow},
		{"revocation", testRevocation},
		{"apps with a secret", testSecretApps},
		{"client credentials", testClientCredentials},
		{"a code of another app", testForeignCode},
		{"one of fifty redemptions", testParallelRedemption},
		{"verifiers", testVerifiers},
		{"redirect URIs", testRedirectURIs},
		{"prompt and single sign-on", testPrompt},
		{"duplicate parameters", testDuplicates},
		{"refused requests", testRefusedRequests},
		{"logout", testLogout},
		{"unknown user", testUnknownUser},
		{"cookies", testCookies},
		{"disabled user", testDisabledUser},
	}
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		r := newRig(t, s)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) { test.run(t, r) })
		}
	})
}

// testCodeFlow checks all that go-oidc leaves to the app as well: nonce, at_hash,
// auth_time, and that userinfo is about the same user.
func testCodeFlow(t *testing.T, r *rig) {
	before := time.Now().Truncate(time.Second)
	g := r.grant(t, r.app, &r.Alice)
	token, err := g.redeem(t, r.app)
	if err != nil {
		t.Fatal(err)
	}
	id, claims := r.verify(t, token)
	if id.Nonce != g.nonce || claims.Use != "id" || claims.Email != r.Alice.Email || !claims.EmailVerified || claims.Username != r.Alice.Username {
		t.Errorf("nonce %q (want %q), claims %+v", id.Nonce, g.nonce, claims)
	}
	if at := time.Unix(claims.AuthTime, 0); at.Before(before) || at.After(time.Now()) {
		t.Errorf("auth_time %v is not when the user signed in, after %v", at, before)
	}
	info, err := r.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != id.Subject || info.Email != r.Alice.Email {
		t.Errorf("userinfo is about %q %q, the ID token about %q", info.Subject, info.Email, id.Subject)
	}
	if _, err := g.redeem(t, r.app); err == nil {
		t.Fatal("the code was redeemed twice")
	}
	if _, err := r.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the access token outlived the replay of its code (RFC 6749 section 4.1.2)")
	}
}

type idClaims struct {
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Use           string `json:"token_use"`
	AuthTime      int64  `json:"auth_time"`
	Username      string `json:"cognito:username"`
}

// verify verifies the ID token, and that the access token belongs to it.
func (r *rig) verify(t *testing.T, token *oauth2.Token) (*oidc.IDToken, idClaims) {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := r.provider.VerifierContext(t.Context(), &oidc.Config{ClientID: r.ClientID}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		t.Fatal(err)
	}
	var claims idClaims
	if err := id.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	return id, claims
}

// testRevocation refreshes, then revokes: the family of tokens is dead.
func testRevocation(t *testing.T, r *rig) {
	token := r.tokens(t, r.app, &r.Alice)
	first, claims := r.verify(t, token)
	fresh, err := r.refresh(t, r.app, token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	second, again := r.verify(t, fresh)
	if second.Subject != first.Subject || again != claims || second.Nonce != first.Nonce && second.Nonce != "" {
		t.Errorf("refreshed: %s %+v, first: %s %+v", second.Subject, again, first.Subject, claims)
	}
	revoke := func(token string) int {
		resp, err := http.PostForm(r.issuer()+"/oauth2/revoke", url.Values{"client_id": {r.ClientID}, "token": {token}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := revoke(token.RefreshToken); got != http.StatusOK {
		t.Fatalf("revocation answers %d", got)
	}
	if got := revoke(strings.Repeat("x", 40)); got != http.StatusOK {
		t.Errorf("revocation of no token answers %d (RFC 7009 section 2.2)", got)
	}
	_, err = r.refresh(t, r.app, token.RefreshToken)
	wantOAuth(t, err, http.StatusBadRequest, "invalid_grant")
	if _, err := r.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(fresh)); err == nil {
		t.Error("the access token outlived the revocation")
	}
}
