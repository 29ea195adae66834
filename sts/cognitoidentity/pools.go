package cognitoidentity

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// CreateIdentityPool makes a pool.
func (a *API) CreateIdentityPool(ctx context.Context, in *CreateIdentityPoolInput) (*CreateIdentityPoolOutput, error) {
	p, err := a.Pools.CreatePool(ctx, settings(&IdentityPool{IdentityPoolName: in.IdentityPoolName,
		AllowUnauthenticatedIdentities: in.AllowUnauthenticatedIdentities, AllowClassicFlow: in.AllowClassicFlow,
		SupportedLoginProviders: in.SupportedLoginProviders, DeveloperProviderName: in.DeveloperProviderName,
		OpenIdConnectProviderARNs: in.OpenIdConnectProviderARNs, CognitoIdentityProviders: in.CognitoIdentityProviders,
		SamlProviderARNs: in.SamlProviderARNs, IdentityPoolTags: in.IdentityPoolTags}))
	if err != nil {
		return nil, err
	}
	return (*CreateIdentityPoolOutput)(describe(p)), nil
}

// UpdateIdentityPool replaces a pool's settings; what is left out is reset.
func (a *API) UpdateIdentityPool(ctx context.Context, in *UpdateIdentityPoolInput) (*UpdateIdentityPoolOutput, error) {
	p, err := a.Pools.UpdatePool(ctx, identity.PoolID(*in.IdentityPoolId), settings((*IdentityPool)(in)))
	if err != nil {
		return nil, err
	}
	return (*UpdateIdentityPoolOutput)(describe(p)), nil
}

// DescribeIdentityPool returns a pool.
func (a *API) DescribeIdentityPool(ctx context.Context, in *DescribeIdentityPoolInput) (*DescribeIdentityPoolOutput, error) {
	p, err := a.Pools.Pool(ctx, identity.PoolID(*in.IdentityPoolId))
	if err != nil {
		return nil, err
	}
	return (*DescribeIdentityPoolOutput)(describe(p)), nil
}

// DeleteIdentityPool deletes a pool and its identities.
func (a *API) DeleteIdentityPool(ctx context.Context, in *DeleteIdentityPoolInput) (*DeleteIdentityPoolOutput, error) {
	return &DeleteIdentityPoolOutput{}, a.Pools.DeletePool(ctx, identity.PoolID(*in.IdentityPoolId))
}

// ListIdentityPools lists the pools of the account.
func (a *API) ListIdentityPools(ctx context.Context, in *ListIdentityPoolsInput) (*ListIdentityPoolsOutput, error) {
	pools, next, err := a.Pools.Store.Pools(ctx, awsapi.Value(in.NextToken), int(*in.MaxResults))
	if err != nil {
		return nil, err
	}
	out := &ListIdentityPoolsOutput{NextToken: text(next), IdentityPools: []IdentityPoolShortDescription{}}
	for _, p := range pools {
		out.IdentityPools = append(out.IdentityPools, IdentityPoolShortDescription{
			IdentityPoolId: text(string(p.ID)), IdentityPoolName: text(p.Settings.Name)})
	}
	return out, nil
}

func settings(in *IdentityPool) identity.Settings {
	set := identity.Settings{
		Name:                 *in.IdentityPoolName,
		AllowUnauthenticated: *in.AllowUnauthenticatedIdentities,
		AllowClassic:         in.AllowClassicFlow,
		LoginProviders:       in.SupportedLoginProviders,
		DeveloperProvider:    awsapi.Value(in.DeveloperProviderName),
		OIDCProviders:        in.OpenIdConnectProviderARNs,
		SAMLProviders:        in.SamlProviderARNs,
		Tags:                 in.IdentityPoolTags,
	}
	for _, p := range in.CognitoIdentityProviders {
		set.UserPools = append(set.UserPools, identity.UserPoolProvider{Name: awsapi.Value(p.ProviderName),
			Client: awsapi.Value(p.ClientId), ServerSideCheck: awsapi.Value(p.ServerSideTokenCheck)})
	}
	return set
}

func describe(p *identity.Pool) *IdentityPool {
	set := &p.Settings
	out := &IdentityPool{
		IdentityPoolId:                 text(string(p.ID)),
		IdentityPoolName:               text(set.Name),
		AllowUnauthenticatedIdentities: awsapi.Ptr(set.AllowUnauthenticated),
		AllowClassicFlow:               set.AllowClassic,
		SupportedLoginProviders:        set.LoginProviders,
		DeveloperProviderName:          text(set.DeveloperProvider),
		OpenIdConnectProviderARNs:      set.OIDCProviders,
		SamlProviderARNs:               set.SAMLProviders,
		IdentityPoolTags:               set.Tags,
	}
	for _, up := range set.UserPools {
		out.CognitoIdentityProviders = append(out.CognitoIdentityProviders, CognitoIdentityProvider{ProviderName: text(up.Name),
			ClientId: text(up.Client), ServerSideTokenCheck: awsapi.Ptr(up.ServerSideCheck)})
	}
	return out
}

// text returns a member for the wire; an empty one is left out.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
