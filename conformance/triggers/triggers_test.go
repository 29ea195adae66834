// Package triggers_test runs a Lambda function that is written for Amazon Cognito,
// with aws-lambda-go, as the triggers of a pool of the built binary.
package triggers_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	function = "arn:aws:lambda:us-east-1:000000000000:function:cognito-triggers"
	missing  = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
	password = "Correct-Horse-1"
)

// A stage is a pool whose triggers are one function, and an app client.
type stage struct {
	*harness.Server
	api          *idp.Client
	pool, client string
}

// each runs a test on both storage profiles, with the function under an emulator
// of one function.
func each(t *testing.T, run func(t *testing.T, s *stage)) {
	l := harness.RunLambda(t, "./function")
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		run(t, newStage(t, s, &types.LambdaConfigType{
			PreSignUp: aws.String(function), PostConfirmation: aws.String(function), PreAuthentication: aws.String(function),
			DefineAuthChallenge: aws.String(function), CreateAuthChallenge: aws.String(function), VerifyAuthChallengeResponse: aws.String(function),
			UserMigration: aws.String(function), CustomMessage: aws.String(function),
			PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: aws.String(function), LambdaVersion: types.PreTokenGenerationLambdaVersionTypeV20},
		}))
	}, harness.Args("--lambda-function", "cognito-triggers="+l.URL))
}

func newStage(t *testing.T, s *harness.Server, config *types.LambdaConfigType) *stage {
	t.Helper()
	root := s.Root().IDP
	p, err := root.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("triggers"), LambdaConfig: config,
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}})
	must(t, err)
	c, err := root.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: p.UserPool.Id, ClientName: aws.String("app"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}})
	must(t, err)
	return &stage{s, s.Anonymous().IDP, *p.UserPool.Id, *c.UserPoolClient.ClientId}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signUp signs a user up whose captcha the function judges.
func (s *stage) signUp(t *testing.T, name, captcha string, metadata map[string]string) (*idp.SignUpOutput, error) {
	t.Helper()
	return s.api.SignUp(t.Context(), &idp.SignUpInput{ClientId: &s.client, Username: &name, Password: aws.String(password), ClientMetadata: metadata,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(name + "@example.com")}},
		ValidationData: []types.AttributeType{{Name: aws.String("captcha"), Value: &captcha}}})
}

func (s *stage) signIn(t *testing.T, name, password string, metadata map[string]string) (*idp.InitiateAuthOutput, error) {
	t.Helper()
	return s.api.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: &s.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password}, ClientMetadata: metadata})
}

// payload decodes the claims of a token without verifying it.
func payload(t testing.TB, token *string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(*token, ".")[1])
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(raw, &claims))
	return claims
}

func TestTriggers(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		t.Run("sign-up", func(t *testing.T) { signUp(t, s) })
		t.Run("confirmation", func(t *testing.T) { confirmation(t, s) })
		t.Run("tokens", func(t *testing.T) { tokens(t, s) })
		t.Run("sign-in", func(t *testing.T) { signInRefused(t, s) })
		t.Run("migration", func(t *testing.T) { migration(t, s) })
		t.Run("crash", func(t *testing.T) { crash(t, s) })
	})
}

func signUp(t *testing.T, s *stage) {
	out, err := s.signUp(t, "ana", "trusted", nil)
	must(t, err)
	if !out.UserConfirmed || out.CodeDeliveryDetails != nil {
		t.Errorf("%+v", out)
	}
	_, err = s.signUp(t, "bot", "wrong", nil)
	harness.WantCode(t, err, "UserLambdaValidationException", "PreSignUp failed with error the captcha is wrong.")
	_, err = s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &s.pool, Username: aws.String("bot")})
	harness.WantCode(t, err, "UserNotFoundException", "")
}

// confirmation reads the function's text in the mail, and the error after the fact.
func confirmation(t *testing.T, s *stage) {
	_, err := s.signUp(t, "bea", "", map[string]string{"lang": "de"})
	must(t, err)
	m := s.Message(t, "bea@example.com")
	if m.Subject != "Willkommen" || !strings.HasPrefix(m.Body, "Dein Code ist ") {
		t.Errorf("%+v", m)
	}
	confirm := &idp.ConfirmSignUpInput{ClientId: &s.client, Username: aws.String("bea"), ConfirmationCode: aws.String(s.Code(t, "bea@example.com")),
		ClientMetadata: map[string]string{"crm": "down"}}
	_, err = s.api.ConfirmSignUp(t.Context(), confirm)
	harness.WantCode(t, err, "UserLambdaValidationException", "PostConfirmation failed with error the CRM does not answer.")
	u, err := s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &s.pool, Username: aws.String("bea")})
	must(t, err)
	if u.UserStatus != types.UserStatusTypeConfirmed {
		t.Errorf("status %s", u.UserStatus)
	}
}

