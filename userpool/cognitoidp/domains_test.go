package cognitoidp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

func TestUserPoolDomains(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	ctx, arn := t.Context(), ptr("arn:aws:acm:us-east-1:000000000000:certificate/x")
	prefix := ok[*idp.CreateUserPoolDomainOutput](t)(d.CreateUserPoolDomain(ctx, &idp.CreateUserPoolDomainInput{UserPoolId: p.Id, Domain: ptr("login")}))
	same(t, "no target for a prefix", prefix.CloudFrontDomain == nil && *prefix.ManagedLoginVersion == 1, true)
	custom := ok[*idp.CreateUserPoolDomainOutput](t)(d.CreateUserPoolDomain(ctx, &idp.CreateUserPoolDomainInput{UserPoolId: p.Id, Domain: ptr("id.example.com"),
		ManagedLoginVersion: ptr(int32(2)), CustomDomainConfig: &idp.CustomDomainConfigType{CertificateArn: arn}}))
	same(t, "target", *custom.CloudFrontDomain, "127.0.0.1")
	describe := func(domain string) *idp.DomainDescriptionType {
		return ok[*idp.DescribeUserPoolDomainOutput](t)(d.DescribeUserPoolDomain(ctx, &idp.DescribeUserPoolDomainInput{Domain: &domain})).DomainDescription
	}
	got := describe("id.example.com")
	same(t, "custom", *got.Status+" "+*got.CustomDomainConfig.CertificateArn+" "+*got.CloudFrontDistribution, "ACTIVE "+*arn+" 127.0.0.1")
	same(t, "versions", *got.ManagedLoginVersion*10+*describe("login").ManagedLoginVersion, 21)
	pool := ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	same(t, "both", *pool.Domain+" "+*pool.CustomDomain, "login id.example.com")
	same(t, "unknown", describe("nobody.example.com").UserPoolId == nil, true)

	_, err := d.Pools.ChangePool(ctx, userpool.PoolID(*p.Id), func(p *userpool.Pool) error { p.PrefixSettings = userpool.DomainSettings{}; return nil })
	same(t, "domain of an older server", err == nil && *describe("login").ManagedLoginVersion == 1, true)

	ok[*idp.UpdateUserPoolDomainOutput](t)(d.UpdateUserPoolDomain(ctx, &idp.UpdateUserPoolDomainInput{UserPoolId: p.Id, Domain: ptr("id.example.com"),
		CustomDomainConfig: &idp.CustomDomainConfigType{CertificateArn: ptr(*arn + "2")}}))
	same(t, "kept version", *describe("id.example.com").ManagedLoginVersion, 2)

	for text, in := range map[string]idp.CreateUserPoolDomainInput{
		"CustomDomainConfig is required":    {Domain: ptr("other.example.com")},
		"needs a domain name with a dot":    {Domain: ptr("other"), CustomDomainConfig: &idp.CustomDomainConfigType{CertificateArn: arn}},
		"Routing is not supported":          {Domain: ptr("other"), Routing: &idp.RoutingType{}},
		"ManagedLoginVersion must be 1":     {Domain: ptr("other"), ManagedLoginVersion: ptr(int32(3))},
		"already has a domain":              {Domain: ptr("other")},
		"reserved word: cognito":            {Domain: ptr("my-cognito")},
		"Custom domain is not a valid host": {Domain: ptr("x.auth.127.0.0.1"), CustomDomainConfig: &idp.CustomDomainConfigType{CertificateArn: arn}},
	} {
		in.UserPoolId = p.Id
		_, err := d.CreateUserPoolDomain(ctx, &in)
		refused(t, err, "InvalidParameterException", text)
	}
	ok[*idp.DeleteUserPoolDomainOutput](t)(d.DeleteUserPoolDomain(ctx, &idp.DeleteUserPoolDomainInput{UserPoolId: p.Id, Domain: ptr("id.example.com")}))
	same(t, "deleted", describe("id.example.com").UserPoolId == nil, true)
}

func TestClientSecretOperations(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{GenerateSecret: ptr(true)})
	add := func(secret *string) (*idp.AddUserPoolClientSecretOutput, error) {
		return d.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: c.ClientId, ClientSecret: secret})
	}
	added := ok[*idp.AddUserPoolClientSecretOutput](t)(add(nil)).ClientSecretDescriptor
	same(t, "shown", len(*added.ClientSecretValue), 52)
	_, err := add(nil)
	refused(t, err, "LimitExceededException", "2 active secrets")
	list := ok[*idp.ListUserPoolClientSecretsOutput](t)(d.ListUserPoolClientSecrets(t.Context(), &idp.ListUserPoolClientSecretsInput{UserPoolId: p.Id, ClientId: c.ClientId})).ClientSecrets
	same(t, "listed", len(list), 2)
	for _, s := range list {
		same(t, "not shown again", s.ClientSecretValue == nil && s.ClientSecretCreateDate != nil, true)
	}
	_, err = d.ListUserPoolClientSecrets(t.Context(), &idp.ListUserPoolClientSecretsInput{UserPoolId: p.Id, ClientId: c.ClientId, NextToken: ptr("x")})
	refused(t, err, "InvalidParameterException", "pagination")
	remove := func(id *string) error {
		_, err := d.DeleteUserPoolClientSecret(t.Context(), &idp.DeleteUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: c.ClientId, ClientSecretId: id})
		return err
	}
	same(t, "deleted", remove(list[0].ClientSecretId), nil)
	refused(t, remove(list[0].ClientSecretId), "ResourceNotFoundException", "Client secret")
	refused(t, remove(list[1].ClientSecretId), "InvalidParameterException", "last secret")
	got := ok[*idp.DescribeUserPoolClientOutput](t)(d.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: c.ClientId})).UserPoolClient
	same(t, "the other one is left", *got.ClientSecret, *added.ClientSecretValue)
}
