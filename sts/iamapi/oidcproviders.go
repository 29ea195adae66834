package iamapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// CreateOpenIDConnectProvider serves the operation of that name.
func (a *API) CreateOpenIDConnectProvider(ctx context.Context, in *CreateOpenIDConnectProviderInput) (*CreateOpenIDConnectProviderOutput, error) {
	p, err := a.STS.CreateOIDCProvider(ctx, *in.Url, in.ClientIDList, in.ThumbprintList, tagsIn(in.Tags))
	if err != nil {
		return nil, err
	}
	return &CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: awsapi.Ptr(p.ARN()), Tags: tagsOut(p.Tags)}, nil
}

// GetOpenIDConnectProvider serves the operation of that name.
func (a *API) GetOpenIDConnectProvider(ctx context.Context, in *GetOpenIDConnectProviderInput) (*GetOpenIDConnectProviderOutput, error) {
	p, err := a.STS.OIDCProvider(ctx, *in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &GetOpenIDConnectProviderOutput{Url: &p.URL, ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints,
		CreateDate: &p.Created, Tags: tagsOut(p.Tags)}, nil
}

// ListOpenIDConnectProviders serves the operation of that name.
func (a *API) ListOpenIDConnectProviders(ctx context.Context, _ *ListOpenIDConnectProvidersInput) (*ListOpenIDConnectProvidersOutput, error) {
	list, err := a.STS.OIDCProviders(ctx)
	if err != nil {
		return nil, err
	}
	out := &ListOpenIDConnectProvidersOutput{}
	for _, p := range list {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, OpenIDConnectProviderListEntry{Arn: awsapi.Ptr(p.ARN())})
	}
	return out, nil
}

// DeleteOpenIDConnectProvider serves the operation of that name.
func (a *API) DeleteOpenIDConnectProvider(ctx context.Context, in *DeleteOpenIDConnectProviderInput) (*DeleteOpenIDConnectProviderOutput, error) {
	return &DeleteOpenIDConnectProviderOutput{}, a.STS.DeleteOIDCProvider(ctx, *in.OpenIDConnectProviderArn)
}

// AddClientIDToOpenIDConnectProvider serves the operation of that name.
func (a *API) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *AddClientIDToOpenIDConnectProviderInput) (*AddClientIDToOpenIDConnectProviderOutput, error) {
	return &AddClientIDToOpenIDConnectProviderOutput{}, a.STS.AddClientID(ctx, *in.OpenIDConnectProviderArn, *in.ClientID)
}

// RemoveClientIDFromOpenIDConnectProvider serves the operation of that name.
func (a *API) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *RemoveClientIDFromOpenIDConnectProviderInput) (*RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return &RemoveClientIDFromOpenIDConnectProviderOutput{}, a.STS.RemoveClientID(ctx, *in.OpenIDConnectProviderArn, *in.ClientID)
}

// UpdateOpenIDConnectProviderThumbprint serves the operation of that name.
func (a *API) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *UpdateOpenIDConnectProviderThumbprintInput) (*UpdateOpenIDConnectProviderThumbprintOutput, error) {
	return &UpdateOpenIDConnectProviderThumbprintOutput{}, a.STS.SetThumbprints(ctx, *in.OpenIDConnectProviderArn, in.ThumbprintList)
}

// TagOpenIDConnectProvider serves the operation of that name.
func (a *API) TagOpenIDConnectProvider(ctx context.Context, in *TagOpenIDConnectProviderInput) (*TagOpenIDConnectProviderOutput, error) {
	return &TagOpenIDConnectProviderOutput{}, a.STS.TagOIDCProvider(ctx, *in.OpenIDConnectProviderArn, tagsIn(in.Tags))
}

// UntagOpenIDConnectProvider serves the operation of that name.
func (a *API) UntagOpenIDConnectProvider(ctx context.Context, in *UntagOpenIDConnectProviderInput) (*UntagOpenIDConnectProviderOutput, error) {
	return &UntagOpenIDConnectProviderOutput{}, a.STS.UntagOIDCProvider(ctx, *in.OpenIDConnectProviderArn, in.TagKeys)
}

// ListOpenIDConnectProviderTags serves the operation of that name.
func (a *API) ListOpenIDConnectProviderTags(ctx context.Context, in *ListOpenIDConnectProviderTagsInput) (out *ListOpenIDConnectProviderTagsOutput, err error) {
	p, err := a.STS.OIDCProvider(ctx, *in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	out = &ListOpenIDConnectProviderTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker, err = part(tagsOut(p.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}
