package cognitoidp_test

import (
	"encoding/json"
	"testing"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

func TestCreateUserPoolDefaults(t *testing.T) {
	d := newDesk(t)
	created := d.pool(idp.CreateUserPoolInput{})
	p := ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: created.Id})).UserPool
	w := p.Policies.PasswordPolicy
	same(t, "minimum", *w.MinimumLength, 8)
	same(t, "classes", *w.RequireUppercase && *w.RequireLowercase && *w.RequireNumbers && *w.RequireSymbols, true)
	same(t, "temporary", *w.TemporaryPasswordValidityDays, 7)
	same(t, "factors", p.Policies.SignInPolicy.AllowedFirstAuthFactors[0], "PASSWORD")
	same(t, "protection", *p.DeletionProtection, "INACTIVE")
	same(t, "MFA", *p.MfaConfiguration, "OFF")
	same(t, "users", *p.EstimatedNumberOfUsers, 0)
	same(t, "tier", *p.UserPoolTier, "ESSENTIALS")
	same(t, "sender", *p.EmailConfiguration.EmailSendingAccount, "COGNITO_DEFAULT")
	same(t, "option", *p.VerificationMessageTemplate.DefaultEmailOption, "CONFIRM_WITH_CODE")
	same(t, "admin only", *p.AdminCreateUserConfig.AllowAdminCreateUserOnly, false)
	same(t, "recovery", *p.AccountRecoverySetting.RecoveryMechanisms[0].Name, "verified_email")
	same(t, "lambdas present", p.LambdaConfig != nil, true)
	same(t, "tags present", p.UserPoolTags != nil, true)
	same(t, "absent", p.SmsConfiguration == nil && p.UserPoolAddOns == nil && p.DeviceConfiguration == nil && p.UsernameConfiguration == nil &&
		p.AliasAttributes == nil && p.UsernameAttributes == nil && p.AutoVerifiedAttributes == nil && p.Domain == nil, true)
	same(t, "attributes", len(p.SchemaAttributes), 21)
	same(t, "first attribute", *p.SchemaAttributes[0].Name, "sub")
}

