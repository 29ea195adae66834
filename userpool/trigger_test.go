package userpool_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// A stage is a pool, a client and a user for calls of triggers.
type stage struct {
	*lambda
	triggers *userpool.Triggers
	pool     *userpool.Pool
	client   *userpool.Client
	user     *userpool.User
}

func newStage(triggers ...string) *stage {
	l := &lambda{}
	s := &stage{lambda: l, triggers: l.triggers(), client: &userpool.Client{ID: "client1"}}
	s.pool = &userpool.Pool{ID: "us-east-1_Pool00001", AliasAttributes: []string{"email"}}
	withTriggers(triggers...)(s.pool)
	s.user = &userpool.User{Username: "ana", Sub: "sub-1", Status: userpool.Confirmed,
		Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"}}
	return s
}

const attributesOfAna = `{"sub":"sub-1","cognito:user_status":"CONFIRMED","cognito:email_alias":"ana@example.com","email":"ana@example.com","email_verified":"true"}`

func TestPreAuthenticationEvent(t *testing.T) {
	s := newStage("PreAuthentication")
	s.answers("PreAuthentication", `{}`)
	ctx := userpool.WithCallerSDK(userpool.WithValidationData(userpool.WithClientMetadata(t.Context(),
		map[string]string{"not": "for this one"}), map[string]string{"k": "v"}), "aws-sdk-js-3.1.0")
	if err := s.triggers.PreAuthentication(ctx, s.pool, s.client, s.user, "ANA"); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, s.last(t, "PreAuthentication"), `{"version":"1","triggerSource":"PreAuthentication_Authentication","region":"us-east-1",
		"userPoolId":"us-east-1_Pool00001","userName":"ana","callerContext":{"awsSdkVersion":"aws-sdk-js-3.1.0","clientId":"client1"},
		"request":{"userAttributes":`+attributesOfAna+`,"userNotFound":false,"validationData":{"k":"v"}},"response":{}}`)
}

// TestPreAuthenticationOfNobody: the function hears of unknown users only where
// the client cannot tell them from known ones.
func TestPreAuthenticationOfNobody(t *testing.T) {
	s := newStage("PreAuthentication")
	s.answers("PreAuthentication", `{}`)
	if err := s.triggers.PreAuthentication(t.Context(), s.pool, s.client, nil, "bob"); err != nil || s.sources() != "" {
		t.Fatal("the function was called for nobody", err)
	}
	s.client.HideUserExistence = true
	if err := s.triggers.PreAuthentication(t.Context(), s.pool, s.client, nil, "bob"); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, s.last(t, "PreAuthentication"), `{"version":"1","triggerSource":"PreAuthentication_Authentication","region":"us-east-1",
		"userPoolId":"us-east-1_Pool00001","userName":"bob","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"client1"},
		"request":{"userAttributes":{},"userNotFound":true},"response":{}}`)
}

func TestPostAuthenticationEvent(t *testing.T) {
	s := newStage("PostAuthentication")
	s.answers("PostAuthentication", `{}`)
	ctx := userpool.WithClientMetadata(t.Context(), map[string]string{"k": "v"})
	if err := s.triggers.PostAuthentication(ctx, s.pool, s.client, s.user, true); err != nil {
		t.Fatal(err)
	}
	if e := s.last(t, "PostAuthentication"); !strings.Contains(e, `"newDeviceUsed":true,"clientMetadata":{"k":"v"}}`) {
		t.Fatal(e)
	}
}

