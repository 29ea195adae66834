package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// client returns the client of a public operation, its secret hash checked.
func (a *API) client(ctx context.Context, id, username, secretHash *string) (*userpool.Client, error) {
	return a.Pools.ClientFor(ctx, userpool.ClientID(*id), *username, awsapi.Value(secretHash))
}

// SignUp makes an account for a stranger.
func (a *API) SignUp(ctx context.Context, in *SignUpInput) (*SignUpOutput, error) {
	c, err := a.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	u, d, err := a.Pools.SignUp(ctx, c, userpool.SignUp{
		Username: *in.Username, Password: awsapi.Value(in.Password), Attributes: attributesIn(in.UserAttributes),
	})
	if err != nil {
		return nil, err
	}
	session, err := a.Auth.SignUpSession(c, u)
	if err != nil {
		return nil, err
	}
	return &SignUpOutput{UserConfirmed: awsapi.Ptr(u.Status != userpool.Unconfirmed), UserSub: &u.Sub,
		CodeDeliveryDetails: deliveryOut(d), Session: optional(session)}, nil
}

// ConfirmSignUp confirms an account with its code.
func (a *API) ConfirmSignUp(ctx context.Context, in *ConfirmSignUpInput) (*ConfirmSignUpOutput, error) {
	c, err := a.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	session := awsapi.Value(in.Session)
	if session != "" { // before the code is used up
		if err := a.Auth.CheckSignUpSession(ctx, c, *in.Username, session); err != nil {
			return nil, err
		}
	}
	err = a.Pools.ConfirmSignUp(ctx, c, *in.Username, *in.ConfirmationCode, awsapi.Value(in.ForceAliasCreation))
	if err != nil {
		return nil, err
	}
	var next string
	if session == "" {
		next, err = a.Auth.CodeSession(ctx, c, *in.Username)
	} else {
		next, err = a.Auth.ConfirmedSession(ctx, c, *in.Username, session)
	}
	return &ConfirmSignUpOutput{Session: optional(next)}, err
}

// ResendConfirmationCode sends the sign-up code again.
func (a *API) ResendConfirmationCode(ctx context.Context, in *ResendConfirmationCodeInput) (*ResendConfirmationCodeOutput, error) {
	c, err := a.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	d, err := a.Pools.ResendCode(ctx, c, *in.Username)
	return &ResendConfirmationCodeOutput{CodeDeliveryDetails: deliveryOut(d)}, err
}

// ForgotPassword sends a code for a new password.
func (a *API) ForgotPassword(ctx context.Context, in *ForgotPasswordInput) (*ForgotPasswordOutput, error) {
	c, err := a.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	d, err := a.Pools.ForgotPassword(ctx, c, *in.Username)
	return &ForgotPasswordOutput{CodeDeliveryDetails: deliveryOut(d)}, err
}

// ConfirmForgotPassword sets a new password with its code.
func (a *API) ConfirmForgotPassword(ctx context.Context, in *ConfirmForgotPasswordInput) (*ConfirmForgotPasswordOutput, error) {
	c, err := a.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	return &ConfirmForgotPasswordOutput{}, a.Pools.ConfirmForgotPassword(ctx, c, *in.Username, *in.ConfirmationCode, *in.Password)
}
