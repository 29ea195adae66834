package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// CreateUserPool makes a user pool.
func (a *API) CreateUserPool(ctx context.Context, in *CreateUserPoolInput) (*CreateUserPoolOutput, error) {
	p, schema, err := poolIn(in)
	if err != nil {
		return nil, err
	}
	p, err = a.Pools.CreatePool(ctx, p, schema)
	if err != nil {
		return nil, err
	}
	return &CreateUserPoolOutput{UserPool: a.poolOut(p, 0)}, nil
}

// DescribeUserPool reports a user pool.
func (a *API) DescribeUserPool(ctx context.Context, in *DescribeUserPoolInput) (*DescribeUserPoolOutput, error) {
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	n, err := a.Pools.CountUsers(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return &DescribeUserPoolOutput{UserPool: a.poolOut(p, n)}, nil
}

// UpdateUserPool replaces a pool's settings; those left out are reset.
func (a *API) UpdateUserPool(ctx context.Context, in *UpdateUserPoolInput) (*UpdateUserPoolOutput, error) {
	p, _, err := poolIn(&CreateUserPoolInput{
		PoolName: in.PoolName, Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, SmsVerificationMessage: in.SmsVerificationMessage,
		EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, MfaConfiguration: in.MfaConfiguration,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration,
		UserPoolTags: in.UserPoolTags, AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
		KeyConfiguration: in.KeyConfiguration, IssuerConfiguration: in.IssuerConfiguration,
	})
	if err != nil {
		return nil, err
	}
	_, err = a.Pools.ReplacePool(ctx, pool(in.UserPoolId), p)
	return &UpdateUserPoolOutput{}, err
}

// DeleteUserPool deletes a pool and everything in it.
func (a *API) DeleteUserPool(ctx context.Context, in *DeleteUserPoolInput) (*DeleteUserPoolOutput, error) {
	return &DeleteUserPoolOutput{}, a.Pools.DeletePool(ctx, pool(in.UserPoolId))
}

// ListUserPools lists all pools of the account.
func (a *API) ListUserPools(ctx context.Context, in *ListUserPoolsInput) (*ListUserPoolsOutput, error) {
	pools, next, err := a.Pools.Pools(ctx, awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &ListUserPoolsOutput{UserPools: []UserPoolDescriptionType{}, NextToken: optional(next)}
	for _, p := range pools {
		out.UserPools = append(out.UserPools, UserPoolDescriptionType{
			Id: awsapi.Ptr(string(p.ID)), Name: &p.Name, LambdaConfig: triggersOut(p),
			CreationDate: stamp(p.Created), LastModifiedDate: stamp(p.Modified),
		})
	}
	return out, nil
}

// AddCustomAttributes adds attributes to a pool's schema.
func (a *API) AddCustomAttributes(ctx context.Context, in *AddCustomAttributesInput) (*AddCustomAttributesOutput, error) {
	schema, err := schemaIn(in.CustomAttributes)
	if err != nil {
		return nil, err
	}
	return &AddCustomAttributesOutput{}, a.Pools.AddCustomAttributes(ctx, pool(in.UserPoolId), schema)
}

// TagResource adds tags to a pool.
func (a *API) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, a.changeTags(ctx, *in.ResourceArn, func(tags map[string]string) {
		for k, v := range in.Tags {
			tags[k] = v
		}
	})
}

// UntagResource removes tags from a pool.
func (a *API) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, a.changeTags(ctx, *in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

func (a *API) changeTags(ctx context.Context, arn string, change func(map[string]string)) error {
	id, err := a.Pools.PoolOfARN(arn)
	if err != nil {
		return err
	}
	_, err = a.Pools.ChangePool(ctx, id, func(p *userpool.Pool) error {
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		change(p.Tags)
		return nil
	})
	return err
}

// ListTagsForResource lists the tags of a pool.
func (a *API) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	id, err := a.Pools.PoolOfARN(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	tags := p.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return &ListTagsForResourceOutput{Tags: tags}, nil
}
