package awsgo_test

import (
	"encoding/base32"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	identity "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/jose"
)

func decode32(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	must(t, err)
	return raw
}

func (w *stsWorld) assumeRoot(t *testing.T) {
	ctx := t.Context()
	task := func(name string) *types.PolicyDescriptorType {
		return &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/" + name)}
	}
	target := aws.String(harness.Account)
	for _, name := range []string{"IAMAuditRootUserCredentials", "IAMCreateRootUserPassword", "IAMDeleteRootUserCredentials", "S3UnlockBucketPolicy", "SQSUnlockQueuePolicy"} {
		out, err := w.user.STS.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: target, TaskPolicyArn: task(name)})
		must(t, err)
		as := w.with(out.Credentials)
		me, err := as.STS.GetCallerIdentity(ctx, nil)
		must(t, err)
		if !strings.HasSuffix(*me.Arn, ":root") {
			t.Errorf("%s is %s", name, *me.Arn)
		}
		_, err = as.IAM.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("evil")})
		harness.WantCode(t, err, "AccessDenied", "")
	}
	_, err := w.root.STS.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: target, TaskPolicyArn: task("S3UnlockBucketPolicy")})
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = w.user.STS.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: aws.String("111111111111"), TaskPolicyArn: task("S3UnlockBucketPolicy")})
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = w.user.STS.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: target, TaskPolicyArn: &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}})
	harness.WantCode(t, err, "ValidationError", "")
}

func (w *stsWorld) identityTokens(t *testing.T) {
	ctx := t.Context()
	ask := &sts.GetWebIdentityTokenInput{Audience: []string{"https://api.example"}, SigningAlgorithm: aws.String("ES384")}
	_, err := w.user.STS.GetWebIdentityToken(ctx, ask)
	harness.WantCode(t, err, "OutboundWebIdentityFederationDisabledException", "")
	var set struct {
		Settings struct{ OutboundWebIdentityFederationIssuer string }
	}
	w.Poolhouse(t, "UpdateAccountSettings", map[string]any{"OutboundWebIdentityFederation": true}, &set)
	issuer := set.Settings.OutboundWebIdentityFederationIssuer
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	must(t, json.Unmarshal(w.get(t, issuer+"/.well-known/openid-configuration"), &discovery))
	if discovery.Issuer != issuer {
		t.Errorf("issuer %q at %q", discovery.Issuer, issuer)
	}
	keys, err := jose.ParseKeySet(w.get(t, discovery.Keys))
	must(t, err)
	for _, algorithm := range []string{"ES384", "RS256"} {
		ask.SigningAlgorithm = &algorithm
		out, err := w.user.STS.GetWebIdentityToken(ctx, ask)
		must(t, err)
		_, _, err = jose.Verify(ctx, *out.WebIdentityToken, keys, []string{algorithm})
		must(t, err)
		if c := payload(t, *out.WebIdentityToken); c["iss"] != issuer || c["sub"] != "arn:aws:iam::"+harness.Account+":user/sts-user" || c["aud"] != "https://api.example" {
			t.Errorf("claims %v", c)
		}
	}
	short, err := w.user.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-open"), RoleSessionName: aws.String("short"), DurationSeconds: aws.Int32(900)})
	must(t, err)
	_, err = w.with(short.Credentials).STS.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{Audience: ask.Audience, SigningAlgorithm: ask.SigningAlgorithm, DurationSeconds: aws.Int32(3600)})
	harness.WantCode(t, err, "SessionDurationEscalationException", "")
	var tags []types.Tag
	for i := range 40 {
		tags = append(tags, types.Tag{Key: aws.String("k" + strings.Repeat("x", i)), Value: aws.String(strings.Repeat("v", 256))})
	}
	_, err = w.user.STS.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{Audience: ask.Audience, SigningAlgorithm: ask.SigningAlgorithm, Tags: tags})
	harness.WantCode(t, err, "JWTPayloadSizeExceededException", "")
	_, err = w.user.STS.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{Audience: ask.Audience, SigningAlgorithm: aws.String("HS256")})
	harness.WantCode(t, err, "ValidationError", "")
}

func (w *stsWorld) get(t *testing.T, url string) []byte {
	t.Helper()
	res, err := w.HTTP.Get(url)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != 200 {
		t.Fatalf("%s: %d %s", url, res.StatusCode, raw)
	}
	return raw
}

func (w *stsWorld) delegation(t *testing.T) {
	ctx := t.Context()
	w.role(t, "sts-delegated", stsTrust)
	var made struct{ TradeInToken string }
	w.Poolhouse(t, "CreateTradeInToken", map[string]any{"RoleArn": roleARN + "sts-delegated", "RoleSessionName": "partner",
		"DelegateArn": "arn:aws:iam::" + harness.Account + ":user/sts-user"}, &made)
	out, err := w.user.STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: &made.TradeInToken})
	must(t, err)
	me, err := w.with(out.Credentials).STS.GetCallerIdentity(ctx, nil)
	must(t, err)
	if *me.Arn != *out.AssumedPrincipal || !strings.HasSuffix(*me.Arn, ":assumed-role/sts-delegated/partner") {
		t.Errorf("%s, said to be %s", *me.Arn, *out.AssumedPrincipal)
	}
	for name, err := range map[string]error{
		"another": failed(w.with(out.Credentials).STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: &made.TradeInToken})),
		"junk":    failed(w.user.STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: aws.String("junk")})),
	} {
		t.Run(name, func(t *testing.T) { harness.WantCode(t, err, "AccessDenied", "") })
	}
	w.Poolhouse(t, "CreateTradeInToken", map[string]any{"RoleArn": roleARN + "sts-delegated", "RoleSessionName": "partner",
		"DelegateArn": "arn:aws:iam::" + harness.Account + ":user/sts-user", "ExpiresInSeconds": 1}, &made)
	harness.WantCode(t, ended(t, func() error {
		return failed(w.user.STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: &made.TradeInToken}))
	}), "ExpiredTradeInTokenException", "The trade-in token is expired.")
}

