package awsgo_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestCredentials(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		t.Run("roles and policies", func(t *testing.T) { roles(t, f) })
		t.Run("web identity", func(t *testing.T) { webIdentity(t, f) })
		t.Run("identity pool", func(t *testing.T) { identityPool(t, f) })
		t.Run("classic flow", func(t *testing.T) { classicFlow(t, f) })
	})
}

func trust(principal string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + `}]}`)
}

func roles(t *testing.T, f *harness.Fixture) {
	ctx, root := t.Context(), f.Root()
	role, err := root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("reader"), Path: aws.String("/team/"),
		AssumeRolePolicyDocument: trust(`{"AWS":"` + harness.Account + `"}`)})
	must(t, err)
	_, err = root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("reader"), AssumeRolePolicyDocument: trust(`"*"`)})
	harness.WantCode(t, err, "EntityAlreadyExists", "")
	_, err = root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("broken"), AssumeRolePolicyDocument: aws.String(`{"Version":`)})
	harness.WantCode(t, err, "MalformedPolicyDocument", "")
	_, err = root.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("users"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-idp:Admin*User","Resource":"arn:aws:cognito-idp:*:*:userpool/` + f.PoolID + `"},` +
			`{"Effect":"Deny","Action":"cognito-idp:AdminDeleteUser","Resource":"*"}]}`)})
	must(t, err)
	got, err := root.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("users")})
	must(t, err)
	if text, err := url.QueryUnescape(*got.PolicyDocument); err != nil || !strings.Contains(text, "AdminDeleteUser") {
		t.Errorf("policy document %q", *got.PolicyDocument)
	}
	out, err := root.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("sdk")})
	must(t, err)
	if want := "arn:aws:sts::" + harness.Account + ":assumed-role/reader/sdk"; *out.AssumedRoleUser.Arn != want {
		t.Errorf("assumed %s, want %s", *out.AssumedRoleUser.Arn, want)
	}
	as := f.As(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	me, err := as.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
	if *me.UserId != *role.Role.RoleId+":sdk" {
		t.Errorf("user id %s", *me.UserId)
	}
	_, err = as.IDP.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username})
	must(t, err)
	_, err = as.IDP.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: &f.PoolID, Username: &f.Alice.Username})
	harness.WantCode(t, err, "AccessDeniedException", "")
	_, err = as.IDP.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: &f.PoolID})
	harness.WantCode(t, err, "AccessDeniedException", "")
	_, err = as.IAM.ListRoles(ctx, &iam.ListRolesInput{})
	harness.WantCode(t, err, "AccessDenied", "")

	// Deleting the role ends its sessions, and a role of the same name revives none.
	_, err = root.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("reader")})
	harness.WantCode(t, err, "DeleteConflict", "")
	_, err = root.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("users")})
	must(t, err)
	_, err = root.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("reader")})
	must(t, err)
	_, err = root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("reader"), Path: aws.String("/team/"), AssumeRolePolicyDocument: trust(`"*"`)})
	must(t, err)
	_, err = as.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if harness.Code(err) == "" {
		t.Errorf("a session of a deleted role: %v", err)
	}
}

func webIdentity(t *testing.T, f *harness.Fixture) {
	ctx, root, app := t.Context(), f.Root(), f.Anonymous()
	issuer := f.URL + "/" + f.PoolID
	provider, err := root.IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: []string{f.ClientID}})
	must(t, err)
	key := strings.TrimPrefix(issuer, "http://")
	role, err := root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("web"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + *provider.OpenIDConnectProviderArn +
			`"},"Condition":{"StringEquals":{"` + key + `:aud":"` + f.ClientID + `"}}}]}`)})
	must(t, err)
	token := *signIn(t, f, f.Alice).IdToken
	assume := func(token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return app.STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("web"), WebIdentityToken: &token})
	}
	out, err := assume(token)
	must(t, err)
	if *out.SubjectFromWebIdentityToken != payload(t, token)["sub"] || *out.Audience != f.ClientID {
		t.Errorf("answer %+v", out)
	}
	wantMembers(t, record(t, f.Server, "AssumeRoleWithWebIdentity"), map[string]any{"userIdentity.type": "WebIdentityUser",
		"userIdentity.principalId": *out.Provider + ":" + f.ClientID + ":" + *out.SubjectFromWebIdentityToken,
		"userIdentity.userName":    *out.SubjectFromWebIdentityToken, "userIdentity.identityProvider": *out.Provider,
		"requestParameters.webIdentityToken": hidden, "requestParameters.roleSessionName": "web",
		"responseElements.credentials.sessionToken": hidden, "responseElements.subjectFromWebIdentityToken": *out.SubjectFromWebIdentityToken})
	parts := strings.Split(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	for name, forged := range map[string]string{
		"alg none":          encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"HS256":             encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2],
		"changed signature": parts[0] + "." + parts[1] + "." + encode([]byte("not a signature")),
		"junk":              "junk.junk.junk",
	} {
		if _, err := assume(forged); harness.Code(err) != "InvalidIdentityToken" {
			t.Errorf("%s: %v, want InvalidIdentityToken", name, err)
		}
	}
	_, err = app.STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(*role.Role.Arn + "-no"), RoleSessionName: aws.String("web"), WebIdentityToken: &token})
	harness.WantCode(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

func identityPool(t *testing.T, f *harness.Fixture) {
	ctx, app := t.Context(), f.Anonymous()
	logins := map[string]string{f.LoginProvider(): *signIn(t, f, f.Alice).IdToken}
	id, err := app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	must(t, err)
	again, err := app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	must(t, err)
	if *id.IdentityId != *again.IdentityId {
		t.Error("one login has two identities")
	}
	out, err := app.Identity.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	must(t, err)
	me, err := f.As(*out.Credentials.AccessKeyId, *out.Credentials.SecretKey, *out.Credentials.SessionToken).STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
	if !strings.Contains(*me.Arn, ":assumed-role/AppUser/") {
		t.Errorf("identity credentials are of %s", *me.Arn)
	}
	access := map[string]string{f.LoginProvider(): *signIn(t, f, f.Alice).AccessToken}
	_, err = app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: access})
	harness.WantCode(t, err, "NotAuthorizedException", "")
	bobs := map[string]string{f.LoginProvider(): *signIn(t, f, f.Bob).IdToken}
	_, err = app.Identity.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: bobs})
	harness.WantCode(t, err, "NotAuthorizedException", "")
	_, err = app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID})
	harness.WantCode(t, err, "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
}

func classicFlow(t *testing.T, f *harness.Fixture) {
	ctx, app := t.Context(), f.Anonymous()
	logins := map[string]string{f.LoginProvider(): *signIn(t, f, f.Bob).IdToken}
	id, err := app.Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	must(t, err)
	token, err := app.Identity.GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId, Logins: logins})
	must(t, err)
	claims := payload(t, *token.Token)
	if claims["sub"] != *id.IdentityId || claims["aud"] != f.IdentityPoolID {
		t.Errorf("claims %v", claims)
	}
	out, err := app.STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &f.AuthRoleARN, RoleSessionName: aws.String("classic"), WebIdentityToken: token.Token})
	must(t, err)
	if *out.SubjectFromWebIdentityToken != *id.IdentityId {
		t.Errorf("subject %s", *out.SubjectFromWebIdentityToken)
	}
}
