// Package stsapi is the AWS Security Token Service as typed operations over
// package sts, and what the wire layer asks of sts: whose credential this is
// and what it may do.
package stsapi

import (
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// An API serves the operations.
type API struct {
	STS *sts.Service
}

// Service describes the operations to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "sts", Ops: a.Ops(), Errors: Errors, Resource: a.resource, Keys: keys}
}

// Ops lists the operations served, in the order of the API reference.
func (a *API) Ops() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AssumeRole", awsapi.SigV4, a.AssumeRole).Before(a.inRegion),
		awsapi.Func("AssumeRoleWithSAML", awsapi.Public, a.AssumeRoleWithSAML).Before(a.inRegion),
		awsapi.Func("AssumeRoleWithWebIdentity", awsapi.Public, a.AssumeRoleWithWebIdentity).Before(a.inRegion),
		awsapi.Func("AssumeRoot", awsapi.SigV4, a.AssumeRoot).NoPolicy().Before(a.inRegion).Before(regional),
		awsapi.Func("DecodeAuthorizationMessage", awsapi.SigV4, a.DecodeAuthorizationMessage),
		awsapi.Func("GetAccessKeyInfo", awsapi.SigV4, a.GetAccessKeyInfo),
		awsapi.Func("GetCallerIdentity", awsapi.SigV4, a.GetCallerIdentity),
		awsapi.Func("GetDelegatedAccessToken", awsapi.SigV4, a.GetDelegatedAccessToken).Before(a.inRegion),
		awsapi.Func("GetFederationToken", awsapi.SigV4, a.GetFederationToken).Before(a.inRegion),
		awsapi.Func("GetSessionToken", awsapi.SigV4, a.GetSessionToken).Before(a.inRegion),
		awsapi.Func("GetWebIdentityToken", awsapi.SigV4, a.GetWebIdentityToken).Before(regional),
	}
}

// Errors is how this service reports domain errors.
var Errors = awsapi.ErrorTable{
	{Is: sts.ErrAccessDenied, Status: 403, Code: "AccessDenied", Message: "Access denied"},
	{Is: sts.ErrValidation, Status: 400, Code: "ValidationError", Message: "The request is invalid."},
	{Is: sts.ErrInvalidParameter, Status: 400, Code: "InvalidParameterValue", Message: "A parameter is invalid."},
	{Is: sts.ErrMalformedPolicy, Status: 400, Code: "MalformedPolicyDocument", Message: "Syntax errors in policy."},
	{Is: sts.ErrPackedPolicy, Status: 400, Code: "PackedPolicyTooLarge", Message: "Serialized token too large for session"},
	{Is: sts.ErrInvalidToken, Status: 400, Code: "InvalidIdentityToken", Message: "The identity token is invalid."},
	{Is: sts.ErrTokenExpired, Status: 400, Code: "ExpiredTokenException", Message: "The identity token is expired."},
	{Is: sts.ErrInvalidMessage, Status: 400, Code: "InvalidAuthorizationMessageException", Message: "The encoded authorization message is invalid or has expired."},
	{Is: sts.ErrRegionDisabled, Status: 403, Code: "RegionDisabledException", Message: "STS is not activated in this region."},
	{Is: sts.ErrOutboundDisabled, Status: 403, Code: "OutboundWebIdentityFederationDisabledException", Message: "Outbound web identity federation is not enabled for this account."},
	{Is: sts.ErrDurationEscalation, Status: 403, Code: "SessionDurationEscalationException", Message: "The token would outlive the session."},
	{Is: sts.ErrPayloadTooLarge, Status: 400, Code: "JWTPayloadSizeExceededException", Message: "The payload of the token is too large."},
	{Is: sts.ErrTradeInExpired, Status: 400, Code: "ExpiredTradeInTokenException", Message: "The trade-in token is expired."},
	{Is: sts.ErrIDPRejected, Status: 403, Code: "IDPRejectedClaim", Message: "The identity provider reported that authentication failed."},
	{Is: sts.ErrUpstreamRefused, Status: 403, Code: "AccessDenied", Message: "The STS of the upstream role refused."},
	{Is: sts.ErrIDPCommunication, Status: 400, Code: "IDPCommunicationError", Message: "The identity provider cannot be reached."},
}

// resource is what authorisation is asked for. AssumeRole is decided by the
// domain, together with the role's trust policy.
func (a *API) resource(_ string, in any) string {
	switch in := in.(type) {
	case *AssumeRoleInput:
		return awsapi.Value(in.RoleArn)
	case *GetFederationTokenInput:
		return "arn:aws:sts::" + a.STS.Account + ":federated-user/" + awsapi.Value(in.Name)
	}
	return "*"
}

// seconds turns a DurationSeconds into a duration; absent is 0.
func seconds(n *int32) time.Duration { return time.Duration(awsapi.Value(n)) * time.Second }

func credentials(c sts.Credentials) *Credentials {
	return &Credentials{AccessKeyId: &c.AccessKeyID, SecretAccessKey: &c.SecretAccessKey,
		SessionToken: &c.SessionToken, Expiration: &c.Expiration}
}

func assumedUser(r *sts.AssumedRole) *AssumedRoleUser {
	return &AssumedRoleUser{AssumedRoleId: &r.ID, Arn: &r.ARN}
}

// percent is absent where neither policies nor tags were passed.
func percent(n *int) *int32 {
	if n == nil {
		return nil
	}
	return awsapi.Ptr(int32(*n))
}

// optional is nil for an empty text: the element is left out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func arns(list []PolicyDescriptorType) []string {
	var out []string
	for _, d := range list {
		out = append(out, awsapi.Value(d.Arn))
	}
	return out
}

func tags(list []Tag) []sts.Tag {
	var out []sts.Tag
	for _, t := range list {
		out = append(out, sts.Tag{Key: *t.Key, Value: *t.Value})
	}
	return out
}
