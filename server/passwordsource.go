package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	sourceTime  = 5 * time.Second // for a verdict on one password
	sourceLimit = 256 << 10       // bytes of its answer
)

// passwordSource asks another user pool, by InitiateAuth, whether a password is
// right.
type passwordSource struct{ client *outbound.Client }

// Allows implements userpool.PasswordAsker.
func (s passwordSource) Allows(at *url.URL) error {
	if at.RawQuery != "" || at.Fragment != "" {
		return outbound.ErrForbidden
	}
	return s.client.Allows(at)
}

// Ask implements userpool.PasswordAsker.
func (s passwordSource) Ask(ctx context.Context, q userpool.PasswordQuestion) (*userpool.PasswordVerdict, error) {
	ctx, cancel := context.WithTimeout(ctx, sourceTime)
	defer cancel()
	params := map[string]string{"USERNAME": q.Username, "PASSWORD": q.Password}
	if q.Secret != "" {
		params["SECRET_HASH"] = userpool.SecretHash(q.Secret, q.Client, q.Username)
	}
	body, err := json.Marshal(map[string]any{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": q.Client, "AuthParameters": params})
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService.InitiateAuth"}}
	answer, err := s.client.Call(ctx, strings.TrimRight(q.Endpoint, "/")+"/", header, body, sourceLimit)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return refusal(answer)
	}
	return verdict(answer.Body)
}

// refusal tells a wrong password from a refusal that has to do with something else:
// NotAuthorizedException also says that attempts were too many, or that the app
// client's secret is not right.
func refusal(answer *outbound.Answer) (*userpool.PasswordVerdict, error) {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer.Body, &e); err != nil {
		return nil, fmt.Errorf("status %d without an error", answer.Status)
	}
	code := e.Type[strings.LastIndex(e.Type, "#")+1:]
	switch {
	case code == "NotAuthorizedException" && (e.Message == "Incorrect username or password." || e.Message == "User is disabled."),
		code == "UserNotFoundException", code == "UserNotConfirmedException":
		return &userpool.PasswordVerdict{}, nil
	case code == "PasswordResetRequiredException":
		return &userpool.PasswordVerdict{ResetRequired: true}, nil
	}
	return nil, fmt.Errorf("status %d: %.64q", answer.Status, code)
}

// verdict reads the answer to a password that was accepted: tokens, or a challenge
// that comes only after the right password.
func verdict(body []byte) (*userpool.PasswordVerdict, error) {
	var out struct {
		ChallengeName        string
		AuthenticationResult *struct{ IdToken string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, errors.New("answer is not JSON")
	}
	switch out.ChallengeName {
	case "":
		if out.AuthenticationResult == nil {
			return nil, errors.New("answer has neither tokens nor a challenge")
		}
		sub, err := subject(out.AuthenticationResult.IdToken)
		return &userpool.PasswordVerdict{Right: true, Sub: sub}, err
	case "NEW_PASSWORD_REQUIRED":
		return &userpool.PasswordVerdict{Right: true, Temporary: true}, nil
	case "SMS_MFA":
		return &userpool.PasswordVerdict{Right: true, SMS: true}, nil
	case "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SELECT_MFA_TYPE", "MFA_SETUP":
		return &userpool.PasswordVerdict{Right: true}, nil
	}
	return nil, fmt.Errorf("challenge %.64q proves nothing", out.ChallengeName)
}

// subject reads the sub of an ID token that has just come from its issuer itself,
// so that its signature adds nothing.
func subject(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("ID token is not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errors.New("ID token is not a JWT")
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Sub == "" {
		return "", errors.New("ID token has no sub")
	}
	return claims.Sub, nil
}
