// Package awsgo_test runs the AWS SDK for Go v2 against the binary.
package awsgo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestPools(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		t.Run("life of a pool", func(t *testing.T) { poolLife(t, s.Root().IDP) })
		t.Run("life of a client", func(t *testing.T) { clientLife(t, f) })
		t.Run("domains", func(t *testing.T) { domains(t, f) })
		t.Run("users", func(t *testing.T) { users(t, f) })
		t.Run("groups", func(t *testing.T) { groups(t, f) })
	})
}

func poolLife(t *testing.T, api *idp.Client) {
	ctx := t.Context()
	made, err := api.CreateUserPool(ctx, &idp.CreateUserPoolInput{PoolName: aws.String("life"), UserPoolTags: map[string]string{"team": "blue"},
		Policies: &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(12)}}})
	must(t, err)
	id := made.UserPool.Id
	got, err := api.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: id})
	must(t, err)
	p := got.UserPool
	if *p.Name != "life" || *p.Policies.PasswordPolicy.MinimumLength != 12 || p.UserPoolTags["team"] != "blue" || p.MfaConfiguration != types.UserPoolMfaTypeOff {
		t.Errorf("described pool %+v", p)
	}
	if p.Policies.PasswordPolicy.RequireSymbols {
		t.Error("a policy given in part leaves the rest off")
	}
	_, err = api.UpdateUserPool(ctx, &idp.UpdateUserPoolInput{UserPoolId: id, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}})
	must(t, err)
	listed := false
	pages := idp.NewListUserPoolsPaginator(api, &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, d := range page.UserPools {
			listed = listed || *d.Id == *id
		}
	}
	if !listed {
		t.Error("the pool is not listed")
	}
	_, err = api.DeleteUserPool(ctx, &idp.DeleteUserPoolInput{UserPoolId: id})
	must(t, err)
	_, err = api.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: id})
	harness.WantCode(t, err, "ResourceNotFoundException", "User pool "+*id+" does not exist.")
	_, err = api.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: aws.String("not a pool")})
	harness.WantCode(t, err, "InvalidParameterException", "")
}

func clientLife(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Root().IDP
	made, err := api.CreateUserPoolClient(ctx, &idp.CreateUserPoolClientInput{UserPoolId: &f.PoolID, ClientName: aws.String("secret"), GenerateSecret: true})
	must(t, err)
	id, secret := made.UserPoolClient.ClientId, made.UserPoolClient.ClientSecret
	if secret == nil || len(*secret) < 40 {
		t.Fatalf("client secret %v", secret)
	}
	got, err := api.DescribeUserPoolClient(ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &f.PoolID, ClientId: id})
	must(t, err)
	if *got.UserPoolClient.ClientSecret != *secret || got.UserPoolClient.RefreshTokenValidity != 30 {
		t.Errorf("described client %+v", got.UserPoolClient)
	}
	_, err = api.UpdateUserPoolClient(ctx, &idp.UpdateUserPoolClientInput{UserPoolId: &f.PoolID, ClientId: id, ClientName: aws.String("renamed"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}})
	must(t, err)
	_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: id, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": f.Alice.Username, "PASSWORD": f.Alice.Password}})
	harness.WantCode(t, err, "NotAuthorizedException", "Client "+*id+" is configured with secret but SECRET_HASH was not received")
	_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: id, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": f.Alice.Username, "PASSWORD": f.Alice.Password, "SECRET_HASH": "AAAA"}})
	harness.WantCode(t, err, "NotAuthorizedException", "Unable to verify secret hash for client "+*id)
	out, err := api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: id, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": f.Alice.Username, "PASSWORD": f.Alice.Password, "SECRET_HASH": secretHash(f.Alice.Username, *id, *secret)}})
	must(t, err)
	if out.AuthenticationResult == nil {
		t.Error("no tokens with a right SECRET_HASH")
	}
	list, err := api.ListUserPoolClients(ctx, &idp.ListUserPoolClientsInput{UserPoolId: &f.PoolID, MaxResults: aws.Int32(60)})
	must(t, err)
	if len(list.UserPoolClients) != 2 {
		t.Errorf("%d clients, want 2", len(list.UserPoolClients))
	}
	_, err = api.DeleteUserPoolClient(ctx, &idp.DeleteUserPoolClientInput{UserPoolId: &f.PoolID, ClientId: id})
	must(t, err)
	_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: id, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "x", "PASSWORD": "y"}})
	harness.WantCode(t, err, "ResourceNotFoundException", "User pool client "+*id+" does not exist.")
}

