package tour

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/poolhouse/poolhouse/internal/awsclient"

	"github.com/poolhouse/poolhouse/internal/demodata"
)

const (
	idpTarget      = "AWSCognitoIdentityProviderService."
	identityTarget = "AWSCognitoIdentityService."
	ownTarget      = "Poolhouse."

	// callback is where the code flow ends. Nobody listens there: the tour
	// reads the code from the redirect.
	callback = "http://localhost/tour/callback"
)

// obj writes JSON bodies shortly.
type obj = map[string]any

// A target is what the tour visits: the demo's seed, or its own.
type target struct {
	demo                       bool
	pool, client, identityPool string
	alice, bob                 demodata.Person
	spEntity, awsApp           string
	employeeRole, samlProvider string

	// The tour's own identity provider, for assertions of a short life.
	shortLived               *Issuer
	shortRole, shortProvider string
}

// prepare finds or makes what the steps need.
func (t *Tour) prepare(ctx context.Context, root *awsclient.Key) error {
	if root == nil {
		root = &awsclient.Key{AccessKeyID: demodata.RootAccessKeyID, SecretAccessKey: demodata.RootSecretAccessKey}
		t.at = target{demo: true, pool: demodata.PoolID, client: demodata.ClientID, identityPool: demodata.IdentityPool,
			alice: demodata.Alice, bob: demodata.Bob,
			employeeRole: demodata.RoleARN(demodata.EmployeeRole), samlProvider: demodata.SAMLProviderARN()}
		if err := t.findDemoApp(ctx, root); err != nil {
			return err
		}
	} else if err := t.seed(ctx, root); err != nil {
		return err
	}
	return t.seedShortLived(ctx, root)
}

func (t *Tour) findDemoApp(ctx context.Context, root *awsclient.Key) error {
	var out struct {
		Applications []struct{ ApplicationId, Name string }
	}
	if err := t.JSON(ctx, ownTarget+"ListSamlApplications", obj{"UserPoolId": t.at.pool}, &out, root); err != nil {
		return err
	}
	for _, a := range out.Applications {
		if a.Name == demodata.AWSAppName {
			t.at.awsApp = a.ApplicationId
			return nil
		}
	}
	return fmt.Errorf("the demo has no SAML app %q: is this server a demo? For another one set POOLHOUSE_ROOT_ACCESS_KEY_ID and POOLHOUSE_ROOT_SECRET_ACCESS_KEY", demodata.AWSAppName)
}

