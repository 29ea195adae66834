package cognitoidp

import (
	"context"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// GetUser returns the user of an access token, as far as its client may read.
func (a *API) GetUser(ctx context.Context, in *GetUserInput) (*GetUserOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	hidden := func(t AttributeType) bool { return !c.Readable(*t.Name) }
	factors, preferred := u.MFA.Enabled()
	return &GetUserOutput{Username: &u.Username, UserAttributes: slices.DeleteFunc(attributesOut(u, nil), hidden),
		PreferredMfaSetting: optional(preferred), UserMFASettingList: factors}, nil
}

// GlobalSignOut ends every sign-in of the user of an access token.
func (a *API) GlobalSignOut(ctx context.Context, in *GlobalSignOutInput) (*GlobalSignOutOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &GlobalSignOutOutput{}, a.Pools.AdminSignOut(ctx, u.Pool, u.Username)
}

// GetTokensFromRefreshToken redeems a refresh token, and rotates it where its
// client says so.
func (a *API) GetTokensFromRefreshToken(ctx context.Context, in *GetTokensFromRefreshTokenInput) (*GetTokensFromRefreshTokenOutput, error) {
	c, err := a.appClient(ctx, *in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := c.CheckSecret(awsapi.Value(in.ClientSecret)); err != nil {
		return nil, err
	}
	set, err := a.Tokens.RefreshFrom(ctx, c, *in.RefreshToken, awsapi.Value(in.DeviceKey))
	if err != nil {
		return nil, err
	}
	return &GetTokensFromRefreshTokenOutput{AuthenticationResult: authenticationResult(set)}, nil
}

// RevokeToken kills a refresh token and all that came of it.
func (a *API) RevokeToken(ctx context.Context, in *RevokeTokenInput) (*RevokeTokenOutput, error) {
	c, err := a.appClient(ctx, *in.ClientId)
	if err != nil {
		return nil, unauthorized(err)
	}
	if err := c.CheckSecret(awsapi.Value(in.ClientSecret)); err != nil {
		return nil, unauthorized(err)
	}
	if !c.TokenRevocation {
		return nil, &awsapi.Error{Status: 400, Code: "UnsupportedOperationException",
			Message: "Token revocation is not enabled for client " + string(c.ID)}
	}
	if err := a.Tokens.Revoke(ctx, c, *in.Token); err != nil {
		return nil, unauthorized(err)
	}
	return &RevokeTokenOutput{}, nil
}

// unauthorized gives a refusal the one code that RevokeToken has for all of them.
func unauthorized(err error) error {
	var fault *userpool.Fault
	if !errors.As(err, &fault) || !errors.Is(err, userpool.ErrNotAuthorized) && !errors.Is(err, userpool.ErrClientNotFound) {
		return err
	}
	return &awsapi.Error{Status: 400, Code: "UnauthorizedException", Message: fault.Text}
}
