package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// The operations of this file are about what there is none of here: instance
// profiles, groups, and credentials of users other than access keys and MFA devices. Terraform's
// provider asks for them before it deletes a role or a user, and "none" is the truth.

// none is IsTruncated of a list of nothing, once the entity it is about was found.
func none[T any](_ *T, err error) (*bool, error) { return awsapi.Ptr(false), err }

// noneOf is none for an operation whose user may be the caller.
func (a *API) noneOf(ctx context.Context, user *string) (*bool, error) {
	name, err := a.self(ctx, user)
	if err != nil {
		return nil, err
	}
	return none(a.STS.User(ctx, name))
}

// ListInstanceProfilesForRole serves the operation of that name.
func (a *API) ListInstanceProfilesForRole(ctx context.Context, in *ListInstanceProfilesForRoleInput) (*ListInstanceProfilesForRoleOutput, error) {
	no, err := none(a.STS.Role(ctx, *in.RoleName))
	return &ListInstanceProfilesForRoleOutput{IsTruncated: no}, err
}

// ListGroupsForUser serves the operation of that name.
func (a *API) ListGroupsForUser(ctx context.Context, in *ListGroupsForUserInput) (*ListGroupsForUserOutput, error) {
	no, err := none(a.STS.User(ctx, *in.UserName))
	return &ListGroupsForUserOutput{IsTruncated: no}, err
}

// ListSSHPublicKeys serves the operation of that name.
func (a *API) ListSSHPublicKeys(ctx context.Context, in *ListSSHPublicKeysInput) (*ListSSHPublicKeysOutput, error) {
	no, err := a.noneOf(ctx, in.UserName)
	return &ListSSHPublicKeysOutput{IsTruncated: no}, err
}

// ListSigningCertificates serves the operation of that name.
func (a *API) ListSigningCertificates(ctx context.Context, in *ListSigningCertificatesInput) (*ListSigningCertificatesOutput, error) {
	no, err := a.noneOf(ctx, in.UserName)
	return &ListSigningCertificatesOutput{IsTruncated: no}, err
}

// ListServiceSpecificCredentials serves the operation of that name.
func (a *API) ListServiceSpecificCredentials(ctx context.Context, in *ListServiceSpecificCredentialsInput) (*ListServiceSpecificCredentialsOutput, error) {
	if awsapi.Value(in.AllUsers) {
		return &ListServiceSpecificCredentialsOutput{IsTruncated: awsapi.Ptr(false)}, nil
	}
	no, err := a.noneOf(ctx, in.UserName)
	return &ListServiceSpecificCredentialsOutput{IsTruncated: no}, err
}

// DeleteLoginProfile serves the operation of that name: no user has a password.
func (a *API) DeleteLoginProfile(ctx context.Context, in *DeleteLoginProfileInput) (*DeleteLoginProfileOutput, error) {
	name, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if _, err := a.STS.User(ctx, name); err != nil {
		return nil, err
	}
	return nil, &awsapi.Error{Status: 404, Code: "NoSuchEntity", Message: "Login Profile for User " + name + " cannot be found."}
}
