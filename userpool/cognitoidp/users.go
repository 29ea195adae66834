package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// AdminCreateUser makes a user, or invites one again.
func (a *API) AdminCreateUser(ctx context.Context, in *AdminCreateUserInput) (*AdminCreateUserOutput, error) {
	u, err := a.Pools.AdminCreateUser(ctx, pool(in.UserPoolId), userpool.NewUser{
		Username: *in.Username, Attributes: attributesIn(in.UserAttributes), TemporaryPassword: awsapi.Value(in.TemporaryPassword),
		MessageAction: awsapi.Value(in.MessageAction), Mediums: in.DesiredDeliveryMediums, ForceAlias: awsapi.Value(in.ForceAliasCreation),
	})
	if err != nil {
		return nil, err
	}
	return &AdminCreateUserOutput{User: awsapi.Ptr(userOut(u, nil))}, nil
}

// AdminGetUser reports a user.
func (a *API) AdminGetUser(ctx context.Context, in *AdminGetUserInput) (*AdminGetUserOutput, error) {
	u, err := a.Pools.User(ctx, pool(in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	v := userOut(u, nil)
	factors, preferred := u.MFA.Enabled()
	return &AdminGetUserOutput{
		PreferredMfaSetting: optional(preferred), UserMFASettingList: factors,
		Username: v.Username, UserAttributes: v.Attributes, Enabled: v.Enabled, UserStatus: v.UserStatus,
		UserCreateDate: v.UserCreateDate, UserLastModifiedDate: v.UserLastModifiedDate,
	}, nil
}

// AdminSetUserPassword gives a user a password.
func (a *API) AdminSetUserPassword(ctx context.Context, in *AdminSetUserPasswordInput) (*AdminSetUserPasswordOutput, error) {
	return &AdminSetUserPasswordOutput{}, a.Pools.AdminSetPassword(ctx, pool(in.UserPoolId), *in.Username, *in.Password, awsapi.Value(in.Permanent))
}

// AdminUpdateUserAttributes sets attributes of a user.
func (a *API) AdminUpdateUserAttributes(ctx context.Context, in *AdminUpdateUserAttributesInput) (*AdminUpdateUserAttributesOutput, error) {
	return &AdminUpdateUserAttributesOutput{}, a.Pools.AdminUpdateAttributes(ctx, pool(in.UserPoolId), *in.Username, attributesIn(in.UserAttributes))
}

// AdminDeleteUserAttributes deletes attributes of a user.
func (a *API) AdminDeleteUserAttributes(ctx context.Context, in *AdminDeleteUserAttributesInput) (*AdminDeleteUserAttributesOutput, error) {
	return &AdminDeleteUserAttributesOutput{}, a.Pools.AdminDeleteAttributes(ctx, pool(in.UserPoolId), *in.Username, in.UserAttributeNames)
}

// AdminDeleteUser deletes a user.
func (a *API) AdminDeleteUser(ctx context.Context, in *AdminDeleteUserInput) (*AdminDeleteUserOutput, error) {
	return &AdminDeleteUserOutput{}, a.Pools.AdminDeleteUser(ctx, pool(in.UserPoolId), *in.Username)
}

// AdminEnableUser lets a user sign in.
func (a *API) AdminEnableUser(ctx context.Context, in *AdminEnableUserInput) (*AdminEnableUserOutput, error) {
	return &AdminEnableUserOutput{}, a.Pools.AdminSetEnabled(ctx, pool(in.UserPoolId), *in.Username, true)
}

// AdminDisableUser keeps a user from signing in and revokes their tokens.
func (a *API) AdminDisableUser(ctx context.Context, in *AdminDisableUserInput) (*AdminDisableUserOutput, error) {
	return &AdminDisableUserOutput{}, a.Pools.AdminSetEnabled(ctx, pool(in.UserPoolId), *in.Username, false)
}

// AdminConfirmSignUp confirms a user without a code.
func (a *API) AdminConfirmSignUp(ctx context.Context, in *AdminConfirmSignUpInput) (*AdminConfirmSignUpOutput, error) {
	return &AdminConfirmSignUpOutput{}, a.Pools.AdminConfirmSignUp(ctx, pool(in.UserPoolId), *in.Username)
}

// AdminResetUserPassword makes a user choose a new password.
func (a *API) AdminResetUserPassword(ctx context.Context, in *AdminResetUserPasswordInput) (*AdminResetUserPasswordOutput, error) {
	return &AdminResetUserPasswordOutput{}, a.Pools.AdminResetPassword(ctx, pool(in.UserPoolId), *in.Username)
}

// AdminUserGlobalSignOut revokes all tokens of a user.
func (a *API) AdminUserGlobalSignOut(ctx context.Context, in *AdminUserGlobalSignOutInput) (*AdminUserGlobalSignOutOutput, error) {
	return &AdminUserGlobalSignOutOutput{}, a.Pools.AdminSignOut(ctx, pool(in.UserPoolId), *in.Username)
}

// ListUsers lists the users of a pool.
func (a *API) ListUsers(ctx context.Context, in *ListUsersInput) (*ListUsersOutput, error) {
	users, next, err := a.Pools.Users(ctx, pool(in.UserPoolId), awsapi.Value(in.Filter), awsapi.Value(in.PaginationToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	return &ListUsersOutput{Users: usersOut(users, in.AttributesToGet), PaginationToken: optional(next)}, nil
}
