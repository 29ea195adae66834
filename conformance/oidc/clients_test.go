package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// testSecretApps has an app with a secret authenticate in both ways, and fail to.
func testSecretApps(t *testing.T, r *rig) {
	id, secret := r.secretApp(t, nil)
	for name, style := range map[string]oauth2.AuthStyle{"Basic": oauth2.AuthStyleInHeader, "body": oauth2.AuthStyleInParams} {
		t.Run(name, func(t *testing.T) {
			app := r.config(id, secret, style)
			token := r.tokens(t, app, &r.Alice)
			raw, _ := token.Extra("id_token").(string)
			if _, err := r.provider.VerifierContext(t.Context(), &oidc.Config{ClientID: id}).Verify(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
			g := r.grant(t, app, &r.Alice)
			for _, wrong := range []string{secret + "x", ""} {
				_, err := g.redeem(t, r.config(id, wrong, style))
				wantOAuth(t, err, http.StatusBadRequest, "invalid_client")
				_, err = r.refresh(t, r.config(id, wrong, style), token.RefreshToken)
				wantOAuth(t, err, http.StatusBadRequest, "invalid_client")
			}
			if _, err := g.redeem(t, app); err != nil {
				t.Errorf("a stranger's guesses spent the code: %v", err)
			}
			if _, err := r.refresh(t, app, token.RefreshToken); err != nil {
				t.Errorf("a stranger's guesses spent the refresh token: %v", err)
			}
		})
	}
}

// testClientCredentials asks for a resource server's scope without a user.
func testClientCredentials(t *testing.T, r *rig) {
	_, err := r.Root().IDP.CreateResourceServer(t.Context(), &idp.CreateResourceServerInput{UserPoolId: &r.PoolID,
		Identifier: aws.String("https://api.example.com"), Name: aws.String("API"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("read")}, {ScopeName: aws.String("write"), ScopeDescription: aws.String("write")}}})
	if err != nil {
		t.Fatal(err)
	}
	const read, write = "https://api.example.com/read", "https://api.example.com/write"
	id, secret := r.secretApp(t, func(in *idp.CreateUserPoolClientInput) {
		in.AllowedOAuthFlows, in.AllowedOAuthScopes = []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, []string{read}
		in.CallbackURLs, in.SupportedIdentityProviders = nil, nil
	})
	conf := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: r.app.Endpoint.TokenURL, AuthStyle: oauth2.AuthStyleInHeader, Scopes: []string{read}}
	token, err := conf.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims := r.accessClaims(t, token.AccessToken)
	if claims.Scope != read || claims.ClientID != id || claims.Use != "access" || claims.Username != "" {
		t.Errorf("claims %+v", claims)
	}
	if token.RefreshToken != "" || token.Extra("id_token") != nil {
		t.Error("an app on its own got a refresh token or an ID token")
	}
	conf.Scopes = []string{write}
	_, err = conf.Token(t.Context())
	wantOAuth(t, err, http.StatusBadRequest, "invalid_scope")
	status, body := r.post(t, url.Values{"grant_type": {"client_credentials"}, "client_id": {r.ClientID}, "scope": {read}})
	if status != http.StatusBadRequest || !strings.Contains(body, "unauthorized_client") {
		t.Errorf("a public app asking for client_credentials is answered %d %s", status, body)
	}
}

type accessClaims struct {
	Subject  string `json:"sub"`
	Scope    string `json:"scope"`
	ClientID string `json:"client_id"`
	Use      string `json:"token_use"`
	Username string `json:"username"`
}

// accessClaims verifies an access token by the pool's published keys.
func (r *rig) accessClaims(t *testing.T, raw string) accessClaims {
	t.Helper()
	token, err := r.provider.VerifierContext(t.Context(), &oidc.Config{SkipClientIDCheck: true}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var c accessClaims
	if err := token.Claims(&c); err != nil {
		t.Fatal(err)
	}
	return c
}
