package userpool

import (
	"context"
	"maps"
)

// A signUpVerdict is what a function says of an account to be made.
type signUpVerdict struct {
	Confirm     bool `json:"autoConfirmUser"`
	VerifyEmail bool `json:"autoVerifyEmail"`
	VerifyPhone bool `json:"autoVerifyPhone"`
}

// preSignUp asks whether an account may be made, of which it tells the attributes
// that the request gave. c is nil for administrators.
func (t *Triggers) preSignUp(ctx context.Context, p *Pool, c *Client, source, username string, attributes map[string]string) (signUpVerdict, error) {
	request := struct {
		subject
		Validation map[string]string `json:"validationData,omitempty"`
		metadata
	}{subject{attributes}, validationDataOf(ctx), metadataOf(ctx)}
	var out signUpVerdict
	_, err := t.run(ctx, p, triggerPreSignUp, newEvent(source, idOf(c), username, request), &out)
	return out, err
}

// preSignUp asks about the account u of a stranger, who gave attributes, and gives
// u what the function grants. verified says that addresses are the user's by the
// function's word: they leave whoever held them before.
func (s *Service) preSignUp(ctx context.Context, p *Pool, c *Client, u *User, attributes map[string]string) (verified bool, err error) {
	v, err := s.Triggers.preSignUp(ctx, p, c, "PreSignUp_SignUp", u.Username, given(u, attributes))
	if err != nil {
		return false, err
	}
	if verified, err = v.grant(u); err != nil {
		return false, err
	}
	if v.Confirm {
		u.Status = Confirmed
	}
	return verified, nil
}

// grant verifies the addresses of u that the function says are theirs, and reports
// whether there are any.
func (v signUpVerdict) grant(u *User) (verified bool, err error) {
	for _, grant := range []struct {
		flag      bool
		name      string
		attribute string
	}{{v.VerifyEmail, "autoVerifyEmail", "email"}, {v.VerifyPhone, "autoVerifyPhone", "phone_number"}} {
		if !grant.flag {
			continue
		}
		if u.Attributes[grant.attribute] == "" {
			return false, Fail(ErrInvalidLambdaResponse, "PreSignUp set "+grant.name+", but the user has no "+grant.attribute+".")
		}
		u.Attributes[grant.attribute+"_verified"] = "true"
		verified = true
	}
	return verified, nil
}

// given returns the attributes of a new user that are known from the request, and
// none that the server adds.
func given(u *User, asked map[string]string) map[string]string {
	attributes := maps.Clone(u.Attributes)
	for _, a := range []string{"email_verified", "phone_number_verified"} {
		if asked[a] == "" {
			delete(attributes, a)
		}
	}
	return attributes
}

// The sources of PostConfirmation.
const (
	postSignUp         = "PostConfirmation_ConfirmSignUp"
	postForgotPassword = "PostConfirmation_ConfirmForgotPassword"
)

// postConfirmation tells that u is confirmed. An error undoes nothing. c is nil for
// administrators.
func (t *Triggers) postConfirmation(ctx context.Context, p *Pool, c *Client, u *User, source string) error {
	request := struct {
		subject
		metadata
	}{p.about(u), metadataOf(ctx)}
	_, err := t.run(ctx, p, triggerPostConfirmation, newEvent(source, idOf(c), u.Username, request), &none{})
	return err
}
