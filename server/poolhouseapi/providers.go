package poolhouseapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// PutIdentityProviderSettings gives an identity provider settings, a JSON object, in
// place of all that it has beyond the members of Cognito's operations.
func (a *API) PutIdentityProviderSettings(ctx context.Context, in *PutIdentityProviderSettingsInput) (*PutIdentityProviderSettingsOutput, error) {
	settings, err := parseProviderSettings(*in.Settings)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.PutProviderSettings(ctx, userpool.PoolID(*in.UserPoolId), *in.ProviderName, settings)
	if err != nil {
		return nil, err
	}
	shape, err := providerSettings(p)
	return &PutIdentityProviderSettingsOutput{Provider: shape}, err
}

// DescribeIdentityProviderSettings returns those settings, without the ones at their
// defaults.
func (a *API) DescribeIdentityProviderSettings(ctx context.Context, in *DescribeIdentityProviderSettingsInput) (*DescribeIdentityProviderSettingsOutput, error) {
	p, err := a.Pools.Provider(ctx, userpool.PoolID(*in.UserPoolId), *in.ProviderName)
	if err != nil {
		return nil, err
	}
	shape, err := providerSettings(p)
	return &DescribeIdentityProviderSettingsOutput{Provider: shape}, err
}

// settingsDocument is how settings are written: as they are kept, but for times.
type settingsDocument struct {
	userpool.ProviderSettings
	SAML samlDocument `json:",omitzero"`
}

type samlDocument struct {
	userpool.SAMLSettings
	Skew int `json:"SkewInSeconds,omitempty"`
}

func parseProviderSettings(text string) (userpool.ProviderSettings, error) {
	d, doc := json.NewDecoder(bytes.NewReader([]byte(text))), settingsDocument{}
	d.DisallowUnknownFields()
	err := d.Decode(&doc)
	if _, more := d.Token(); err != nil || !errors.Is(more, io.EOF) || doc.SAML.SAMLSettings.Skew != 0 {
		return userpool.ProviderSettings{}, userpool.Fail(userpool.ErrInvalidParameter, "Settings must be a JSON object with the members of the documentation.")
	}
	out := doc.ProviderSettings
	out.SAML = doc.SAML.SAMLSettings
	out.SAML.Skew = time.Duration(min(max(doc.SAML.Skew, -1), 1e6)) * time.Second
	return out, nil
}

func providerSettings(p *userpool.Provider) (*IdentityProviderSettingsType, error) {
	doc := settingsDocument{ProviderSettings: p.Settings, SAML: samlDocument{p.Settings.SAML, int(p.Settings.SAML.Skew / time.Second)}}
	doc.SAML.SAMLSettings.Skew = 0
	text, err := json.Marshal(doc)
	return &IdentityProviderSettingsType{UserPoolId: awsapi.Ptr(string(p.Pool)), ProviderName: awsapi.Ptr(p.Name), Settings: awsapi.Ptr(string(text))}, err
}
