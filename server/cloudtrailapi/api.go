// Package cloudtrailapi serves the one operation of AWS CloudTrail that reads the
// audit log: LookupEvents.
package cloudtrailapi

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// An API serves the operation.
type API struct {
	Log    Log
	Sealer keyring.Sealer // of page tokens
}

// A Log is what is looked up; *audit.Log is one.
type Log interface {
	// Flush has what was recorded before found.
	Flush(ctx context.Context) error
	// Find returns the entries that match q, newest first, and the token of the
	// next page, empty on the last.
	Find(ctx context.Context, q audit.Query) ([]*audit.Entry, string, error)
}

var (
	errAttributes = errors.New("cloudtrailapi: lookup attributes")
	errTimeRange  = errors.New("cloudtrailapi: start after end")
	errNextToken  = errors.New("cloudtrailapi: page token")
)

// Errors is how the service reports what the model cannot check.
var Errors = awsapi.ErrorTable{
	{Is: errAttributes, Status: 400, Code: "InvalidLookupAttributesException", Message: "One attribute can be looked up at a time; ReadOnly is true or false."},
	{Is: errTimeRange, Status: 400, Code: "InvalidTimeRangeException", Message: "StartTime must not be after EndTime."},
	{Is: errNextToken, Status: 400, Code: "InvalidNextTokenException", Message: "NextToken is not one of a lookup with these attributes and times."},
}

// violations are the codes that the service has for each of its parameters.
var violations = map[string]string{
	"lookupAttributes": "InvalidLookupAttributesException",
	"maxResults":       "InvalidMaxResultsException",
	"eventCategory":    "InvalidEventCategoryException",
}

// Service describes the operation to the wire layer.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{Name: "cloudtrail", Errors: Errors, Violations: violations,
		Ops: []awsapi.Op{awsapi.Func("LookupEvents", awsapi.SigV4, a.LookupEvents)}}
}
