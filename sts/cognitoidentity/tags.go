package cognitoidentity

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// TagResource adds tags to a pool.
func (a *API) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	pool, err := a.pool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, a.Pools.TagPool(ctx, pool, in.Tags)
}

// UntagResource removes tags from a pool.
func (a *API) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	pool, err := a.pool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &UntagResourceOutput{}, a.Pools.UntagPool(ctx, pool, in.TagKeys)
}

// ListTagsForResource returns the tags of a pool.
func (a *API) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	pool, err := a.pool(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	out := &ListTagsForResourceOutput{Tags: p.Settings.Tags}
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out, nil
}

// SetPrincipalTagAttributeMap says which claims of a provider become session tags.
func (a *API) SetPrincipalTagAttributeMap(ctx context.Context, in *SetPrincipalTagAttributeMapInput) (*SetPrincipalTagAttributeMapOutput, error) {
	m, err := a.Pools.SetTagMap(ctx, identity.PoolID(*in.IdentityPoolId), *in.IdentityProviderName,
		identity.TagMap{UseDefaults: awsapi.Value(in.UseDefaults), Tags: in.PrincipalTags})
	if err != nil {
		return nil, err
	}
	return (*SetPrincipalTagAttributeMapOutput)(describeTags(in.IdentityPoolId, in.IdentityProviderName, m)), nil
}

// GetPrincipalTagAttributeMap returns what SetPrincipalTagAttributeMap said.
func (a *API) GetPrincipalTagAttributeMap(ctx context.Context, in *GetPrincipalTagAttributeMapInput) (*GetPrincipalTagAttributeMapOutput, error) {
	m, err := a.Pools.TagMap(ctx, identity.PoolID(*in.IdentityPoolId), *in.IdentityProviderName)
	if err != nil {
		return nil, err
	}
	return describeTags(in.IdentityPoolId, in.IdentityProviderName, m), nil
}

func describeTags(pool, provider *string, m identity.TagMap) *GetPrincipalTagAttributeMapOutput {
	return &GetPrincipalTagAttributeMapOutput{IdentityPoolId: pool, IdentityProviderName: provider,
		UseDefaults: &m.UseDefaults, PrincipalTags: m.Tags}
}
