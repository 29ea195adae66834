// Package cognitoidp serves the operations of Amazon Cognito user pools
// (cognito-idp) over the domain in userpool. Shapes are generated from AWS's
// model; an operation translates them to the domain and back. Rules belong to
// the domain.
package cognitoidp

import (
	"reflect"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// An API serves the cognito-idp operations.
type API struct {
	Pools  *userpool.Service
	Auth   *userpool.Auth
	Tokens *userpool.Tokens

	SAML       *samlsp.Service   // of SAML providers
	Completer  Completer         // of other providers
	Authorizer awsapi.Authorizer // asked for iam:PassRole where a group gets a role
}

// Service describes the API to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "cognito-idp", Ops: a.Ops(), Errors: Errors, Resource: a.resource}
}

// resource returns the ARN of the pool that an operation concerns.
func (a *API) resource(_ string, in any) string {
	if arn := member(in, "ResourceArn"); arn != "" {
		return arn
	}
	if id := member(in, "UserPoolId"); id != "" {
		return a.Pools.ARN(userpool.PoolID(id))
	}
	return "*"
}

// member returns a string member of an input, empty where it has none.
func member(in any, name string) string {
	v := reflect.Indirect(reflect.ValueOf(in))
	if v.Kind() != reflect.Struct {
		return ""
	}
	if p, ok := fieldOf(v, name).(*string); ok {
		return awsapi.Value(p)
	}
	return ""
}

func fieldOf(v reflect.Value, name string) any {
	f := v.FieldByName(name)
	if !f.IsValid() {
		return nil
	}
	return f.Interface()
}