func TestCreateUserPoolKeepsWhatItWasGiven(t *testing.T) {
	d := newDesk(t)
	in := idp.CreateUserPoolInput{
		Policies:                    &idp.UserPoolPolicyType{PasswordPolicy: &idp.PasswordPolicyType{MinimumLength: ptr(int32(12))}},
		AliasAttributes:             []string{"email"},
		AutoVerifiedAttributes:      []string{"email"},
		UsernameConfiguration:       &idp.UsernameConfigurationType{CaseSensitive: ptr(false)},
		EmailVerificationMessage:    ptr("Code {####}!"),
		VerificationMessageTemplate: &idp.VerificationMessageTemplateType{DefaultEmailOption: ptr("CONFIRM_WITH_LINK"), EmailMessageByLink: ptr("Click {##here##}"), EmailSubjectByLink: ptr("Link")},
		EmailConfiguration:          &idp.EmailConfigurationType{SourceArn: ptr("arn:aws:ses:x"), EmailSendingAccount: ptr("DEVELOPER")},
		DeviceConfiguration:         &idp.DeviceConfigurationType{ChallengeRequiredOnNewDevice: ptr(true)},
		UserPoolTags:                map[string]string{"team": "x"},
		AccountRecoverySetting:      &idp.AccountRecoverySettingType{RecoveryMechanisms: []idp.RecoveryOptionType{{Priority: ptr(int32(2)), Name: ptr("verified_phone_number")}, {Priority: ptr(int32(1)), Name: ptr("verified_email")}}},
		AdminCreateUserConfig:       &idp.AdminCreateUserConfigType{AllowAdminCreateUserOnly: ptr(true), UnusedAccountValidityDays: ptr(int32(3))},
		Schema:                      []idp.SchemaAttributeType{{Name: ptr("team"), AttributeDataType: ptr("String"), StringAttributeConstraints: &idp.StringAttributeConstraintsType{MaxLength: ptr("9")}}},
	}
	created := d.pool(in)
	p := ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: created.Id})).UserPool
	same(t, "as answered by the creation", text(t, p), text(t, created))
	same(t, "minimum", *p.Policies.PasswordPolicy.MinimumLength, 12)
	same(t, "classes of a partial policy", *p.Policies.PasswordPolicy.RequireSymbols, false)
	same(t, "case", *p.UsernameConfiguration.CaseSensitive, false)
	same(t, "message", *p.EmailVerificationMessage, "Code {####}!")
	same(t, "template mirrors it", *p.VerificationMessageTemplate.EmailMessage, "Code {####}!")
	same(t, "link", *p.VerificationMessageTemplate.DefaultEmailOption+*p.VerificationMessageTemplate.EmailMessageByLink+*p.VerificationMessageTemplate.EmailSubjectByLink,
		"CONFIRM_WITH_LINKClick {##here##}Link")
	same(t, "source", *p.EmailConfiguration.SourceArn, "arn:aws:ses:x")
	same(t, "device", *p.DeviceConfiguration.ChallengeRequiredOnNewDevice, true)
	same(t, "recovery by priority", *p.AccountRecoverySetting.RecoveryMechanisms[0].Name, "verified_email")
	same(t, "days", *p.Policies.PasswordPolicy.TemporaryPasswordValidityDays, 3)
	last := p.SchemaAttributes[len(p.SchemaAttributes)-1]
	same(t, "custom attribute", *last.Name+" "+*last.StringAttributeConstraints.MaxLength, "custom:team 9")

	// An update resets what it leaves out, and keeps what cannot change.
	ok[*idp.UpdateUserPoolOutput](t)(d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id}))
	p = ok[*idp.DescribeUserPoolOutput](t)(d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: created.Id})).UserPool
	same(t, "reset", *p.Policies.PasswordPolicy.MinimumLength, 8)
	same(t, "reset", p.DeviceConfiguration == nil && p.EmailVerificationMessage == nil && len(p.UserPoolTags) == 0, true)
	same(t, "kept", *p.Name+" "+p.AliasAttributes[0], "pool email")
	same(t, "kept case rule", *p.UsernameConfiguration.CaseSensitive, false)
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRefusedSettings: what would promise a protection that is not there is
// refused by name, on creation and on update.
func TestRefusedSettings(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	for name, in := range map[string]idp.CreateUserPoolInput{
		"MfaConfiguration ON":       {MfaConfiguration: ptr("ON")},
		"MfaConfiguration OPTIONAL": {MfaConfiguration: ptr("OPTIONAL")},
		"LambdaConfig.CustomEmailSender": {LambdaConfig: &idp.LambdaConfigType{CustomEmailSender: &idp.CustomEmailLambdaVersionConfigType{
			LambdaArn: ptr(arnOne), LambdaVersion: ptr("V1_0")}}},
		"AdvancedSecurityAdditionalFlows": {UserPoolAddOns: &idp.UserPoolAddOnsType{AdvancedSecurityMode: ptr("OFF"),
			AdvancedSecurityAdditionalFlows: &idp.AdvancedSecurityAdditionalFlowsType{CustomAuthMode: ptr("AUDIT")}}},
		"KeyConfiguration.KmsKeyArn":       {KeyConfiguration: &idp.KeyConfigurationType{KmsKeyArn: ptr("arn:aws:kms:x")}},
		"IssuerConfiguration.Type UPDATED": {IssuerConfiguration: &idp.IssuerConfigurationType{Type: ptr("UPDATED")}},
	} {
		t.Run(name, func(t *testing.T) {
			in.PoolName = ptr("pool")
			_, err := d.CreateUserPool(t.Context(), &in)
			refused(t, err, "InvalidParameterException", name)
			_, err = d.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id, MfaConfiguration: in.MfaConfiguration,
				LambdaConfig: in.LambdaConfig, UserPoolAddOns: in.UserPoolAddOns, Policies: in.Policies,
				VerificationMessageTemplate: in.VerificationMessageTemplate, KeyConfiguration: in.KeyConfiguration, IssuerConfiguration: in.IssuerConfiguration})
			refused(t, err, "InvalidParameterException", name)
		})
	}
	for name, in := range map[string]idp.SetUserPoolMfaConfigInput{
		"MfaConfiguration ON": {MfaConfiguration: ptr("ON")},
		"SmsMfaConfiguration": {SmsMfaConfiguration: &idp.SmsMfaConfigType{}},
		"RelyingPartyId":      {WebAuthnConfiguration: &idp.WebAuthnConfigurationType{RelyingPartyId: ptr("https://example.com")}},
	} {
		t.Run("SetUserPoolMfaConfig "+name, func(t *testing.T) {
			in.UserPoolId = p.Id
			_, err := d.SetUserPoolMfaConfig(t.Context(), &in)
			refused(t, err, "InvalidParameterException", name)
		})
	}
	off := ok[*idp.SetUserPoolMfaConfigOutput](t)(d.SetUserPoolMfaConfig(t.Context(), &idp.SetUserPoolMfaConfigInput{UserPoolId: p.Id,
		MfaConfiguration: ptr("OFF"), SoftwareTokenMfaConfiguration: &idp.SoftwareTokenMfaConfigType{Enabled: ptr(false)}}))
	same(t, "MFA", *off.MfaConfiguration, "OFF")
	same(t, "MFA", *ok[*idp.GetUserPoolMfaConfigOutput](t)(d.GetUserPoolMfaConfig(t.Context(), &idp.GetUserPoolMfaConfigInput{UserPoolId: p.Id})).MfaConfiguration, "OFF")
}

