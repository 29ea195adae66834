// Package federation_test has people of one Poolhouse sign in to another, which knows
// the first as an identity provider: through the OpenID client of an app that knows
// neither, and seen by the AWS SDK.
package federation_test

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A rig is a pool with an app, and the pool of another server that its people come from.
type rig struct {
	*harness.Fixture
	home *harness.Fixture
	app  oauth2.Config

	provider *oidc.Provider
}

// fetch lets a server call another one of this machine.
var fetch = harness.Args("--allow-private-fetch")

func newRig(t *testing.T, s *harness.Server) *rig {
	t.Helper()
	r := &rig{Fixture: s.Fixture(t), home: harness.Start(t, harness.Embedded, fetch).Fixture(t)}
	var err error
	if r.provider, err = oidc.NewProvider(t.Context(), r.URL+"/"+r.PoolID); err != nil {
		t.Fatal(err)
	}
	r.app = oauth2.Config{ClientID: r.ClientID, Endpoint: r.provider.Endpoint(), RedirectURL: harness.Callback, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
	r.app.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	return r
}

func (r *rig) issuer() string { return r.home.URL + "/" + r.home.PoolID }

// admit has the app take people of a provider.
func (r *rig) admit(t *testing.T, providers ...string) {
	t.Helper()
	_, err := r.Root().IDP.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{UserPoolId: &r.PoolID, ClientId: &r.ClientID,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email", "profile"}, CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: providers})
	if err != nil {
		t.Fatal(err)
	}
}

// openID makes the other pool a provider of ours, by OpenID Connect.
func (r *rig) openID(t *testing.T, name string) {
	t.Helper()
	client, err := r.home.Root().IDP.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &r.home.PoolID, ClientName: aws.String("downstream"),
		GenerateSecret: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email", "profile"}, CallbackURLs: []string{r.URL + "/" + r.PoolID + "/oauth2/idpresponse"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Root().IDP.CreateIdentityProvider(t.Context(), &idp.CreateIdentityProviderInput{UserPoolId: &r.PoolID, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeOidc,
		ProviderDetails: map[string]string{"client_id": *client.UserPoolClient.ClientId, "client_secret": *client.UserPoolClient.ClientSecret, "oidc_issuer": r.issuer(),
			"authorize_scopes": "openid email profile", "attributes_request_method": "GET"},
		AttributeMapping: map[string]string{"email": "email", "email_verified": "email_verified", "nickname": "cognito:username"}})
	if err != nil {
		t.Fatal(err)
	}
}

// saml makes the other pool a provider of ours, by SAML.
func (r *rig) saml(t *testing.T, name string, details map[string]string) {
	t.Helper()
	here := r.URL + "/" + r.PoolID
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:amazon:cognito:sp:` + r.PoolID + `">
		<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService index="0"
		Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + here + `/saml2/idpresponse"/></SPSSODescriptor></EntityDescriptor>`
	var made struct {
		Application struct{ ApplicationId string }
	}
	r.home.Poolhouse(t, "CreateSamlApplication", map[string]any{"UserPoolId": r.home.PoolID, "Name": "downstream", "MetadataXml": metadata,
		"Attributes": []map[string]string{{"Name": "mail", "Value": "email"}, {"Name": "groups", "Value": "groups"}}}, &made)
	all := map[string]string{"MetadataURL": r.issuer() + "/saml/metadata"}
	for k, v := range details {
		all[k] = v
	}
	_, err := r.Root().IDP.CreateIdentityProvider(t.Context(), &idp.CreateIdentityProviderInput{UserPoolId: &r.PoolID, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeSaml,
		ProviderDetails: all, AttributeMapping: map[string]string{"email": "mail"}})
	if err != nil {
		t.Fatal(err)
	}
}

// settings are those of ours that a provider has.
func (r *rig) settings(t *testing.T, name string, settings map[string]any) {
	t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	r.Poolhouse(t, "PutIdentityProviderSettings", map[string]any{"UserPoolId": r.PoolID, "ProviderName": name, "Settings": string(raw)}, new(map[string]any))
}

// signIn walks a browser from the app to the other pool and back, and returns the
// claims of both tokens.
func (r *rig) signIn(t *testing.T, b *harness.Browser, who *harness.Person, options ...oauth2.AuthCodeOption) (id, access claims) {
	t.Helper()
	verifier, nonce, state := oauth2.GenerateVerifier(), rand.Text(), rand.Text()
	options = append(options, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	q := b.SignIn(t, r.app.AuthCodeURL(state, options...), who, harness.Callback).Query()
	if q.Get("code") == "" || q.Get("state") != state {
		t.Fatalf("the app is answered %v", q)
	}
	token, err := r.app.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(raw string, out *claims, check *oidc.Config) {
		t.Helper()
		got, err := r.provider.Verifier(check).Verify(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Claims(out); err != nil {
			t.Fatal(err)
		}
	}
	raw, _ := token.Extra("id_token").(string)
	verify(raw, &id, &oidc.Config{ClientID: r.ClientID})
	verify(token.AccessToken, &access, &oidc.Config{SkipClientIDCheck: true})
	return id, access
}

// claims are those of a token that federation is about.
type claims struct {
	Sub        string
	Username   string   `json:"cognito:username"`
	Name       string   `json:"username"`
	Groups     []string `json:"cognito:groups"`
	Email      string
	Verified   bool `json:"email_verified"`
	Nickname   string
	Identities []struct{ UserID, ProviderName, ProviderType, Primary string }
}

// user is what the SDK sees of a user.
func (r *rig) user(t *testing.T, name string) (status types.UserStatusType, attributes map[string]string) {
	t.Helper()
	out, err := r.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &r.PoolID, Username: &name})
	if err != nil {
		t.Fatal(err)
	}
	attributes = map[string]string{}
	for _, a := range out.UserAttributes {
		attributes[*a.Name] = aws.ToString(a.Value)
	}
	return out.UserStatus, attributes
}

func (r *rig) group(t *testing.T, f *harness.Fixture, name string, members ...string) {
	t.Helper()
	if _, err := f.Root().IDP.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: &name}); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if _, err := f.Root().IDP.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: &f.PoolID, GroupName: &name, Username: &m}); err != nil {
			t.Fatal(err)
		}
	}
}

// same reports whether two lists hold the same, in any order.
func same(got []string, want ...string) bool {
	got = slices.Sorted(slices.Values(got))
	slices.Sort(want)
	return strings.Join(got, "\x00") == strings.Join(want, "\x00")
}
