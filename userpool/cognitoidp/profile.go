package cognitoidp

import (
	"context"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// signedIn returns the user of an access token, and the client that it was
// issued to.
func (a *API) signedIn(ctx context.Context, token *string) (*userpool.User, *userpool.Client, error) {
	claims, err := a.Tokens.SignedInUser(ctx, *token)
	if err != nil {
		return nil, nil, plainRefusal(ctx, err)
	}
	awsapi.FromContext(ctx).NoteUser(claims.User.Sub)
	c, err := a.Pools.Client(ctx, claims.Pool, claims.Client)
	return claims.User, c, plainRefusal(ctx, err)
}

// The operations whose model knows no UserNotFoundException, and of these the ones
// that know no ResourceNotFoundException for the client either: callers could not
// tell what it is.
var (
	noClientError = []string{"StartWebAuthnRegistration", "CompleteWebAuthnRegistration", "ListWebAuthnCredentials", "DeleteWebAuthnCredential"}
	noUserError   = append([]string{"AssociateSoftwareToken", "GlobalSignOut"}, noClientError...)
)

// plainRefusal says of a token whose user or client is gone that it was revoked,
// where the operation declares no better error.
func plainRefusal(ctx context.Context, err error) error {
	operation := awsapi.FromContext(ctx).Operation
	if errors.Is(err, userpool.ErrUserNotFound) && slices.Contains(noUserError, operation) ||
		errors.Is(err, userpool.ErrClientNotFound) && slices.Contains(noClientError, operation) {
		return userpool.Fail(userpool.ErrNotAuthorized, "Access Token has been revoked")
	}
	return err
}

// UpdateUserAttributes changes the user's own attributes.
func (a *API) UpdateUserAttributes(ctx context.Context, in *UpdateUserAttributesInput) (*UpdateUserAttributesOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	sent, err := a.Pools.UpdateAttributes(ctx, c, u, attributesIn(in.UserAttributes))
	if err != nil {
		return nil, err
	}
	out := &UpdateUserAttributesOutput{CodeDeliveryDetailsList: []CodeDeliveryDetailsType{}}
	for _, d := range sent {
		out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, *deliveryOut(d))
	}
	return out, nil
}

// DeleteUserAttributes deletes the user's own attributes.
func (a *API) DeleteUserAttributes(ctx context.Context, in *DeleteUserAttributesInput) (*DeleteUserAttributesOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &DeleteUserAttributesOutput{}, a.Pools.DeleteAttributes(ctx, c, u, in.UserAttributeNames)
}

// GetUserAttributeVerificationCode sends a code that verifies an address.
func (a *API) GetUserAttributeVerificationCode(ctx context.Context, in *GetUserAttributeVerificationCodeInput) (*GetUserAttributeVerificationCodeOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	d, err := a.Pools.AttributeCode(ctx, c, u, *in.AttributeName)
	return &GetUserAttributeVerificationCodeOutput{CodeDeliveryDetails: deliveryOut(d)}, err
}

// VerifyUserAttribute verifies an address with its code.
func (a *API) VerifyUserAttribute(ctx context.Context, in *VerifyUserAttributeInput) (*VerifyUserAttributeOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &VerifyUserAttributeOutput{}, a.Pools.VerifyAttribute(ctx, u, *in.AttributeName, *in.Code)
}

// ChangePassword replaces the user's own password.
func (a *API) ChangePassword(ctx context.Context, in *ChangePasswordInput) (*ChangePasswordOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &ChangePasswordOutput{}, a.Pools.ChangePassword(ctx, c, u, awsapi.Value(in.PreviousPassword), *in.ProposedPassword)
}

// DeleteUser deletes the user's own account.
func (a *API) DeleteUser(ctx context.Context, in *DeleteUserInput) (*DeleteUserOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &DeleteUserOutput{}, a.Pools.DeleteUser(ctx, u)
}
