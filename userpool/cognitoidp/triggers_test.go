package cognitoidp_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
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
	refused(t, err, "FeatureUnavailableInTierException", "Access Token Customization")
}

// heard is an invoker that keeps the event of a function that does nothing.
type heard struct{ event string }

func (h *heard) Invoke(_ context.Context, call userpool.Invocation) ([]byte, error) {
	h.event = string(call.Event)
	return call.Event, nil
}

// TestMetadataOfRequests: what a client says to functions reaches those that its
// operation is for, with the name of its SDK.
func TestMetadataOfRequests(t *testing.T) {
	d, h := newDesk(t), &heard{}
	d.API.Pools.Triggers = &userpool.Triggers{Invoker: h, Region: "us-east-1", Log: slog.New(slog.DiscardHandler)}
	p := d.pool(idp.CreateUserPoolInput{LambdaConfig: &idp.LambdaConfigType{PreSignUp: ptr(arnOne)}})
	c := ok[*idp.CreateUserPoolClientOutput](t)(d.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: ptr("app")})).UserPoolClient
	public := d.Service()
	public.Ops = slices.DeleteFunc(public.Ops, func(o awsapi.Op) bool { return o.Auth != awsapi.Public })
	server, err := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{public}, Region: "us-east-1", Account: "000000000000",
		Now: d.clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	call := func(name string, header ...string) {
		t.Helper()
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"ClientId":"`+*c.ClientId+`","Username":"`+name+`","Password":"`+password+`",
		"ValidationData":[{"Name":"captcha","Value":"ok"}],"ClientMetadata":{"lang":"de"}}`))
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		same(t, "status", w.Code, 200)
	}
	call("ana", "User-Agent", "aws-sdk-js/3.1.0 os/linux")
	for _, part := range []string{`"validationData":{"captcha":"ok"}`, `"clientMetadata":{"lang":"de"}`, `"awsSdkVersion":"aws-sdk-js-3.1.0"`} {
		if !strings.Contains(h.event, part) {
			t.Errorf("no %s in %s", part, h.event)
		}
	}
	call("bob", "User-Agent", "Mozilla/5.0", "X-Amz-User-Agent", "aws-sdk-js/3.2.0 ua/2.0")
	if !strings.Contains(h.event, `"awsSdkVersion":"aws-sdk-js-3.2.0"`) {
		t.Errorf("no SDK of a browser in %s", h.event)
	}
}
