package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateRecoveryCodes gives the user of an access token new recovery codes.
func (a *API) CreateRecoveryCodes(ctx context.Context, in *CreateRecoveryCodesInput) (*CreateRecoveryCodesOutput, error) {
	claims, err := a.Tokens.SignedInUser(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	codes, err := a.Pools.CreateOwnRecoveryCodes(ctx, claims.User)
	return &CreateRecoveryCodesOutput{Codes: codes}, err
}

// GetRecoveryCodes tells the user of an access token how many recovery codes are left.
func (a *API) GetRecoveryCodes(ctx context.Context, in *GetRecoveryCodesInput) (*GetRecoveryCodesOutput, error) {
	claims, err := a.Tokens.SignedInUser(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	n, err := a.Pools.CountRecoveryCodes(ctx, claims.User)
	return &GetRecoveryCodesOutput{Remaining: awsapi.Ptr(int32(n))}, err
}

// AdminCreateRecoveryCodes gives a user new recovery codes, for an administrator to
// hand over.
func (a *API) AdminCreateRecoveryCodes(ctx context.Context, in *AdminCreateRecoveryCodesInput) (*AdminCreateRecoveryCodesOutput, error) {
	u, err := a.Pools.User(ctx, userpool.PoolID(*in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	codes, err := a.Pools.CreateRecoveryCodes(ctx, u)
	return &AdminCreateRecoveryCodesOutput{Codes: codes}, err
}
