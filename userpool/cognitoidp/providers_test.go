package cognitoidp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

var oidc = map[string]string{"client_id": "c", "client_secret": "hidden", "attributes_request_method": "GET",
	"oidc_issuer": "https://idp.example", "authorize_scopes": "openid", "authorize_url": "https://idp.example/authorize",
	"token_url": "https://idp.example/token", "attributes_url": "https://idp.example/userinfo", "jwks_uri": "https://idp.example/keys"}

func with(m map[string]string, key, value string) map[string]string {
	c := maps.Clone(m)
	if c[key] = value; value == "" {
		delete(c, key)
	}
	return c
}

func (d *desk) provider(pool *idp.UserPoolType, name, kind string, details map[string]string) error {
	_, err := d.CreateIdentityProvider(d.Context(), &idp.CreateIdentityProviderInput{UserPoolId: pool.Id, ProviderName: &name,
		ProviderType: &kind, ProviderDetails: details, AttributeMapping: map[string]string{"email": "mail"}})
	return err
}

func TestProviderRules(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	google := map[string]string{"client_id": "c", "client_secret": "s", "authorize_scopes": "email"}
	for i, tt := range []struct {
		kind    string
		details map[string]string
		text    string // of the refusal
	}{
		{"OIDC", oidc, ""},
		{"Google", google, ""}, {"Facebook", with(google, "api_version", "v17.0"), ""}, {"LoginWithAmazon", google, ""},
		{"SignInWithApple", map[string]string{"client_id": "c", "team_id": "t", "key_id": "k", "private_key": appleKey(t), "authorize_scopes": "email"}, ""},
		{"OIDC", with(oidc, "client_secret", ""), ""},
		{"OIDC", with(oidc, "client_id", ""), "must contain client_id"},
		{"OIDC", with(oidc, "oidc_issuer", "http://idp.example"), "oidc_issuer in ProviderDetails must be an https URL"},
		{"OIDC", with(oidc, "token_url", "https://u:p@idp.example"), "token_url"},
		{"OIDC", with(oidc, "attributes_request_method", "PUT"), "must be one of GET, POST"},
		{"OIDC", with(oidc, "team_id", "x"), "cannot contain team_id"},
		{"Google", with(google, "client_secret", ""), "must contain client_secret"},
		{"SignInWithApple", google, "must contain team_id"},
		{"SAML", map[string]string{}, "either MetadataURL or MetadataFile"},
		{"SAML", map[string]string{"MetadataFile": "<x/>"}, "not valid SAML 2.0 metadata"},
		{"SAML", map[string]string{"MetadataURL": "https://idp.example/none"}, "could not be fetched"},
	} {
		err := d.provider(p, fmt.Sprintf("Provider%d", i), tt.kind, tt.details)
		if tt.text != "" {
			refused(t, err, "InvalidParameterException", tt.text)
		} else if err != nil {
			t.Errorf("%s %v: %v", tt.kind, tt.details, err)
		}
	}
	refused(t, d.provider(p, "cognito", "OIDC", oidc), "InvalidParameterException", "reserved")
	refused(t, d.provider(p, "Provider0", "OIDC", oidc), "DuplicateProviderException", "Provider0 already exists")
}