// tokens looks for what the function added, and for what it may not change.
func tokens(t *testing.T, s *stage) {
	out, err := s.signIn(t, "ana", password, nil)
	must(t, err)
	check := func(r *types.AuthenticationResultType, source string) {
		t.Helper()
		me, err := s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &s.pool, Username: aws.String("ana")})
		must(t, err)
		id, access := payload(t, r.IdToken), payload(t, r.AccessToken)
		for _, claims := range []map[string]any{id, access} {
			if !reflect.DeepEqual(claims["tenant"], map[string]any{"id": "t1", "seats": 3.0}) || claims["iss"] != s.URL+"/"+s.pool ||
				!hasValue(me.UserAttributes, claims["sub"]) ||
				!reflect.DeepEqual(claims["cognito:groups"], []any{source}) {
				t.Errorf("claims %v", claims)
			}
		}
		if id["email"] != nil || access["scope"] != "aws.cognito.signin.user.admin orders/read" {
			t.Errorf("ID token %v, access token %v", id, access)
		}
	}
	check(out.AuthenticationResult, "TokenGeneration_Authentication")
	again, err := s.api.InitiateAuth(t.Context(), &idp.InitiateAuthInput{ClientId: &s.client, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": *out.AuthenticationResult.RefreshToken}})
	must(t, err)
	check(again.AuthenticationResult, "TokenGeneration_RefreshTokens")
	if _, err := s.api.GetUser(t.Context(), &idp.GetUserInput{AccessToken: again.AuthenticationResult.AccessToken}); err != nil {
		t.Error(err)
	}
}

func hasValue(list []types.AttributeType, value any) bool {
	return slices.ContainsFunc(list, func(a types.AttributeType) bool { return *a.Value == value })
}

// signInRefused: what InitiateAuth says goes to the function before the password.
func signInRefused(t *testing.T, s *stage) {
	_, err := s.signIn(t, "ana", password, map[string]string{"country": "XX"})
	harness.WantCode(t, err, "UserLambdaValidationException", "PreAuthentication failed with error not from there.")
}

// migration signs a user in who is in the old directory only, with the password
// that is right there.
func migration(t *testing.T, s *stage) {
	_, err := s.signIn(t, "olga", "wrong", nil)
	if err == nil {
		t.Fatal("signed in with a wrong password of the old directory")
	}
	out, err := s.signIn(t, "olga", "old-pw", nil)
	must(t, err)
	if payload(t, out.AuthenticationResult.AccessToken)["username"] != "olga" {
		t.Errorf("%+v", out)
	}
	u, err := s.Root().IDP.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: &s.pool, Username: aws.String("olga")})
	must(t, err)
	if u.UserStatus != types.UserStatusTypeConfirmed || !hasValue(u.UserAttributes, "olga@example.com") {
		t.Errorf("%+v", u)
	}
}

// crash ends the function's process in the middle of a call; the next call works.
func crash(t *testing.T, s *stage) {
	_, err := s.signUp(t, "eve", "crash", nil)
	if harness.Code(err) != "UserLambdaValidationException" || !strings.Contains(err.Error(), "PreSignUp failed with error RequestId: ") ||
		!strings.Contains(err.Error(), " Error: Runtime exited with error: exit status 129.") {
		t.Errorf("error %v", err)
	}
	_, err = s.signUp(t, "eve", "", nil)
	must(t, err)
}

// TestHungFunction: a function that does not answer is asked three times, five
// seconds each.
func TestHungFunction(t *testing.T) {
	l := harness.RunLambda(t, "./function")
	s := harness.Start(t, harness.Embedded, harness.Args("--lambda-endpoint", l.URL))
	st := newStage(t, s, &types.LambdaConfigType{PreSignUp: aws.String(function)})
	_, err := st.signUp(t, "ana", "hang", nil)
	harness.WantCode(t, err, "UnexpectedLambdaException", "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.")
}

// TestNoFunction: a function that the server has no way to is an error.
func TestNoFunction(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	st := newStage(t, s, &types.LambdaConfigType{PreSignUp: aws.String(missing)})
	_, err := st.signUp(t, "ana", "", nil)
	harness.WantCode(t, err, "UnexpectedLambdaException", "PreSignUp invocation failed due to error EndpointNotConfigured.")
}
