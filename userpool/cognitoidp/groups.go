package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateGroup makes a group.
func (a *API) CreateGroup(ctx context.Context, in *CreateGroupInput) (*CreateGroupOutput, error) {
	if err := a.passRole(ctx, in.RoleArn); err != nil {
		return nil, err
	}
	g, err := a.Pools.CreateGroup(ctx, &userpool.Group{
		Pool: pool(in.UserPoolId), Name: *in.GroupName, Description: awsapi.Value(in.Description),
		RoleARN: awsapi.Value(in.RoleArn), Precedence: precedenceIn(in.Precedence),
	})
	if err != nil {
		return nil, err
	}
	return &CreateGroupOutput{Group: awsapi.Ptr(groupOut(g))}, nil
}

// GetGroup reports a group.
func (a *API) GetGroup(ctx context.Context, in *GetGroupInput) (*GetGroupOutput, error) {
	g, err := a.Pools.Group(ctx, pool(in.UserPoolId), *in.GroupName)
	if err != nil {
		return nil, err
	}
	return &GetGroupOutput{Group: awsapi.Ptr(groupOut(g))}, nil
}

// UpdateGroup changes those settings of a group that are given.
func (a *API) UpdateGroup(ctx context.Context, in *UpdateGroupInput) (*UpdateGroupOutput, error) {
	if err := a.passRole(ctx, in.RoleArn); err != nil {
		return nil, err
	}
	g, err := a.Pools.UpdateGroup(ctx, pool(in.UserPoolId), *in.GroupName, func(g *userpool.Group) {
		g.Description, g.RoleARN = or(in.Description, g.Description), or(in.RoleArn, g.RoleARN)
		if in.Precedence != nil {
			g.Precedence = precedenceIn(in.Precedence)
		}
	})
	if err != nil {
		return nil, err
	}
	return &UpdateGroupOutput{Group: awsapi.Ptr(groupOut(g))}, nil
}

// DeleteGroup deletes a group.
func (a *API) DeleteGroup(ctx context.Context, in *DeleteGroupInput) (*DeleteGroupOutput, error) {
	return &DeleteGroupOutput{}, a.Pools.DeleteGroup(ctx, pool(in.UserPoolId), *in.GroupName)
}

// ListGroups lists the groups of a pool.
func (a *API) ListGroups(ctx context.Context, in *ListGroupsInput) (*ListGroupsOutput, error) {
	groups, next, err := a.Pools.Groups(ctx, pool(in.UserPoolId), awsapi.Value(in.NextToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	return &ListGroupsOutput{Groups: groupsOut(groups), NextToken: optional(next)}, nil
}

// ListUsersInGroup lists the members of a group.
func (a *API) ListUsersInGroup(ctx context.Context, in *ListUsersInGroupInput) (*ListUsersInGroupOutput, error) {
	users, next, err := a.Pools.Members(ctx, pool(in.UserPoolId), *in.GroupName, awsapi.Value(in.NextToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	return &ListUsersInGroupOutput{Users: usersOut(users, nil), NextToken: optional(next)}, nil
}

// AdminAddUserToGroup puts a user into a group.
func (a *API) AdminAddUserToGroup(ctx context.Context, in *AdminAddUserToGroupInput) (*AdminAddUserToGroupOutput, error) {
	return &AdminAddUserToGroupOutput{}, a.Pools.AddToGroup(ctx, pool(in.UserPoolId), *in.GroupName, *in.Username)
}

// AdminRemoveUserFromGroup takes a user out of a group.
func (a *API) AdminRemoveUserFromGroup(ctx context.Context, in *AdminRemoveUserFromGroupInput) (*AdminRemoveUserFromGroupOutput, error) {
	return &AdminRemoveUserFromGroupOutput{}, a.Pools.RemoveFromGroup(ctx, pool(in.UserPoolId), *in.GroupName, *in.Username)
}

// AdminListGroupsForUser lists the groups of a user.
func (a *API) AdminListGroupsForUser(ctx context.Context, in *AdminListGroupsForUserInput) (*AdminListGroupsForUserOutput, error) {
	groups, next, err := a.Pools.GroupsOf(ctx, pool(in.UserPoolId), *in.Username, awsapi.Value(in.NextToken), int(awsapi.Value(in.Limit)))
	if err != nil {
		return nil, err
	}
	return &AdminListGroupsForUserOutput{Groups: groupsOut(groups), NextToken: optional(next)}, nil
}

// passRole asks whether the caller may give a group this role: members get it from
// identity pools.
func (a *API) passRole(ctx context.Context, role *string) error {
	return awsapi.PassRole(ctx, a.Authorizer, "cognito-identity.amazonaws.com", awsapi.Value(role))
}