func TestProviderLife(t *testing.T) {
	d := newDesk(t)
	ctx, p := t.Context(), d.pool(idp.CreateUserPoolInput{})
	if err := d.provider(p, "Corp", "OIDC", oidc); err != nil {
		t.Fatal(err)
	}
	_, err := d.UpdateIdentityProvider(ctx, &idp.UpdateIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Corp"), IdpIdentifiers: []string{"corp.example"}})
	if err != nil {
		t.Fatal(err)
	}
	got := ok[*idp.GetIdentityProviderByIdentifierOutput](t)(d.GetIdentityProviderByIdentifier(ctx,
		&idp.GetIdentityProviderByIdentifierInput{UserPoolId: p.Id, IdpIdentifier: ptr("corp.example")})).IdentityProvider
	same(t, "details and mapping are kept", got.ProviderDetails["client_secret"]+got.AttributeMapping["email"], "hiddenmail")
	_, err = d.UpdateIdentityProvider(ctx, &idp.UpdateIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Corp"), AttributeMapping: map[string]string{"custom:none": "x"}})
	refused(t, err, "InvalidParameterException", "Invalid attribute custom:none")
	list := ok[*idp.ListIdentityProvidersOutput](t)(d.ListIdentityProviders(ctx, &idp.ListIdentityProvidersInput{UserPoolId: p.Id}))
	same(t, "listed", *list.Providers[0].ProviderName+*list.Providers[0].ProviderType, "CorpOIDC")

	c := d.client(p, idp.CreateUserPoolClientInput{SupportedIdentityProviders: []string{"COGNITO", "Corp"}})
	only := d.client(p, idp.CreateUserPoolClientInput{SupportedIdentityProviders: []string{"Corp"}, AllowedOAuthFlowsUserPoolClient: ptr(true),
		AllowedOAuthFlows: []string{"code"}, AllowedOAuthScopes: []string{"openid"}, CallbackURLs: []string{"https://app.example/"}})
	_, err = d.CreateUserPoolClient(ctx, &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: ptr("x"), SupportedIdentityProviders: []string{"None"}})
	refused(t, err, "InvalidParameterException", "The provider None does not exist")
	_, err = d.DeleteIdentityProvider(ctx, &idp.DeleteIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Corp")})
	if err != nil {
		t.Fatal(err)
	}
	left := ok[*idp.DescribeUserPoolClientOutput](t)(d.DescribeUserPoolClient(ctx, &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: c.ClientId}))
	same(t, "providers left", fmt.Sprint(left.UserPoolClient.SupportedIdentityProviders), "[COGNITO]")
	left = ok[*idp.DescribeUserPoolClientOutput](t)(d.DescribeUserPoolClient(ctx, &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: only.ClientId}))
	same(t, "open to the pool's own users", *left.UserPoolClient.AllowedOAuthFlowsUserPoolClient, false)
	_, err = d.DescribeIdentityProvider(ctx, &idp.DescribeIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Corp")})
	refused(t, err, "ResourceNotFoundException", "Corp does not exist")
}

func key(provider, attribute, value string) *idp.ProviderUserIdentifierType {
	return &idp.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &value}
}

const subject = userpool.IdentitySubject

func TestLinks(t *testing.T) {
	d := newDesk(t)
	ctx, p := t.Context(), d.pool(idp.CreateUserPoolInput{})
	for _, name := range []string{"bob", "amy"} {
		ok[*idp.AdminCreateUserOutput](t)(d.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: &name, MessageAction: ptr("SUPPRESS")}))
	}
	if err := errors.Join(d.provider(p, "Corp", "OIDC", oidc),
		d.provider(p, "Google", "Google", map[string]string{"client_id": "c", "client_secret": "s", "authorize_scopes": "email"})); err != nil {
		t.Fatal(err)
	}
	store, id := d.Pools.Store, userpool.PoolID(*p.Id)
	came := &userpool.User{Pool: id, Username: "Corp_77", Sub: "sub-77", Status: userpool.ExternalProvider, Enabled: true}
	if err := store.CreateUser(ctx, came); err != nil {
		t.Fatal(err)
	}
	link := func(destination, source *idp.ProviderUserIdentifierType) error {
		_, err := d.AdminLinkProviderForUser(ctx, &idp.AdminLinkProviderForUserInput{UserPoolId: p.Id, DestinationUser: destination, SourceUser: source})
		return err
	}
	bob := key("Cognito", "", "bob")
	refused(t, link(bob, key("Cognito", "", "amy")), "InvalidParameterException", "Invalid SourceUser: Cognito users")
	refused(t, link(key("Cognito", "", "none"), key("Corp", subject, "1")), "UserNotFoundException", "User does not exist.")
	refused(t, link(bob, key("None", subject, "1")), "ResourceNotFoundException", "None does not exist")
	refused(t, link(bob, key("Google", "email", "b@x")), "InvalidParameterException", "must be Cognito_Subject")
	refused(t, link(bob, key("Corp", "phone", "1")), "InvalidParameterException", "not in the attribute mapping")
	refused(t, link(bob, key("Corp", subject, "77")), "InvalidParameterException", "Merging is not currently supported")
	for i, source := range []*idp.ProviderUserIdentifierType{key("Corp", subject, "1"), key("Corp", "mail", "b@x"), key("Google", subject, "2"),
		key("Google", subject, "3"), key("Google", subject, "4")} {
		if err := link(bob, source); err != nil {
			t.Fatal(i, err)
		}
	}
	refused(t, link(bob, key("Google", subject, "5")), "LimitExceededException", "5 identities")
	refused(t, link(bob, key("Corp", subject, "1")), "InvalidParameterException", "already linked")
	refused(t, link(key("Cognito", "", "amy"), key("Corp", subject, "1")), "AliasExistsException", "another user")
	if err := link(key("Corp", subject, "77"), key("Google", subject, "6")); err != nil {
		t.Fatal(err)
	}
	u, err := d.Pools.UserByIdentity(ctx, id, "Google", "2")
	if err != nil {
		t.Fatal(err)
	}
	var identities []map[string]any
	if err := json.Unmarshal([]byte(u.Attributes["identities"]), &identities); err != nil || len(identities) != 5 {
		t.Fatal(u.Attributes["identities"], err)
	}
	same(t, "first identity", fmt.Sprint(identities[0]["userId"], identities[0]["providerName"], identities[0]["providerType"], identities[0]["primary"]), "1CorpOIDCfalse")
}

