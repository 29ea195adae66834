package poolhouseapi

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// SetSamlPool says what the metadata of a pool's SAML identity provider tells of it.
// What is not given is not there afterwards.
func (a *API) SetSamlPool(ctx context.Context, in *SetSamlPoolInput) (*SetSamlPoolOutput, error) {
	p := &samlidp.PoolSettings{Pool: userpool.PoolID(*in.UserPoolId), Scopes: in.Scopes, ErrorURL: awsapi.Value(in.ErrorUrl),
		EnhancedClients: awsapi.Value(in.EnhancedClients)}
	if d := in.Display; d != nil {
		p.Display = samlxml.Display{Language: awsapi.Value(d.Language), Name: awsapi.Value(d.Name), Description: awsapi.Value(d.Description),
			Logo: awsapi.Value(d.LogoUrl), LogoWidth: int(awsapi.Value(d.LogoWidth)), LogoHeight: int(awsapi.Value(d.LogoHeight)),
			Information: awsapi.Value(d.InformationUrl), Privacy: awsapi.Value(d.PrivacyUrl)}
	}
	if o := in.Organization; o != nil {
		p.Organization = samlxml.Organization{Name: *o.Name, DisplayName: *o.DisplayName, URL: *o.Url}
	}
	for _, c := range in.Contacts {
		p.Contacts = append(p.Contacts, samlxml.Contact{Kind: *c.ContactType, Email: *c.EmailAddress, GivenName: awsapi.Value(c.GivenName),
			SurName: awsapi.Value(c.SurName), Company: awsapi.Value(c.Company), Telephone: awsapi.Value(c.TelephoneNumber)})
	}
	if err := a.Apps.SetPool(ctx, p); err != nil {
		return nil, err
	}
	return &SetSamlPoolOutput{Pool: a.samlPool(p)}, nil
}

// DescribeSamlPool returns those settings.
func (a *API) DescribeSamlPool(ctx context.Context, in *DescribeSamlPoolInput) (*DescribeSamlPoolOutput, error) {
	pool, err := a.Pools.Pool(ctx, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	p, err := a.Apps.Store.PoolSettings(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	return &DescribeSamlPoolOutput{Pool: a.samlPool(p)}, nil
}

func (a *API) samlPool(p *samlidp.PoolSettings) *SamlPoolType {
	out := &SamlPoolType{UserPoolId: awsapi.Ptr(string(p.Pool)), EntityId: awsapi.Ptr(a.Apps.EntityID(p.Pool)), Scopes: p.Scopes, ErrorUrl: given(p.ErrorURL),
		EnhancedClients: &p.EnhancedClients}
	if d := p.Display; d.Name != "" {
		out.Display = &SamlDisplayType{Language: given(d.Language), Name: &d.Name, Description: given(d.Description), LogoUrl: given(d.Logo),
			InformationUrl: given(d.Information), PrivacyUrl: given(d.Privacy)}
		if d.Logo != "" {
			out.Display.LogoWidth, out.Display.LogoHeight = awsapi.Ptr(int32(d.LogoWidth)), awsapi.Ptr(int32(d.LogoHeight))
		}
	}
	if o := p.Organization; o.Name != "" {
		out.Organization = &SamlOrganizationType{Name: &o.Name, DisplayName: &o.DisplayName, Url: &o.URL}
	}
	for _, c := range p.Contacts {
		out.Contacts = append(out.Contacts, SamlContactType{ContactType: &c.Kind, EmailAddress: awsapi.Ptr(strings.TrimPrefix(c.Email, "mailto:")),
			GivenName: given(c.GivenName), SurName: given(c.SurName), Company: given(c.Company), TelephoneNumber: given(c.Telephone)})
	}
	return out
}
