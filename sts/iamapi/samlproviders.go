package iamapi

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// CreateSAMLProvider serves the operation of that name.
func (a *API) CreateSAMLProvider(ctx context.Context, in *CreateSAMLProviderInput) (*CreateSAMLProviderOutput, error) {
	p, err := a.STS.CreateSAMLProviderWith(ctx, *in.Name, sts.SAMLChange{Metadata: in.SAMLMetadataDocument,
		Encryption: encryption(in.AssertionEncryptionMode), AddKey: in.AddPrivateKey}, tagsIn(in.Tags))
	if err != nil {
		return nil, err
	}
	return &CreateSAMLProviderOutput{SAMLProviderArn: awsapi.Ptr(p.ARN()), Tags: tagsOut(p.Tags)}, nil
}

func encryption(mode *string) *sts.Encryption {
	if mode == nil {
		return nil
	}
	return awsapi.Ptr(sts.Encryption(*mode))
}

// GetSAMLProvider serves the operation of that name.
func (a *API) GetSAMLProvider(ctx context.Context, in *GetSAMLProviderInput) (*GetSAMLProviderOutput, error) {
	p, err := a.STS.SAMLProvider(ctx, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	out := &GetSAMLProviderOutput{SAMLProviderUUID: &p.ID, SAMLMetadataDocument: &p.Metadata, CreateDate: &p.Created,
		ValidUntil: samlValidity(p), Tags: tagsOut(p.Tags), AssertionEncryptionMode: optional(string(p.Encryption))}
	for _, k := range p.Keys {
		out.PrivateKeyList = append(out.PrivateKeyList, SAMLPrivateKey{KeyId: &k.ID, Timestamp: &k.Created})
	}
	return out, nil
}

// samlValidity is a hundred years where the metadata does not end, as in AWS.
func samlValidity(p *sts.SAMLProvider) *time.Time {
	if p.ValidUntil.IsZero() {
		return awsapi.Ptr(p.Created.AddDate(100, 0, 0))
	}
	return &p.ValidUntil
}

// UpdateSAMLProvider serves the operation of that name.
func (a *API) UpdateSAMLProvider(ctx context.Context, in *UpdateSAMLProviderInput) (*UpdateSAMLProviderOutput, error) {
	err := a.STS.ChangeSAMLProvider(ctx, *in.SAMLProviderArn, sts.SAMLChange{Metadata: in.SAMLMetadataDocument,
		Encryption: encryption(in.AssertionEncryptionMode), AddKey: in.AddPrivateKey, RemoveKey: in.RemovePrivateKey})
	if err != nil {
		return nil, err
	}
	return &UpdateSAMLProviderOutput{SAMLProviderArn: in.SAMLProviderArn}, nil
}

// ListSAMLProviders serves the operation of that name.
func (a *API) ListSAMLProviders(ctx context.Context, _ *ListSAMLProvidersInput) (*ListSAMLProvidersOutput, error) {
	list, err := a.STS.SAMLProviders(ctx)
	if err != nil {
		return nil, err
	}
	out := &ListSAMLProvidersOutput{}
	for _, p := range list {
		out.SAMLProviderList = append(out.SAMLProviderList,
			SAMLProviderListEntry{Arn: awsapi.Ptr(p.ARN()), ValidUntil: samlValidity(p), CreateDate: &p.Created})
	}
	return out, nil
}

// DeleteSAMLProvider serves the operation of that name.
func (a *API) DeleteSAMLProvider(ctx context.Context, in *DeleteSAMLProviderInput) (*DeleteSAMLProviderOutput, error) {
	return &DeleteSAMLProviderOutput{}, a.STS.DeleteSAMLProvider(ctx, *in.SAMLProviderArn)
}

// TagSAMLProvider serves the operation of that name.
func (a *API) TagSAMLProvider(ctx context.Context, in *TagSAMLProviderInput) (*TagSAMLProviderOutput, error) {
	return &TagSAMLProviderOutput{}, a.STS.TagSAMLProvider(ctx, *in.SAMLProviderArn, tagsIn(in.Tags))
}

// UntagSAMLProvider serves the operation of that name.
func (a *API) UntagSAMLProvider(ctx context.Context, in *UntagSAMLProviderInput) (*UntagSAMLProviderOutput, error) {
	return &UntagSAMLProviderOutput{}, a.STS.UntagSAMLProvider(ctx, *in.SAMLProviderArn, in.TagKeys)
}

// ListSAMLProviderTags serves the operation of that name.
func (a *API) ListSAMLProviderTags(ctx context.Context, in *ListSAMLProviderTagsInput) (out *ListSAMLProviderTagsOutput, err error) {
	p, err := a.STS.SAMLProvider(ctx, *in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	out = &ListSAMLProviderTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker, err = part(tagsOut(p.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}
