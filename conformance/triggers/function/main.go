// Function is a Lambda function for every trigger of a user pool, written as one
// for Amazon Cognito is: with aws-lambda-go and its event types alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

// handle runs the handler of an event's trigger.
func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var head events.CognitoEventUserPoolsHeader
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(head.TriggerSource, "_")
	switch name {
	case "PreSignUp":
		return with(raw, preSignUp)
	case "PostConfirmation":
		return with(raw, postConfirmation)
	case "PreAuthentication":
		return with(raw, preAuthentication)
	case "DefineAuthChallenge":
		return with(raw, define)
	case "CreateAuthChallenge":
		return with(raw, create)
	case "VerifyAuthChallengeResponse":
		return with(raw, verify)
	case "TokenGeneration":
		return with(raw, preToken)
	case "UserMigration":
		return with(raw, migrate)
	case "CustomMessage":
		return with(raw, customMessage)
	}
	return nil, errors.New("unknown trigger " + head.TriggerSource)
}

// with decodes an event for a handler.
func with[E any](raw json.RawMessage, f func(*E) error) (*E, error) {
	e := new(E)
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, err
	}
	return e, f(e)
}

// preSignUp does what the client's captcha says.
func preSignUp(e *events.CognitoEventUserPoolsPreSignup) error {
	switch e.Request.ValidationData["captcha"] {
	case "wrong":
		return errors.New("the captcha is wrong")
	case "crash":
		os.Exit(129)
	case "hang":
		select {}
	case "trusted":
		e.Response.AutoConfirmUser, e.Response.AutoVerifyEmail = true, true
	}
	return nil
}

func postConfirmation(e *events.CognitoEventUserPoolsPostConfirmation) error {
	if e.Request.ClientMetadata["crm"] == "down" {
		return errors.New("the CRM does not answer")
	}
	fmt.Println("confirmed", e.UserName, e.Request.UserAttributes["cognito:user_status"])
	return nil
}

func preAuthentication(e *events.CognitoEventUserPoolsPreAuthentication) error {
	if e.Request.ValidationData["country"] == "XX" {
		return errors.New("not from there")
	}
	return nil
}

// define asks one question, three times at most.
func define(e *events.CognitoEventUserPoolsDefineAuthChallenge) error {
	rounds := e.Request.Session
	switch {
	case len(rounds) > 0 && rounds[len(rounds)-1].ChallengeResult:
		e.Response.IssueTokens = true
	case len(rounds) >= 3:
		e.Response.FailAuthentication = true
	default:
		e.Response.ChallengeName = "CUSTOM_CHALLENGE"
	}
	return nil
}

func create(e *events.CognitoEventUserPoolsCreateAuthChallenge) error {
	e.Response.PublicChallengeParameters = map[string]string{"question": "17 + 4"}
	e.Response.PrivateChallengeParameters = map[string]string{"answer": "21"}
	e.Response.ChallengeMetadata = "SUM"
	return nil
}

func verify(e *events.CognitoEventUserPoolsVerifyAuthChallenge) error {
	e.Response.AnswerCorrect = e.Request.ChallengeAnswer == e.Request.PrivateChallengeParameters["answer"]
	return nil
}

// preToken tells apps of the tenant, and tries what it may not.
func preToken(e *events.CognitoEventUserPoolsPreTokenGenV2_0) error {
	claims := map[string]any{"tenant": map[string]any{"id": "t1", "seats": 3}, "sub": "somebody else", "iss": "https://evil.example"}
	d := &e.Response.ClaimsAndScopeOverrideDetails
	d.IDTokenGeneration.ClaimsToAddOrOverride = claims
	d.IDTokenGeneration.ClaimsToSuppress = []string{"email"}
	d.AccessTokenGeneration.ClaimsToAddOrOverride = claims
	d.AccessTokenGeneration.ScopesToAdd = []string{"orders/read"}
	d.GroupOverrideDetails.GroupsToOverride = append(e.Request.GroupConfiguration.GroupsToOverride, e.TriggerSource)
	return nil
}

// migrate knows one user of the old directory.
func migrate(e *events.CognitoEventUserPoolsMigrateUser) error {
	if e.UserName != "olga" || e.TriggerSource == "UserMigration_Authentication" && e.Password != "old-pw" {
		return errors.New("no such user, or another password")
	}
	e.UserAttributes = map[string]string{"email": "olga@example.com", "email_verified": "true"}
	e.FinalUserStatus, e.MessageAction = "CONFIRMED", "SUPPRESS"
	return nil
}

func customMessage(e *events.CognitoEventUserPoolsCustomMessage) error {
	if e.Request.ClientMetadata["lang"] == "de" {
		e.Response.EmailSubject = "Willkommen"
		e.Response.EmailMessage = "Dein Code ist " + e.Request.CodeParameter
	}
	return nil
}
