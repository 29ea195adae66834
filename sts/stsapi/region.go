package stsapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// inRegion refuses to issue credentials in a region that is switched off.
func (a *API) inRegion(ctx context.Context, _ string, _ any) (context.Context, error) {
	return ctx, a.STS.CheckRegion(ctx, awsapi.FromContext(ctx).Region)
}

// regional refuses an operation at the global endpoint, which does not have it.
func regional(ctx context.Context, op string, _ any) (context.Context, error) {
	if awsapi.FromContext(ctx).Global {
		return ctx, &awsapi.Error{Status: 400, Code: "InvalidAction", Message: "Could not find operation " + op + " at the global endpoint; call that of a region."}
	}
	return ctx, nil
}
