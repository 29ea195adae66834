package cognitoidentity

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// GetOpenIdTokenForDeveloperIdentity returns a token for a user whom the app's own
// backend has signed in.
func (a *API) GetOpenIdTokenForDeveloperIdentity(ctx context.Context, in *GetOpenIdTokenForDeveloperIdentityInput) (*GetOpenIdTokenForDeveloperIdentityOutput, error) {
	token, id, err := a.Pools.DeveloperToken(ctx, identity.DeveloperRequest{Pool: identity.PoolID(*in.IdentityPoolId),
		Identity: identity.ID(awsapi.Value(in.IdentityId)), Logins: in.Logins, Tags: in.PrincipalTags,
		Life: time.Duration(awsapi.Value(in.TokenDuration)) * time.Second})
	if err != nil {
		return nil, err
	}
	return &GetOpenIdTokenForDeveloperIdentityOutput{IdentityId: text(string(id)), Token: &token}, nil
}

// LookupDeveloperIdentity finds the users of the backend that an identity has.
func (a *API) LookupDeveloperIdentity(ctx context.Context, in *LookupDeveloperIdentityInput) (*LookupDeveloperIdentityOutput, error) {
	after, err := base64.RawURLEncoding.DecodeString(awsapi.Value(in.NextToken)) // a user's name may have spaces, a token not
	if err != nil {
		return nil, &awsapi.Error{Status: 400, Code: "InvalidParameterException", Message: "NextToken is not one of this server's."}
	}
	id, users, next, err := a.Pools.LookupDeveloper(ctx, identity.Lookup{Pool: identity.PoolID(*in.IdentityPoolId),
		Identity: identity.ID(awsapi.Value(in.IdentityId)), User: awsapi.Value(in.DeveloperUserIdentifier),
		After: string(after), Limit: int(awsapi.Value(in.MaxResults))})
	if err != nil {
		return nil, err
	}
	return &LookupDeveloperIdentityOutput{IdentityId: text(string(id)), DeveloperUserIdentifierList: users, NextToken: text(base64.RawURLEncoding.EncodeToString([]byte(next)))}, nil
}

// MergeDeveloperIdentities makes one identity of those of two users of the backend.
func (a *API) MergeDeveloperIdentities(ctx context.Context, in *MergeDeveloperIdentitiesInput) (*MergeDeveloperIdentitiesOutput, error) {
	id, err := a.Pools.MergeDevelopers(ctx, identity.PoolID(*in.IdentityPoolId), *in.DeveloperProviderName,
		*in.SourceUserIdentifier, *in.DestinationUserIdentifier)
	if err != nil {
		return nil, err
	}
	return &MergeDeveloperIdentitiesOutput{IdentityId: text(string(id))}, nil
}

// UnlinkDeveloperIdentity takes a user of the backend from an identity.
func (a *API) UnlinkDeveloperIdentity(ctx context.Context, in *UnlinkDeveloperIdentityInput) (*UnlinkDeveloperIdentityOutput, error) {
	return &UnlinkDeveloperIdentityOutput{}, a.Pools.UnlinkDeveloper(ctx, identity.PoolID(*in.IdentityPoolId),
		identity.ID(*in.IdentityId), *in.DeveloperProviderName, *in.DeveloperUserIdentifier)
}
