package iamapi

import (
	"context"
	"errors"

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
	keys := make([]AccessKeyMetadata, 0, len(list))
	for _, k := range list {
		keys = append(keys, AccessKeyMetadata{UserName: &k.User, AccessKeyId: &k.ID, Status: keyStatus(k), CreateDate: &k.Created})
	}
	out := &ListAccessKeysOutput{}
	out.AccessKeyMetadata, out.IsTruncated, out.Marker, err =
		part(keys, func(k AccessKeyMetadata) string { return *k.AccessKeyId }, in.Marker, in.MaxItems)
	return out, err
}

// GetAccessKeyLastUsed serves the operation of that name.
func (a *API) GetAccessKeyLastUsed(ctx context.Context, in *GetAccessKeyLastUsedInput) (*GetAccessKeyLastUsedOutput, error) {
	u, use, err := a.STS.AccessKeyLastUsed(ctx, *in.AccessKeyId)
	if errors.Is(err, sts.ErrNotFound) {
		return nil, notYours(ctx, *in.AccessKeyId)
	}
	if err != nil {
		return nil, err
	}
	used := &AccessKeyLastUsed{ServiceName: awsapi.Ptr("N/A"), Region: awsapi.Ptr("N/A")}
	if !use.Time.IsZero() {
		used = &AccessKeyLastUsed{LastUsedDate: &use.Time, ServiceName: &use.Service, Region: &use.Region}
	}
	return &GetAccessKeyLastUsedOutput{UserName: &u.Name, AccessKeyLastUsed: used}, nil
}

// notYours refuses a key of nobody as AWS refuses one of another account.
func notYours(ctx context.Context, key string) error {
	who := ""
	if c := awsapi.FromContext(ctx).Caller; c != nil {
		who = c.ARN
	}
	return &awsapi.Error{Status: 403, Code: "AccessDenied",
		Message: "User: " + who + " is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key " + key}
}

// UpdateAccessKey serves the operation of that name.
func (a *API) UpdateAccessKey(ctx context.Context, in *UpdateAccessKeyInput) (*UpdateAccessKeyOutput, error) {
	user, err := a.self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if *in.Status != "Active" && *in.Status != "Inactive" {
		return nil, &awsapi.Error{Status: 400, Code: "InvalidInput", Message: "Status must be Active or Inactive."}
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
