package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// policyOut describes a policy and how often it is used.
func policyOut(p *sts.ManagedPolicy, used sts.PolicyCount) *Policy {
	return &Policy{PolicyName: &p.Name, PolicyId: &p.ID, Arn: awsapi.Ptr(p.ARN()), Path: &p.Path, DefaultVersionId: &p.Default,
		AttachmentCount: awsapi.Ptr(int32(used.Attached)), PermissionsBoundaryUsageCount: awsapi.Ptr(int32(used.Boundaries)),
		IsAttachable: awsapi.Ptr(!p.Deleting), Description: optional(p.Description),
		CreateDate: &p.Created, UpdateDate: &p.Updated, Tags: tagsOut(p.Tags)}
}

func versionOut(p *sts.ManagedPolicy, v sts.PolicyVersion, withText bool) *PolicyVersion {
	out := &PolicyVersion{VersionId: &v.ID, IsDefaultVersion: awsapi.Ptr(v.ID == p.Default), CreateDate: &v.Created}
	if withText {
		out.Document = escape(v.Document)
	}
	return out
}

// CreatePolicy serves the operation of that name.
func (a *API) CreatePolicy(ctx context.Context, in *CreatePolicyInput) (*CreatePolicyOutput, error) {
	p := &sts.ManagedPolicy{Path: awsapi.Value(in.Path), Name: *in.PolicyName, Description: awsapi.Value(in.Description), Tags: tagsIn(in.Tags)}
	if err := a.STS.CreatePolicy(ctx, p, *in.PolicyDocument); err != nil {
		return nil, err
	}
	return &CreatePolicyOutput{Policy: policyOut(p, sts.PolicyCount{})}, nil
}

// GetPolicy serves the operation of that name.
func (a *API) GetPolicy(ctx context.Context, in *GetPolicyInput) (*GetPolicyOutput, error) {
	p, err := a.STS.Policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	usage, err := a.STS.PolicyUsage(ctx)
	return &GetPolicyOutput{Policy: policyOut(p, usage[p.ARN()])}, err
}

// ListPolicies serves the operation of that name. As in AWS it leaves tags and
// descriptions out.
func (a *API) ListPolicies(ctx context.Context, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	p, err := page(in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	list, usage, next, err := a.STS.Policies(ctx, sts.PolicyFilter{Page: p, Scope: sts.PolicyScope(awsapi.Value(in.Scope)),
		Use: sts.PolicyUse(awsapi.Value(in.PolicyUsageFilter)), Used: awsapi.Value(in.OnlyAttached) || in.PolicyUsageFilter != nil})
	if err != nil {
		return nil, err
	}
	out := &ListPoliciesOutput{}
	out.IsTruncated, out.Marker = more(next)
	for _, p := range list {
		one := policyOut(p, usage[p.ARN()])
		one.Tags, one.Description = nil, nil
		out.Policies = append(out.Policies, *one)
	}
	return out, nil
}

// ListEntitiesForPolicy serves the operation of that name. There are no groups.
func (a *API) ListEntitiesForPolicy(ctx context.Context, in *ListEntitiesForPolicyInput) (*ListEntitiesForPolicyOutput, error) {
	p, err := page(in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	list, next, err := a.STS.PolicyEntities(ctx, *in.PolicyArn, sts.EntityFilter{Page: p,
		Kind: sts.EntityKind(awsapi.Value(in.EntityFilter)), Use: sts.PolicyUse(awsapi.Value(in.PolicyUsageFilter))})
	if err != nil {
		return nil, err
	}
	out := &ListEntitiesForPolicyOutput{}
	out.IsTruncated, out.Marker = more(next)
	for _, r := range list.Roles {
		out.PolicyRoles = append(out.PolicyRoles, PolicyRole{RoleName: &r.Name, RoleId: &r.ID})
	}
	for _, u := range list.Users {
		out.PolicyUsers = append(out.PolicyUsers, PolicyUser{UserName: &u.Name, UserId: &u.ID})
	}
	return out, nil
}

// TagPolicy serves the operation of that name.
func (a *API) TagPolicy(ctx context.Context, in *TagPolicyInput) (*TagPolicyOutput, error) {
	return &TagPolicyOutput{}, a.STS.TagPolicy(ctx, *in.PolicyArn, tagsIn(in.Tags))
}

// UntagPolicy serves the operation of that name.
func (a *API) UntagPolicy(ctx context.Context, in *UntagPolicyInput) (*UntagPolicyOutput, error) {
	return &UntagPolicyOutput{}, a.STS.UntagPolicy(ctx, *in.PolicyArn, in.TagKeys)
}

// ListPolicyTags serves the operation of that name.
func (a *API) ListPolicyTags(ctx context.Context, in *ListPolicyTagsInput) (out *ListPolicyTagsOutput, err error) {
	p, err := a.STS.Policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out = &ListPolicyTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker, err = part(tagsOut(p.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}

// DeletePolicy serves the operation of that name.
func (a *API) DeletePolicy(ctx context.Context, in *DeletePolicyInput) (*DeletePolicyOutput, error) {
	return &DeletePolicyOutput{}, a.STS.DeletePolicy(ctx, *in.PolicyArn)
}

// CreatePolicyVersion serves the operation of that name.
func (a *API) CreatePolicyVersion(ctx context.Context, in *CreatePolicyVersionInput) (*CreatePolicyVersionOutput, error) {
	v, err := a.STS.CreatePolicyVersion(ctx, *in.PolicyArn, *in.PolicyDocument, awsapi.Value(in.SetAsDefault))
	if err != nil {
		return nil, err
	}
	return &CreatePolicyVersionOutput{PolicyVersion: &PolicyVersion{VersionId: &v.ID, CreateDate: &v.Created,
		IsDefaultVersion: awsapi.Ptr(awsapi.Value(in.SetAsDefault))}}, nil
}

// GetPolicyVersion serves the operation of that name.
func (a *API) GetPolicyVersion(ctx context.Context, in *GetPolicyVersionInput) (*GetPolicyVersionOutput, error) {
	p, err := a.STS.Policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, err := p.Version(*in.VersionId)
	if err != nil {
		return nil, err
	}
	return &GetPolicyVersionOutput{PolicyVersion: versionOut(p, v, true)}, nil
}

// ListPolicyVersions serves the operation of that name, newest first.
func (a *API) ListPolicyVersions(ctx context.Context, in *ListPolicyVersionsInput) (out *ListPolicyVersionsOutput, err error) {
	p, err := a.STS.Policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	var list []PolicyVersion
	for i := len(p.Versions) - 1; i >= 0; i-- {
		list = append(list, *versionOut(p, p.Versions[i], false))
	}
	out = &ListPolicyVersionsOutput{}
	out.Versions, out.IsTruncated, out.Marker, err =
		part(list, func(v PolicyVersion) string { return *v.VersionId }, in.Marker, in.MaxItems)
	return out, err
}

// SetDefaultPolicyVersion serves the operation of that name.
func (a *API) SetDefaultPolicyVersion(ctx context.Context, in *SetDefaultPolicyVersionInput) (*SetDefaultPolicyVersionOutput, error) {
	return &SetDefaultPolicyVersionOutput{}, a.STS.SetDefaultPolicyVersion(ctx, *in.PolicyArn, *in.VersionId)
}

// DeletePolicyVersion serves the operation of that name.
func (a *API) DeletePolicyVersion(ctx context.Context, in *DeletePolicyVersionInput) (*DeletePolicyVersionOutput, error) {
	return &DeletePolicyVersionOutput{}, a.STS.DeletePolicyVersion(ctx, *in.PolicyArn, *in.VersionId)
}
