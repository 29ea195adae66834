package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// providerOps are the operations on identity providers and linked users.
func (a *API) providerOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateIdentityProvider", awsapi.SigV4, a.CreateIdentityProvider),
		awsapi.Func("DeleteIdentityProvider", awsapi.SigV4, a.DeleteIdentityProvider),
		awsapi.Func("DescribeIdentityProvider", awsapi.SigV4, a.DescribeIdentityProvider),
		awsapi.Func("GetIdentityProviderByIdentifier", awsapi.SigV4, a.GetIdentityProviderByIdentifier),
		awsapi.Func("ListIdentityProviders", awsapi.SigV4, a.ListIdentityProviders),
		awsapi.Func("UpdateIdentityProvider", awsapi.SigV4, a.UpdateIdentityProvider),
		awsapi.Func("AdminDisableProviderForUser", awsapi.SigV4, a.AdminDisableProviderForUser),
		awsapi.Func("AdminLinkProviderForUser", awsapi.SigV4, a.AdminLinkProviderForUser),
	}
}

func providerOut(p *userpool.Provider) *IdentityProviderType {
	return &IdentityProviderType{
		UserPoolId: awsapi.Ptr(string(p.Pool)), ProviderName: &p.Name, ProviderType: &p.Type, ProviderDetails: reported(p),
		AttributeMapping: p.Mapping, IdpIdentifiers: p.Identifiers, CreationDate: stamp(p.Created), LastModifiedDate: stamp(p.Modified),
	}
}

// CreateIdentityProvider adds an identity provider to a pool.
func (a *API) CreateIdentityProvider(ctx context.Context, in *CreateIdentityProviderInput) (*CreateIdentityProviderOutput, error) {
	if _, err := a.Pools.Pool(ctx, pool(in.UserPoolId)); err != nil {
		return nil, err
	}
	p := &userpool.Provider{
		Pool: pool(in.UserPoolId), Name: *in.ProviderName, Type: *in.ProviderType,
		Details: in.ProviderDetails, Mapping: in.AttributeMapping, Identifiers: in.IdpIdentifiers,
	}
	if err := a.complete(ctx, p); err != nil {
		return nil, err
	}
	stored, err := a.checkSAML(ctx, p)
	if err != nil {
		return nil, err
	}
	if p, err = a.Pools.CreateProvider(ctx, p); err != nil {
		return nil, err
	}
	stored()
	out, err := a.described(ctx, p)
	return &CreateIdentityProviderOutput{IdentityProvider: out}, err
}

// UpdateIdentityProvider replaces the members that are given.
func (a *API) UpdateIdentityProvider(ctx context.Context, in *UpdateIdentityProviderInput) (*UpdateIdentityProviderOutput, error) {
	p, err := a.Pools.Provider(ctx, pool(in.UserPoolId), *in.ProviderName)
	if err != nil {
		return nil, err
	}
	stored := func() {}
	if in.ProviderDetails != nil {
		p.Details = keepKey(p, in.ProviderDetails)
		if err := a.complete(ctx, p); err != nil {
			return nil, err
		}
		if stored, err = a.checkSAML(ctx, p); err != nil {
			return nil, err
		}
	}
	details := p.Details
	p, err = a.Pools.UpdateProvider(ctx, p.Pool, p.Name, func(p *userpool.Provider) {
		if in.ProviderDetails != nil {
			p.Details = details
		}
		if in.AttributeMapping != nil {
			p.Mapping = in.AttributeMapping
		}
		if in.IdpIdentifiers != nil {
			p.Identifiers = in.IdpIdentifiers
		}
	})
	if err != nil {
		return nil, err
	}
	stored()
	out, err := a.described(ctx, p)
	return &UpdateIdentityProviderOutput{IdentityProvider: out}, err
}

// DescribeIdentityProvider reports an identity provider, its secrets included.
func (a *API) DescribeIdentityProvider(ctx context.Context, in *DescribeIdentityProviderInput) (*DescribeIdentityProviderOutput, error) {
	p, err := a.Pools.Provider(ctx, pool(in.UserPoolId), *in.ProviderName)
	if err != nil {
		return nil, err
	}
	out, err := a.described(ctx, p)
	return &DescribeIdentityProviderOutput{IdentityProvider: out}, err
}

// GetIdentityProviderByIdentifier reports the identity provider of an identifier.
func (a *API) GetIdentityProviderByIdentifier(ctx context.Context, in *GetIdentityProviderByIdentifierInput) (*GetIdentityProviderByIdentifierOutput, error) {
	p, err := a.Pools.ProviderByIdentifier(ctx, pool(in.UserPoolId), *in.IdpIdentifier)
	if err != nil {
		return nil, err
	}
	out, err := a.described(ctx, p)
	return &GetIdentityProviderByIdentifierOutput{IdentityProvider: out}, err
}

// DeleteIdentityProvider deletes an identity provider and the links to it.
func (a *API) DeleteIdentityProvider(ctx context.Context, in *DeleteIdentityProviderInput) (*DeleteIdentityProviderOutput, error) {
	return &DeleteIdentityProviderOutput{}, a.Pools.DeleteProvider(ctx, pool(in.UserPoolId), *in.ProviderName)
}

// maxProvidersPage is the longest list that the model allows for.
const maxProvidersPage = 50

// ListIdentityProviders lists the identity providers of a pool.
func (a *API) ListIdentityProviders(ctx context.Context, in *ListIdentityProvidersInput) (*ListIdentityProvidersOutput, error) {
	limit := int(awsapi.Value(in.MaxResults))
	if limit == 0 || limit > maxProvidersPage {
		limit = maxProvidersPage
	}
	providers, next, err := a.Pools.Providers(ctx, pool(in.UserPoolId), awsapi.Value(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ListIdentityProvidersOutput{Providers: []ProviderDescription{}, NextToken: optional(next)}
	for _, p := range providers {
		out.Providers = append(out.Providers, ProviderDescription{
			ProviderName: &p.Name, ProviderType: &p.Type, CreationDate: stamp(p.Created), LastModifiedDate: stamp(p.Modified),
		})
	}
	return out, nil
}

func identityIn(in *ProviderUserIdentifierType) userpool.IdentityKey {
	return userpool.IdentityKey{
		Provider: awsapi.Value(in.ProviderName), Attribute: awsapi.Value(in.ProviderAttributeName), Value: awsapi.Value(in.ProviderAttributeValue),
	}
}

// AdminLinkProviderForUser lets somebody at a provider sign in as a user.
func (a *API) AdminLinkProviderForUser(ctx context.Context, in *AdminLinkProviderForUserInput) (*AdminLinkProviderForUserOutput, error) {
	return &AdminLinkProviderForUserOutput{}, a.Pools.LinkProvider(ctx, pool(in.UserPoolId), identityIn(in.DestinationUser), identityIn(in.SourceUser))
}

// AdminDisableProviderForUser ends a way to sign in.
func (a *API) AdminDisableProviderForUser(ctx context.Context, in *AdminDisableProviderForUserInput) (*AdminDisableProviderForUserOutput, error) {
	return &AdminDisableProviderForUserOutput{}, a.Pools.DisableProvider(ctx, pool(in.UserPoolId), identityIn(in.User))
}