// ended repeats a call with a token of a second until it is refused.
func ended(t *testing.T, call func() error) (err error) {
	t.Helper()
	harness.Until(t, 10*time.Second, func() string { return "the token expires" }, func() bool { err = call(); return err != nil })
	return err
}

// endedPoolTokens: a token of an identity pool counts for as long as it says, and as the
// login behind it is linked.
func (w *stsWorld) endedPoolTokens(t *testing.T) {
	ctx, api := t.Context(), w.root.Identity
	pool, err := api.CreateIdentityPool(ctx, &identity.CreateIdentityPoolInput{IdentityPoolName: aws.String("ended"), DeveloperProviderName: aws.String(backend)})
	must(t, err)
	w.role(t, "sts-pool", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"`+*pool.IdentityPoolId+`"}}}}`)
	token := func(seconds int64) *identity.GetOpenIdTokenForDeveloperIdentityOutput {
		out, err := api.GetOpenIdTokenForDeveloperIdentity(ctx, &identity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: pool.IdentityPoolId,
			Logins: map[string]string{backend: "erin"}, TokenDuration: &seconds})
		must(t, err)
		return out
	}
	assume := func(token *string) error {
		return failed(w.Anonymous().STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(roleARN + "sts-pool"), RoleSessionName: aws.String("erin"), WebIdentityToken: token}))
	}
	short, long := token(1), token(60)
	must(t, assume(long.Token))
	harness.WantCode(t, ended(t, func() error { return assume(short.Token) }), "ExpiredTokenException", "Token expired")
	_, err = api.UnlinkDeveloperIdentity(ctx, &identity.UnlinkDeveloperIdentityInput{IdentityId: long.IdentityId, IdentityPoolId: pool.IdentityPoolId,
		DeveloperProviderName: aws.String(backend), DeveloperUserIdentifier: aws.String("erin")})
	must(t, err)
	harness.WantCode(t, assume(long.Token), "IDPRejectedClaim", "The identity provider reported that authentication failed.")
}

func (w *stsWorld) policies(t *testing.T) {
	ctx := t.Context()
	long, arns := w.tooMuch(t)
	bad := aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}`)
	for _, tt := range []struct {
		policy *string
		arns   []types.PolicyDescriptorType
		code   string
	}{{bad, nil, "MalformedPolicyDocument"}, {long, arns, "PackedPolicyTooLarge"}} {
		_, err := w.user.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-open"), RoleSessionName: aws.String("x1"), Policy: tt.policy, PolicyArns: tt.arns})
		harness.WantCode(t, err, tt.code, "")
		_, err = w.user.STS.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("x1"), Policy: tt.policy, PolicyArns: tt.arns})
		harness.WantCode(t, err, tt.code, "")
		_, err = w.Anonymous().STS.AssumeRoleWithSAML(ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(roleARN + "sts-saml"), PrincipalArn: &w.idp.Provider,
			SAMLAssertion: aws.String(w.idp.Response(t, nil)), Policy: tt.policy, PolicyArns: tt.arns})
		harness.WantCode(t, err, tt.code, "")
	}
}

// regions switches a region off: its endpoint issues nothing, and every other does.
func (w *stsWorld) regions(t *testing.T) {
	ctx, role, off := t.Context(), aws.String(roleARN+"sts-open"), w.in(offRegion)
	var set any
	w.Poolhouse(t, "UpdateAccountSettings", map[string]any{"DisabledRegions": []string{offRegion}}, &set)
	defer w.Poolhouse(t, "UpdateAccountSettings", map[string]any{"DisabledRegions": []string{}}, &set)
	task := &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy")}
	_, saml := w.redeem(t, w.idp.Response(t, nil), off)
	for name, err := range map[string]error{
		"AssumeRole":                failed(w.user.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("x1")}, off)),
		"AssumeRoleWithSAML":        saml,
		"AssumeRoleWithWebIdentity": failed(w.Anonymous().STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: role, RoleSessionName: aws.String("x1"), WebIdentityToken: aws.String("a.b.c")}, off)),
		"AssumeRoot":                failed(w.user.STS.AssumeRoot(ctx, &sts.AssumeRootInput{TargetPrincipal: aws.String(harness.Account), TaskPolicyArn: task}, off)),
		"GetDelegatedAccessToken":   failed(w.user.STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: aws.String("x")}, off)),
		"GetFederationToken":        failed(w.user.STS.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("x1")}, off)),
		"GetSessionToken":           failed(w.user.STS.GetSessionToken(ctx, nil, off)),
	} {
		t.Run(name, func(t *testing.T) { harness.WantCode(t, err, "RegionDisabledException", "") })
	}
	_, err := w.user.STS.GetCallerIdentity(ctx, nil, off)
	must(t, err)
	_, err = w.user.STS.GetSessionToken(ctx, nil, w.in("us-west-2"))
	must(t, err)
}
