package cognitoidp

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateUserPoolDomain gives a pool a domain prefix, or a domain of the
// operator's.
func (a *API) CreateUserPoolDomain(ctx context.Context, in *CreateUserPoolDomainInput) (*CreateUserPoolDomainOutput, error) {
	set, err := domainIn(*in.Domain, in.ManagedLoginVersion, in.CustomDomainConfig, in.Routing)
	if err != nil {
		return nil, err
	}
	if isCustom(*in.Domain) && in.CustomDomainConfig == nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "CustomDomainConfig is required for a custom domain.")
	}
	p, err := a.Pools.CreateDomain(ctx, pool(in.UserPoolId), *in.Domain, set)
	if err != nil {
		return nil, err
	}
	version, target := a.domainAnswer(p, *in.Domain)
	return &CreateUserPoolDomainOutput{ManagedLoginVersion: version, CloudFrontDomain: target}, nil
}

// UpdateUserPoolDomain changes which pages a domain shows, and what is reported
// of its certificate.
func (a *API) UpdateUserPoolDomain(ctx context.Context, in *UpdateUserPoolDomainInput) (*UpdateUserPoolDomainOutput, error) {
	set, err := domainIn(*in.Domain, in.ManagedLoginVersion, in.CustomDomainConfig, in.Routing)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.UpdateDomain(ctx, pool(in.UserPoolId), *in.Domain, set)
	if err != nil {
		return nil, err
	}
	version, target := a.domainAnswer(p, *in.Domain)
	return &UpdateUserPoolDomainOutput{ManagedLoginVersion: version, CloudFrontDomain: target}, nil
}

// isCustom tells a host name from a prefix, which has no dots.
func isCustom(domain string) bool { return strings.Contains(domain, ".") }

func domainIn(domain string, version *int32, custom *CustomDomainConfigType, routing *RoutingType) (set userpool.DomainSettings, err error) {
	switch {
	case routing != nil:
		return set, unsupported("Routing")
	case version != nil && *version != 1 && *version != 2:
		return set, userpool.Fail(userpool.ErrInvalidParameter, "ManagedLoginVersion must be 1 or 2.")
	case custom != nil && !isCustom(domain):
		return set, userpool.Fail(userpool.ErrInvalidParameter, "CustomDomainConfig needs a domain name with a dot in it: "+domain+" is a prefix.")
	}
	set.Version = int(awsapi.Value(version))
	if custom != nil {
		set.CertificateARN, set.SecurityPolicy = awsapi.Value(custom.CertificateArn), awsapi.Value(custom.SecurityPolicy)
	}
	return set, nil
}

// settingsOf returns what a domain of the pool is set to: classic pages where
// nothing was said.
func settingsOf(p *userpool.Pool, domain string) userpool.DomainSettings {
	set := p.PrefixSettings
	if isCustom(domain) {
		set = p.CustomSettings
	}
	set.Version = max(set.Version, 1)
	return set
}

// domainAnswer returns the version and, for a domain of the operator's, the name
// that its DNS record has to point at: where AWS has a distribution, here it is
// this server.
func (a *API) domainAnswer(p *userpool.Pool, domain string) (version *int32, target *string) {
	version = awsapi.Ptr(int32(settingsOf(p, domain).Version))
	if isCustom(domain) {
		target = awsapi.Ptr(a.Pools.Host(p.ID))
	}
	return version, target
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
	set := settingsOf(p, *in.Domain)
	d := &DomainDescriptionType{
		UserPoolId: awsapi.Ptr(string(p.ID)), AWSAccountId: &a.Pools.Account, Domain: in.Domain, Status: awsapi.Ptr("ACTIVE"),
		Version: awsapi.Ptr(set.Changed.Format("20060102150405")), ManagedLoginVersion: awsapi.Ptr(int32(set.Version)),
		CloudFrontDistribution: awsapi.Ptr(a.Pools.Host(p.ID)),
	}
	if set.CertificateARN != "" {
		d.CustomDomainConfig = &CustomDomainConfigType{CertificateArn: &set.CertificateARN, SecurityPolicy: optional(set.SecurityPolicy)}
	}
	return &DescribeUserPoolDomainOutput{DomainDescription: d}, nil
}

// DeleteUserPoolDomain takes a domain away from a pool.
func (a *API) DeleteUserPoolDomain(ctx context.Context, in *DeleteUserPoolDomainInput) (*DeleteUserPoolDomainOutput, error) {
	return &DeleteUserPoolDomainOutput{}, a.Pools.DeleteDomain(ctx, pool(in.UserPoolId), *in.Domain)
}
