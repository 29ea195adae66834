package stsapi

import (
	"context"
	"errors"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// GetCallerIdentity serves the operation of that name. It needs no permission.
func (a *API) GetCallerIdentity(ctx context.Context, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	return &GetCallerIdentityOutput{UserId: &p.UserID, Account: &p.Account, Arn: &p.ARN}, nil
}

// GetAccessKeyInfo serves the operation of that name. It says nothing of whether
// the key exists or works: there is one account.
func (a *API) GetAccessKeyInfo(_ context.Context, in *GetAccessKeyInfoInput) (*GetAccessKeyInfoOutput, error) {
	id := *in.AccessKeyId
	if !strings.HasPrefix(id, "AKIA") && !strings.HasPrefix(id, "ASIA") && id != a.STS.RootAccessKeyID {
		return nil, &awsapi.Error{Status: 400, Code: "ValidationError", Message: "The specified value for accessKeyId is invalid."}
	}
	return &GetAccessKeyInfoOutput{Account: &a.STS.Account}, nil
}

// GetSessionToken serves the operation of that name.
func (a *API) GetSessionToken(ctx context.Context, in *GetSessionTokenInput) (*GetSessionTokenOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	c, err := a.STS.SessionToken(ctx, p, sts.SessionTokenRequest{Duration: seconds(in.DurationSeconds), MFA: proof(in.SerialNumber, in.TokenCode)})
	if err != nil {
		return nil, err
	}
	return &GetSessionTokenOutput{Credentials: credentials(c)}, nil
}

// GetFederationToken serves the operation of that name.
func (a *API) GetFederationToken(ctx context.Context, in *GetFederationTokenInput) (*GetFederationTokenOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	f, err := a.STS.FederationToken(ctx, p, sts.FederationRequest{Name: *in.Name, Tags: tags(in.Tags),
		SessionSpec: spec(ctx, in.Policy, in.PolicyArns, in.DurationSeconds)})
	if err != nil {
		return nil, err
	}
	return &GetFederationTokenOutput{Credentials: credentials(f.Credentials),
		FederatedUser:    &FederatedUser{FederatedUserId: &f.ID, Arn: &f.ARN},
		PackedPolicySize: awsapi.Ptr(int32(f.PackedPolicy))}, nil
}

var errNoPrincipal = errors.New("stsapi: the caller was not resolved by this package")

// principal returns who signed the request.
func principal(ctx context.Context) (*sts.Principal, error) {
	if c := awsapi.FromContext(ctx).Caller; c != nil {
		if p, ok := c.Principal.(*sts.Principal); ok {
			return p, nil
		}
	}
	return nil, errNoPrincipal
}

// requestKeys are the condition keys of the request itself.
func requestKeys(ctx context.Context) map[string][]string {
	return awsapi.FromContext(ctx).ConditionKeys()
}
