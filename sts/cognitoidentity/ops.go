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
	return awsapi.Service{Name: "cognito-identity", Ops: a.Ops(), Errors: Errors, Resource: a.resource, Keys: a.keys}
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
		awsapi.Func("GetOpenIdTokenForDeveloperIdentity", awsapi.SigV4, a.GetOpenIdTokenForDeveloperIdentity),
		awsapi.Func("GetPrincipalTagAttributeMap", awsapi.SigV4, a.GetPrincipalTagAttributeMap),
		awsapi.Func("ListIdentities", awsapi.SigV4, a.ListIdentities),
		awsapi.Func("ListIdentityPools", awsapi.SigV4, a.ListIdentityPools),
		awsapi.Func("ListTagsForResource", awsapi.SigV4, a.ListTagsForResource),
		awsapi.Func("LookupDeveloperIdentity", awsapi.SigV4, a.LookupDeveloperIdentity),
		awsapi.Func("MergeDeveloperIdentities", awsapi.SigV4, a.MergeDeveloperIdentities),
		awsapi.Func("SetIdentityPoolRoles", awsapi.SigV4, a.SetIdentityPoolRoles),
		awsapi.Func("SetPrincipalTagAttributeMap", awsapi.SigV4, a.SetPrincipalTagAttributeMap),
		awsapi.Func("TagResource", awsapi.SigV4, a.TagResource),
		awsapi.Func("UnlinkDeveloperIdentity", awsapi.SigV4, a.UnlinkDeveloperIdentity),
		awsapi.Func("UnlinkIdentity", awsapi.Public, a.UnlinkIdentity),
		awsapi.Func("UntagResource", awsapi.SigV4, a.UntagResource),
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
	{Is: identity.ErrDeveloperUser, Status: 400, Code: "DeveloperUserAlreadyRegisteredException", Message: "The user belongs to another identity already."},
	{Is: identity.ErrLimitExceeded, Status: 400, Code: "LimitExceededException", Message: "A limit is exceeded."},
	{Is: identity.ErrTooManyRequests, Status: 400, Code: "TooManyRequestsException", Message: "Rate exceeded"},
	{Is: identity.ErrConfiguration, Status: 400, Code: "InvalidIdentityPoolConfigurationException", Message: "Invalid identity pool configuration."},
	{Is: identity.ErrExternalService, Status: 400, Code: "ExternalServiceException", Message: "An identity provider does not answer."},
}
