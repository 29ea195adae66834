package cognitosync

import (
	"context"
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// The condition keys that mark the credentials of an identity.
const (
	subjectKey  = "cognito-identity.amazonaws.com:sub"
	audienceKey = "cognito-identity.amazonaws.com:aud"
)

// owner returns whose data a call is about, if the caller may touch it.
//
// This is beside the policy, not instead of it: whatever a role's policy allows,
// the credentials of an identity reach the data of that identity in that pool
// only, and nothing once the identity has ended: they outlive it by up to an hour.
// Credentials of the account ("developer credentials") carry no identity and are
// left to the policy.
func (a *API) owner(ctx context.Context, pool, identity *string) (dataset.Owner, error) {
	o, standing, err := a.lookUp(ctx, pool, identity)
	if err == nil && isIdentity(awsapi.FromContext(ctx).Caller) && standing != Active {
		err = dataset.Fail(dataset.ErrNotAuthorized, "Access to Identity '%s' is forbidden.", o.Identity)
	}
	return o, err
}

// existingOwner is owner for the operations that report an unknown identity. One
// that was merged into another is unknown here: its data is there.
func (a *API) existingOwner(ctx context.Context, pool, identity *string) (dataset.Owner, error) {
	o, standing, err := a.lookUp(ctx, pool, identity)
	switch {
	case err != nil || standing == Active:
		return o, err
	case isIdentity(awsapi.FromContext(ctx).Caller):
		return o, dataset.Fail(dataset.ErrNotAuthorized, "Access to Identity '%s' is forbidden.", o.Identity)
	case standing == Disabled: // nothing but its logins is gone
		return o, nil
	}
	return o, errNoIdentity
}

func (a *API) lookUp(ctx context.Context, pool, identity *string) (dataset.Owner, Standing, error) {
	o := dataset.Owner{Pool: dataset.PoolID(awsapi.Value(pool)), Identity: dataset.IdentityID(awsapi.Value(identity))}
	caller := awsapi.FromContext(ctx).Caller
	if caller == nil || !mayTouch(caller, o) {
		return o, Unknown, dataset.Fail(dataset.ErrNotAuthorized, "Access to identity '%s' is not authorized.", o.Identity)
	}
	if a.Identities == nil {
		return o, Active, nil
	}
	standing, err := a.Identities.Standing(ctx, string(o.Pool), string(o.Identity))
	if err != nil {
		return o, Unknown, fmt.Errorf("cognitosync: look up identity: %w", err)
	}
	return o, standing, nil
}

func mayTouch(caller *awsapi.Caller, o dataset.Owner) bool {
	return !isIdentity(caller) || slices.Equal(caller.Keys[subjectKey], []string{string(o.Identity)}) &&
		slices.Equal(caller.Keys[audienceKey], []string{string(o.Pool)})
}

// isIdentity reports whether credentials are an identity's, or claim to be.
func isIdentity(caller *awsapi.Caller) bool {
	_, subject := caller.Keys[subjectKey]
	_, audience := caller.Keys[audienceKey]
	return subject || audience
}
