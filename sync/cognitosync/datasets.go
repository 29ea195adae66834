package cognitosync

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// ListDatasets lists the datasets of an identity.
func (a *API) ListDatasets(ctx context.Context, in *ListDatasetsInput) (*ListDatasetsOutput, error) {
	o, err := a.owner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	limit, err := maxResults(in.MaxResults)
	if err != nil {
		return nil, err
	}
	page, next, err := a.Datasets.ListDatasets(ctx, o, awsapi.Value(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ListDatasetsOutput{Datasets: make([]Dataset, len(page)), Count: awsapi.Ptr(int32(len(page))), NextToken: text(next)}
	for i := range page {
		out.Datasets[i] = *wireDataset(o, &page[i])
	}
	return out, nil
}

// DescribeDataset describes one dataset.
func (a *API) DescribeDataset(ctx context.Context, in *DescribeDatasetInput) (*DescribeDatasetOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	d, err := a.Datasets.DescribeDataset(ctx, o, *in.DatasetName)
	if err != nil {
		return nil, err
	}
	return &DescribeDatasetOutput{Dataset: wireDataset(o, d)}, nil
}

// DeleteDataset deletes a dataset with all its records and answers what it was.
func (a *API) DeleteDataset(ctx context.Context, in *DeleteDatasetInput) (*DeleteDatasetOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	d, err := a.Datasets.DeleteDataset(ctx, o, *in.DatasetName)
	if err != nil {
		return nil, err
	}
	return &DeleteDatasetOutput{Dataset: wireDataset(o, d)}, nil
}

// DescribeIdentityUsage sums up what an identity stores.
func (a *API) DescribeIdentityUsage(ctx context.Context, in *DescribeIdentityUsageInput) (*DescribeIdentityUsageOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	u, err := a.Datasets.DescribeUsage(ctx, o)
	if err != nil {
		return nil, err
	}
	return &DescribeIdentityUsageOutput{IdentityUsage: &IdentityUsage{
		IdentityId:       in.IdentityId,
		IdentityPoolId:   in.IdentityPoolId,
		LastModifiedDate: date(u.Modified),
		DatasetCount:     awsapi.Ptr(int32(u.Datasets)),
		DataStorage:      &u.Bytes,
	}}, nil
}

func wireDataset(o dataset.Owner, d *dataset.Dataset) *Dataset {
	return &Dataset{
		IdentityId:       awsapi.Ptr(string(o.Identity)),
		DatasetName:      awsapi.Ptr(d.Name),
		CreationDate:     date(d.Created),
		LastModifiedDate: date(d.Modified),
		LastModifiedBy:   text(d.ModifiedBy),
		DataStorage:      awsapi.Ptr(d.Bytes),
		NumRecords:       awsapi.Ptr(d.Records),
	}
}

// maxResults returns the size of a page, 0 where the caller leaves it open.
func maxResults(n *int32) (int, error) {
	if n != nil && *n < 1 {
		return 0, dataset.Fail(dataset.ErrInvalidParameter, "MaxResults must be at least 1.")
	}
	return int(awsapi.Value(n)), nil
}

// text and date leave out what is not known.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
