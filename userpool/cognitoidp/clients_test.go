package cognitoidp_test

import (
	"strings"
	"testing"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

func TestCreateUserPoolClientDefaults(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{})
	same(t, "refresh", *c.RefreshTokenValidity, 30)
	same(t, "revocation", *c.EnableTokenRevocation, true)
	same(t, "propagation", *c.EnablePropagateAdditionalUserContextData, false)
	same(t, "session", *c.AuthSessionValidity, 3)
	same(t, "OAuth", *c.AllowedOAuthFlowsUserPoolClient, false)
	same(t, "units", *c.TokenValidityUnits, idp.TokenValidityUnitsType{})
	same(t, "flows", strings.Join(c.ExplicitAuthFlows, " "), "ALLOW_CUSTOM_AUTH ALLOW_REFRESH_TOKEN_AUTH ALLOW_USER_SRP_AUTH")
	same(t, "absent", c.ClientSecret == nil && c.AccessTokenValidity == nil && c.IdTokenValidity == nil && c.PreventUserExistenceErrors == nil &&
		c.CallbackURLs == nil && c.ReadAttributes == nil && c.SupportedIdentityProviders == nil && c.RefreshTokenRotation == nil, true)
}

func TestUserPoolClientRoundTrip(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{GenerateSecret: ptr(true), AccessTokenValidity: ptr(int32(10)),
		TokenValidityUnits: &idp.TokenValidityUnitsType{AccessToken: ptr("minutes")}, PreventUserExistenceErrors: ptr("LEGACY"),
		RefreshTokenRotation: &idp.RefreshTokenRotationType{Feature: ptr("ENABLED"), RetryGracePeriodSeconds: ptr(int32(10))}})
	same(t, "secret", len(*c.ClientSecret), 52)
	same(t, "access", *c.AccessTokenValidity, 10)
	same(t, "all units", *c.TokenValidityUnits.AccessToken+*c.TokenValidityUnits.IdToken+*c.TokenValidityUnits.RefreshToken, "minuteshoursdays")
	same(t, "existence", *c.PreventUserExistenceErrors, "LEGACY")
	same(t, "rotation turns the refresh flow off", strings.Contains(strings.Join(c.ExplicitAuthFlows, " "), "REFRESH"), false)
	got := ok[*idp.DescribeUserPoolClientOutput](t)(d.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: c.ClientId}))
	same(t, "described", text(t, got.UserPoolClient), text(t, c))
	reset := ok[*idp.UpdateUserPoolClientOutput](t)(d.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: c.ClientId})).UserPoolClient
	same(t, "reset", reset.AccessTokenValidity == nil && reset.RefreshTokenRotation == nil && reset.PreventUserExistenceErrors == nil, true)
	same(t, "kept secret", *reset.ClientSecret, *c.ClientSecret)
	same(t, "kept name", *reset.ClientName, "app")
	other := d.pool(idp.CreateUserPoolInput{})
	_, err := d.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: other.Id, ClientId: c.ClientId})
	refused(t, err, "ResourceNotFoundException", "User pool client "+*c.ClientId+" does not exist.")
	ok[*idp.DeleteUserPoolClientOutput](t)(d.DeleteUserPoolClient(t.Context(), &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: c.ClientId}))
	list := ok[*idp.ListUserPoolClientsOutput](t)(d.ListUserPoolClients(t.Context(), &idp.ListUserPoolClientsInput{UserPoolId: p.Id}))
	same(t, "clients", len(list.UserPoolClients), 0)
}

func TestOAuthErrorsOfClients(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	create := func(in idp.CreateUserPoolClientInput) error {
		in.UserPoolId, in.ClientName = p.Id, ptr("app")
		_, err := d.CreateUserPoolClient(t.Context(), &in)
		return err
	}
	refused(t, create(idp.CreateUserPoolClientInput{AllowedOAuthFlows: []string{"client_credentials"}}), "InvalidOAuthFlowException", "client secret")
	refused(t, create(idp.CreateUserPoolClientInput{AllowedOAuthScopes: []string{"api/read"}}), "ScopeDoesNotExistException", "api/read")
	refused(t, create(idp.CreateUserPoolClientInput{GenerateSecret: ptr(true), ClientSecret: ptr("abcdefghijklmnopqrstuvwxyz")}), "InvalidParameterException", "Only one")
	in := idp.CreateResourceServerInput{UserPoolId: p.Id, Identifier: ptr("api"), Name: ptr("API"),
		Scopes: []idp.ResourceServerScopeType{{ScopeName: ptr("read"), ScopeDescription: ptr("reads")}}}
	ok[*idp.CreateResourceServerOutput](t)(d.CreateResourceServer(t.Context(), &in))
	if err := create(idp.CreateUserPoolClientInput{AllowedOAuthScopes: []string{"api/read"}}); err != nil {
		t.Fatal(err)
	}
	list := ok[*idp.ListResourceServersOutput](t)(d.ListResourceServers(t.Context(), &idp.ListResourceServersInput{UserPoolId: p.Id}))
	same(t, "scope", *list.ResourceServers[0].Scopes[0].ScopeDescription, "reads")
	ok[*idp.DeleteResourceServerOutput](t)(d.DeleteResourceServer(t.Context(), &idp.DeleteResourceServerInput{UserPoolId: p.Id, Identifier: ptr("api")}))
	_, err := d.DescribeResourceServer(t.Context(), &idp.DescribeResourceServerInput{UserPoolId: p.Id, Identifier: ptr("api")})
	refused(t, err, "ResourceNotFoundException", "Resource server api does not exist.")
}

// TestValidityBounds: the bounds hold for value and unit together, and no product
// is so long that it seems short.
func TestValidityBounds(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	for name, in := range map[string]idp.CreateUserPoolClientInput{
		"refresh token in days":  {RefreshTokenValidity: ptr(int32(315360000)), TokenValidityUnits: &idp.TokenValidityUnitsType{RefreshToken: ptr("days")}},
		"refresh token in hours": {RefreshTokenValidity: ptr(int32(213504000)), TokenValidityUnits: &idp.TokenValidityUnitsType{RefreshToken: ptr("hours")}},
		"access token in days":   {AccessTokenValidity: ptr(int32(86400)), TokenValidityUnits: &idp.TokenValidityUnitsType{AccessToken: ptr("days")}},
		"access token":           {AccessTokenValidity: ptr(int32(299)), TokenValidityUnits: &idp.TokenValidityUnitsType{AccessToken: ptr("seconds")}},
	} {
		in.UserPoolId, in.ClientName = p.Id, &name
		_, err := d.CreateUserPoolClient(t.Context(), &in)
		refused(t, err, "InvalidParameterException", "Invalid range for token validity.")
	}
	d.client(p, idp.CreateUserPoolClientInput{RefreshTokenValidity: ptr(int32(315360000)), TokenValidityUnits: &idp.TokenValidityUnitsType{RefreshToken: ptr("seconds")}})
	_, err := d.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: ptr("app"), WriteAttributes: []string{"email_verified"}})
	refused(t, err, "InvalidParameterException", "Invalid write attributes specified while creating a client")
}
