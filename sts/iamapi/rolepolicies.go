package iamapi

import (
	"context"
	"strings"
)

// PutRolePolicy serves the operation of that name.
func (a *API) PutRolePolicy(ctx context.Context, in *PutRolePolicyInput) (*PutRolePolicyOutput, error) {
	return &PutRolePolicyOutput{}, a.STS.PutRolePolicy(ctx, *in.RoleName, *in.PolicyName, *in.PolicyDocument)
}

// GetRolePolicy serves the operation of that name.
func (a *API) GetRolePolicy(ctx context.Context, in *GetRolePolicyInput) (*GetRolePolicyOutput, error) {
	doc, err := a.STS.RolePolicy(ctx, *in.RoleName, *in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: escape(doc)}, nil
}

// ListRolePolicies serves the operation of that name.
func (a *API) ListRolePolicies(ctx context.Context, in *ListRolePoliciesInput) (out *ListRolePoliciesOutput, err error) {
	r, err := a.STS.Role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	out = &ListRolePoliciesOutput{}
	out.PolicyNames, out.IsTruncated, out.Marker, err = part(r.Permissions.InlineNames(), itself, in.Marker, in.MaxItems)
	return out, err
}

// DeleteRolePolicy serves the operation of that name.
func (a *API) DeleteRolePolicy(ctx context.Context, in *DeleteRolePolicyInput) (*DeleteRolePolicyOutput, error) {
	return &DeleteRolePolicyOutput{}, a.STS.DeleteRolePolicy(ctx, *in.RoleName, *in.PolicyName)
}

// AttachRolePolicy serves the operation of that name.
func (a *API) AttachRolePolicy(ctx context.Context, in *AttachRolePolicyInput) (*AttachRolePolicyOutput, error) {
	return &AttachRolePolicyOutput{}, a.STS.AttachRolePolicy(ctx, *in.RoleName, *in.PolicyArn)
}

// DetachRolePolicy serves the operation of that name.
func (a *API) DetachRolePolicy(ctx context.Context, in *DetachRolePolicyInput) (*DetachRolePolicyOutput, error) {
	return &DetachRolePolicyOutput{}, a.STS.DetachRolePolicy(ctx, *in.RoleName, *in.PolicyArn)
}

// ListAttachedRolePolicies serves the operation of that name.
func (a *API) ListAttachedRolePolicies(ctx context.Context, in *ListAttachedRolePoliciesInput) (out *ListAttachedRolePoliciesOutput, err error) {
	r, err := a.STS.Role(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	out = &ListAttachedRolePoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker, err =
		part(attached(r.Permissions.Attached, in.PathPrefix), attachedARN, in.Marker, in.MaxItems)
	return out, err
}

// attached lists the policies whose path fits.
func attached(arns []string, prefix *string) []AttachedPolicy {
	out := make([]AttachedPolicy, 0, len(arns))
	for _, arn := range arns {
		_, path, _ := strings.Cut(arn, ":policy")
		if prefix == nil || strings.HasPrefix(path, *prefix) {
			name := arn[strings.LastIndexByte(arn, '/')+1:]
			out = append(out, AttachedPolicy{PolicyName: &name, PolicyArn: &arn})
		}
	}
	return out
}

func attachedARN(p AttachedPolicy) string { return *p.PolicyArn }
