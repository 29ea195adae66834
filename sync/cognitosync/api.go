// Package cognitosync is the Cognito Sync service: its operations as typed
// functions over sync/dataset. It decides who may touch which identity's data;
// the rules of synchronisation are in the domain.
package cognitosync

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/live"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// An API serves the operations.
type API struct {
	Datasets   *dataset.Service
	Live       *live.Hub // nil: nobody can follow datasets
	Settings   *settings.Service
	Devices    *device.Service
	Identities Identities // nil: every identity is taken to exist
	Region     string     // of resource ARNs
	Account    string
}

// Identities knows the identities of all identity pools.
type Identities interface {
	// Standing returns what an identity of a pool is: Unknown also where the pool has
	// no such identity, or there is no such pool.
	Standing(ctx context.Context, pool, identity string) (Standing, error)
}

// A Standing is what an identity is, or has become.
type Standing int

// The standings of an identity.
const (
	Unknown  Standing = iota
	Active            // it has its logins, or is a guest
	Disabled          // its last login was taken from it
	Merged            // another identity has its logins and its data
)

// Service returns the service for the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "cognito-sync", Ops: a.Ops(), Streams: a.streams(), Errors: Errors, Resource: a.resource}
}

// Ops lists the operations served, in the order of the API reference. Each is
// for the callers that the table says.
func (a *API) Ops() []awsapi.Op {
	ops := []awsapi.Op{
		awsapi.Func("BulkPublish", awsapi.SigV4, a.BulkPublish),
		awsapi.Func("DeleteDataset", awsapi.SigV4, a.DeleteDataset),
		awsapi.Func("DescribeDataset", awsapi.SigV4, a.DescribeDataset),
		awsapi.Func("DescribeIdentityPoolUsage", awsapi.SigV4, a.DescribeIdentityPoolUsage),
		awsapi.Func("DescribeIdentityUsage", awsapi.SigV4, a.DescribeIdentityUsage),
		awsapi.Func("GetBulkPublishDetails", awsapi.SigV4, a.GetBulkPublishDetails),
		awsapi.Func("GetCognitoEvents", awsapi.SigV4, a.GetCognitoEvents),
		awsapi.Func("GetIdentityPoolConfiguration", awsapi.SigV4, a.GetIdentityPoolConfiguration),
		awsapi.Func("ListDatasets", awsapi.SigV4, a.ListDatasets),
		awsapi.Func("ListIdentityPoolUsage", awsapi.SigV4, a.ListIdentityPoolUsage),
		awsapi.Func("ListRecords", awsapi.SigV4, a.ListRecords),
		awsapi.Func("RegisterDevice", awsapi.SigV4, a.RegisterDevice),
		awsapi.Func("SetCognitoEvents", awsapi.SigV4, a.SetCognitoEvents),
		awsapi.Func("SetIdentityPoolConfiguration", awsapi.SigV4, a.SetIdentityPoolConfiguration),
		awsapi.Func("SubscribeToDataset", awsapi.SigV4, a.SubscribeToDataset),
		awsapi.Func("UnsubscribeFromDataset", awsapi.SigV4, a.UnsubscribeFromDataset),
		awsapi.Func("UpdateRecords", awsapi.SigV4, a.UpdateRecords),
	}
	for i := range ops {
		ops[i] = ops[i].Before(admit)
	}
	return ops
}

// resource returns the ARN that a policy must allow. ListDatasets asks for any
// dataset of the identity: that is its resource type in AWS's reference, and
// the policies people have end in "identity/…/*" or "…/dataset/*".
func (a *API) resource(_ string, in any) string {
	switch in := in.(type) {
	case *DeleteDatasetInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *DescribeDatasetInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *ListRecordsInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *UpdateRecordsInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *ListDatasetsInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, awsapi.Ptr("*"))
	case *DescribeIdentityUsageInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, nil)
	case *RegisterDeviceInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, nil)
	case *SubscribeToDatasetInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *UnsubscribeFromDatasetInput:
		return a.arn(in.IdentityPoolId, in.IdentityId, in.DatasetName)
	case *DescribeIdentityPoolUsageInput:
		return a.poolARN(in.IdentityPoolId)
	case *BulkPublishInput:
		return a.poolARN(in.IdentityPoolId)
	case *GetBulkPublishDetailsInput:
		return a.poolARN(in.IdentityPoolId)
	case *GetCognitoEventsInput:
		return a.poolARN(in.IdentityPoolId)
	case *GetIdentityPoolConfigurationInput:
		return a.poolARN(in.IdentityPoolId)
	case *SetCognitoEventsInput:
		return a.poolARN(in.IdentityPoolId)
	case *SetIdentityPoolConfigurationInput:
		return a.poolARN(in.IdentityPoolId)
	}
	return "*"
}

func (a *API) poolARN(pool *string) string {
	return "arn:aws:cognito-sync:" + a.Region + ":" + a.Account + ":identitypool/" + awsapi.Value(pool)
}

func (a *API) arn(pool, identity, name *string) string {
	arn := a.poolARN(pool) + "/identity/" + awsapi.Value(identity)
	if name != nil {
		arn += "/dataset/" + *name
	}
	return arn
}
