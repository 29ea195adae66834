package cognitoidp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// poolIn turns the input of CreateUserPool into a pool and the attributes to add
// to its schema. Members left out get their defaults.
func poolIn(in *CreateUserPoolInput) (*userpool.Pool, []userpool.SchemaAttribute, error) {
	if err := refuse(in); err != nil {
		return nil, nil, err
	}
	p := userpool.NewPool(awsapi.Value(in.PoolName))
	p.DeletionProtection = awsapi.Value(in.DeletionProtection) == "ACTIVE"
	p.AliasAttributes, p.UsernameAttributes, p.AutoVerified = in.AliasAttributes, in.UsernameAttributes, in.AutoVerifiedAttributes
	p.Tags, p.Tier = in.UserPoolTags, awsapi.Value(in.UserPoolTier)
	if in.UsernameConfiguration != nil {
		p.CaseSensitive = or(in.UsernameConfiguration.CaseSensitive, true)
	}
	// An SMS configuration is what lets codes be a factor; the other factors are
	// for SetUserPoolMfaConfig.
	p.MFA, p.SMSMFA = or(in.MfaConfiguration, userpool.MFAOff), in.SmsConfiguration != nil
	p.MFASMS = awsapi.Value(in.SmsAuthenticationMessage)
	p.Devices = deviceConfigIn(in.DeviceConfiguration)
	if add := in.UserPoolAddOns; add != nil {
		p.ThreatProtection = awsapi.Value(add.AdvancedSecurityMode)
		if add.AdvancedSecurityAdditionalFlows != nil {
			p.CustomThreats = awsapi.Value(add.AdvancedSecurityAdditionalFlows.CustomAuthMode)
		}
	}
	policyIn(p, in)
	messagesIn(p, in)
	if r := in.AccountRecoverySetting; r != nil {
		p.Recovery = recoveryIn(r.RecoveryMechanisms)
	}
	if u := in.UserAttributeUpdateSettings; u != nil {
		p.VerifyBeforeUpdate = u.AttributesRequireVerificationBeforeUpdate
	}
	if err := triggersIn(p, in); err != nil {
		return nil, nil, err
	}
	if err := keepPool(p, in); err != nil {
		return nil, nil, err
	}
	schema, err := schemaIn(in.Schema)
	return p, schema, err
}

func policyIn(p *userpool.Pool, in *CreateUserPoolInput) {
	days := int32(7)
	if c := in.AdminCreateUserConfig; c != nil {
		p.AllowAdminCreateOnly = awsapi.Value(c.AllowAdminCreateUserOnly)
		days = or(c.UnusedAccountValidityDays, days)
	}
	if in.Policies != nil && in.Policies.PasswordPolicy != nil {
		w := in.Policies.PasswordPolicy
		p.PasswordPolicy = userpool.PasswordPolicy{
			MinimumLength:    int(or(w.MinimumLength, 8)),
			RequireUppercase: awsapi.Value(w.RequireUppercase), RequireLowercase: awsapi.Value(w.RequireLowercase),
			RequireNumbers: awsapi.Value(w.RequireNumbers), RequireSymbols: awsapi.Value(w.RequireSymbols),
			History: int(awsapi.Value(w.PasswordHistorySize)),
		}
		days = or(w.TemporaryPasswordValidityDays, days)
	}
	p.TemporaryPasswordDays = int(days)
	if in.Policies != nil && in.Policies.SignInPolicy != nil {
		p.FirstFactors = in.Policies.SignInPolicy.AllowedFirstAuthFactors
	}
}

func messagesIn(p *userpool.Pool, in *CreateUserPoolInput) {
	p.VerificationEmail = userpool.Message{Subject: awsapi.Value(in.EmailVerificationSubject), Body: awsapi.Value(in.EmailVerificationMessage)}
	p.VerificationSMS = awsapi.Value(in.SmsVerificationMessage)
	if t := in.VerificationMessageTemplate; t != nil {
		p.VerificationEmail.Subject = or(t.EmailSubject, p.VerificationEmail.Subject)
		p.VerificationEmail.Body = or(t.EmailMessage, p.VerificationEmail.Body)
		p.VerificationSMS = or(t.SmsMessage, p.VerificationSMS)
		p.VerifyByLink = awsapi.Value(t.DefaultEmailOption) == confirmWithLink
		p.LinkEmail = userpool.Message{Subject: awsapi.Value(t.EmailSubjectByLink), Body: awsapi.Value(t.EmailMessageByLink)}
	}
	if c := in.AdminCreateUserConfig; c != nil && c.InviteMessageTemplate != nil {
		t := c.InviteMessageTemplate
		p.InviteEmail = userpool.Message{Subject: awsapi.Value(t.EmailSubject), Body: awsapi.Value(t.EmailMessage)}
		p.InviteSMS = awsapi.Value(t.SMSMessage)
	}
}

