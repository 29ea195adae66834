package cognitoidentity

import (
	"context"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// GetId returns the identity of logins, or a new guest.
func (a *API) GetId(ctx context.Context, in *GetIdInput) (*GetIdOutput, error) {
	id, err := a.Pools.GetID(ctx, identity.PoolID(*in.IdentityPoolId), in.Logins, awsapi.FromContext(ctx).SourceIP)
	if err != nil {
		return nil, later(err)
	}
	return &GetIdOutput{IdentityId: text(string(id))}, nil
}

// DescribeIdentity returns an identity.
func (a *API) DescribeIdentity(ctx context.Context, in *DescribeIdentityInput) (*DescribeIdentityOutput, error) {
	i, err := a.Pools.Identity(ctx, identity.ID(*in.IdentityId))
	if err != nil {
		return nil, err
	}
	return (*DescribeIdentityOutput)(describeIdentity(i)), nil
}

// ListIdentities lists the identities of a pool.
func (a *API) ListIdentities(ctx context.Context, in *ListIdentitiesInput) (*ListIdentitiesOutput, error) {
	found, next, err := a.Pools.Identities(ctx, identity.Listing{Pool: identity.PoolID(*in.IdentityPoolId),
		HideDisabled: awsapi.Value(in.HideDisabled), After: awsapi.Value(in.NextToken), Limit: int(*in.MaxResults)})
	if err != nil {
		return nil, err
	}
	out := &ListIdentitiesOutput{IdentityPoolId: in.IdentityPoolId, NextToken: text(next), Identities: []IdentityDescription{}}
	for _, i := range found {
		out.Identities = append(out.Identities, *describeIdentity(i))
	}
	return out, nil
}

func describeIdentity(i *identity.Identity) *IdentityDescription {
	out := &IdentityDescription{IdentityId: text(string(i.ID)), CreationDate: &i.Created, LastModifiedDate: &i.Modified}
	for _, l := range i.Logins {
		if !slices.Contains(out.Logins, l.Provider) { // an app's backend may have several users
			out.Logins = append(out.Logins, l.Provider)
		}
	}
	return out
}

// DeleteIdentities deletes identities, and says which it could not. They may be of
// several pools, and the caller must be allowed to in each.
func (a *API) DeleteIdentities(ctx context.Context, in *DeleteIdentitiesInput) (*DeleteIdentitiesOutput, error) {
	out := &DeleteIdentitiesOutput{UnprocessedIdentityIds: []UnprocessedIdentityId{}}
	for _, id := range in.IdentityIdsToDelete {
		code, err := "", a.mayDelete(ctx, id)
		if err != nil {
			code = "AccessDenied"
		} else if err = a.Pools.DeleteIdentity(ctx, identity.ID(id)); err != nil {
			code = "InternalServerError"
		}
		if err != nil {
			a.Pools.Log.WarnContext(ctx, "identity not deleted", "identity", id, "error", err)
			out.UnprocessedIdentityIds = append(out.UnprocessedIdentityIds,
				UnprocessedIdentityId{IdentityId: text(id), ErrorCode: text(code)})
		}
	}
	return out, nil
}

func (a *API) mayDelete(ctx context.Context, id string) error {
	return a.Authorizer.Authorize(ctx, awsapi.FromContext(ctx).Caller, "cognito-identity:DeleteIdentities", a.poolOf(ctx, id), nil)
}

// UnlinkIdentity removes logins from an identity.
func (a *API) UnlinkIdentity(ctx context.Context, in *UnlinkIdentityInput) (*UnlinkIdentityOutput, error) {
	return &UnlinkIdentityOutput{}, later(a.Pools.Unlink(ctx, visitor(ctx, in.IdentityId, in.Logins), in.LoginsToRemove))
}
