package awsgo_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestAuth(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		t.Run("password", func(t *testing.T) { password(t, f) })
		t.Run("admin password", func(t *testing.T) { adminPassword(t, f) })
		t.Run("forced new password", func(t *testing.T) { forcedPassword(t, f) })
		t.Run("refresh and revoke", func(t *testing.T) { refreshAndRevoke(t, f) })
		t.Run("sign-up", func(t *testing.T) { signUp(t, f) })
		t.Run("lockout", func(t *testing.T) { lockout(t, f) })
		t.Run("deleted and disabled users", func(t *testing.T) { goneUsers(t, f) })
	})
}

func password(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Anonymous().IDP
	r := signIn(t, f, f.Alice)
	if *r.TokenType != "Bearer" || r.ExpiresIn != 3600 {
		t.Errorf("token type %s for %d s", *r.TokenType, r.ExpiresIn)
	}
	access := payload(t, *r.AccessToken)
	if access["scope"] != "aws.cognito.signin.user.admin" || access["iss"] != f.URL+"/"+f.PoolID || access["token_use"] != "access" {
		t.Errorf("access token %v", access)
	}
	me, err := api.GetUser(ctx, &idp.GetUserInput{AccessToken: r.AccessToken})
	must(t, err)
	if *me.Username != f.Alice.Username || attribute(me.UserAttributes, "sub") != access["sub"] {
		t.Errorf("GetUser %+v", me)
	}
	_, err = api.GetUser(ctx, &idp.GetUserInput{AccessToken: r.IdToken})
	harness.WantCode(t, err, "NotAuthorizedException", "")
	for _, name := range []string{f.Bob.Username, "nobody-of-that-name"} {
		_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": "Wrong-password-0"}})
		harness.WantCode(t, err, "NotAuthorizedException", "Incorrect username or password.")
	}
	_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": "alice"}})
	if err == nil {
		t.Error("CUSTOM_AUTH was answered, though it is not enabled")
	}
}

