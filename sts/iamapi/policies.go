package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// policyOut describes a policy. The count of its users is read where it is shown.
func (a *API) policyOut(ctx context.Context, p *sts.ManagedPolicy) (*Policy, error) {
	n, err := a.STS.AttachmentCount(ctx, p.ARN())
	if err != nil {
		return nil, err
	}
	return &Policy{PolicyName: &p.Name, PolicyId: &p.ID, Arn: awsapi.Ptr(p.ARN()), Path: &p.Path, DefaultVersionId: &p.Default,
		AttachmentCount: awsapi.Ptr(int32(n)), IsAttachable: awsapi.Ptr(true), Description: optional(p.Description),
		CreateDate: &p.Created, UpdateDate: &p.Updated, Tags: tagsOut(p.Tags)}, nil
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
	out, err := a.policyOut(ctx, p)
	return &CreatePolicyOutput{Policy: out}, err
}

// GetPolicy serves the operation of that name.
func (a *API) GetPolicy(ctx context.Context, in *GetPolicyInput) (*GetPolicyOutput, error) {
	p, err := a.STS.Policy(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out, err := a.policyOut(ctx, p)
	return &GetPolicyOutput{Policy: out}, err
}

// ListPolicies serves the operation of that name, for the account's own policies.
func (a *API) ListPolicies(ctx context.Context, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	out := &ListPoliciesOutput{IsTruncated: awsapi.Ptr(false)}
	if awsapi.Value(in.Scope) == "AWS" {
		return out, nil
	}
	p, err := page(in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	list, next, err := a.STS.Policies(ctx, p)
	if err != nil {
		return nil, err
	}
	out.IsTruncated, out.Marker = more(next)
	for _, p := range list {
		one, err := a.policyOut(ctx, p)
		if err != nil {
			return nil, err
		}
		if awsapi.Value(in.OnlyAttached) && *one.AttachmentCount == 0 {
			continue
		}
		one.Tags, one.Description = nil, nil
		out.Policies = append(out.Policies, *one)
	}
	return out, nil
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
