package cognitosync

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// ListIdentityPoolUsage lists all identity pools and what they use.
func (a *API) ListIdentityPoolUsage(ctx context.Context, in *ListIdentityPoolUsageInput) (*ListIdentityPoolUsageOutput, error) {
	limit, err := maxResults(in.MaxResults)
	if err != nil {
		return nil, err
	}
	page, next, err := a.Datasets.ListPoolUsage(ctx, awsapi.Value(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ListIdentityPoolUsageOutput{IdentityPoolUsages: make([]IdentityPoolUsage, len(page)), MaxResults: in.MaxResults,
		Count: awsapi.Ptr(int32(len(page))), NextToken: text(next)}
	for i := range page {
		out.IdentityPoolUsages[i] = *wirePoolUsage(&page[i])
	}
	return out, nil
}

// DescribeIdentityPoolUsage tells what an identity pool uses.
func (a *API) DescribeIdentityPoolUsage(ctx context.Context, in *DescribeIdentityPoolUsageInput) (*DescribeIdentityPoolUsageOutput, error) {
	u, err := a.Datasets.DescribePoolUsage(ctx, dataset.PoolID(*in.IdentityPoolId))
	if err != nil {
		return nil, noPool(in.IdentityPoolId, err)
	}
	return &DescribeIdentityPoolUsageOutput{IdentityPoolUsage: wirePoolUsage(u)}, nil
}

func wirePoolUsage(u *dataset.PoolUsage) *IdentityPoolUsage {
	return &IdentityPoolUsage{IdentityPoolId: awsapi.Ptr(string(u.Pool)), SyncSessionsCount: &u.Sessions, DataStorage: &u.Bytes, LastModifiedDate: date(u.Modified)}
}