func adminPassword(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Root().IDP
	in := &idp.AdminInitiateAuthInput{UserPoolId: &f.PoolID, ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": f.Alice.Username, "PASSWORD": f.Alice.Password}}
	out, err := api.AdminInitiateAuth(ctx, in)
	must(t, err)
	if out.AuthenticationResult == nil {
		t.Fatal("no tokens")
	}
	_, err = f.Anonymous().IDP.AdminInitiateAuth(ctx, in)
	if harness.Code(err) == "" {
		t.Errorf("an unsigned admin call: %v", err)
	}
}

func forcedPassword(t *testing.T, f *harness.Fixture) {
	ctx, root, app := t.Context(), f.Root().IDP, f.Anonymous().IDP
	name := aws.String("carol")
	_, err := root.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: &f.PoolID, Username: name, TemporaryPassword: aws.String("Temporary-1"), MessageAction: types.MessageActionTypeSuppress})
	must(t, err)
	out, err := app.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "carol", "PASSWORD": "Temporary-1"}})
	must(t, err)
	if out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || out.Session == nil {
		t.Fatalf("challenge %s", out.ChallengeName)
	}
	respond := func(password string) (*idp.RespondToAuthChallengeOutput, error) {
		return app.RespondToAuthChallenge(ctx, &idp.RespondToAuthChallengeInput{ClientId: &f.ClientID, ChallengeName: out.ChallengeName, Session: out.Session,
			ChallengeResponses: map[string]string{"USERNAME": "carol", "NEW_PASSWORD": password}})
	}
	_, err = respond("weak")
	harness.WantCode(t, err, "InvalidPasswordException", "")
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 10 {
		wg.Go(func() {
			r, err := respond("Permanent-2")
			mu.Lock()
			defer mu.Unlock()
			if err == nil && r.AuthenticationResult != nil {
				won++
			} else if harness.Code(err) != "NotAuthorizedException" {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 10 answers with one Session won", won)
	}
	signIn(t, f, harness.Person{Username: "carol", Password: "Permanent-2"})
}

func refreshAndRevoke(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Anonymous().IDP
	r := signIn(t, f, f.Bob)
	refresh := func(token string) (*idp.InitiateAuthOutput, error) {
		return api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": token}})
	}
	out, err := refresh(*r.RefreshToken)
	must(t, err)
	if out.AuthenticationResult.RefreshToken != nil {
		t.Error("a refresh without rotation returned a refresh token")
	}
	if payload(t, *out.AuthenticationResult.IdToken)["auth_time"] != payload(t, *r.IdToken)["auth_time"] {
		t.Error("auth_time changed by a refresh")
	}
	_, err = refresh((*r.RefreshToken)[:len(*r.RefreshToken)-4] + "AAAA")
	harness.WantCode(t, err, "NotAuthorizedException", "Invalid Refresh Token")
	_, err = api.RevokeToken(ctx, &idp.RevokeTokenInput{ClientId: &f.ClientID, Token: r.RefreshToken})
	must(t, err)
	_, err = refresh(*r.RefreshToken)
	harness.WantCode(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	_, err = api.GetUser(ctx, &idp.GetUserInput{AccessToken: r.AccessToken})
	harness.WantCode(t, err, "NotAuthorizedException", "Access Token has been revoked")

	r = signIn(t, f, f.Bob)
	_, err = api.GlobalSignOut(ctx, &idp.GlobalSignOutInput{AccessToken: r.AccessToken})
	must(t, err)
	_, err = api.GetUser(ctx, &idp.GetUserInput{AccessToken: r.AccessToken})
	harness.WantCode(t, err, "NotAuthorizedException", "Access Token has been revoked")
	_, err = refresh(*r.RefreshToken)
	if harness.Code(err) != "NotAuthorizedException" {
		t.Errorf("refresh after a global sign-out: %v", err)
	}
}

func signUp(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Anonymous().IDP
	in := &idp.SignUpInput{ClientId: &f.ClientID, Username: aws.String("dave"), Password: aws.String("Fresh-password-3"),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("dave@example.com")}}}
	out, err := api.SignUp(ctx, in)
	must(t, err)
	if out.UserConfirmed || *out.CodeDeliveryDetails.Destination != "d***@e***" {
		t.Errorf("sign-up %+v", out)
	}
	_, err = api.ResendConfirmationCode(ctx, &idp.ResendConfirmationCodeInput{ClientId: &f.ClientID, Username: aws.String("dave")})
	must(t, err)
	_, err = api.ConfirmSignUp(ctx, &idp.ConfirmSignUpInput{ClientId: &f.ClientID, Username: aws.String("dave"), ConfirmationCode: aws.String("000000")})
	harness.WantCode(t, err, "CodeMismatchException", "Invalid verification code provided, please try again.")
	confirm := &idp.ConfirmSignUpInput{ClientId: &f.ClientID, Username: aws.String("dave"), ConfirmationCode: aws.String(f.Code(t, "dave@example.com"))}
	_, err = api.ConfirmSignUp(ctx, confirm)
	must(t, err)
	if _, err = api.ConfirmSignUp(ctx, confirm); harness.Code(err) == "" {
		t.Errorf("a code confirmed twice: %v", err)
	}
	signIn(t, f, harness.Person{Username: "dave", Password: "Fresh-password-3"})
}

func lockout(t *testing.T, f *harness.Fixture) {
	ctx, api := t.Context(), f.Anonymous().IDP
	p := harness.Person{Username: "erin", Password: "Erins-password-4", Email: "erin@example.com"}
	f.AddUser(t, p)
	try := func(password string) error {
		_, err := api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": p.Username, "PASSWORD": password}})
		return err
	}
	for i := range 6 {
		harness.WantCode(t, try(fmt.Sprintf("Wrong-password-%d", i)), "NotAuthorizedException", "")
	}
	harness.WantCode(t, try(p.Password), "NotAuthorizedException", "Password attempts exceeded")
}

func goneUsers(t *testing.T, f *harness.Fixture) {
	ctx, root, api := t.Context(), f.Root().IDP, f.Anonymous().IDP
	p := harness.Person{Username: "frank", Password: "Franks-password-5", Email: "frank@example.com"}
	f.AddUser(t, p)
	r := signIn(t, f, p)
	_, err := root.AdminDisableUser(ctx, &idp.AdminDisableUserInput{UserPoolId: &f.PoolID, Username: &p.Username})
	must(t, err)
	_, err = api.InitiateAuth(ctx, &idp.InitiateAuthInput{ClientId: &f.ClientID, AuthFlow: types.AuthFlowTypeRefreshTokenAuth, AuthParameters: map[string]string{"REFRESH_TOKEN": *r.RefreshToken}})
	if harness.Code(err) != "NotAuthorizedException" {
		t.Errorf("refresh of a disabled user: %v", err)
	}
	_, err = root.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: &f.PoolID, Username: &p.Username})
	must(t, err)
	_, err = api.GetUser(ctx, &idp.GetUserInput{AccessToken: r.AccessToken})
	if harness.Code(err) == "" {
		t.Errorf("GetUser of a deleted user: %v", err)
	}
}
