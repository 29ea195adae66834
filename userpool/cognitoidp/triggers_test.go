package cognitoidp_test

import (
	"testing"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

const (
	arnOne = "arn:aws:lambda:us-east-1:000000000000:function:one"
	arnTwo = "arn:aws:lambda:us-east-1:000000000000:function:two:live"
)

// TestLambdaConfig: every trigger comes back as it was given, until an update
// leaves it out.
func TestLambdaConfig(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{LambdaConfig: &idp.LambdaConfigType{
		PreSignUp: ptr(arnOne), PostConfirmation: ptr(arnTwo), PreAuthentication: ptr(arnOne), PostAuthentication: ptr(arnOne),
		DefineAuthChallenge: ptr(arnOne), CreateAuthChallenge: ptr(arnOne), VerifyAuthChallengeResponse: ptr(arnOne),
		UserMigration: ptr(arnOne), CustomMessage: ptr(arnOne), PreTokenGeneration: ptr(arnTwo),
		InboundFederation: &idp.InboundFederationLambdaType{LambdaArn: ptr(arnOne), LambdaVersion: ptr("V1_0")},
	}})
	const want = `{"PreSignUp":"` + arnOne + `","CustomMessage":"` + arnOne + `","PostConfirmation":"` + arnTwo + `","PreAuthentication":"` + arnOne +
		`","PostAuthentication":"` + arnOne + `","DefineAuthChallenge":"` + arnOne + `","CreateAuthChallenge":"` + arnOne +
		`","VerifyAuthChallengeResponse":"` + arnOne + `","PreTokenGeneration":"` + arnTwo + `","UserMigration":"` + arnOne +
		`","PreTokenGenerationConfig":{"LambdaVersion":"V1_0","LambdaArn":"` + arnTwo + `"},"CustomSMSSender":null,"CustomEmailSender":null,` +
		`"KMSKeyID":null,"InboundFederation":{"LambdaVersion":"V1_0","LambdaArn":"` + arnOne + `"}}`
	described := ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	listed := ok[*idp.ListUserPoolsOutput](t)(d.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: ptr(int32(10))})).UserPools[0]
	same(t, "described", text(t, described.LambdaConfig), want)
	same(t, "listed", text(t, listed.LambdaConfig), want)

	ok[*idp.UpdateUserPoolOutput](t)(d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id}))
	described = ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	same(t, "reset", text(t, described.LambdaConfig), text(t, &idp.LambdaConfigType{}))
}

func TestPreTokenConfig(t *testing.T) {
	d := newDesk(t)
	v2 := &idp.PreTokenGenerationVersionConfigType{LambdaArn: ptr(arnOne), LambdaVersion: ptr("V2_0")}
	p := d.pool(idp.CreateUserPoolInput{LambdaConfig: &idp.LambdaConfigType{PreTokenGenerationConfig: v2}})
	same(t, "legacy member", *p.LambdaConfig.PreTokenGeneration, arnOne)
	same(t, "version", *p.LambdaConfig.PreTokenGenerationConfig.LambdaVersion, "V2_0")

	both := &idp.LambdaConfigType{PreTokenGeneration: ptr(arnTwo), PreTokenGenerationConfig: v2}
	_, err := d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, LambdaConfig: both})
	refused(t, err, "InvalidParameterException", "must be the same function")
	both.PreTokenGeneration = nil
	_, err = d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, LambdaConfig: both, UserPoolTier: ptr("LITE")})
	refused(t, err, "FeatureUnavailableInTierException", "V2_0")
}
