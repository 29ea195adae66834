package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// managedLogin is the pool setting that keeps a domain's ManagedLoginVersion.
const managedLogin = "ManagedLoginVersion"

// CreateUserPoolDomain gives a pool a domain prefix.
func (a *API) CreateUserPoolDomain(ctx context.Context, in *CreateUserPoolDomainInput) (*CreateUserPoolDomainOutput, error) {
	if in.CustomDomainConfig != nil {
		return nil, unsupported("CustomDomainConfig")
	}
	if in.Routing != nil {
		return nil, unsupported("Routing")
	}
	if err := a.Pools.CreateDomain(ctx, pool(in.UserPoolId), *in.Domain); err != nil {
		return nil, err
	}
	version, err := a.setManagedLogin(ctx, pool(in.UserPoolId), *in.Domain, in.ManagedLoginVersion)
	return &CreateUserPoolDomainOutput{ManagedLoginVersion: version}, err
}

// UpdateUserPoolDomain changes which pages a domain shows.
func (a *API) UpdateUserPoolDomain(ctx context.Context, in *UpdateUserPoolDomainInput) (*UpdateUserPoolDomainOutput, error) {
	if in.CustomDomainConfig != nil {
		return nil, unsupported("CustomDomainConfig")
	}
	if in.Routing != nil {
		return nil, unsupported("Routing")
	}
	version, err := a.setManagedLogin(ctx, pool(in.UserPoolId), *in.Domain, in.ManagedLoginVersion)
	return &UpdateUserPoolDomainOutput{ManagedLoginVersion: version}, err
}

// setManagedLogin stores the version, 1 by default, and returns it.
func (a *API) setManagedLogin(ctx context.Context, id userpool.PoolID, domain string, version *int32) (*int32, error) {
	v := or(version, 1)
	_, err := a.Pools.ChangePool(ctx, id, func(p *userpool.Pool) error {
		if p.Domain != domain {
			return userpool.Fail(userpool.ErrInvalidParameter, "No such domain or user pool exists.")
		}
		if p.Settings == nil {
			p.Settings = settings{}
		}
		return keep(p.Settings, managedLogin, &v)
	})
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// DescribeUserPoolDomain reports a domain. An unknown one is an empty
// description, not an error.
func (a *API) DescribeUserPoolDomain(ctx context.Context, in *DescribeUserPoolDomainInput) (*DescribeUserPoolDomainOutput, error) {
	p, err := a.Pools.Domain(ctx, *in.Domain)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return &DescribeUserPoolDomainOutput{DomainDescription: &DomainDescriptionType{}}, nil
	}
	return &DescribeUserPoolDomainOutput{DomainDescription: &DomainDescriptionType{
		UserPoolId: awsapi.Ptr(string(p.ID)), AWSAccountId: &a.Pools.Account, Domain: &p.Domain, Status: awsapi.Ptr("ACTIVE"),
		Version: awsapi.Ptr(p.Modified.Format("20060102150405")), ManagedLoginVersion: awsapi.Ptr(or(kept[int32](p.Settings, managedLogin), 1)),
	}}, nil
}

// DeleteUserPoolDomain takes a pool's domain away.
func (a *API) DeleteUserPoolDomain(ctx context.Context, in *DeleteUserPoolDomainInput) (*DeleteUserPoolDomainOutput, error) {
	return &DeleteUserPoolDomainOutput{}, a.Pools.DeleteDomain(ctx, pool(in.UserPoolId), *in.Domain)
}
