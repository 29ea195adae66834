package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// mfaOps lists the operations of second factors.
func (a *API) mfaOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AdminGetUserAuthFactors", awsapi.SigV4, a.AdminGetUserAuthFactors),
		awsapi.Func("AdminSetUserMFAPreference", awsapi.SigV4, a.AdminSetUserMFAPreference),
		awsapi.Func("AdminSetUserSettings", awsapi.SigV4, a.AdminSetUserSettings),
		awsapi.Func("AssociateSoftwareToken", awsapi.Public, a.AssociateSoftwareToken),
		awsapi.Func("GetUserAuthFactors", awsapi.AccessToken, a.GetUserAuthFactors),
		awsapi.Func("GetUserPoolMfaConfig", awsapi.SigV4, a.GetUserPoolMfaConfig),
		awsapi.Func("SetUserMFAPreference", awsapi.AccessToken, a.SetUserMFAPreference),
		awsapi.Func("SetUserPoolMfaConfig", awsapi.SigV4, a.SetUserPoolMfaConfig),
		awsapi.Func("SetUserSettings", awsapi.AccessToken, a.SetUserSettings),
		awsapi.Func("VerifySoftwareToken", awsapi.Public, a.VerifySoftwareToken),
	}
}

// AssociateSoftwareToken gives out a TOTP secret: to the user of an access token, or
// in a sign-in that asks for a set-up.
func (a *API) AssociateSoftwareToken(ctx context.Context, in *AssociateSoftwareTokenInput) (*AssociateSoftwareTokenOutput, error) {
	if err := oneProof(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	if in.AccessToken == nil {
		t, err := a.Auth.AssociateTokenInSignIn(ctx, *in.Session)
		if err != nil {
			return nil, err
		}
		return &AssociateSoftwareTokenOutput{SecretCode: &t.Secret, Session: &t.Session}, nil
	}
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	t, err := a.Auth.AssociateToken(ctx, u)
	if err != nil {
		return nil, err
	}
	return &AssociateSoftwareTokenOutput{SecretCode: &t.Secret}, nil
}

// VerifySoftwareToken makes the secret of AssociateSoftwareToken the user's.
func (a *API) VerifySoftwareToken(ctx context.Context, in *VerifySoftwareTokenInput) (*VerifySoftwareTokenOutput, error) {
	if err := oneProof(in.AccessToken, in.Session); err != nil {
		return nil, err
	}
	name := awsapi.Value(in.FriendlyDeviceName)
	if in.AccessToken == nil {
		next, err := a.Auth.VerifyTokenInSignIn(ctx, *in.Session, *in.UserCode, name)
		if err != nil {
			return nil, err
		}
		return &VerifySoftwareTokenOutput{Status: awsapi.Ptr("SUCCESS"), Session: &next}, nil
	}
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := a.Auth.VerifyToken(ctx, u, *in.UserCode, name); err != nil {
		return nil, err
	}
	return &VerifySoftwareTokenOutput{Status: awsapi.Ptr("SUCCESS")}, nil
}

// oneProof wants either an access token or a session.
func oneProof(token, session *string) error {
	if (token == nil) == (session == nil) {
		return userpool.Fail(userpool.ErrInvalidParameter, "Either AccessToken or Session is required, and not both.")
	}
	return nil
}

// SetUserMFAPreference changes the second factors of the user of an access token.
func (a *API) SetUserMFAPreference(ctx context.Context, in *SetUserMFAPreferenceInput) (*SetUserMFAPreferenceOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &SetUserMFAPreferenceOutput{}, a.Pools.SetMFAPreference(ctx, u,
		preferences(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings))
}

// AdminSetUserMFAPreference changes the second factors of a user. Turning TOTP off
// forgets its secret.
func (a *API) AdminSetUserMFAPreference(ctx context.Context, in *AdminSetUserMFAPreferenceInput) (*AdminSetUserMFAPreferenceOutput, error) {
	return &AdminSetUserMFAPreferenceOutput{}, a.Pools.AdminSetMFAPreference(ctx, pool(in.UserPoolId), *in.Username,
		preferences(in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings, in.WebAuthnMfaSettings))
}

func preferences(sms *SMSMfaSettingsType, totp *SoftwareTokenMfaSettingsType, email *EmailMfaSettingsType, passkey *WebAuthnMfaSettingsType) []userpool.FactorSetting {
	var list []userpool.FactorSetting
	add := func(factor string, enabled, preferred *bool) {
		list = append(list, userpool.FactorSetting{Factor: factor, Enabled: awsapi.Value(enabled), Preferred: awsapi.Value(preferred)})
	}
	if sms != nil {
		add(userpool.FactorSMS, sms.Enabled, sms.PreferredMfa)
	}
	if totp != nil {
		add(userpool.FactorTOTP, totp.Enabled, totp.PreferredMfa)
	}
	if email != nil {
		add(userpool.FactorEmail, email.Enabled, email.PreferredMfa)
	}
	if passkey != nil {
		add(userpool.FactorPasskey, passkey.Enabled, nil)
	}
	return list
}

// SetUserSettings turns SMS codes on or off, as apps did before SetUserMFAPreference.
func (a *API) SetUserSettings(ctx context.Context, in *SetUserSettingsInput) (*SetUserSettingsOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	s, err := smsOnly(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return &SetUserSettingsOutput{}, a.Pools.SetMFAPreference(ctx, u, s)
}

// AdminSetUserSettings is SetUserSettings for an administrator.
func (a *API) AdminSetUserSettings(ctx context.Context, in *AdminSetUserSettingsInput) (*AdminSetUserSettingsOutput, error) {
	s, err := smsOnly(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return &AdminSetUserSettingsOutput{}, a.Pools.AdminSetMFAPreference(ctx, pool(in.UserPoolId), *in.Username, s)
}

// smsOnly reads MFAOptions, which know of SMS alone; an empty list turns it off.
func smsOnly(options []MFAOptionType) ([]userpool.FactorSetting, error) {
	for _, o := range options {
		if or(o.DeliveryMedium, "SMS") != "SMS" || or(o.AttributeName, "phone_number") != "phone_number" {
			return nil, userpool.Fail(userpool.ErrInvalidParameter, "MFAOptions take SMS to phone_number alone.")
		}
	}
	return []userpool.FactorSetting{{Factor: userpool.FactorSMS, Enabled: len(options) > 0}}, nil
}

// GetUserAuthFactors reports what the user of an access token signs in with.
func (a *API) GetUserAuthFactors(ctx context.Context, in *GetUserAuthFactorsInput) (*GetUserAuthFactorsOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	first, err := a.firstFactors(ctx, u)
	if err != nil {
		return nil, err
	}
	list, preferred := u.MFA.Enabled()
	return &GetUserAuthFactorsOutput{Username: &u.Username, PreferredMfaSetting: optional(preferred), UserMFASettingList: list,
		ConfiguredUserAuthFactors: first}, nil
}

// AdminGetUserAuthFactors reports what a user signs in with.
func (a *API) AdminGetUserAuthFactors(ctx context.Context, in *AdminGetUserAuthFactorsInput) (*AdminGetUserAuthFactorsOutput, error) {
	u, err := a.Pools.User(ctx, pool(in.UserPoolId), *in.Username)
	if err != nil {
		return nil, err
	}
	first, err := a.firstFactors(ctx, u)
	if err != nil {
		return nil, err
	}
	list, preferred := u.MFA.Enabled()
	return &AdminGetUserAuthFactorsOutput{Username: &u.Username, PreferredMfaSetting: optional(preferred), UserMFASettingList: list,
		ConfiguredUserAuthFactors: first}, nil
}

// firstFactors are what a sign-in can begin with: the password, and passkeys.
func (a *API) firstFactors(ctx context.Context, u *userpool.User) ([]string, error) {
	list := []string{}
	if u.Password != "" {
		list = append(list, "PASSWORD")
	}
	keys, err := a.Pools.Store.Passkeys(ctx, u.Pool, u.Sub)
	if len(keys) > 0 {
		list = append(list, "WEB_AUTHN")
	}
	return list, err
}
