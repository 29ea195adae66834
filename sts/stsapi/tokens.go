package stsapi

import (
	"context"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// AssumeRoot serves the operation of that name. It asks for permission itself,
// once the target is known.
func (a *API) AssumeRoot(ctx context.Context, in *AssumeRootInput) (*AssumeRootOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	req := sts.AssumeRootRequest{Target: *in.TargetPrincipal, TaskARN: awsapi.Value(in.TaskPolicyArn.Arn), Keys: requestKeys(ctx)}
	if in.DurationSeconds != nil {
		req.Duration = awsapi.Ptr(seconds(in.DurationSeconds))
	}
	c, err := a.STS.AssumeRoot(ctx, p, req)
	if err != nil {
		return nil, err
	}
	return &AssumeRootOutput{Credentials: credentials(c), SourceIdentity: optional(p.SourceIdentity())}, nil
}

// GetWebIdentityToken serves the operation of that name.
func (a *API) GetWebIdentityToken(ctx context.Context, in *GetWebIdentityTokenInput) (*GetWebIdentityTokenOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	all := requestKeys(ctx)
	for k, v := range keys("GetWebIdentityToken", in) {
		all[k] = v
	}
	t, err := a.STS.IdentityToken(ctx, p, sts.IdentityTokenRequest{Audience: in.Audience, Duration: seconds(in.DurationSeconds),
		Algorithm: *in.SigningAlgorithm, Tags: tags(in.Tags), Region: awsapi.FromContext(ctx).Region, Keys: all})
	if err != nil {
		return nil, err
	}
	return &GetWebIdentityTokenOutput{WebIdentityToken: &t.Token, Expiration: &t.Expires}, nil
}

// GetDelegatedAccessToken serves the operation of that name.
func (a *API) GetDelegatedAccessToken(ctx context.Context, in *GetDelegatedAccessTokenInput) (*GetDelegatedAccessTokenOutput, error) {
	p, err := principal(ctx)
	if err != nil {
		return nil, err
	}
	d, err := a.STS.TradeIn(ctx, p, *in.TradeInToken)
	if err != nil {
		return nil, err
	}
	return &GetDelegatedAccessTokenOutput{Credentials: credentials(d.Credentials), PackedPolicySize: percent(d.PackedPolicy), AssumedPrincipal: &d.ARN}, nil
}

// keys are the condition keys that an input itself has.
func keys(_ string, in any) map[string][]string {
	switch in := in.(type) {
	case *GetWebIdentityTokenInput:
		life := awsapi.Value(in.DurationSeconds)
		if life == 0 {
			life = int32(sts.DefaultIdentityToken / time.Second)
		}
		out := tagKeys(in.Tags)
		out["sts:IdentityTokenAudience"] = in.Audience
		out["sts:SigningAlgorithm"] = []string{*in.SigningAlgorithm}
		out["sts:DurationSeconds"] = []string{strconv.Itoa(int(life))}
		return out
	case *GetFederationTokenInput:
		return tagKeys(in.Tags)
	}
	return nil
}

func tagKeys(list []Tag) map[string][]string {
	out := map[string][]string{}
	for _, t := range list {
		out["aws:RequestTag/"+*t.Key] = []string{*t.Value}
		out["aws:TagKeys"] = append(out["aws:TagKeys"], *t.Key)
	}
	return out
}
