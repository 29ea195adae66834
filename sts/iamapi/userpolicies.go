package iamapi

import "context"

// PutUserPolicy serves the operation of that name.
func (a *API) PutUserPolicy(ctx context.Context, in *PutUserPolicyInput) (*PutUserPolicyOutput, error) {
	return &PutUserPolicyOutput{}, a.STS.PutUserPolicy(ctx, *in.UserName, *in.PolicyName, *in.PolicyDocument)
}

// GetUserPolicy serves the operation of that name.
func (a *API) GetUserPolicy(ctx context.Context, in *GetUserPolicyInput) (*GetUserPolicyOutput, error) {
	doc, err := a.STS.UserPolicy(ctx, *in.UserName, *in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &GetUserPolicyOutput{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: escape(doc)}, nil
}

// ListUserPolicies serves the operation of that name.
func (a *API) ListUserPolicies(ctx context.Context, in *ListUserPoliciesInput) (out *ListUserPoliciesOutput, err error) {
	u, err := a.STS.User(ctx, *in.UserName)
	if err != nil {
		return nil, err
	}
	out = &ListUserPoliciesOutput{}
	out.PolicyNames, out.IsTruncated, out.Marker, err = part(u.Permissions.InlineNames(), itself, in.Marker, in.MaxItems)
	return out, err
}

// DeleteUserPolicy serves the operation of that name.
func (a *API) DeleteUserPolicy(ctx context.Context, in *DeleteUserPolicyInput) (*DeleteUserPolicyOutput, error) {
	return &DeleteUserPolicyOutput{}, a.STS.DeleteUserPolicy(ctx, *in.UserName, *in.PolicyName)
}

// AttachUserPolicy serves the operation of that name.
func (a *API) AttachUserPolicy(ctx context.Context, in *AttachUserPolicyInput) (*AttachUserPolicyOutput, error) {
	return &AttachUserPolicyOutput{}, a.STS.AttachUserPolicy(ctx, *in.UserName, *in.PolicyArn)
}

// DetachUserPolicy serves the operation of that name.
func (a *API) DetachUserPolicy(ctx context.Context, in *DetachUserPolicyInput) (*DetachUserPolicyOutput, error) {
	return &DetachUserPolicyOutput{}, a.STS.DetachUserPolicy(ctx, *in.UserName, *in.PolicyArn)
}

// ListAttachedUserPolicies serves the operation of that name.
func (a *API) ListAttachedUserPolicies(ctx context.Context, in *ListAttachedUserPoliciesInput) (out *ListAttachedUserPoliciesOutput, err error) {
	u, err := a.STS.User(ctx, *in.UserName)
	if err != nil {
		return nil, err
	}
	out = &ListAttachedUserPoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker, err =
		part(attached(u.Permissions.Attached, in.PathPrefix), attachedARN, in.Marker, in.MaxItems)
	return out, err
}