func TestListAndDeleteUserPools(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		d.pool(idp.CreateUserPoolInput{})
	}
	page := ok[*idp.ListUserPoolsOutput](t)(d.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: ptr(int32(2))}))
	rest := ok[*idp.ListUserPoolsOutput](t)(d.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: ptr(int32(2)), NextToken: page.NextToken}))
	same(t, "pools", len(page.UserPools)+len(rest.UserPools), 3)
	same(t, "last", rest.NextToken, nil)
	id := rest.UserPools[0].Id
	ok[*idp.DeleteUserPoolOutput](t)(d.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: id}))
	_, err := d.DescribeUserPool(t.Context(), &idp.DescribeUserPoolInput{UserPoolId: id})
	refused(t, err, "ResourceNotFoundException", "User pool "+*id+" does not exist.")
}

func TestUserPoolDomain(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	describe := func() *idp.DomainDescriptionType {
		t.Helper()
		return ok[*idp.DescribeUserPoolDomainOutput](t)(d.DescribeUserPoolDomain(t.Context(), &idp.DescribeUserPoolDomainInput{Domain: ptr("login")})).DomainDescription
	}
	same(t, "unknown domain", text(t, describe()), text(t, idp.DomainDescriptionType{}))
	ok[*idp.CreateUserPoolDomainOutput](t)(d.CreateUserPoolDomain(t.Context(), &idp.CreateUserPoolDomainInput{Domain: ptr("login"), UserPoolId: p.Id}))
	same(t, "owner", *describe().UserPoolId, *p.Id)
	same(t, "version", *describe().ManagedLoginVersion, 1)
	ok[*idp.UpdateUserPoolDomainOutput](t)(d.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{Domain: ptr("login"), UserPoolId: p.Id, ManagedLoginVersion: ptr(int32(2))}))
	same(t, "version", *describe().ManagedLoginVersion, 2)
	_, err := d.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{Domain: ptr("other"), UserPoolId: p.Id})
	refused(t, err, "InvalidParameterException", "")
	_, err = d.CreateUserPoolDomain(t.Context(), &idp.CreateUserPoolDomainInput{Domain: ptr("x"), UserPoolId: p.Id, CustomDomainConfig: &idp.CustomDomainConfigType{}})
	refused(t, err, "InvalidParameterException", "CustomDomainConfig")
	ok[*idp.DeleteUserPoolDomainOutput](t)(d.DeleteUserPoolDomain(t.Context(), &idp.DeleteUserPoolDomainInput{Domain: ptr("login"), UserPoolId: p.Id}))
	same(t, "deleted domain", describe().UserPoolId, nil)
}

func TestTags(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	ok[*idp.TagResourceOutput](t)(d.TagResource(t.Context(), &idp.TagResourceInput{ResourceArn: p.Arn, Tags: map[string]string{"a": "1", "b": "2"}}))
	ok[*idp.UntagResourceOutput](t)(d.UntagResource(t.Context(), &idp.UntagResourceInput{ResourceArn: p.Arn, TagKeys: []string{"a"}}))
	tags := ok[*idp.ListTagsForResourceOutput](t)(d.ListTagsForResource(t.Context(), &idp.ListTagsForResourceInput{ResourceArn: p.Arn})).Tags
	same(t, "tags", text(t, tags), `{"b":"2"}`)
	_, err := d.ListTagsForResource(t.Context(), &idp.ListTagsForResourceInput{ResourceArn: ptr("arn:aws:cognito-idp:us-east-1:999999999999:userpool/" + *p.Id)})
	refused(t, err, "InvalidParameterException", "Invalid resource ARN")
}
