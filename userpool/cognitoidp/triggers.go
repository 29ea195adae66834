package cognitoidp

import (
	"cmp"
	"context"
	"reflect"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// eventV1 is the version of a trigger's event that a configuration without one means.
const eventV1 = "V1_0"

// functions are the members of a LambdaConfig that name a function and nothing else.
func functions(l *LambdaConfigType) map[string]**string {
	return map[string]**string{
		"PreSignUp": &l.PreSignUp, "CustomMessage": &l.CustomMessage, "PostConfirmation": &l.PostConfirmation,
		"PreAuthentication": &l.PreAuthentication, "PostAuthentication": &l.PostAuthentication,
		"DefineAuthChallenge": &l.DefineAuthChallenge, "CreateAuthChallenge": &l.CreateAuthChallenge,
		"VerifyAuthChallengeResponse": &l.VerifyAuthChallengeResponse, "PreTokenGeneration": &l.PreTokenGeneration,
		"UserMigration": &l.UserMigration,
	}
}

// triggersIn reads the LambdaConfig of a pool. An empty ARN means no function.
func triggersIn(p *userpool.Pool, in *CreateUserPoolInput) error {
	l := in.LambdaConfig
	if l == nil {
		return nil
	}
	p.Triggers, p.SenderKey = map[string]userpool.Function{}, awsapi.Value(l.KMSKeyID)
	add := func(name string, arn, version *string) {
		if awsapi.Value(arn) != "" {
			p.Triggers[name] = userpool.Function{ARN: *arn, Version: or(version, eventV1)}
		}
	}
	for name, arn := range functions(l) {
		add(name, *arn, nil)
	}
	if c := l.CustomEmailSender; c != nil {
		add("CustomEmailSender", c.LambdaArn, c.LambdaVersion)
	}
	if c := l.CustomSMSSender; c != nil {
		add("CustomSMSSender", c.LambdaArn, c.LambdaVersion)
	}
	if c := l.InboundFederation; c != nil {
		add("InboundFederation", c.LambdaArn, c.LambdaVersion)
	}
	if c := l.PreTokenGenerationConfig; c != nil {
		if old := awsapi.Value(l.PreTokenGeneration); old != "" && old != *c.LambdaArn {
			return userpool.Fail(userpool.ErrInvalidParameter, "PreTokenGeneration and PreTokenGenerationConfig.LambdaArn must be the same function.")
		}
		add("PreTokenGeneration", c.LambdaArn, c.LambdaVersion)
	}
	return nil
}

// triggersOut reports the LambdaConfig of a pool. The two members for the function
// before tokens say the same.
func triggersOut(p *userpool.Pool) *LambdaConfigType {
	l := &LambdaConfigType{KMSKeyID: optional(p.SenderKey)}
	for name, arn := range functions(l) {
		*arn = optional(p.Triggers[name].ARN)
	}
	if f, ok := p.Triggers["PreTokenGeneration"]; ok {
		l.PreTokenGenerationConfig = &PreTokenGenerationVersionConfigType{LambdaArn: &f.ARN, LambdaVersion: &f.Version}
	}
	if f, ok := p.Triggers["CustomEmailSender"]; ok {
		l.CustomEmailSender = &CustomEmailLambdaVersionConfigType{LambdaArn: &f.ARN, LambdaVersion: &f.Version}
	}
	if f, ok := p.Triggers["CustomSMSSender"]; ok {
		l.CustomSMSSender = &CustomSMSLambdaVersionConfigType{LambdaArn: &f.ARN, LambdaVersion: &f.Version}
	}
	if f, ok := p.Triggers["InboundFederation"]; ok {
		l.InboundFederation = &InboundFederationLambdaType{LambdaArn: &f.ARN, LambdaVersion: &f.Version}
	}
	return l
}

// forTriggers puts into the context what a request says to the functions of
// triggers. What starts a sign-in speaks to those that judge it beforehand alone.
func forTriggers(ctx context.Context, _ string, in any) (context.Context, error) {
	v := reflect.Indirect(reflect.ValueOf(in))
	call := awsapi.FromContext(ctx)
	ctx = userpool.WithCallerSDK(ctx, cmp.Or(sdkOf(call.SDKAgent), sdkOf(call.UserAgent)))
	said, _ := fieldOf(v, "ClientMetadata").(map[string]string)
	switch in.(type) {
	case *InitiateAuthInput, *AdminInitiateAuthInput:
		return userpool.WithValidationData(ctx, said), nil
	}
	if list, ok := fieldOf(v, "ValidationData").([]AttributeType); ok && len(list) > 0 {
		ctx = userpool.WithValidationData(ctx, attributesIn(list))
	}
	return userpool.WithClientMetadata(ctx, said), nil
}

// sdkOf returns the name and version of an AWS SDK by its User-Agent, as events
// spell them: "aws-sdk-js/3.658.1 …" is aws-sdk-js-3.658.1. Others have none.
func sdkOf(agent string) string {
	first, _, _ := strings.Cut(agent, " ")
	name, version, ok := strings.Cut(first, "/")
	known := ok && strings.HasPrefix(name, "aws-sdk-") && len(first) <= 64
	if !known || strings.ContainsFunc(first, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return name + "-" + version
}
