package awsgo_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestUpstreamRole: a role of one system stands for a role of another one, which has
// the first one's issuer as an OpenID Connect provider. An app gets the other system's
// credentials by the calls that it makes anyway.
func TestUpstreamRole(t *testing.T) {
	other := harness.Start(t, harness.Embedded)
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { upstreamRole(t, s.Fixture(t), other) })
}

func upstreamRole(t *testing.T, f *harness.Fixture, other *harness.Server) {
	ctx, root := t.Context(), f.Root()
	var account struct {
		Settings struct{ OutboundWebIdentityFederationIssuer string }
	}
	f.Poolhouse(t, "UpdateAccountSettings", map[string]any{"OutboundWebIdentityFederation": true}, &account)
	issuer := account.Settings.OutboundWebIdentityFederationIssuer
	remote := "remote-" + string(f.Profile)
	trust := trustUpstream(t, other, remote, issuer)
	f.Poolhouse(t, "PutUpstreamRole", map[string]any{"RoleName": "AppUser", "UpstreamRoleArn": "arn:aws:iam::" + harness.Account + ":role/" + remote,
		"Endpoint": other.URL, "Subject": "USER"}, new(any))

	logins := map[string]string{f.LoginProvider(): *signIn(t, f, f.Alice).IdToken}
	id, err := f.Anonymous().Identity.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &f.IdentityPoolID, Logins: logins})
	must(t, err)
	ask := func() (*cognitoidentity.GetCredentialsForIdentityOutput, error) {
		return f.Anonymous().Identity.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	}
	got, err := ask()
	must(t, err)
	c := got.Credentials
	there, here := other.As(*c.AccessKeyId, *c.SecretKey, *c.SessionToken), f.As(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
	who, err := there.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
	if !strings.Contains(*who.Arn, ":assumed-role/"+remote+"/") {
		t.Errorf("there the credentials are of %s", *who.Arn)
	}
	_, err = here.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	harness.WantCode(t, err, "InvalidClientTokenId", "")

	// Who is named there is the identity: a trust policy that names another admits nobody.
	_, err = other.Root().IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &remote,
		PolicyDocument: aws.String(strings.Replace(trust, `:sub":"`, `:sub":"not-`, 1))})
	must(t, err)
	_, err = ask()
	harness.WantCode(t, err, "InvalidIdentityPoolConfigurationException", "")
	_, err = other.Root().IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &remote,
		PolicyDocument: aws.String(strings.Replace(trust, `:sub":"*`, `:sub":"`+*id.IdentityId, 1))})
	must(t, err)
	_, err = ask()
	must(t, err)

	_, err = root.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &f.AuthRoleARN, RoleSessionName: aws.String("x1")})
	harness.WantCode(t, err, "AccessDenied", "")
	f.Poolhouse(t, "DeleteUpstreamRole", map[string]any{"RoleName": "AppUser"}, new(any))
	got, err = ask()
	must(t, err)
	_, err = f.As(*got.Credentials.AccessKeyId, *got.Credentials.SecretKey, *got.Credentials.SessionToken).STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t, err)
}

// trustUpstream makes a role on the other system that admits tokens of the issuer, and
// returns its trust policy.
func trustUpstream(t *testing.T, other *harness.Server, role, issuer string) string {
	t.Helper()
	ctx, root := t.Context(), other.Root()
	p, err := root.IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: []string{"sts.amazonaws.com"}})
	must(t, err)
	key := strings.TrimPrefix(issuer, "http://")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + *p.OpenIDConnectProviderArn +
		`"},"Condition":{"StringEquals":{"` + key + `:aud":"sts.amazonaws.com"},"StringLike":{"` + key + `:sub":"*"}}}]}`
	_, err = root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: &trust})
	must(t, err)
	return trust
}
