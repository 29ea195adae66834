package iamapi

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

func userOut(u *sts.User) *User {
	return &User{Path: &u.Path, UserName: &u.Name, UserId: &u.ID, Arn: awsapi.Ptr(u.ARN()), CreateDate: &u.Created,
		PermissionsBoundary: boundary(u.Permissions.Boundary), Tags: tagsOut(u.Tags)}
}

// calledByRoot reports whether the account's root key signed the call.
func calledByRoot(ctx context.Context) bool {
	c := awsapi.FromContext(ctx).Caller
	if c == nil {
		return false
	}
	p, ok := c.Principal.(*sts.Principal)
	return ok && p.Kind == sts.Root
}

// self is the user that an operation without UserName is about: the caller.
func (a *API) self(ctx context.Context, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	if c := awsapi.FromContext(ctx).Caller; c != nil {
		if p, ok := c.Principal.(*sts.Principal); ok && p.Kind == sts.IAMUser {
			return p.Name, nil
		}
	}
	return "", &awsapi.Error{Status: 400, Code: "ValidationError", Message: "Must specify userName when calling with non-User credentials"}
}

// CreateUser serves the operation of that name.
func (a *API) CreateUser(ctx context.Context, in *CreateUserInput) (*CreateUserOutput, error) {
	u := &sts.User{Path: awsapi.Value(in.Path), Name: *in.UserName, Tags: tagsIn(in.Tags)}
	u.Permissions.Boundary = awsapi.Value(in.PermissionsBoundary)
	if err := a.STS.CreateUser(ctx, u); err != nil {
		return nil, err
	}
	return &CreateUserOutput{User: userOut(u)}, nil
}

// GetUser serves the operation of that name.
func (a *API) GetUser(ctx context.Context, in *GetUserInput) (*GetUserOutput, error) {
	if in.UserName == nil && calledByRoot(ctx) {
		c := awsapi.FromContext(ctx).Caller
		return &GetUserOutput{User: &User{Path: awsapi.Ptr("/"), UserId: &c.UserID, Arn: &c.ARN}}, nil
	}
	name, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	u, err := a.STS.User(ctx, name)
	if err != nil {
		return nil, err
	}
	return &GetUserOutput{User: userOut(u)}, nil
}

// ListUsers serves the operation of that name. As in AWS it leaves tags out.
func (a *API) ListUsers(ctx context.Context, in *ListUsersInput) (*ListUsersOutput, error) {
	p, err := page(in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	list, next, err := a.STS.Users(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &ListUsersOutput{}
	out.IsTruncated, out.Marker = more(next)
	for _, u := range list {
		user := userOut(u)
		user.Tags, user.PermissionsBoundary = nil, nil
		out.Users = append(out.Users, *user)
	}
	return out, nil
}

// UpdateUser serves the operation of that name. Who moves a user needs permission
// for both ends: for the user that is, and for the one that it becomes.
func (a *API) UpdateUser(ctx context.Context, in *UpdateUserInput) (*UpdateUserOutput, error) {
	u, err := a.STS.User(ctx, *in.UserName)
	if err != nil {
		return nil, err
	}
	moved := *u
	if in.NewUserName != nil {
		moved.Name = *in.NewUserName
	}
	if in.NewPath != nil {
		moved.Path = *in.NewPath
	}
	if moved.ARN() != u.ARN() {
		if err := a.mayBecome(ctx, &moved, in); err != nil {
			return nil, err
		}
	}
	return &UpdateUserOutput{}, a.STS.RenameUser(ctx, *in.UserName, in.NewUserName, in.NewPath)
}

func (a *API) mayBecome(ctx context.Context, u *sts.User, in *UpdateUserInput) error {
	if a.Authorizer == nil {
		return errors.New("iamapi: nobody to ask for iam:UpdateUser")
	}
	return a.Authorizer.Authorize(ctx, awsapi.FromContext(ctx).Caller, "iam:UpdateUser", u.ARN(), a.keys("UpdateUser", in))
}

// DeleteUser serves the operation of that name.
func (a *API) DeleteUser(ctx context.Context, in *DeleteUserInput) (*DeleteUserOutput, error) {
	return &DeleteUserOutput{}, a.STS.DeleteUser(ctx, *in.UserName)
}

// TagUser serves the operation of that name.
func (a *API) TagUser(ctx context.Context, in *TagUserInput) (*TagUserOutput, error) {
	return &TagUserOutput{}, a.STS.TagUser(ctx, *in.UserName, tagsIn(in.Tags))
}

// UntagUser serves the operation of that name.
func (a *API) UntagUser(ctx context.Context, in *UntagUserInput) (*UntagUserOutput, error) {
	return &UntagUserOutput{}, a.STS.UntagUser(ctx, *in.UserName, in.TagKeys)
}

// ListUserTags serves the operation of that name.
func (a *API) ListUserTags(ctx context.Context, in *ListUserTagsInput) (out *ListUserTagsOutput, err error) {
	u, err := a.STS.User(ctx, *in.UserName)
	if err != nil {
		return nil, err
	}
	out = &ListUserTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker, err = part(tagsOut(u.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}

// PutUserPermissionsBoundary serves the operation of that name.
func (a *API) PutUserPermissionsBoundary(ctx context.Context, in *PutUserPermissionsBoundaryInput) (*PutUserPermissionsBoundaryOutput, error) {
	return &PutUserPermissionsBoundaryOutput{}, a.STS.SetUserBoundary(ctx, *in.UserName, *in.PermissionsBoundary)
}

// DeleteUserPermissionsBoundary serves the operation of that name.
func (a *API) DeleteUserPermissionsBoundary(ctx context.Context, in *DeleteUserPermissionsBoundaryInput) (*DeleteUserPermissionsBoundaryOutput, error) {
	return &DeleteUserPermissionsBoundaryOutput{}, a.STS.SetUserBoundary(ctx, *in.UserName, "")
}
