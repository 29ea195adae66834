package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

func keyStatus(k *sts.AccessKey) *string {
	if k.Active {
		return awsapi.Ptr("Active")
	}
	return awsapi.Ptr("Inactive")
}

// CreateAccessKey serves the operation of that name. The secret is shown once.
func (a *API) CreateAccessKey(ctx context.Context, in *CreateAccessKeyInput) (*CreateAccessKeyOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	k, err := a.STS.CreateAccessKey(ctx, user)
	if err != nil {
		return nil, err
	}
	return &CreateAccessKeyOutput{AccessKey: &AccessKey{UserName: &k.User, AccessKeyId: &k.ID, Status: keyStatus(k),
		SecretAccessKey: &k.Secret, CreateDate: &k.Created}}, nil
}

// ListAccessKeys serves the operation of that name.
func (a *API) ListAccessKeys(ctx context.Context, in *ListAccessKeysInput) (*ListAccessKeysOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	list, err := a.STS.AccessKeys(ctx, user)
	if err != nil {
		return nil, err
	}
	out := &ListAccessKeysOutput{IsTruncated: awsapi.Ptr(false)}
	for _, k := range list {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata,
			AccessKeyMetadata{UserName: &k.User, AccessKeyId: &k.ID, Status: keyStatus(k), CreateDate: &k.Created})
	}
	return out, nil
}

// UpdateAccessKey serves the operation of that name.
func (a *API) UpdateAccessKey(ctx context.Context, in *UpdateAccessKeyInput) (*UpdateAccessKeyOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if *in.Status != "Active" && *in.Status != "Inactive" {
		return nil, &awsapi.Error{Status: 400, Code: "ValidationError", Message: "Status must be Active or Inactive."}
	}
	return &UpdateAccessKeyOutput{}, a.STS.SetAccessKey(ctx, user, *in.AccessKeyId, *in.Status == "Active")
}

// DeleteAccessKey serves the operation of that name.
func (a *API) DeleteAccessKey(ctx context.Context, in *DeleteAccessKeyInput) (*DeleteAccessKeyOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &DeleteAccessKeyOutput{}, a.STS.DeleteAccessKey(ctx, user, *in.AccessKeyId)
}
