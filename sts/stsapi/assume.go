package stsapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// AssumeRole serves the operation of that name.
func (a *API) AssumeRole(ctx context.Context, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
	if len(in.ProvidedContexts) > 0 {
		return nil, &awsapi.Error{Status: 400, Code: "ValidationError", Message: "ProvidedContexts is not supported by this server."}
	}
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	noteChain(ctx, p)
	r, err := a.STS.AssumeRole(ctx, p, sts.AssumeRoleRequest{
		SessionSpec: spec(ctx, in.Policy, in.PolicyArns, in.DurationSeconds),
		RoleARN:     *in.RoleArn, SessionName: *in.RoleSessionName, ExternalID: awsapi.Value(in.ExternalId),
		Tags: tags(in.Tags), Transitive: in.TransitiveTagKeys, SourceIdentity: awsapi.Value(in.SourceIdentity),
		MFA: proof(in.SerialNumber, in.TokenCode),
	})
	if err != nil {
		return nil, err
	}
	return &AssumeRoleOutput{Credentials: credentials(r.Credentials), AssumedRoleUser: assumedUser(r),
		PackedPolicySize: percent(r.PackedPolicy), SourceIdentity: optional(r.SourceIdentity)}, nil
}

// AssumeRoleWithSAML serves the operation of that name.
func (a *API) AssumeRoleWithSAML(ctx context.Context, in *AssumeRoleWithSAMLInput) (*AssumeRoleWithSAMLOutput, error) {
	noteResources(ctx, *in.RoleArn, *in.PrincipalArn)
	r, err := a.STS.AssumeRoleWithSAML(ctx, sts.SAMLRequest{
		SessionSpec: spec(ctx, in.Policy, in.PolicyArns, in.DurationSeconds),
		RoleARN:     *in.RoleArn, ProviderARN: *in.PrincipalArn, Response: *in.SAMLAssertion,
	})
	if err != nil {
		return nil, err
	}
	noteSAMLUser(ctx, r)
	return &AssumeRoleWithSAMLOutput{Credentials: credentials(r.Credentials), AssumedRoleUser: assumedUser(&r.AssumedRole),
		PackedPolicySize: percent(r.PackedPolicy), Subject: &r.Subject, SubjectType: &r.SubjectType, Issuer: &r.Issuer,
		Audience: &r.Audience, NameQualifier: &r.NameQualifier, SourceIdentity: optional(r.SourceIdentity)}, nil
}

// AssumeRoleWithWebIdentity serves the operation of that name.
func (a *API) AssumeRoleWithWebIdentity(ctx context.Context, in *AssumeRoleWithWebIdentityInput) (*AssumeRoleWithWebIdentityOutput, error) {
	noteResources(ctx, *in.RoleArn)
	r, err := a.STS.AssumeRoleWithToken(ctx, sts.WebTokenRequest{
		SessionSpec: spec(ctx, in.Policy, in.PolicyArns, in.DurationSeconds),
		RoleARN:     *in.RoleArn, SessionName: *in.RoleSessionName, Token: *in.WebIdentityToken,
		ProviderID: awsapi.Value(in.ProviderId),
	})
	if err != nil {
		return nil, err
	}
	noteWebIdentityUser(ctx, r)
	return &AssumeRoleWithWebIdentityOutput{Credentials: credentials(r.Credentials), AssumedRoleUser: assumedUser(&r.AssumedRole),
		PackedPolicySize: percent(r.PackedPolicy), SubjectFromWebIdentityToken: &r.Subject, Provider: &r.Provider,
		Audience: &r.Audience, SourceIdentity: optional(r.SourceIdentity)}, nil
}

func proof(serial, code *string) sts.MFAProof {
	return sts.MFAProof{Serial: awsapi.Value(serial), Code: awsapi.Value(code)}
}

func spec(ctx context.Context, policy *string, managed []PolicyDescriptorType, duration *int32) sts.SessionSpec {
	return sts.SessionSpec{Policy: awsapi.Value(policy), PolicyARNs: arns(managed), Duration: seconds(duration), Keys: requestKeys(ctx)}
}
