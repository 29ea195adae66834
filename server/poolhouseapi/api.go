// Package poolhouseapi serves the operations that AWS has no API for, under the
// service name poolhouse. Rules live in the domains; this package translates.
package poolhouseapi

import (
	"reflect"
	"strings"

	"github.com/poolhouse/poolhouse/idp/consent"
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// An API serves the operations.
type API struct {
	Apps            *samlidp.Service
	Pools           *userpool.Service
	Tokens          *userpool.Tokens
	Consents        consent.Store
	Deliveries      message.Store // nil where messages leave no log
	STS             *sts.Service
	Region, Account string // of resource ARNs
}

// Service describes the operations to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "poolhouse", Ops: a.Ops(), Errors: Errors, Resource: a.resource}
}

// Ops lists the operations served.
func (a *API) Ops() []awsapi.Op {
	return append(append(a.schemaOps(), a.accountOps()...),
		awsapi.Func("CreateSamlApplication", awsapi.SigV4, a.CreateSamlApplication),
		awsapi.Func("DescribeSamlApplication", awsapi.SigV4, a.DescribeSamlApplication),
		awsapi.Func("ListSamlApplications", awsapi.SigV4, a.ListSamlApplications),
		awsapi.Func("UpdateSamlApplication", awsapi.SigV4, a.UpdateSamlApplication),
		awsapi.Func("DeleteSamlApplication", awsapi.SigV4, a.DeleteSamlApplication),
		awsapi.Func("PreviewSamlApplication", awsapi.SigV4, a.PreviewSamlApplication),
		awsapi.Func("ListApplicationTemplates", awsapi.SigV4, a.ListApplicationTemplates),
		awsapi.Func("SetSamlPool", awsapi.SigV4, a.SetSamlPool),
		awsapi.Func("DescribeSamlPool", awsapi.SigV4, a.DescribeSamlPool),
		awsapi.Func("ListSamlCertificates", awsapi.SigV4, a.ListSamlCertificates),
		awsapi.Func("StartSamlRollover", awsapi.SigV4, a.StartSamlRollover),
		awsapi.Func("AdvanceSamlRollover", awsapi.SigV4, a.AdvanceSamlRollover),
		awsapi.Func("AbortSamlRollover", awsapi.SigV4, a.AbortSamlRollover),
		awsapi.Func("ListMessageDeliveries", awsapi.SigV4, a.ListMessageDeliveries),
		awsapi.Func("ListMessageTexts", awsapi.SigV4, a.ListMessageTexts),
		awsapi.Func("PutMessageText", awsapi.SigV4, a.PutMessageText),
		awsapi.Func("ListUserImportFailures", awsapi.SigV4, a.ListUserImportFailures),
		awsapi.Func("DeleteMessageText", awsapi.SigV4, a.DeleteMessageText),
		awsapi.Func("AdminCreateRecoveryCodes", awsapi.SigV4, a.AdminCreateRecoveryCodes),
		awsapi.Func("CreateRecoveryCodes", awsapi.AccessToken, a.CreateRecoveryCodes),
		awsapi.Func("GetRecoveryCodes", awsapi.AccessToken, a.GetRecoveryCodes),
		awsapi.Func("ListConsents", awsapi.SigV4, a.ListConsents),
		awsapi.Func("RevokeConsent", awsapi.SigV4, a.RevokeConsent),
		awsapi.Func("ImportUserPool", awsapi.SigV4, a.ImportUserPool),
		awsapi.Func("ImportUserPoolClient", awsapi.SigV4, a.ImportUserPoolClient),
		awsapi.Func("ImportUsers", awsapi.SigV4, a.ImportUsers),
		awsapi.Func("SearchUsers", awsapi.SigV4, a.SearchUsers),
		awsapi.Func("PutPasswordSource", awsapi.SigV4, a.PutPasswordSource),
		awsapi.Func("DeletePasswordSource", awsapi.SigV4, a.DeletePasswordSource),
		awsapi.Func("PutOpenIDClient", awsapi.SigV4, a.PutOpenIDClient),
		awsapi.Func("DescribeOpenIDClient", awsapi.SigV4, a.DescribeOpenIDClient),
		awsapi.Func("SetOpenIDPool", awsapi.SigV4, a.SetOpenIDPool),
		awsapi.Func("DescribeOpenIDPool", awsapi.SigV4, a.DescribeOpenIDPool),
		awsapi.Func("PutIdentityProviderSettings", awsapi.SigV4, a.PutIdentityProviderSettings),
		awsapi.Func("PreviewIdentityProviderMapping", awsapi.SigV4, a.PreviewIdentityProviderMapping),
		awsapi.Func("DescribeIdentityProviderSettings", awsapi.SigV4, a.DescribeIdentityProviderSettings),
		awsapi.Func("ListSigningKeys", awsapi.SigV4, a.ListSigningKeys),
		awsapi.Func("RotateSigningKey", awsapi.SigV4, a.RotateSigningKey),
		awsapi.Func("RevokeSigningKey", awsapi.SigV4, a.RevokeSigningKey),
		awsapi.Func("CreateRegistrationToken", awsapi.SigV4, a.CreateRegistrationToken),
	)
}

// Errors is how domain errors look on the wire.
var Errors = append(awsapi.ErrorTable{
	{Is: samlidp.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The SAML application does not exist."},
	{Is: samlidp.ErrExists, Status: 400, Code: "ResourceConflictException", Message: "The user pool has a SAML application with that entity ID already."},
	{Is: consent.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The user has allowed the client nothing."},
	{Is: userpool.ErrPoolNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The user pool does not exist."},
	{Is: userpool.ErrUserNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "User does not exist."},
	{Is: userpool.ErrClientNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The app client does not exist."},
	{Is: userpool.ErrNotAuthorized, Status: 400, Code: "NotAuthorizedException", Message: "Invalid Access Token"},
	{Is: userpool.ErrConflict, Status: 400, Code: "ResourceConflictException", Message: "A resource with that ID exists already."},
	{Is: userpool.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "The resource does not exist."},
	{Is: userpool.ErrLimitExceeded, Status: 400, Code: "LimitExceededException", Message: "A limit is exceeded."},
	{Is: userpool.ErrImportInProgress, Status: 400, Code: "UserImportInProgressException", Message: "A user import job is in progress."},
	{Is: userpool.ErrPrecondition, Status: 400, Code: "PreconditionNotMetException", Message: "A precondition is not met."},
	{Is: userpool.ErrInvalidParameter, Status: 400, Code: "InvalidParameterException", Message: "A parameter is not valid."},
}, accountErrors...)

// resource returns the ARN of the application, or of all in the pool where the
// operation names none. What concerns a pool as a whole is under the pool's ARN.
func (a *API) resource(op string, in any) string {
	if arn, ok := a.accountResource(in); ok {
		return arn
	}
	v := reflect.Indirect(reflect.ValueOf(in))
	member := func(name string) string {
		f := v.FieldByName(name)
		if !f.IsValid() {
			return "*"
		}
		if s, ok := f.Interface().(*string); ok && s != nil {
			return *s
		}
		return "*"
	}
	pool := "arn:aws:poolhouse:" + a.Region + ":" + a.Account + ":userpool/" + member("UserPoolId")
	if !strings.Contains(op, "SamlApplication") {
		return pool
	}
	return pool + "/samlapplication/" + member("ApplicationId")
}
