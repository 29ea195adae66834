package cognitoidp_test

import (
	"encoding/base32"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/totp"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// totp is the code of a secret as AssociateSoftwareToken gives it out.
func (d *desk) totp(secret *string, steps int64) *string {
	d.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(*secret)
	if err != nil {
		d.Fatal(err)
	}
	code, err := totp.Code(raw, d.clock.Now().Unix()/30+steps)
	if err != nil {
		d.Fatal(err)
	}
	return &code
}

// mfaPool is a pool with a client and the user bob.
func (d *desk) mfaPool(mode string) (pool, client *string) {
	d.Helper()
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	ok[*idp.AdminCreateUserOutput](d)(d.AdminCreateUser(d.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: ptr("bob"), MessageAction: ptr("SUPPRESS")}))
	ok[*idp.AdminSetUserPasswordOutput](d)(d.AdminSetUserPassword(d.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: p.Id, Username: ptr("bob"),
		Password: ptr(password), Permanent: ptr(true)}))
	d.clock.Advance(time.Second) // a new password ends the sign-ins of its very moment too
	ok[*idp.SetUserPoolMfaConfigOutput](d)(d.SetUserPoolMfaConfig(d.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: p.Id, MfaConfiguration: &mode,
		SoftwareTokenMfaConfiguration: &idp.SoftwareTokenMfaConfigType{Enabled: ptr(true)}}))
	return p.Id, c.ClientId
}

func (d *desk) begin(client *string) *idp.InitiateAuthOutput {
	d.Helper()
	return ok[*idp.InitiateAuthOutput](d)(d.InitiateAuth(d.Context(), &idp.InitiateAuthInput{ClientId: client, AuthFlow: ptr("USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": "bob", "PASSWORD": password}}))
}

func TestPoolMFAConfig(t *testing.T) {
	d := newDesk(t)
	sms := &idp.SmsConfigurationType{SnsCallerArn: ptr("arn:aws:iam::000000000000:role/sns")}
	p := d.pool(idp.CreateUserPoolInput{MfaConfiguration: ptr("ON"), SmsConfiguration: sms, SmsAuthenticationMessage: ptr("Code {####}")})
	same(t, "MFA", *p.MfaConfiguration, "ON")
	same(t, "message", *p.SmsAuthenticationMessage, "Code {####}")
	get := func() *idp.GetUserPoolMfaConfigOutput {
		return ok[*idp.GetUserPoolMfaConfigOutput](t)(d.GetUserPoolMfaConfig(t.Context(), &idp.GetUserPoolMfaConfigInput{UserPoolId: p.Id}))
	}
	same(t, "SMS", *get().SmsMfaConfiguration.SmsConfiguration.SnsCallerArn, *sms.SnsCallerArn)
	ok[*idp.SetUserPoolMfaConfigOutput](t)(d.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: p.Id, MfaConfiguration: ptr("OPTIONAL"),
		SoftwareTokenMfaConfiguration: &idp.SoftwareTokenMfaConfigType{Enabled: ptr(true)},
		EmailMfaConfiguration:         &idp.EmailMfaConfigType{Subject: ptr("Hello"), Message: ptr("Take {####}")}}))
	got := get()
	if *got.MfaConfiguration != "OPTIONAL" || !*got.SoftwareTokenMfaConfiguration.Enabled || *got.EmailMfaConfiguration.Subject != "Hello" || got.SmsMfaConfiguration != nil {
		t.Errorf("%+v", got)
	}
	// UpdateUserPool has no say in TOTP and e-mail.
	ok[*idp.UpdateUserPoolOutput](t)(d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, MfaConfiguration: ptr("ON")}))
	if got = get(); *got.MfaConfiguration != "ON" || !*got.SoftwareTokenMfaConfiguration.Enabled || got.EmailMfaConfiguration == nil {
		t.Errorf("after an update %+v", got)
	}
	_, err := d.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: p.Id})
	refused(t, err, "InvalidParameterException", "MfaConfiguration ON needs a second factor")
}

