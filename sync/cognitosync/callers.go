package cognitosync

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A kind of credentials. Those that an identity pool gives out for an identity
// carry the pool and the identity; all others are the account's own, which the
// service calls developer credentials.
type kind int

const (
	anyCaller kind = iota
	developerOnly
	identityOnly
)

// callers says whose credentials each operation of the service takes. It is
// beside the policies, not instead of them: a policy that allows everything
// makes no developer of an identity.
var callers = map[string]kind{
	"BulkPublish":                  developerOnly,
	"DeleteDataset":                anyCaller,
	"DescribeDataset":              anyCaller,
	"DescribeIdentityPoolUsage":    developerOnly,
	"DescribeIdentityUsage":        anyCaller,
	"GetBulkPublishDetails":        developerOnly,
	"GetCognitoEvents":             developerOnly,
	"GetIdentityPoolConfiguration": developerOnly,
	"ListDatasets":                 anyCaller,
	"ListIdentityPoolUsage":        developerOnly,
	"ListRecords":                  anyCaller,
	"RegisterDevice":               identityOnly,
	"SetCognitoEvents":             developerOnly,
	"SetIdentityPoolConfiguration": developerOnly,
	"SubscribeToDataset":           identityOnly,
	"UnsubscribeFromDataset":       identityOnly,
	"UpdateRecords":                anyCaller,
}

// admit refuses credentials of the wrong kind, and a call without any. It stands
// before every operation.
func admit(ctx context.Context, op string, _ any) (context.Context, error) {
	caller := awsapi.FromContext(ctx).Caller
	want, known := callers[op]
	switch {
	case caller == nil || !known:
		return nil, dataset.Fail(dataset.ErrNotAuthorized, "Access to this resource is not authorized.")
	case want == developerOnly && isIdentity(caller):
		return nil, dataset.Fail(dataset.ErrNotAuthorized, "This operation is not for the credentials of an identity.")
	case want == identityOnly && !isIdentity(caller):
		return nil, dataset.Fail(dataset.ErrNotAuthorized, "This operation is for the credentials of an identity only.")
	}
	return ctx, nil
}
