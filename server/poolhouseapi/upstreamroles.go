package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// PutUpstreamRole has a role stand for one of another system.
func (a *API) PutUpstreamRole(ctx context.Context, in *PutUpstreamRoleInput) (*PutUpstreamRoleOutput, error) {
	u, err := a.STS.SetUpstream(ctx, *in.RoleName, sts.Upstream{RoleARN: *in.UpstreamRoleArn, Endpoint: *in.Endpoint,
		Audience: awsapi.Value(in.Audience), Subject: sts.UpstreamSubject(awsapi.Value(in.Subject))})
	if err != nil {
		return nil, err
	}
	return &PutUpstreamRoleOutput{Upstream: a.upstreamRole(*in.RoleName, u)}, nil
}

// DescribeUpstreamRole says which role of another system a role stands for.
func (a *API) DescribeUpstreamRole(ctx context.Context, in *DescribeUpstreamRoleInput) (*DescribeUpstreamRoleOutput, error) {
	u, err := a.STS.UpstreamOf(ctx, *in.RoleName)
	if err != nil {
		return nil, err
	}
	return &DescribeUpstreamRoleOutput{Upstream: a.upstreamRole(*in.RoleName, u)}, nil
}

// DeleteUpstreamRole has a role stand for itself again.
func (a *API) DeleteUpstreamRole(ctx context.Context, in *DeleteUpstreamRoleInput) (*DeleteUpstreamRoleOutput, error) {
	return &DeleteUpstreamRoleOutput{}, a.STS.ClearUpstream(ctx, *in.RoleName)
}

func (a *API) upstreamRole(role string, u *sts.Upstream) *UpstreamRoleType {
	subject := string(u.Subject)
	return &UpstreamRoleType{RoleName: &role, UpstreamRoleArn: &u.RoleARN, Endpoint: &u.Endpoint, Audience: &u.Audience,
		Subject: &subject, Issuer: awsapi.Ptr(a.STS.OutboundIssuer())}
}