func TestSoftwareTokenOperations(t *testing.T) {
	d := newDesk(t)
	pool, client := d.mfaPool("OPTIONAL")
	token := d.begin(client).AuthenticationResult.AccessToken
	given := ok[*idp.AssociateSoftwareTokenOutput](t)(d.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{AccessToken: token}))
	if given.Session != nil {
		t.Error("a session with an access token")
	}
	_, err := d.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: ptr("000000x")})
	refused(t, err, "EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA")
	done := ok[*idp.VerifySoftwareTokenOutput](t)(d.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{AccessToken: token, UserCode: d.totp(given.SecretCode, 0)}))
	same(t, "status", *done.Status, "SUCCESS")
	ok[*idp.SetUserMFAPreferenceOutput](t)(d.SetUserMFAPreference(t.Context(), &idp.SetUserMFAPreferenceInput{AccessToken: token,
		SoftwareTokenMfaSettings: &idp.SoftwareTokenMfaSettingsType{Enabled: ptr(true), PreferredMfa: ptr(true)}}))
	me := ok[*idp.GetUserOutput](t)(d.GetUser(t.Context(), &idp.GetUserInput{AccessToken: token}))
	admin := ok[*idp.AdminGetUserOutput](t)(d.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: pool, Username: ptr("bob")}))
	factors := ok[*idp.GetUserAuthFactorsOutput](t)(d.GetUserAuthFactors(t.Context(), &idp.GetUserAuthFactorsInput{AccessToken: token}))
	for _, list := range [][]string{me.UserMFASettingList, admin.UserMFASettingList, factors.UserMFASettingList,
		{*me.PreferredMfaSetting}, {*admin.PreferredMfaSetting}, {*factors.PreferredMfaSetting}} {
		if !slices.Equal(list, []string{"SOFTWARE_TOKEN_MFA"}) {
			t.Errorf("factors %q", list)
		}
	}
	ch := d.begin(client)
	same(t, "challenge", *ch.ChallengeName, "SOFTWARE_TOKEN_MFA")
	out := ok[*idp.AdminRespondToAuthChallengeOutput](t)(d.AdminRespondToAuthChallenge(t.Context(), &idp.AdminRespondToAuthChallengeInput{UserPoolId: pool, ClientId: client,
		ChallengeName: ch.ChallengeName, Session: ch.Session, ChallengeResponses: map[string]string{"USERNAME": "bob", "SOFTWARE_TOKEN_MFA_CODE": *d.totp(given.SecretCode, 1)}}))
	if out.AuthenticationResult == nil {
		t.Errorf("%+v", out)
	}
	ok[*idp.AdminSetUserMFAPreferenceOutput](t)(d.AdminSetUserMFAPreference(t.Context(), &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool, Username: ptr("bob"),
		SoftwareTokenMfaSettings: &idp.SoftwareTokenMfaSettingsType{Enabled: ptr(false)}}))
	if d.begin(client).AuthenticationResult == nil {
		t.Error("a lost device keeps its owner out")
	}
}

func TestSetUpOverTheAPI(t *testing.T) {
	d := newDesk(t)
	_, client := d.mfaPool("ON")
	ch := d.begin(client)
	same(t, "challenge", *ch.ChallengeName, "MFA_SETUP")
	given := ok[*idp.AssociateSoftwareTokenOutput](t)(d.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{Session: ch.Session}))
	done := ok[*idp.VerifySoftwareTokenOutput](t)(d.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{Session: given.Session, UserCode: d.totp(given.SecretCode, 0)}))
	out := ok[*idp.RespondToAuthChallengeOutput](t)(d.RespondToAuthChallenge(t.Context(), &idp.RespondToAuthChallengeInput{ClientId: client, ChallengeName: ch.ChallengeName,
		Session: done.Session, ChallengeResponses: map[string]string{"USERNAME": "bob"}}))
	if out.AuthenticationResult == nil {
		t.Errorf("%+v", out)
	}
}

func TestRefusedMFACalls(t *testing.T) {
	d := newDesk(t)
	pool, client := d.mfaPool("OPTIONAL")
	token := d.begin(client).AuthenticationResult.AccessToken
	_, err := d.AssociateSoftwareToken(t.Context(), &idp.AssociateSoftwareTokenInput{})
	refused(t, err, "InvalidParameterException", "Either AccessToken or Session")
	_, err = d.VerifySoftwareToken(t.Context(), &idp.VerifySoftwareTokenInput{AccessToken: token, Session: ptr("s"), UserCode: ptr("123456")})
	refused(t, err, "InvalidParameterException", "Either AccessToken or Session")
	_, err = d.SetUserMFAPreference(t.Context(), &idp.SetUserMFAPreferenceInput{AccessToken: token, WebAuthnMfaSettings: &idp.WebAuthnMfaSettingsType{Enabled: ptr(true)}})
	refused(t, err, "InvalidParameterException", "User does not have delivery config set to turn on WEB_AUTHN")
	_, err = d.AdminSetUserMFAPreference(t.Context(), &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool, Username: ptr("bob"), SMSMfaSettings: &idp.SMSMfaSettingsType{Enabled: ptr(true)}})
	refused(t, err, "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
	_, err = d.AdminSetUserMFAPreference(t.Context(), &idp.AdminSetUserMFAPreferenceInput{UserPoolId: pool, Username: ptr("bob"),
		SoftwareTokenMfaSettings: &idp.SoftwareTokenMfaSettingsType{PreferredMfa: ptr(true)}})
	refused(t, err, "InvalidParameterException", "not enabled cannot be preferred")
	_, err = d.SetUserSettings(t.Context(), &idp.SetUserSettingsInput{AccessToken: token, MFAOptions: []idp.MFAOptionType{{DeliveryMedium: ptr("EMAIL"), AttributeName: ptr("email")}}})
	refused(t, err, "InvalidParameterException", "SMS to phone_number alone")
	ok[*idp.SetUserSettingsOutput](t)(d.SetUserSettings(t.Context(), &idp.SetUserSettingsInput{AccessToken: token}))
}