func TestCustomChallenge(t *testing.T) {
	s := newStage("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
	word := "word"
	rounds := []userpool.Round{{Name: "SRP_A", Result: true}, {Name: "CUSTOM_CHALLENGE", Metadata: &word}}

	s.answers("DefineAuthChallenge", `{"challengeName":"CUSTOM_CHALLENGE","issueTokens":false,"failAuthentication":null}`)
	d, err := s.triggers.DefineChallenge(t.Context(), s.pool, s.client, s.user, "ana", rounds)
	if err != nil || *d != (userpool.Decision{Challenge: "CUSTOM_CHALLENGE"}) {
		t.Fatal(d, err)
	}
	sameJSON(t, s.last(t, "DefineAuthChallenge"), `{"version":"1","triggerSource":"DefineAuthChallenge_Authentication","region":"us-east-1",
		"userPoolId":"us-east-1_Pool00001","userName":"ana","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"client1"},
		"request":{"userAttributes":`+attributesOfAna+`,"userNotFound":false,"session":[{"challengeName":"SRP_A","challengeResult":true,"challengeMetadata":null},
		{"challengeName":"CUSTOM_CHALLENGE","challengeResult":false,"challengeMetadata":"word"}]},
		"response":{"challengeName":null,"issueTokens":null,"failAuthentication":null}}`)

	s.answers("CreateAuthChallenge", `{"publicChallengeParameters":{"q":"2+2"},"privateChallengeParameters":{"a":"4"},"challengeMetadata":"sum"}`)
	ch, err := s.triggers.CreateChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil)
	if err != nil || ch.Public["q"] != "2+2" || ch.Private["a"] != "4" || *ch.Metadata != "sum" {
		t.Fatal(ch, err)
	}
	if e := s.last(t, "CreateAuthChallenge"); !strings.Contains(e, `"challengeName":"CUSTOM_CHALLENGE","session":[]`) {
		t.Fatal(e)
	}

	for answer, want := range map[string]bool{`{"answerCorrect":true}`: true, `{"answerCorrect":false}`: false, `{}`: false, `null`: false} {
		s.answers("VerifyAuthChallengeResponse", answer)
		right, err := s.triggers.VerifyChallenge(t.Context(), s.pool, s.client, s.user, "ana", ch.Private, "4")
		if err != nil || right != want {
			t.Fatal(answer, right, err)
		}
	}
	if e := s.last(t, "VerifyAuthChallengeResponse"); !strings.Contains(e, `"privateChallengeParameters":{"a":"4"},"challengeAnswer":"4"`) {
		t.Fatal(e)
	}
}

// TestUndecided: a function that says nothing does not sign anybody in.
func TestUndecided(t *testing.T) {
	s := newStage("DefineAuthChallenge")
	s.answers("DefineAuthChallenge", `{}`)
	_, err := s.triggers.DefineChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil)
	wantFault(t, err, userpool.ErrInvalidLambdaResponse, "Unrecognizable lambda output")
}

func TestNoCustomAuth(t *testing.T) {
	s := newStage()
	const text = "Custom auth lambda trigger is not configured for the user pool."
	_, err := s.triggers.DefineChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil)
	wantFault(t, err, userpool.ErrInvalidParameter, text)
	_, err = s.triggers.CreateChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil)
	wantFault(t, err, userpool.ErrInvalidParameter, text)
	right, err := s.triggers.VerifyChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil, "")
	wantFault(t, err, userpool.ErrInvalidParameter, text)
	if right || s.pool.CustomAuth() {
		t.Fatal("no function, but the answer is right")
	}
}

// TestNoTriggers: a pool without a trigger, and a nil Triggers, do nothing.
func TestNoTriggers(t *testing.T) {
	s := newStage()
	for _, triggers := range []*userpool.Triggers{s.triggers, nil} {
		if err := triggers.PreAuthentication(t.Context(), s.pool, s.client, s.user, "ana"); err != nil {
			t.Fatal(err)
		}
		m, err := triggers.Migrate(t.Context(), s.pool, s.client, userpool.MigrateSignIn, "ana", password)
		if m != nil || err != nil {
			t.Fatal(m, err)
		}
	}
}

// TestTriggerErrors: each failure has the code and the text that Cognito has for it.
func TestTriggerErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kind error
		text string
	}{
		"thrown":   {&userpool.FunctionError{Message: "go away"}, userpool.ErrUserLambda, "PreAuthentication failed with error go away."},
		"null":     {&userpool.FunctionError{Message: "null"}, userpool.ErrUserLambda, "PreAuthentication failed with error null."},
		"timeout":  {&userpool.InvokeError{Reason: userpool.ReasonTimeout}, userpool.ErrUnexpectedLambda, "PreAuthentication invocation failed due to error Socket timeout while invoking Lambda function."},
		"denied":   {&userpool.InvokeError{Reason: "AccessDeniedException", Err: errors.New("secret")}, userpool.ErrUnexpectedLambda, "PreAuthentication invocation failed due to error AccessDeniedException."},
		"anything": {errors.New("secret"), userpool.ErrUnexpectedLambda, "PreAuthentication invocation failed due to error ServiceException."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage("PreAuthentication")
			s.on("PreAuthentication", func(map[string]any) (any, error) { return nil, c.err })
			wantFault(t, s.triggers.PreAuthentication(t.Context(), s.pool, s.client, s.user, "ana"), c.kind, c.text)
		})
	}
}

