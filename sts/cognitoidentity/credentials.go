package cognitoidentity

import (
	"context"
	"errors"
	"strconv"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// GetOpenIdToken returns a token that speaks for an identity at STS.
func (a *API) GetOpenIdToken(ctx context.Context, in *GetOpenIdTokenInput) (*GetOpenIdTokenOutput, error) {
	token, id, err := a.Pools.OpenIDToken(ctx, visitor(ctx, in.IdentityId, in.Logins))
	if err != nil {
		return nil, later(err)
	}
	return &GetOpenIdTokenOutput{IdentityId: text(string(id)), Token: &token}, nil
}

// visitor is who calls without a signature.
func visitor(ctx context.Context, id *string, logins map[string]string) identity.Visitor {
	return identity.Visitor{Identity: identity.ID(*id), Logins: logins, Source: awsapi.FromContext(ctx).SourceIP}
}

// later says when a call that came too fast may come again.
func later(err error) error {
	var over *identity.Throttled
	if !errors.As(err, &over) {
		return err
	}
	return &awsapi.Error{Status: 400, Code: "TooManyRequestsException", Message: over.PublicText(), RetryAfter: over.Wait}
}

// GetCredentialsForIdentity returns credentials of the role that the pool gives
// to an identity.
func (a *API) GetCredentialsForIdentity(ctx context.Context, in *GetCredentialsForIdentityInput) (*GetCredentialsForIdentityOutput, error) {
	call := awsapi.FromContext(ctx)
	c, err := a.Pools.Credentials(ctx, identity.CredentialsRequest{Visitor: visitor(ctx, in.IdentityId, in.Logins),
		Role: awsapi.Value(in.CustomRoleArn), Keys: requestKeys(call)})
	if err != nil {
		return nil, later(err)
	}
	a.record(ctx, call, c)
	return &GetCredentialsForIdentityOutput{IdentityId: text(string(c.Identity.ID)), Credentials: &Credentials{
		AccessKeyId: &c.AccessKeyID, SecretKey: &c.SecretAccessKey, SessionToken: &c.SessionToken, Expiration: &c.Expiration}}, nil
}

func requestKeys(call *awsapi.Call) map[string][]string {
	keys := map[string][]string{"aws:SecureTransport": {strconv.FormatBool(call.SecureTransport)}}
	if call.SourceIP != "" {
		keys["aws:SourceIp"] = []string{call.SourceIP}
	}
	if call.UserAgent != "" {
		keys["aws:UserAgent"] = []string{call.UserAgent}
	}
	return keys
}

// record tells the audit log who got which role. The record of the call itself
// knows only what the client sent.
func (a *API) record(ctx context.Context, call *awsapi.Call, c *identity.Credentials) {
	if a.Audit == nil {
		return
	}
	a.Audit.Add(ctx, audit.Event{
		Time: call.Time, Source: "sts.amazonaws.com", Name: "AssumeRoleWithWebIdentity", Region: call.Region,
		SourceIP: call.SourceIP, UserAgent: call.UserAgent, RequestID: call.RequestID,
		Identity: audit.Identity{Type: "WebIdentityUser", UserName: string(c.Identity.ID), IdentityProvider: sts.IdentityPoolPrincipal,
			PrincipalID: sts.IdentityPoolPrincipal + ":" + string(c.Identity.Pool) + ":" + string(c.Identity.ID)},
		Params:    map[string]any{"roleArn": c.Role, "identityPoolId": string(c.Identity.Pool), "identityId": string(c.Identity.ID), "providers": c.Providers},
		Response:  map[string]any{"accessKeyId": c.AccessKeyID},
		Resources: []string{c.Role},
	})
}