// seed makes a pool with all that hangs on it, under names of its own.
func (t *Tour) seed(ctx context.Context, root *awsclient.Key) error {
	tag := randomHex(4)
	t.at = target{alice: demodata.Alice, bob: demodata.Bob, spEntity: "urn:poolhouse:tour:" + tag}
	for _, part := range []func(context.Context, *awsclient.Key, string) error{
		t.seedPool, t.seedUsers, t.seedSAML, t.seedIdentityPool,
	} {
		if err := part(ctx, root, tag); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tour) seedPool(ctx context.Context, root *awsclient.Key, tag string) error {
	var pool struct{ UserPool struct{ Id string } }
	err := t.JSON(ctx, idpTarget+"CreateUserPool", obj{"PoolName": "tour-" + tag, "AutoVerifiedAttributes": []string{"email"}}, &pool, root)
	if err != nil {
		return err
	}
	t.at.pool = pool.UserPool.Id
	var client struct{ UserPoolClient struct{ ClientId string } }
	err = t.JSON(ctx, idpTarget+"CreateUserPoolClient", obj{"UserPoolId": t.at.pool, "ClientName": "tour",
		"ExplicitAuthFlows":               []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"AllowedOAuthFlows":               []string{"code"},
		"AllowedOAuthScopes":              []string{"openid", "email", "profile"},
		"CallbackURLs":                    []string{callback},
		"AllowedOAuthFlowsUserPoolClient": true, "SupportedIdentityProviders": []string{"COGNITO"},
		"PreventUserExistenceErrors": "ENABLED"}, &client, root)
	t.at.client = client.UserPoolClient.ClientId
	return err
}

func (t *Tour) seedUsers(ctx context.Context, root *awsclient.Key, _ string) error {
	for _, p := range []demodata.Person{t.at.alice, t.at.bob} {
		attrs := []obj{{"Name": "email", "Value": p.Email}, {"Name": "email_verified", "Value": "true"}, {"Name": "given_name", "Value": p.GivenName}}
		err := t.JSON(ctx, idpTarget+"AdminCreateUser", obj{"UserPoolId": t.at.pool, "Username": p.Username, "MessageAction": "SUPPRESS", "UserAttributes": attrs}, new(obj), root)
		if err != nil {
			return err
		}
		err = t.JSON(ctx, idpTarget+"AdminSetUserPassword", obj{"UserPoolId": t.at.pool, "Username": p.Username, "Password": p.Password, "Permanent": true}, new(obj), root)
		if err != nil {
			return err
		}
	}
	return nil
}

// seedSAML registers an app and AWS in the pool, and the pool in IAM.
func (t *Tour) seedSAML(ctx context.Context, root *awsclient.Key, tag string) error {
	provider, role := "tour-"+tag, "tour-employee-"+tag
	var account struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := t.Query(ctx, "sts", "GetCallerIdentity", nil, &account, root); err != nil {
		return err
	}
	t.at.samlProvider = "arn:aws:iam::" + account.Account + ":saml-provider/" + provider
	t.at.employeeRole = "arn:aws:iam::" + account.Account + ":role/" + role

	p, err := t.browse(ctx, t.Endpoint+"/"+t.at.pool+"/saml/metadata", nil, ok)
	if err != nil {
		return err
	}
	if err := t.Query(ctx, "iam", "CreateSAMLProvider", map[string]string{"Name": provider, "SAMLMetadataDocument": p.body}, nil, root); err != nil {
		return err
	}
	if err := t.seedSAMLRole(ctx, root, role, t.at.samlProvider); err != nil {
		return err
	}
	if _, err := t.createApp(ctx, root, "tour", t.at.spEntity, "https://tour.invalid/acs", nil); err != nil {
		return err
	}
	t.at.awsApp, err = t.createApp(ctx, root, "aws", "urn:amazon:webservices", awsACS, []obj{
		{"Name": "https://aws.amazon.com/SAML/Attributes/Role", "Value": `"` + t.at.employeeRole + "," + t.at.samlProvider + `"`},
		{"Name": "https://aws.amazon.com/SAML/Attributes/RoleSessionName", "Value": "email"},
	})
	return err
}

func (t *Tour) createApp(ctx context.Context, root *awsclient.Key, name, entity, acs string, attrs []obj) (string, error) {
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">` +
		`<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + acs + `" index="0" isDefault="true"/>` +
		`</SPSSODescriptor></EntityDescriptor>`
	in := obj{"UserPoolId": t.at.pool, "Name": name, "MetadataXml": metadata, "NameIdFormat": "emailAddress"}
	if attrs != nil {
		in["Attributes"] = attrs
	}
	var out struct {
		Application struct{ ApplicationId string }
	}
	err := t.JSON(ctx, ownTarget+"CreateSamlApplication", in, &out, root)
	return out.Application.ApplicationId, err
}

func (t *Tour) seedSAMLRole(ctx context.Context, root *awsclient.Key, role, provider string) error {
	trust := document(obj{"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": obj{"Federated": provider},
		"Condition": obj{"StringEquals": obj{"SAML:aud": awsACS}}})
	return t.Query(ctx, "iam", "CreateRole", map[string]string{"RoleName": role, "AssumeRolePolicyDocument": trust}, nil, root)
}

// seedIdentityPool makes an identity pool whose users reach their own datasets.
func (t *Tour) seedIdentityPool(ctx context.Context, root *awsclient.Key, tag string) error {
	var pool struct{ IdentityPoolId string }
	err := t.JSON(ctx, identityTarget+"CreateIdentityPool", obj{"IdentityPoolName": "tour " + tag, "AllowUnauthenticatedIdentities": false,
		"CognitoIdentityProviders": []obj{{"ProviderName": t.provider(), "ClientId": t.at.client}}}, &pool, root)
	if err != nil {
		return err
	}
	t.at.identityPool = pool.IdentityPoolId
	role := "tour-app-" + tag
	trust := document(obj{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": obj{"Federated": "cognito-identity.amazonaws.com"},
		"Condition": obj{"StringEquals": obj{"cognito-identity.amazonaws.com:aud": t.at.identityPool},
			"ForAnyValue:StringLike": obj{"cognito-identity.amazonaws.com:amr": "authenticated"}}})
	var created struct {
		Arn string `xml:"CreateRoleResult>Role>Arn"`
	}
	if err := t.Query(ctx, "iam", "CreateRole", map[string]string{"RoleName": role, "AssumeRolePolicyDocument": trust}, &created, root); err != nil {
		return err
	}
	policy := document(obj{"Effect": "Allow", "Action": "cognito-sync:*",
		"Resource": "arn:aws:cognito-sync:*:*:identitypool/${cognito-identity.amazonaws.com:aud}/identity/${cognito-identity.amazonaws.com:sub}/*"})
	if err := t.Query(ctx, "iam", "PutRolePolicy", map[string]string{"RoleName": role, "PolicyName": "own-datasets", "PolicyDocument": policy}, nil, root); err != nil {
		return err
	}
	return t.JSON(ctx, identityTarget+"SetIdentityPoolRoles", obj{"IdentityPoolId": t.at.identityPool, "Roles": obj{"authenticated": created.Arn}}, new(obj), root)
}

// seedShortLived registers the tour's own identity provider, in the demo too.
func (t *Tour) seedShortLived(ctx context.Context, root *awsclient.Key) (err error) {
	name := "tour-short-" + randomHex(4)
	if t.at.shortLived, err = NewIssuer("https://tour.invalid/" + name); err != nil {
		return err
	}
	account := t.at.employeeRole[:len("arn:aws:iam::000000000000:")]
	t.at.shortProvider, t.at.shortRole = account+"saml-provider/"+name, account+"role/"+name
	err = t.Query(ctx, "iam", "CreateSAMLProvider", map[string]string{"Name": name, "SAMLMetadataDocument": t.at.shortLived.Metadata()}, nil, root)
	if err != nil {
		return err
	}
	return t.seedSAMLRole(ctx, root, name, t.at.shortProvider)
}

// provider is the pool's name among the logins of an identity pool.
func (t *Tour) provider() string { return "cognito-idp." + t.Region + ".amazonaws.com/" + t.at.pool }

// document wraps one statement into a policy.
func document(statement obj) string {
	b, err := json.Marshal(obj{"Version": "2012-10-17", "Statement": []obj{statement}})
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return string(b)
}