func TestDisableProvider(t *testing.T) {
	d := newDesk(t)
	ctx, p := t.Context(), d.pool(idp.CreateUserPoolInput{})
	id := userpool.PoolID(*p.Id)
	for _, name := range []string{"bob", "amy"} {
		ok[*idp.AdminCreateUserOutput](t)(d.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: &name, MessageAction: ptr("SUPPRESS")}))
	}
	if err := d.provider(p, "Corp", "OIDC", oidc); err != nil {
		t.Fatal(err)
	}
	if err := d.Pools.Store.CreateUser(ctx, &userpool.User{Pool: id, Username: "Corp_77", Sub: "sub-77", Status: userpool.ExternalProvider, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"1", "2"} {
		ok[*idp.AdminLinkProviderForUserOutput](t)(d.AdminLinkProviderForUser(ctx, &idp.AdminLinkProviderForUserInput{UserPoolId: p.Id,
			DestinationUser: key("Cognito", "", "bob"), SourceUser: key("Corp", userpool.IdentitySubject, subject)}))
	}
	disable := func(k *idp.ProviderUserIdentifierType) error {
		_, err := d.AdminDisableProviderForUser(ctx, &idp.AdminDisableProviderForUserInput{UserPoolId: p.Id, User: k})
		return err
	}
	user := func(name string) *userpool.User {
		t.Helper()
		return ok[*userpool.User](t)(d.Pools.Store.User(ctx, id, name))
	}
	refused(t, disable(key("Corp", subject, "none")), "UserNotFoundException", "User does not exist.")
	for _, k := range []*idp.ProviderUserIdentifierType{key("Corp", subject, "1"), key("Cognito", subject, "bob"), key("Cognito", subject, "amy"), key("Corp", subject, "77")} {
		if err := disable(k); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, disable(key("Corp", subject, "1")), "UserNotFoundException", "") // the link is gone
	same(t, "linked: enabled without a password", user("bob").Enabled && user("bob").Password == "" && user("bob").SRPVerifier == nil, true)
	same(t, "local is enabled", user("amy").Enabled, false)
	same(t, "federated is enabled", user("Corp_77").Enabled, false)
	_, err := d.Pools.UserByIdentity(ctx, id, "Corp", "2")
	if err != nil {
		t.Fatal(err)
	}
	c := d.client(p, idp.CreateUserPoolClientInput{})
	_, err = d.ForgotPassword(ctx, &idp.ForgotPasswordInput{ClientId: c.ClientId, Username: ptr("bob")})
	refused(t, err, "NotAuthorizedException", "User password cannot be reset in the current state.")

	ok[*idp.DeleteIdentityProviderOutput](t)(d.DeleteIdentityProvider(ctx, &idp.DeleteIdentityProviderInput{UserPoolId: p.Id, ProviderName: ptr("Corp")}))
	same(t, "identities after the provider is deleted", user("bob").Attributes["identities"], "")
}
