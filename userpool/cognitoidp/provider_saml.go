package cognitoidp

import (
	"context"
	"encoding/base64"
	"maps"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// checkSAML reads the metadata of a SAML provider and notes where it takes requests.
// What it returns is to be called when the provider was stored.
func (a *API) checkSAML(ctx context.Context, p *userpool.Provider) (stored func(), err error) {
	if p.Type != userpool.ProviderSAML {
		return func() {}, nil
	}
	checked, err := a.SAML.Check(ctx, p)
	if err != nil {
		return nil, err
	}
	return func() { a.SAML.Keep(ctx, p, checked) }, nil
}

// described reports a provider, and of a SAML provider what its assertions are to be
// encrypted to.
func (a *API) described(ctx context.Context, p *userpool.Provider) (*IdentityProviderType, error) {
	out := providerOut(p)
	if p.Type != userpool.ProviderSAML {
		return out, nil
	}
	cert, err := a.SAML.EncryptionCertificate(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	out.ProviderDetails = maps.Clone(out.ProviderDetails)
	out.ProviderDetails["ActiveEncryptionCertificate"] = base64.StdEncoding.EncodeToString(cert.Raw)
	return out, nil
}

// GetSigningCertificate returns the certificate that the pool signs its messages to
// SAML providers with, as base64 of its DER form.
func (a *API) GetSigningCertificate(ctx context.Context, in *GetSigningCertificateInput) (*GetSigningCertificateOutput, error) {
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	cert, err := a.SAML.SigningCertificate(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return &GetSigningCertificateOutput{Certificate: awsapi.Ptr(base64.StdEncoding.EncodeToString(cert.Raw))}, nil
}
