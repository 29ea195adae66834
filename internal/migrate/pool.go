package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

type schemaAttribute struct {
	Name, AttributeDataType                   string
	Mutable, Required, DeveloperOnlyAttribute bool
	StringAttributeConstraints                struct{ MinLength, MaxLength string }
	NumberAttributeConstraints                struct{ MinValue, MaxValue string }
}

type describedPool struct {
	Name                  string
	SchemaAttributes      []schemaAttribute
	UsernameConfiguration *struct{ CaseSensitive bool }
	LambdaConfig          obj
}

// settings are the members of UserPoolType that UpdateUserPool takes and that mean
// the same here. Functions, senders and threat protection are the operator's to set.
var settings = []string{"Policies", "DeletionProtection", "AutoVerifiedAttributes", "VerificationMessageTemplate", "SmsAuthenticationMessage",
	"UserAttributeUpdateSettings", "DeviceConfiguration", "AdminCreateUserConfig", "AccountRecoverySetting", "UserPoolTags"}

func (m *Migration) copyPool(ctx context.Context) error {
	var out struct{ UserPool json.RawMessage }
	if err := m.read(ctx, "DescribeUserPool", obj{"UserPoolId": m.Pool}, &out); err != nil {
		return err
	}
	var p describedPool
	var all obj
	if err := errors.Join(json.Unmarshal(out.UserPool, &p), json.Unmarshal(out.UserPool, &all)); err != nil {
		return err
	}
	sensitive := p.UsernameConfiguration == nil || p.UsernameConfiguration.CaseSensitive
	made := obj{"UserPoolId": m.Pool, "PoolName": p.Name, "Schema": schema(p.SchemaAttributes), "CaseSensitive": sensitive}
	for _, name := range []string{"AliasAttributes", "UsernameAttributes"} {
		if v, ok := all[name]; ok {
			made[name] = v
		}
	}
	if err := m.add(ctx, ours+"ImportUserPool", made, "ResourceConflictException", "pools"); err != nil {
		return err
	}
	if len(m.at.Notes) > 0 {
		return errors.New(m.at.Notes[0]) // without the pool there is nothing to go on with
	}
	if len(p.LambdaConfig) > 0 {
		m.at.Notes = append(m.at.Notes, "LambdaConfig: set the functions here by UpdateUserPool")
	}
	if err := m.copySettings(ctx, all); err != nil {
		return err
	}
	return m.copyFactors(ctx)
}

// copySettings copies what can be changed later.
func (m *Migration) copySettings(ctx context.Context, all obj) error {
	update := obj{"UserPoolId": m.Pool}
	for _, name := range settings {
		if v, ok := all[name]; ok {
			update[name] = v
		}
	}
	if c, ok := update["AdminCreateUserConfig"].(obj); ok {
		delete(c, "UnusedAccountValidityDays") // the password policy has it; both at once are refused
	}
	return m.note("pool settings", m.write(ctx, cognito+"UpdateUserPool", update, nil))
}

// copyFactors copies which second factors the pool has.
func (m *Migration) copyFactors(ctx context.Context) error {
	out := obj{}
	if err := m.read(ctx, "GetUserPoolMfaConfig", obj{"UserPoolId": m.Pool}, &out); err != nil {
		return m.note("second factors", err)
	}
	out["UserPoolId"] = m.Pool
	if sms, ok := out["SmsMfaConfiguration"].(obj); ok {
		delete(sms, "SmsConfiguration") // how it is sent is this server's configuration
	}
	return m.note("second factors", m.write(ctx, cognito+"SetUserPoolMfaConfig", out, nil))
}

// schema writes attributes as ImportUserPool takes them: custom ones by their bare
// names, without those that are the same in every pool.
func schema(attributes []schemaAttribute) []obj {
	all := []obj{}
	for _, a := range attributes {
		if a.Name == "sub" || a.Name == "identities" {
			continue
		}
		name := a.Name[strings.LastIndex(a.Name, ":")+1:]
		o := obj{"Name": name, "AttributeDataType": a.AttributeDataType, "Mutable": a.Mutable, "Required": a.Required, "DeveloperOnlyAttribute": a.DeveloperOnlyAttribute,
			"Min": a.StringAttributeConstraints.MinLength + a.NumberAttributeConstraints.MinValue,
			"Max": a.StringAttributeConstraints.MaxLength + a.NumberAttributeConstraints.MaxValue}
		all = append(all, o)
	}
	return all
}
