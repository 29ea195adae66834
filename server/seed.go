package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/userpool"
)

// seedDemo fills an empty store with the demo's data. On a store that it filled
// before, it only renews what holds the server's URL.
func (s *Server) seedDemo(ctx context.Context) error {
	_, err := s.Pools.Pool(ctx, demodata.PoolID)
	fresh := errors.Is(err, userpool.ErrPoolNotFound)
	if err != nil && !fresh {
		return err
	}
	if fresh {
		if err := s.seedPool(ctx); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context, bool) error{s.seedClients, s.seedSAMLApps, s.seedSAMLProvider} {
		if err := part(ctx, fresh); err != nil {
			return err
		}
	}
	if !fresh {
		return nil
	}
	if err := s.seedRoles(ctx); err != nil {
		return err
	}
	return s.seedIdentityPool(ctx)
}

func (s *Server) seedPool(ctx context.Context) error {
	pool := userpool.NewPool(demodata.PoolName)
	pool.ID = demodata.PoolID
	pool.AutoVerified = []string{"email"}
	if _, err := s.Pools.CreatePool(ctx, pool, nil); err != nil {
		return err
	}
	if _, err := s.Pools.CreateDomain(ctx, pool.ID, demodata.PoolDomain, userpool.DomainSettings{}); err != nil {
		return err
	}
	for _, p := range []demodata.Person{demodata.Alice, demodata.Bob} {
		if err := s.seedPerson(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) seedPerson(ctx context.Context, p demodata.Person) error {
	_, err := s.Pools.AdminCreateUser(ctx, demodata.PoolID, userpool.NewUser{Username: p.Username, MessageAction: "SUPPRESS",
		Attributes: map[string]string{"email": p.Email, "email_verified": "true", "given_name": p.GivenName}})
	if err != nil {
		return err
	}
	if err := s.Pools.AdminSetPassword(ctx, demodata.PoolID, p.Username, p.Password, true); err != nil {
		return err
	}
	if _, err := s.Pools.CreateGroup(ctx, &userpool.Group{Pool: demodata.PoolID, Name: p.Group}); err != nil {
		return err
	}
	return s.Pools.AddToGroup(ctx, demodata.PoolID, p.Group, p.Username)
}

// tourCallback is where the tour's code flow ends; nobody listens there.
const tourCallback = "http://localhost/tour/callback"

// cliCallback is where `poolhouse login` waits, on a port of its own choice.
const cliCallback = "http://127.0.0.1/callback"

func (s *Server) seedClients(ctx context.Context, fresh bool) error {
	app := userpool.NewClient(demodata.PoolID, "Demo app")
	app.ID = demodata.ClientID
	app.ExplicitAuthFlows = []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	app.CallbackURLs = []string{tourCallback, cliCallback, s.URL() + "/demo/"}

	web := userpool.NewClient(demodata.PoolID, "Demo web app")
	web.ID, web.Secret = demodata.WebClientID, demodata.WebSecret
	web.CallbackURLs = []string{s.URL() + "/demo/oidc/callback"}
	web.LogoutURLs = []string{s.URL() + "/demo/oidc/"}

	for _, c := range []*userpool.Client{app, web} {
		c.HideUserExistence = true
		c.OAuthEnabled, c.OAuthFlows = true, []string{"code"}
		c.OAuthScopes = []string{"openid", "email", "profile"}
		c.IdentityProviders = []string{"COGNITO"}
		var err error
		if fresh {
			_, err = s.Pools.CreateClient(ctx, c)
		} else {
			_, err = s.Pools.ReplaceClient(ctx, c.Pool, c.ID, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// awsMetadata is what AWS publishes of its sign-in, as far as a response needs it.
const awsMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:amazon:webservices">` +
	`<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">` +
	`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://signin.aws.amazon.com/saml" index="1" isDefault="true"/>` +
	`</SPSSODescriptor></EntityDescriptor>`

func (s *Server) seedSAMLApps(ctx context.Context, fresh bool) error {
	own, err := s.demo.SAMLMetadata()
	if err != nil {
		return err
	}
	role := demodata.RoleARN(demodata.EmployeeRole) + "," + demodata.SAMLProviderARN()
	apps := []struct {
		name, metadata string
		attributes     []samlidp.Attribute
	}{
		{demodata.SAMLAppName, own, []samlidp.Attribute{{Name: "mail", Value: "email"}, {Name: "givenName", Value: "given_name"}, {Name: "groups", Value: "groups"}}},
		{demodata.AWSAppName, awsMetadata, []samlidp.Attribute{
			{Name: "https://aws.amazon.com/SAML/Attributes/Role", Value: `"` + role + `"`},
			{Name: "https://aws.amazon.com/SAML/Attributes/RoleSessionName", Value: "email"}}},
	}
	known, err := s.demoApps(ctx, fresh)
	if err != nil {
		return err
	}
	format := "emailAddress"
	for _, a := range apps {
		spec := samlidp.Spec{Name: &a.name, MetadataXML: &a.metadata, NameIDFormat: &format, Attributes: a.attributes}
		if id, ok := known[a.name]; ok {
			_, err = s.Apps.Update(ctx, demodata.PoolID, id, spec)
		} else {
			_, err = s.Apps.Create(ctx, demodata.PoolID, spec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) demoApps(ctx context.Context, fresh bool) (map[string]samlidp.ApplicationID, error) {
	if fresh {
		return nil, nil
	}
	apps, _, err := s.Apps.Store.Applications(ctx, demodata.PoolID, "", 60)
	known := map[string]samlidp.ApplicationID{}
	for _, a := range apps {
		known[a.Name] = a.ID
	}
	return known, err
}

// seedSAMLProvider makes the pool's identity provider known to IAM.
func (s *Server) seedSAMLProvider(ctx context.Context, fresh bool) error {
	metadata, err := s.samlIDP.Metadata(ctx, demodata.PoolID)
	if err != nil {
		return err
	}
	if !fresh {
		return s.STS.UpdateSAMLProvider(ctx, demodata.SAMLProviderARN(), string(metadata))
	}
	_, err = s.STS.CreateSAMLProvider(ctx, demodata.SAMLProvider, string(metadata), nil)
	return err
}

// The demo's roles: who may assume them, and what they allow. POOL stands for
// the identity pool.
var demoRoles = []struct{ name, trust, policy string }{
	{demodata.EmployeeRole,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"` + demodata.SAMLProviderARN() +
			`"},"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cognito-idp:List*","cognito-idp:Describe*"],"Resource":"*"}]}`},
	{demodata.AppRole, identityTrust("authenticated"),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-sync:*","Resource":` +
			`"arn:aws:cognito-sync:*:*:identitypool/${cognito-identity.amazonaws.com:aud}/identity/${cognito-identity.amazonaws.com:sub}*"}]}`},
	{demodata.GuestRole, identityTrust("unauthenticated"),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-sync:ListRecords","Resource":` +
			`"arn:aws:cognito-sync:*:*:identitypool/${cognito-identity.amazonaws.com:aud}/identity/${cognito-identity.amazonaws.com:sub}*"}]}`},
}

func identityTrust(amr string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"cognito-identity.amazonaws.com"},` +
		`"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + demodata.IdentityPool + `"},` +
		`"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + amr + `"}}}]}`
}

func (s *Server) seedRoles(ctx context.Context) error {
	for _, r := range demoRoles {
		if err := s.STS.CreateRole(ctx, &sts.Role{Name: r.name, Path: "/", Trust: r.trust, MaxSession: time.Hour}); err != nil {
			return err
		}
		if err := s.STS.PutRolePolicy(ctx, r.name, "demo", r.policy); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) seedIdentityPool(ctx context.Context) error {
	now := s.Pools.Now().UTC().Truncate(time.Microsecond)
	pool := &identity.Pool{ID: demodata.IdentityPool, Created: now, Modified: now, Settings: identity.Settings{
		Name: "Demo", AllowUnauthenticated: true,
		UserPools: []identity.UserPoolProvider{{Name: "cognito-idp." + demodata.Region + ".amazonaws.com/" + demodata.PoolID, Client: demodata.ClientID}}}}
	if err := s.Identity.Store.CreatePool(ctx, pool); err != nil {
		return err
	}
	return s.Identity.SetRoles(ctx, pool.ID, map[string]string{
		"authenticated":   demodata.RoleARN(demodata.AppRole),
		"unauthenticated": demodata.RoleARN(demodata.GuestRole)}, nil)
}

// secure reports whether a URL is https.
func secure(url string) bool { return strings.HasPrefix(url, "https:") }