func domains(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Root().IDP
	_, err := api.CreateUserPoolDomain(ctx, &idp.CreateUserPoolDomainInput{UserPoolId: &f.PoolID, Domain: aws.String("conformance")})
	must(t, err)
	d, err := api.DescribeUserPoolDomain(ctx, &idp.DescribeUserPoolDomainInput{Domain: aws.String("conformance")})
	must(t, err)
	if aws.ToString(d.DomainDescription.UserPoolId) != f.PoolID {
		t.Errorf("domain of %q", aws.ToString(d.DomainDescription.UserPoolId))
	}
	_, err = api.DeleteUserPool(ctx, &idp.DeleteUserPoolInput{UserPoolId: &f.PoolID})
	harness.WantCode(t, err, "InvalidParameterException", "User pool cannot be deleted. It has a domain configured that should be deleted first.")
	_, err = api.DeleteUserPoolDomain(ctx, &idp.DeleteUserPoolDomainInput{UserPoolId: &f.PoolID, Domain: aws.String("conformance")})
	must(t, err)
	d, err = api.DescribeUserPoolDomain(ctx, &idp.DescribeUserPoolDomainInput{Domain: aws.String("conformance")})
	must(t, err)
	if d.DomainDescription.UserPoolId != nil {
		t.Error("a deleted domain is still described")
	}
}

func users(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Root().IDP
	got, err := api.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username})
	must(t, err)
	if got.UserStatus != types.UserStatusTypeConfirmed || attribute(got.UserAttributes, "email") != f.Alice.Email {
		t.Errorf("user %+v", got)
	}
	list, err := api.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: &f.PoolID, Filter: aws.String(`email ^= "bob@"`)})
	must(t, err)
	if len(list.Users) != 1 || *list.Users[0].Username != f.Bob.Username {
		t.Errorf("filter found %d users", len(list.Users))
	}
	seen := map[string]bool{}
	pages := idp.NewListUsersPaginator(api, &idp.ListUsersInput{UserPoolId: &f.PoolID, Limit: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, u := range page.Users {
			seen[*u.Username] = true
		}
	}
	if !seen[f.Alice.Username] || !seen[f.Bob.Username] {
		t.Errorf("pages showed %v", seen)
	}
	_, err = api.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username, MessageAction: types.MessageActionTypeSuppress})
	harness.WantCode(t, err, "UsernameExistsException", "User account already exists")
	_, err = api.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: &f.PoolID, Username: aws.String("nobody")})
	harness.WantCode(t, err, "UserNotFoundException", "User does not exist.")
	_, err = api.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username, Password: aws.String("weak"), Permanent: true})
	harness.WantCode(t, err, "InvalidPasswordException", "Password did not conform with password policy: Password not long enough")
}

func groups(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Root().IDP
	_, err := api.CreateGroup(ctx, &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins"), Precedence: aws.Int32(1)})
	must(t, err)
	_, err = api.CreateGroup(ctx, &idp.CreateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins")})
	harness.WantCode(t, err, "GroupExistsException", "")
	_, err = api.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins"), Username: &f.Alice.Username})
	must(t, err)
	of, err := api.AdminListGroupsForUser(ctx, &idp.AdminListGroupsForUserInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username})
	must(t, err)
	in, err := api.ListUsersInGroup(ctx, &idp.ListUsersInGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins")})
	must(t, err)
	if len(of.Groups) != 1 || len(in.Users) != 1 {
		t.Errorf("%d groups of alice, %d users in the group", len(of.Groups), len(in.Users))
	}
	_, err = api.UpdateGroup(ctx, &idp.UpdateGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins"), Description: aws.String("keepers")})
	must(t, err)
	g, err := api.GetGroup(ctx, &idp.GetGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins")})
	must(t, err)
	if *g.Group.Description != "keepers" {
		t.Errorf("description %q", *g.Group.Description)
	}
	claims := payload(t, *signIn(t, f, f.Alice).IdToken)
	if list, ok := claims["cognito:groups"].([]any); !ok || len(list) != 1 || list[0] != "admins" {
		t.Errorf("cognito:groups %v", claims["cognito:groups"])
	}
	_, err = api.AdminRemoveUserFromGroup(ctx, &idp.AdminRemoveUserFromGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins"), Username: &f.Alice.Username})
	must(t, err)
	_, err = api.DeleteGroup(ctx, &idp.DeleteGroupInput{UserPoolId: &f.PoolID, GroupName: aws.String("admins")})
	must(t, err)
	all, err := api.ListGroups(ctx, &idp.ListGroupsInput{UserPoolId: &f.PoolID})
	must(t, err)
	if len(all.Groups) != 0 {
		t.Errorf("%d groups left", len(all.Groups))
	}
}