// TestLongError: a function cannot flood the client with what it throws.
func TestLongError(t *testing.T) {
	s := newStage("PreAuthentication")
	s.throws("PreAuthentication", strings.Repeat("é", 100000))
	err := s.triggers.PreAuthentication(t.Context(), s.pool, s.client, s.user, "ana")
	wantFault(t, err, userpool.ErrUserLambda, "PreAuthentication failed with error "+strings.Repeat("é", 1000)+".")
	s.throws("PreAuthentication", "x"+strings.Repeat("é", 1000))
	err = s.triggers.PreAuthentication(t.Context(), s.pool, s.client, s.user, "ana")
	wantFault(t, err, userpool.ErrUserLambda, "PreAuthentication failed with error x"+strings.Repeat("é", 999)+".")
}

// TestNoEndpoint: a server that can run no function refuses what needs one.
func TestNoEndpoint(t *testing.T) {
	s := newStage("PreAuthentication")
	triggers := &userpool.Triggers{Log: slog.New(slog.DiscardHandler)}
	wantFault(t, triggers.PreAuthentication(t.Context(), s.pool, s.client, s.user, "ana"), userpool.ErrUnexpectedLambda,
		"PreAuthentication invocation failed due to error EndpointNotConfigured.")
}

// TestGoneClient: who hangs up gets no verdict about the function.
func TestGoneClient(t *testing.T) {
	s := newStage("PreAuthentication")
	ctx, cancel := context.WithCancel(t.Context())
	s.on("PreAuthentication", func(map[string]any) (any, error) { cancel(); return nil, ctx.Err() })
	if err := s.triggers.PreAuthentication(ctx, s.pool, s.client, s.user, "ana"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestUnreadableAnswers: an answer that is not the event is an error, never a yes.
func TestUnreadableAnswers(t *testing.T) {
	for _, answer := range []string{"", "null", `"yes"`, "[]", "true", "<html>", `{"response":{"answerCorrect":true}`, `{"response":[]}`,
		`{"response":true}`, `{"response":"x"}`, `{"response":{"answerCorrect":"true"}}`, `{"response":{"answerCorrect":1}}`, `{"response":{}} trailing`} {
		s := newStage("VerifyAuthChallengeResponse")
		s.on("VerifyAuthChallengeResponse", func(map[string]any) (any, error) { return []byte(answer), nil })
		right, err := s.triggers.VerifyChallenge(t.Context(), s.pool, s.client, s.user, "ana", nil, "4")
		if right {
			t.Fatalf("%q is taken for a yes", answer)
		}
		wantFault(t, err, userpool.ErrInvalidLambdaResponse, "Unrecognizable lambda output")
	}
}

func TestMigrate(t *testing.T) {
	s := newStage("UserMigration")
	s.answers("UserMigration", `{"userAttributes":{"email":"bob@example.com"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS",
		"desiredDeliveryMediums":["EMAIL"],"forceAliasCreation":true,"enableSMSMFA":true}`)
	ctx := userpool.WithValidationData(t.Context(), map[string]string{"k": "v"})
	m, err := s.triggers.Migrate(ctx, s.pool, s.client, userpool.MigrateSignIn, "bob", "pw")
	if err != nil || m.Attributes["email"] != "bob@example.com" || m.Status != userpool.Confirmed || m.MessageAction != "SUPPRESS" ||
		m.Mediums[0] != "EMAIL" || !m.ForceAlias || !m.SMSMFA {
		t.Fatal(m, err)
	}
	sameJSON(t, s.last(t, "UserMigration"), `{"version":"1","triggerSource":"UserMigration_Authentication","region":"us-east-1",
		"userPoolId":"us-east-1_Pool00001","userName":"bob","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"client1"},
		"request":{"password":"pw","validationData":{"k":"v"}},
		"response":{"userAttributes":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null,"forceAliasCreation":null,"enableSMSMFA":null}}`)
}

// TestMigrateNobody: a function that finds nobody, or fails, leaves the user
// unknown; a client that hides who exists learns nothing.
func TestMigrateNobody(t *testing.T) {
	s := newStage("UserMigration")
	s.answers("UserMigration", `{}`)
	_, err := s.triggers.Migrate(t.Context(), s.pool, s.client, userpool.MigrateSignIn, "bob", "pw")
	wantFault(t, err, userpool.ErrUserNotFound, "Exception migrating user in app client client1")
	s.throws("UserMigration", "no such user")
	_, err = s.triggers.Migrate(t.Context(), s.pool, s.client, userpool.MigrateSignIn, "bob", "pw")
	wantFault(t, err, userpool.ErrUserNotFound, "Exception migrating user in app client client1")
	s.client.HideUserExistence = true
	m, err := s.triggers.Migrate(t.Context(), s.pool, s.client, userpool.MigrateSignIn, "bob", "pw")
	if m != nil || err != nil {
		t.Fatal(m, err)
	}
}