// recoveryIn returns the names of the mechanisms by priority.
func recoveryIn(list []RecoveryOptionType) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b RecoveryOptionType) int {
		return cmp.Compare(awsapi.Value(a.Priority), awsapi.Value(b.Priority))
	})
	var names []string
	for _, m := range list {
		names = append(names, awsapi.Value(m.Name))
	}
	return names
}

// keepPool stores the members that are reported as they came.
func keepPool(p *userpool.Pool, in *CreateUserPoolInput) error {
	s := settings{}
	p.Settings = s
	for _, err := range []error{
		keep(s, "EmailConfiguration", in.EmailConfiguration),
		keep(s, "SmsConfiguration", in.SmsConfiguration),
		keep(s, "UserPoolAddOns", in.UserPoolAddOns),
		keep(s, "KeyConfiguration", in.KeyConfiguration),
		keep(s, "IssuerConfiguration", in.IssuerConfiguration),
		keep(s, "UsernameConfiguration", in.UsernameConfiguration),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// poolOut reports a pool of n users.
func (a *API) poolOut(p *userpool.Pool, n int) *UserPoolType {
	s := settings(p.Settings)
	protection := "INACTIVE"
	if p.DeletionProtection {
		protection = "ACTIVE"
	}
	tags := p.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	email := kept[EmailConfigurationType](s, "EmailConfiguration")
	if email == nil {
		email = &EmailConfigurationType{EmailSendingAccount: awsapi.Ptr("COGNITO_DEFAULT")}
	}
	return &UserPoolType{
		Id: awsapi.Ptr(string(p.ID)), Name: &p.Name, Arn: awsapi.Ptr(a.Pools.ARN(p.ID)), Domain: optional(p.Domain), CustomDomain: optional(p.CustomDomain),
		CreationDate: stamp(p.Created), LastModifiedDate: stamp(p.Modified),
		Policies: policyOut(p), DeletionProtection: &protection, LambdaConfig: triggersOut(p),
		SchemaAttributes: schemaOut(p.Schema), MfaConfiguration: awsapi.Ptr(mfaOut(p)), EstimatedNumberOfUsers: awsapi.Ptr(int32(n)),
		AliasAttributes: p.AliasAttributes, UsernameAttributes: p.UsernameAttributes, AutoVerifiedAttributes: p.AutoVerified,
		SmsVerificationMessage: optional(p.VerificationSMS), EmailVerificationMessage: optional(p.VerificationEmail.Body),
		EmailVerificationSubject: optional(p.VerificationEmail.Subject), VerificationMessageTemplate: templateOut(p),
		UserAttributeUpdateSettings: &UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: append([]string{}, p.VerifyBeforeUpdate...)},
		AdminCreateUserConfig:       adminConfigOut(p), UserPoolTags: tags, AccountRecoverySetting: recoveryOut(p.Recovery),
		EmailConfiguration: email, SmsConfiguration: kept[SmsConfigurationType](s, "SmsConfiguration"),
		SmsAuthenticationMessage: optional(p.MFASMS),
		DeviceConfiguration:      deviceConfigOut(p.Devices),
		UserPoolAddOns:           kept[UserPoolAddOnsType](s, "UserPoolAddOns"),
		UsernameConfiguration:    usernameConfigOut(p),
		UserPoolTier:             awsapi.Ptr(cmp.Or(p.Tier, userpool.TierEssentials)),
		KeyConfiguration:         kept[KeyConfigurationType](s, "KeyConfiguration"),
		IssuerConfiguration:      kept[IssuerConfigurationType](s, "IssuerConfiguration"),
	}
}

// usernameConfigOut is absent where the pool was made without it; updates, which
// have no such member, cannot take it away.
func usernameConfigOut(p *userpool.Pool) *UsernameConfigurationType {
	if c := kept[UsernameConfigurationType](p.Settings, "UsernameConfiguration"); c != nil || p.CaseSensitive {
		return c
	}
	return &UsernameConfigurationType{CaseSensitive: awsapi.Ptr(false)}
}

func policyOut(p *userpool.Pool) *UserPoolPolicyType {
	w := p.PasswordPolicy
	return &UserPoolPolicyType{
		PasswordPolicy: &PasswordPolicyType{
			MinimumLength:    awsapi.Ptr(int32(w.MinimumLength)),
			RequireUppercase: &w.RequireUppercase, RequireLowercase: &w.RequireLowercase,
			RequireNumbers: &w.RequireNumbers, RequireSymbols: &w.RequireSymbols,
			PasswordHistorySize:           optional(int32(w.History)),
			TemporaryPasswordValidityDays: awsapi.Ptr(int32(p.TemporaryPasswordDays)),
		},
		SignInPolicy: &SignInPolicyType{AllowedFirstAuthFactors: firstFactorsOut(p)},
	}
}

// The options of VerificationMessageTemplate.
const (
	confirmWithCode = "CONFIRM_WITH_CODE"
	confirmWithLink = "CONFIRM_WITH_LINK"
)

func firstFactorsOut(p *userpool.Pool) []string {
	if len(p.FirstFactors) == 0 {
		return []string{"PASSWORD"}
	}
	return p.FirstFactors
}

func templateOut(p *userpool.Pool) *VerificationMessageTemplateType {
	option := confirmWithCode
	if p.VerifyByLink {
		option = confirmWithLink
	}
	return &VerificationMessageTemplateType{
		DefaultEmailOption: &option, EmailSubject: optional(p.VerificationEmail.Subject),
		EmailMessage: optional(p.VerificationEmail.Body), SmsMessage: optional(p.VerificationSMS),
		EmailSubjectByLink: optional(p.LinkEmail.Subject), EmailMessageByLink: optional(p.LinkEmail.Body),
	}
}

func adminConfigOut(p *userpool.Pool) *AdminCreateUserConfigType {
	out := &AdminCreateUserConfigType{
		AllowAdminCreateUserOnly: &p.AllowAdminCreateOnly, UnusedAccountValidityDays: awsapi.Ptr(int32(p.TemporaryPasswordDays)),
	}
	if p.InviteEmail != (userpool.Message{}) || p.InviteSMS != "" {
		out.InviteMessageTemplate = &MessageTemplateType{
			EmailSubject: optional(p.InviteEmail.Subject), EmailMessage: optional(p.InviteEmail.Body), SMSMessage: optional(p.InviteSMS),
		}
	}
	return out
}

func recoveryOut(names []string) *AccountRecoverySettingType {
	if len(names) == 0 {
		return nil
	}
	out := &AccountRecoverySettingType{}
	for i, name := range names {
		out.RecoveryMechanisms = append(out.RecoveryMechanisms, RecoveryOptionType{Priority: awsapi.Ptr(int32(i + 1)), Name: &name})
	}
	return out
}

func schemaIn(list []SchemaAttributeType) ([]userpool.SchemaAttribute, error) {
	var out []userpool.SchemaAttribute
	for _, a := range list {
		if awsapi.Value(a.Name) == "" {
			return nil, userpool.Fail(userpool.ErrInvalidParameter, "An attribute of the schema has no name.")
		}
		v := userpool.SchemaAttribute{
			Name: strings.TrimPrefix(*a.Name, "custom:"), Type: awsapi.Value(a.AttributeDataType), Mutable: or(a.Mutable, true),
			Required: awsapi.Value(a.Required), Developer: awsapi.Value(a.DeveloperOnlyAttribute),
		}
		if c := a.StringAttributeConstraints; c != nil && v.Type != "Number" {
			v.Min, v.Max = awsapi.Value(c.MinLength), awsapi.Value(c.MaxLength)
		}
		if c := a.NumberAttributeConstraints; c != nil && v.Type == "Number" {
			v.Min, v.Max = awsapi.Value(c.MinValue), awsapi.Value(c.MaxValue)
		}
		out = append(out, v)
	}
	return out, nil
}

func schemaOut(schema []userpool.SchemaAttribute) []SchemaAttributeType {
	out := make([]SchemaAttributeType, len(schema))
	for i, a := range schema {
		out[i] = SchemaAttributeType{
			Name: &a.Name, AttributeDataType: &a.Type, Mutable: &a.Mutable, Required: &a.Required, DeveloperOnlyAttribute: &a.Developer,
		}
		switch a.Type {
		case "String":
			out[i].StringAttributeConstraints = &StringAttributeConstraintsType{MinLength: optional(a.Min), MaxLength: optional(a.Max)}
		case "Number":
			out[i].NumberAttributeConstraints = &NumberAttributeConstraintsType{MinValue: optional(a.Min), MaxValue: optional(a.Max)}
		}
	}
	return out
}
