package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// GetUserPoolMfaConfig reports how a pool's users prove a second factor.
func (a *API) GetUserPoolMfaConfig(ctx context.Context, in *GetUserPoolMfaConfigInput) (*GetUserPoolMfaConfigOutput, error) {
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	out := GetUserPoolMfaConfigOutput(mfaConfigOut(p))
	return &out, nil
}

// SetUserPoolMfaConfig replaces the second factors of a pool: those left out are
// turned off. Whether one is asked for stays as it is where that is left out, and so
// do the rules for passkeys: another relying party would lock their owners out.
func (a *API) SetUserPoolMfaConfig(ctx context.Context, in *SetUserPoolMfaConfigInput) (*SetUserPoolMfaConfigOutput, error) {
	p, err := a.Pools.ChangePool(ctx, pool(in.UserPoolId), func(p *userpool.Pool) error {
		p.MFA = or(in.MfaConfiguration, p.MFA)
		p.TOTPMFA = in.SoftwareTokenMfaConfiguration != nil && awsapi.Value(in.SoftwareTokenMfaConfiguration.Enabled)
		if in.WebAuthnConfiguration != nil {
			p.Passkeys = passkeyConfigIn(in.WebAuthnConfiguration)
		}
		p.EmailMFA, p.MFAEmail = in.EmailMfaConfiguration != nil, userpool.Message{}
		if e := in.EmailMfaConfiguration; e != nil {
			p.MFAEmail = userpool.Message{Subject: awsapi.Value(e.Subject), Body: awsapi.Value(e.Message)}
		}
		return setSMS(p, in.SmsMfaConfiguration)
	})
	if err != nil {
		return nil, err
	}
	out := mfaConfigOut(p)
	return &out, nil
}

// setSMS turns SMS codes on or off. As at AWS they need an SmsConfiguration, of
// this call or of the pool.
func setSMS(p *userpool.Pool, in *SmsMfaConfigType) error {
	if p.SMSMFA = in != nil; in == nil {
		return nil
	}
	if p.Settings == nil {
		p.Settings = settings{}
	}
	if err := keep(p.Settings, "SmsConfiguration", in.SmsConfiguration); err != nil {
		return err
	}
	if p.Settings["SmsConfiguration"] == nil {
		return userpool.Fail(userpool.ErrInvalidParameter, "SmsMfaConfiguration needs an SmsConfiguration.")
	}
	p.MFASMS = or(in.SmsAuthenticationMessage, p.MFASMS)
	return nil
}

func mfaConfigOut(p *userpool.Pool) SetUserPoolMfaConfigOutput {
	out := SetUserPoolMfaConfigOutput{MfaConfiguration: awsapi.Ptr(mfaOut(p)),
		SoftwareTokenMfaConfiguration: &SoftwareTokenMfaConfigType{Enabled: &p.TOTPMFA}, WebAuthnConfiguration: passkeyConfigOut(p.Passkeys)}
	if p.SMSMFA {
		out.SmsMfaConfiguration = &SmsMfaConfigType{SmsAuthenticationMessage: optional(p.MFASMS),
			SmsConfiguration: kept[SmsConfigurationType](p.Settings, "SmsConfiguration")}
	}
	if p.EmailMFA {
		out.EmailMfaConfiguration = &EmailMfaConfigType{Subject: optional(p.MFAEmail.Subject), Message: optional(p.MFAEmail.Body)}
	}
	return out
}

func mfaOut(p *userpool.Pool) string {
	if p.MFA == "" {
		return userpool.MFAOff
	}
	return p.MFA
}
