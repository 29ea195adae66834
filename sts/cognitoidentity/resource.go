package cognitoidentity

import (
	"context"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// resource returns the ARN of the pool that an operation is about, also of one
// that names only identities: that of the first.
func (a *API) resource(_ string, in any) string {
	switch in := in.(type) {
	case *DescribeIdentityInput:
		return a.poolOf(context.Background(), *in.IdentityId)
	case *DeleteIdentitiesInput:
		if len(in.IdentityIdsToDelete) > 0 {
			return a.poolOf(context.Background(), in.IdentityIdsToDelete[0])
		}
	}
	if arn := arnIn(in); arn != nil {
		return *arn
	}
	if pool := poolIn(in); pool != nil {
		return a.poolARN(identity.PoolID(*pool))
	}
	return "*"
}

// poolIn returns the pool that a signed operation names.
func poolIn(in any) *string {
	switch in := in.(type) {
	case *DeleteIdentityPoolInput:
		return in.IdentityPoolId
	case *DescribeIdentityPoolInput:
		return in.IdentityPoolId
	case *GetIdentityPoolRolesInput:
		return in.IdentityPoolId
	case *GetOpenIdTokenForDeveloperIdentityInput:
		return in.IdentityPoolId
	case *GetPrincipalTagAttributeMapInput:
		return in.IdentityPoolId
	case *ListIdentitiesInput:
		return in.IdentityPoolId
	case *LookupDeveloperIdentityInput:
		return in.IdentityPoolId
	case *MergeDeveloperIdentitiesInput:
		return in.IdentityPoolId
	case *SetIdentityPoolRolesInput:
		return in.IdentityPoolId
	case *SetPrincipalTagAttributeMapInput:
		return in.IdentityPoolId
	case *UnlinkDeveloperIdentityInput:
		return in.IdentityPoolId
	case *UpdateIdentityPoolInput:
		return in.IdentityPoolId
	}
	return nil
}

// arnIn returns the ARN that an operation on tags names.
func arnIn(in any) *string {
	switch in := in.(type) {
	case *ListTagsForResourceInput:
		return in.ResourceArn
	case *TagResourceInput:
		return in.ResourceArn
	case *UntagResourceInput:
		return in.ResourceArn
	}
	return nil
}

// poolARNPrefix is what the ARNs of this account's pools begin with.
func (a *API) poolARNPrefix() string {
	return "arn:aws:cognito-identity:" + a.Region + ":" + a.Account + ":identitypool/"
}

func (a *API) poolARN(pool identity.PoolID) string { return a.poolARNPrefix() + string(pool) }

// poolOf returns the ARN of the pool of an identity, "*" where there is no such
// identity: whoever may not ask about every pool learns nothing of it.
func (a *API) poolOf(ctx context.Context, id string) string {
	i, err := a.Pools.Identity(ctx, identity.ID(id))
	if err != nil {
		return "*"
	}
	return a.poolARN(i.Pool)
}

// keys returns the condition keys of tags: those that the pool has, and those that an
// operation sets or removes.
func (a *API) keys(op string, in any) map[string][]string {
	keys := map[string][]string{}
	for k, v := range a.tagsOf(a.resource(op, in)) {
		keys["aws:ResourceTag/"+k] = []string{v}
	}
	switch in := in.(type) {
	case *CreateIdentityPoolInput:
		requestTags(keys, in.IdentityPoolTags)
	case *UpdateIdentityPoolInput:
		requestTags(keys, in.IdentityPoolTags)
	case *TagResourceInput:
		requestTags(keys, in.Tags)
	case *UntagResourceInput:
		if len(in.TagKeys) > 0 {
			keys["aws:TagKeys"] = in.TagKeys
		}
	}
	return keys
}

func requestTags(keys map[string][]string, tags map[string]string) {
	for k, v := range tags {
		keys["aws:RequestTag/"+k] = []string{v}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], k)
	}
}

// tagsOf returns the tags of a pool by its ARN; none where there is no such pool.
func (a *API) tagsOf(arn string) map[string]string {
	id, ok := strings.CutPrefix(arn, a.poolARNPrefix())
	if !ok {
		return nil
	}
	p, err := a.Pools.Pool(context.Background(), identity.PoolID(id))
	if err != nil {
		return nil
	}
	return p.Settings.Tags
}

// pool returns the pool that an ARN of this account and region names.
func (a *API) pool(arn *string) (identity.PoolID, error) {
	id, ok := strings.CutPrefix(*arn, a.poolARNPrefix())
	if !ok || id == "" {
		return "", &awsapi.Error{Status: 400, Code: "InvalidParameterException", Message: "ResourceArn is not the ARN of an identity pool of this account and region."}
	}
	return identity.PoolID(id), nil
}
