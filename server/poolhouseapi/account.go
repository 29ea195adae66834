package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// accountOps are the operations on the account as a whole and on its IAM users.
func (a *API) accountOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("DescribeAccountSettings", awsapi.SigV4, a.DescribeAccountSettings),
		awsapi.Func("UpdateAccountSettings", awsapi.SigV4, a.UpdateAccountSettings),
		awsapi.Func("DescribeConnection", awsapi.SigV4, a.DescribeConnection),
		awsapi.Func("CreateMfaDevice", awsapi.SigV4, a.CreateMfaDevice),
		awsapi.Func("EnableMfaDevice", awsapi.SigV4, a.EnableMfaDevice),
		awsapi.Func("ListMfaDevices", awsapi.SigV4, a.ListMfaDevices),
		awsapi.Func("DeleteMfaDevice", awsapi.SigV4, a.DeleteMfaDevice),
		awsapi.Func("CreateTradeInToken", awsapi.SigV4, a.CreateTradeInToken),
		awsapi.Func("PutUpstreamRole", awsapi.SigV4, a.PutUpstreamRole),
		awsapi.Func("DescribeUpstreamRole", awsapi.SigV4, a.DescribeUpstreamRole),
		awsapi.Func("DeleteUpstreamRole", awsapi.SigV4, a.DeleteUpstreamRole),
	}
}

// accountErrors is how errors of package sts look on the wire.
var accountErrors = awsapi.ErrorTable{
	{Is: sts.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The entity does not exist."},
	{Is: sts.ErrExists, Status: 400, Code: "ResourceConflictException", Message: "The entity exists already."},
	{Is: sts.ErrLimitExceeded, Status: 400, Code: "LimitExceededException", Message: "A limit is exceeded."},
	{Is: sts.ErrOutboundDisabled, Status: 400, Code: "InvalidParameterException", Message: "Outbound web identity federation is not enabled for this account."},
	{Is: sts.ErrUnmodifiable, Status: 400, Code: "InvalidParameterException", Message: "The role belongs to a service."},
	{Is: sts.ErrAccessDenied, Status: 403, Code: "AccessDenied", Message: "Access denied"},
	{Is: sts.ErrInvalidInput, Status: 400, Code: "InvalidParameterException", Message: "A parameter is not valid."},
	{Is: sts.ErrValidation, Status: 400, Code: "InvalidParameterException", Message: "A parameter is not valid."},
	{Is: sts.ErrInvalidParameter, Status: 400, Code: "InvalidParameterException", Message: "A parameter is not valid."},
	{Is: sts.ErrMalformedPolicy, Status: 400, Code: "InvalidParameterException", Message: "A policy is malformed."},
	{Is: sts.ErrPackedPolicy, Status: 400, Code: "InvalidParameterException", Message: "The policies are too large."},
}

// accountResource is the ARN of what an operation of accountOps is about.
func (a *API) accountResource(in any) (arn string, ok bool) {
	base := "arn:aws:poolhouse:" + a.Region + ":" + a.Account + ":"
	switch in := in.(type) {
	case *DescribeAccountSettingsInput, *UpdateAccountSettingsInput, *DescribeConnectionInput:
		return base + "account", true
	case *CreateMfaDeviceInput:
		return base + "user/" + a.userName(*in.UserName), true
	case *EnableMfaDeviceInput:
		return base + "user/" + a.userName(*in.UserName), true
	case *ListMfaDevicesInput:
		return base + "user/" + a.userName(*in.UserName), true
	case *DeleteMfaDeviceInput:
		return base + "user/" + a.userName(*in.UserName), true
	case *PutUpstreamRoleInput:
		return base + "role/" + a.roleName(*in.RoleName), true
	case *DescribeUpstreamRoleInput:
		return base + "role/" + a.roleName(*in.RoleName), true
	case *DeleteUpstreamRoleInput:
		return base + "role/" + a.roleName(*in.RoleName), true
	case *CreateTradeInTokenInput:
		return *in.RoleArn, true
	}
	return "", false
}

// userName is a name as the user has it: written in another case it would slip past a
// policy that denies the user.
func (a *API) userName(name string) string {
	if u, err := a.STS.User(context.Background(), name); err == nil {
		return u.Name
	}
	return name
}

// roleName is userName for roles.
func (a *API) roleName(name string) string {
	if r, err := a.STS.Role(context.Background(), name); err == nil {
		return r.Name
	}
	return name
}

// DescribeAccountSettings reports the settings of the account.
func (a *API) DescribeAccountSettings(ctx context.Context, _ *DescribeAccountSettingsInput) (*DescribeAccountSettingsOutput, error) {
	set, err := a.STS.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return &DescribeAccountSettingsOutput{Settings: a.settings(set)}, nil
}

// DescribeConnection tells how the call itself reached the server, so that the proxies in
// front of it can be looked at.
func (a *API) DescribeConnection(ctx context.Context, _ *DescribeConnectionInput) (*DescribeConnectionOutput, error) {
	c := awsapi.FromContext(ctx)
	return &DescribeConnectionOutput{SourceIp: &c.SourceIP, PeerIp: &c.Hop.IP, Secure: &c.SecureTransport,
		Forwarded: &c.Hop.Forwarded, Trusted: &c.Hop.Trusted}, nil
}

// UpdateAccountSettings changes the settings that it names.
func (a *API) UpdateAccountSettings(ctx context.Context, in *UpdateAccountSettingsInput) (*UpdateAccountSettingsOutput, error) {
	change := sts.SettingsChange{Outbound: in.OutboundWebIdentityFederation}
	if in.DisabledRegions != nil {
		change.DisabledRegions = &in.DisabledRegions
	}
	set, err := a.STS.UpdateSettings(ctx, change)
	if err != nil {
		return nil, err
	}
	return &UpdateAccountSettingsOutput{Settings: a.settings(set)}, nil
}

func (a *API) settings(set *sts.Settings) *AccountSettingsType {
	issuer := a.STS.OutboundIssuer()
	return &AccountSettingsType{Account: &a.Account, Region: &a.Region, OutboundWebIdentityFederation: &set.Outbound,
		OutboundWebIdentityFederationIssuer: &issuer, DisabledRegions: append([]string{}, set.DisabledRegions...)}
}

// CreateTradeInToken lets somebody else have a session of a role.
func (a *API) CreateTradeInToken(ctx context.Context, in *CreateTradeInTokenInput) (*CreateTradeInTokenOutput, error) {
	c := awsapi.FromContext(ctx)
	p, ok := c.Caller.Principal.(*sts.Principal)
	if !ok {
		return nil, errNoPrincipal
	}
	token, expires, err := a.STS.TradeInToken(ctx, p, sts.TradeInRequest{Delegate: *in.DelegateArn, Expires: seconds(in.ExpiresInSeconds),
		AssumeRoleRequest: sts.AssumeRoleRequest{RoleARN: *in.RoleArn, SessionName: *in.RoleSessionName, SessionSpec: sts.SessionSpec{
			Policy: awsapi.Value(in.Policy), PolicyARNs: in.PolicyArns, Duration: seconds(in.DurationSeconds), Keys: c.ConditionKeys()}}})
	if err != nil {
		return nil, err
	}
	return &CreateTradeInTokenOutput{TradeInToken: &token, Expiration: &expires}, nil
}
