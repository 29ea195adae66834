package harness

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	citypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// A Person is a user of a fixture.
type Person struct{ Username, Password, Email string }

// A Fixture is a pool with two users, a public app client, and an identity pool
// whose users reach their own datasets alone. It is made by the AWS SDK for Go.
type Fixture struct {
	*Server
	PoolID, ClientID, IdentityPoolID, AuthRoleARN string
	Alice, Bob                                    Person
}

// Callback is the redirect URI of a fixture's client.
const Callback = "http://localhost/callback"

// Fixture makes a fixture on the server.
func (s *Server) Fixture(t testing.TB) *Fixture {
	t.Helper()
	f := &Fixture{Server: s,
		Alice: Person{"alice", "Correct-horse-1", "alice@example.com"},
		Bob:   Person{"bob", "Battery-staple-2", "bob@example.com"}}
	f.makePool(t)
	for _, p := range []Person{f.Alice, f.Bob} {
		f.AddUser(t, p)
	}
	f.makeIdentityPool(t)
	return f
}

func (f *Fixture) makePool(t testing.TB) {
	t.Helper()
	ctx, api := t.Context(), f.Root().IDP
	pool, err := api.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{
		PoolName: aws.String("conformance"), AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}})
	if err != nil {
		t.Fatal(err)
	}
	f.PoolID = *pool.UserPool.Id
	client, err := api.CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId: &f.PoolID, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"},
		CallbackURLs:       []string{Callback}, LogoutURLs: []string{"http://localhost/goodbye"},
		SupportedIdentityProviders: []string{"COGNITO"},
		PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled})
	if err != nil {
		t.Fatal(err)
	}
	f.ClientID = *client.UserPoolClient.ClientId
}

// AddUser adds a confirmed user with a verified address.
func (f *Fixture) AddUser(t testing.TB, p Person) {
	t.Helper()
	ctx, api := t.Context(), f.Root().IDP
	_, err := api.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{UserPoolId: &f.PoolID, Username: &p.Username,
		MessageAction:  types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &p.Email}, {Name: aws.String("email_verified"), Value: aws.String("true")}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{UserPoolId: &f.PoolID, Username: &p.Username,
		Password: &p.Password, Permanent: true})
	if err != nil {
		t.Fatal(err)
	}
}

// LoginProvider is the pool's name among the logins of an identity pool.
func (f *Fixture) LoginProvider() string {
	return "cognito-idp." + Region + ".amazonaws.com/" + f.PoolID
}

func (f *Fixture) makeIdentityPool(t testing.TB) {
	t.Helper()
	ctx, root := t.Context(), f.Root()
	pool, err := root.Identity.CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("conformance"),
		CognitoIdentityProviders: []citypes.CognitoIdentityProvider{{ProviderName: aws.String(f.LoginProvider()), ClientId: &f.ClientID}}})
	if err != nil {
		t.Fatal(err)
	}
	f.IdentityPoolID = *pool.IdentityPoolId
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"cognito-identity.amazonaws.com"},` +
		`"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"POOL"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}]}`
	role, err := root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("AppUser"),
		AssumeRolePolicyDocument: aws.String(strings.ReplaceAll(trust, "POOL", f.IdentityPoolID))})
	if err != nil {
		t.Fatal(err)
	}
	f.AuthRoleARN = *role.Role.Arn
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-sync:*",` +
		`"Resource":"arn:aws:cognito-sync:*:*:identitypool/${cognito-identity.amazonaws.com:aud}/identity/${cognito-identity.amazonaws.com:sub}*"}]}`
	if _, err := root.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("AppUser"), PolicyName: aws.String("own"), PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	_, err = root.Identity.SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &f.IdentityPoolID,
		Roles: map[string]string{"authenticated": f.AuthRoleARN}})
	if err != nil {
		t.Fatal(err)
	}
}

// Env is the environment in which clients of other languages find the fixture.
func (f *Fixture) Env() []string {
	return append(f.Server.Env(),
		"POOLHOUSE_POOL_ID="+f.PoolID, "POOLHOUSE_CLIENT_ID="+f.ClientID, "POOLHOUSE_IDENTITY_POOL_ID="+f.IdentityPoolID,
		"POOLHOUSE_ROLE_ARN="+f.AuthRoleARN,
		"POOLHOUSE_USERNAME="+f.Alice.Username, "POOLHOUSE_PASSWORD="+f.Alice.Password, "POOLHOUSE_EMAIL="+f.Alice.Email,
		"POOLHOUSE_USERNAME2="+f.Bob.Username, "POOLHOUSE_PASSWORD2="+f.Bob.Password, "POOLHOUSE_EMAIL2="+f.Bob.Email)
}
