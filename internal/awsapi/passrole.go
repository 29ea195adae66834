package awsapi

import (
	"context"
	"errors"
	"slices"
)

// PassRole returns nil if the caller of ctx may hand each of the roles to a service,
// named by its principal. Whoever could without that permission would raise itself
// to any role that the service can use.
func PassRole(ctx context.Context, a Authorizer, service string, roles ...string) error {
	roles = slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == "" })
	if len(roles) == 0 {
		return nil
	}
	if a == nil {
		return errors.New("awsapi: nobody to ask for iam:PassRole")
	}
	slices.Sort(roles)
	keys := map[string][]string{"iam:PassedToService": {service}}
	for _, role := range slices.Compact(roles) {
		if err := a.Authorize(ctx, FromContext(ctx).Caller, "iam:PassRole", role, keys); err != nil {
			return err
		}
	}
	return nil
}
