package cognitosync

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// ListRecords lists what changed in a dataset since a sync count. A dataset or
// an identity that does not exist is not an error of this operation.
func (a *API) ListRecords(ctx context.Context, in *ListRecordsInput) (*ListRecordsOutput, error) {
	o, err := a.owner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	limit, err := maxResults(in.MaxResults)
	if err != nil {
		return nil, err
	}
	l, err := a.Datasets.ListRecords(ctx, dataset.ListInput{Owner: o, Dataset: *in.DatasetName,
		Since: awsapi.Value(in.LastSyncCount), Limit: limit,
		NextToken: awsapi.Value(in.NextToken), SessionToken: awsapi.Value(in.SyncSessionToken)})
	if err != nil {
		return nil, err
	}
	return &ListRecordsOutput{
		Records:                               wireRecords(l.Records),
		NextToken:                             text(l.NextToken),
		Count:                                 awsapi.Ptr(int32(len(l.Records))),
		DatasetSyncCount:                      &l.SyncCount,
		LastModifiedBy:                        text(l.ModifiedBy),
		MergedDatasetNames:                    l.Merged,
		DatasetExists:                         &l.Exists,
		DatasetDeletedAfterRequestedSyncCount: &l.DeletedSince,
		SyncSessionToken:                      &l.SessionToken,
	}, nil
}

// UpdateRecords stores a batch of changes whole or not at all. ClientContext is
// accepted and ignored, as by Cognito.
func (a *API) UpdateRecords(ctx context.Context, in *UpdateRecordsInput) (*UpdateRecordsOutput, error) {
	o, err := a.existingOwner(ctx, in.IdentityPoolId, in.IdentityId)
	if err != nil {
		return nil, err
	}
	patches, err := domainPatches(in.RecordPatches)
	if err != nil {
		return nil, err
	}
	records, err := a.Datasets.UpdateRecords(ctx, dataset.UpdateInput{Owner: o, Dataset: *in.DatasetName,
		Device: awsapi.Value(in.DeviceId), Patches: patches, SessionToken: *in.SyncSessionToken,
		Developer: !isIdentity(awsapi.FromContext(ctx).Caller)})
	if err != nil {
		return nil, err
	}
	return &UpdateRecordsOutput{Records: wireRecords(records)}, nil
}

// domainPatches translates patches. A Value beside a removal is ignored: the
// JavaScript library sends an empty one.
func domainPatches(in []RecordPatch) ([]dataset.Patch, error) {
	out := make([]dataset.Patch, len(in))
	for i := range in {
		p := &in[i]
		out[i] = dataset.Patch{Key: *p.Key, SyncCount: *p.SyncCount, DeviceModified: awsapi.Value(p.DeviceLastModifiedDate)}
		switch {
		case *p.Op == "remove":
			out[i].Remove = true
		case *p.Op != "replace":
			return nil, dataset.Fail(dataset.ErrInvalidParameter, "Op must be replace or remove.")
		case p.Value == nil:
			return nil, dataset.Fail(dataset.ErrInvalidParameter, "A patch that replaces must have a Value.")
		default:
			out[i].Value = *p.Value
		}
	}
	return out, nil
}

// wireRecords translates records. A removed one has no Value, which is how
// devices tell it.
func wireRecords(in []dataset.Record) []Record {
	out := make([]Record, len(in))
	for i := range in {
		r := &in[i]
		out[i] = Record{Key: &r.Key, SyncCount: awsapi.Ptr(r.SyncCount()), LastModifiedDate: date(r.Modified),
			LastModifiedBy: text(r.ModifiedBy), DeviceLastModifiedDate: date(r.DeviceModified)}
		if !r.Removed {
			out[i].Value = &r.Value
		}
	}
	return out
}
