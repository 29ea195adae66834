package cognitoidentity

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// An API serves the operations.
type API struct {
	Pools      *identity.Service
	Authorizer awsapi.Authorizer // asked for iam:PassRole, and about each identity to delete
	Audit      Recorder          // told which role an identity got; may be nil
	Region     string
	Account    string
}

// A Recorder keeps audit events; *audit.Log does.
type Recorder interface {
	Add(ctx context.Context, e audit.Event)
}

// Service returns the operations for the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "cognito-identity", Ops: a.Ops(), Errors: Errors, Resource: a.resource}
}

// Ops lists the operations served, in the order of the API reference.
func (a *API) Ops() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateIdentityPool", awsapi.SigV4, a.CreateIdentityPool),
		awsapi.Func("DeleteIdentities", awsapi.SigV4, a.DeleteIdentities),
		awsapi.Func("DeleteIdentityPool", awsapi.SigV4, a.DeleteIdentityPool),
		awsapi.Func("DescribeIdentity", awsapi.SigV4, a.DescribeIdentity),
		awsapi.Func("DescribeIdentityPool", awsapi.SigV4, a.DescribeIdentityPool),
		awsapi.Func("GetCredentialsForIdentity", awsapi.Public, a.GetCredentialsForIdentity),
		awsapi.Func("GetId", awsapi.Public, a.GetId),
		awsapi.Func("GetIdentityPoolRoles", awsapi.SigV4, a.GetIdentityPoolRoles),
		awsapi.Func("GetOpenIdToken", awsapi.Public, a.GetOpenIdToken),
		awsapi.Func("ListIdentities", awsapi.SigV4, a.ListIdentities),
		awsapi.Func("ListIdentityPools", awsapi.SigV4, a.ListIdentityPools),
		awsapi.Func("SetIdentityPoolRoles", awsapi.SigV4, a.SetIdentityPoolRoles),
		awsapi.Func("UnlinkIdentity", awsapi.Public, a.UnlinkIdentity),
		awsapi.Func("UpdateIdentityPool", awsapi.SigV4, a.UpdateIdentityPool),
	}
}

// Errors is how this service reports domain errors. Every client error is a 400,
// NotAuthorizedException included.
var Errors = awsapi.ErrorTable{
	{Is: identity.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The resource does not exist."},
	{Is: identity.ErrNotAuthorized, Status: 400, Code: "NotAuthorizedException", Message: "Access is forbidden."},
	{Is: identity.ErrInvalidParameter, Status: 400, Code: "InvalidParameterException", Message: "A parameter is invalid."},
	{Is: identity.ErrConflict, Status: 400, Code: "ResourceConflictException", Message: "The resource is in use."},
	{Is: identity.ErrLimitExceeded, Status: 400, Code: "LimitExceededException", Message: "A limit is exceeded."},
	{Is: identity.ErrTooManyRequests, Status: 400, Code: "TooManyRequestsException", Message: "Rate exceeded"},
	{Is: identity.ErrConfiguration, Status: 400, Code: "InvalidIdentityPoolConfigurationException", Message: "Invalid identity pool configuration."},
	{Is: identity.ErrExternalService, Status: 400, Code: "ExternalServiceException", Message: "An identity provider does not answer."},
}

// resource returns the ARN of the pool that an operation is about, also of one
// that names only identities: that of the first.
func (a *API) resource(_ string, in any) string {
	var pool *string
	switch in := in.(type) {
	case *DeleteIdentityPoolInput:
		pool = in.IdentityPoolId
	case *DescribeIdentityInput:
		return a.poolOf(context.Background(), *in.IdentityId)
	case *DeleteIdentitiesInput:
		if len(in.IdentityIdsToDelete) > 0 {
			return a.poolOf(context.Background(), in.IdentityIdsToDelete[0])
		}
	case *DescribeIdentityPoolInput:
		pool = in.IdentityPoolId
	case *GetIdentityPoolRolesInput:
		pool = in.IdentityPoolId
	case *ListIdentitiesInput:
		pool = in.IdentityPoolId
	case *SetIdentityPoolRolesInput:
		pool = in.IdentityPoolId
	case *UpdateIdentityPoolInput:
		pool = in.IdentityPoolId
	}
	if pool == nil {
		return "*"
	}
	return a.poolARN(identity.PoolID(*pool))
}

func (a *API) poolARN(pool identity.PoolID) string {
	return "arn:aws:cognito-identity:" + a.Region + ":" + a.Account + ":identitypool/" + string(pool)
}

// poolOf returns the ARN of the pool of an identity, "*" where there is no such
// identity: whoever may not ask about every pool learns nothing of it.
func (a *API) poolOf(ctx context.Context, id string) string {
	i, err := a.Pools.Identity(ctx, identity.ID(id))
	if err != nil {
		return "*"
	}
	return a.poolARN(i.Pool)
}
