package iamapi

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// listedRole is what lists tell of a role: as in AWS neither tags nor boundary.
func (a *API) listedRole(ctx context.Context, r *sts.Role) (*Role, error) {
	trust, err := a.STS.ShownTrust(ctx, r)
	if err != nil {
		return nil, err
	}
	return &Role{Path: &r.Path, RoleName: &r.Name, RoleId: &r.ID, Arn: awsapi.Ptr(r.ARN()), CreateDate: &r.Created,
		AssumeRolePolicyDocument: escape(trust), Description: optional(r.Description),
		MaxSessionDuration: awsapi.Ptr(int32(r.MaxSession / time.Second))}, nil
}

// roleOut is all that is told of a role but its last use.
func (a *API) roleOut(ctx context.Context, r *sts.Role) (*Role, error) {
	out, err := a.listedRole(ctx, r)
	if err != nil {
		return nil, err
	}
	out.PermissionsBoundary, out.Tags = boundary(r.Permissions.Boundary), tagsOut(r.Tags)
	return out, nil
}

// CreateRole serves the operation of that name.
func (a *API) CreateRole(ctx context.Context, in *CreateRoleInput) (*CreateRoleOutput, error) {
	r := &sts.Role{Path: awsapi.Value(in.Path), Name: *in.RoleName, Description: awsapi.Value(in.Description),
		Trust: *in.AssumeRolePolicyDocument, MaxSession: seconds(in.MaxSessionDuration), Tags: tagsIn(in.Tags)}
	r.Permissions.Boundary = awsapi.Value(in.PermissionsBoundary)
	if err := a.STS.CreateRole(ctx, r); err != nil {
		return nil, err
	}
	out, err := a.roleOut(ctx, r)
	return &CreateRoleOutput{Role: out}, err
}

// GetRole serves the operation of that name.
func (a *API) GetRole(ctx context.Context, in *GetRoleInput) (*GetRoleOutput, error) {
	r, err := a.STS.Role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	out, err := a.roleOut(ctx, r)
	if err != nil {
		return nil, err
	}
	use, err := a.STS.RoleLastUsed(ctx, r)
	if out.RoleLastUsed = (&RoleLastUsed{}); !use.Time.IsZero() {
		out.RoleLastUsed = &RoleLastUsed{LastUsedDate: &use.Time, Region: &use.Region}
	}
	return &GetRoleOutput{Role: out}, err
}

// ListRoles serves the operation of that name.
func (a *API) ListRoles(ctx context.Context, in *ListRolesInput) (*ListRolesOutput, error) {
	p, err := page(in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	list, next, err := a.STS.Roles(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &ListRolesOutput{}
	out.IsTruncated, out.Marker = more(next)
	for _, r := range list {
		role, err := a.listedRole(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Roles = append(out.Roles, *role)
	}
	return out, nil
}

// UpdateRole serves the operation of that name.
func (a *API) UpdateRole(ctx context.Context, in *UpdateRoleInput) (*UpdateRoleOutput, error) {
	c := sts.RoleChange{Description: in.Description}
	if in.MaxSessionDuration != nil {
		c.MaxSession = awsapi.Ptr(seconds(in.MaxSessionDuration))
	}
	_, err := a.STS.UpdateRole(ctx, *in.RoleName, c)
	return &UpdateRoleOutput{}, err
}

// UpdateRoleDescription serves the operation of that name.
func (a *API) UpdateRoleDescription(ctx context.Context, in *UpdateRoleDescriptionInput) (*UpdateRoleDescriptionOutput, error) {
	r, err := a.STS.UpdateRole(ctx, *in.RoleName, sts.RoleChange{Description: in.Description})
	if err != nil {
		return nil, err
	}
	out, err := a.roleOut(ctx, r)
	return &UpdateRoleDescriptionOutput{Role: out}, err
}

// UpdateAssumeRolePolicy serves the operation of that name.
func (a *API) UpdateAssumeRolePolicy(ctx context.Context, in *UpdateAssumeRolePolicyInput) (*UpdateAssumeRolePolicyOutput, error) {
	return &UpdateAssumeRolePolicyOutput{}, a.STS.SetTrust(ctx, *in.RoleName, *in.PolicyDocument)
}

// DeleteRole serves the operation of that name.
func (a *API) DeleteRole(ctx context.Context, in *DeleteRoleInput) (*DeleteRoleOutput, error) {
	return &DeleteRoleOutput{}, a.STS.DeleteRole(ctx, *in.RoleName)
}

// PutRolePermissionsBoundary serves the operation of that name.
func (a *API) PutRolePermissionsBoundary(ctx context.Context, in *PutRolePermissionsBoundaryInput) (*PutRolePermissionsBoundaryOutput, error) {
	_, err := a.STS.UpdateRole(ctx, *in.RoleName, sts.RoleChange{Boundary: in.PermissionsBoundary})
	return &PutRolePermissionsBoundaryOutput{}, err
}

// DeleteRolePermissionsBoundary serves the operation of that name.
func (a *API) DeleteRolePermissionsBoundary(ctx context.Context, in *DeleteRolePermissionsBoundaryInput) (*DeleteRolePermissionsBoundaryOutput, error) {
	_, err := a.STS.UpdateRole(ctx, *in.RoleName, sts.RoleChange{Boundary: awsapi.Ptr("")})
	return &DeleteRolePermissionsBoundaryOutput{}, err
}

// TagRole serves the operation of that name.
func (a *API) TagRole(ctx context.Context, in *TagRoleInput) (*TagRoleOutput, error) {
	return &TagRoleOutput{}, a.STS.TagRole(ctx, *in.RoleName, tagsIn(in.Tags))
}

// UntagRole serves the operation of that name.
func (a *API) UntagRole(ctx context.Context, in *UntagRoleInput) (*UntagRoleOutput, error) {
	return &UntagRoleOutput{}, a.STS.UntagRole(ctx, *in.RoleName, in.TagKeys)
}

// ListRoleTags serves the operation of that name.
func (a *API) ListRoleTags(ctx context.Context, in *ListRoleTagsInput) (out *ListRoleTagsOutput, err error) {
	r, err := a.STS.Role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	out = &ListRoleTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker, err = part(tagsOut(r.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}

func tagKey(t Tag) string { return *t.Key }
