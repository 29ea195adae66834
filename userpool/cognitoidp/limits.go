package cognitoidp

import (
	"context"
	"errors"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// limitOps are the operations on provisioned limits.
func (a *API) limitOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("GetProvisionedLimit", awsapi.SigV4, a.GetProvisionedLimit),
		awsapi.Func("UpdateProvisionedLimit", awsapi.SigV4, a.UpdateProvisionedLimit),
	}
}

// GetProvisionedLimit returns the ceiling of a category.
func (a *API) GetProvisionedLimit(ctx context.Context, in *GetProvisionedLimitInput) (*GetProvisionedLimitOutput, error) {
	c, err := limitedCategory(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.Provisioned(ctx, c)
	if err != nil {
		return nil, err
	}
	return &GetProvisionedLimitOutput{Limit: limitOut(c, p)}, nil
}

// UpdateProvisionedLimit changes the ceiling of a category.
func (a *API) UpdateProvisionedLimit(ctx context.Context, in *UpdateProvisionedLimitInput) (*UpdateProvisionedLimitOutput, error) {
	c, err := limitedCategory(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.Provision(ctx, c, *in.RequestedLimitValue)
	if err != nil {
		return nil, err
	}
	return &UpdateProvisionedLimitOutput{Limit: limitOut(c, p)}, nil
}

// limitedCategory reads a definition: the one attribute that it may have is Category.
func limitedCategory(d *LimitDefinitionType) (userpool.Category, error) {
	name := d.Attributes["Category"]
	if name == "" || len(d.Attributes) != 1 {
		return "", userpool.Fail(userpool.ErrInvalidParameter, "Attributes must have Category, and nothing else.")
	}
	return userpool.Category(name), nil
}

func limitOut(c userpool.Category, p *userpool.Provisioned) *LimitType {
	return &LimitType{
		LimitDefinition:       &LimitDefinitionType{LimitClass: awsapi.Ptr("API_CATEGORY"), Attributes: map[string]string{"Category": string(c)}},
		ProvisionedLimitValue: &p.Now, FreeLimitValue: &p.Default,
	}
}

// Limit counts a call against the ceilings of its category. Callers who sign are
// back ends that act for many, so their addresses don't count, nor does the client
// that they act for. Calls whose pool
// nobody can tell count against their address alone. Above a ceiling the error is
// a *userpool.Throttled.
func (a *API) Limit(ctx context.Context, limits *userpool.Limits, op string, in any) error {
	call, c := awsapi.FromContext(ctx), category(op, in)
	if call.Caller == nil {
		if err := limits.AllowAddress(ctx, c, call.SourceIP); err != nil {
			return err
		}
	}
	p, client, err := a.limited(ctx, in)
	if err != nil || p == "" && call.Caller == nil {
		return err
	}
	if call.Caller == nil {
		if err := limits.AllowClient(ctx, p, client, c); err != nil {
			return err
		}
	}
	return limits.AllowPool(ctx, p, c)
}

// limited returns the pool that a call is about and the app client that makes it; empty
// where it names none. A token is believed without a look at its signature, as a
// client ID is: both name a pool to anybody who has seen one of its pages.
func (a *API) limited(ctx context.Context, in any) (userpool.PoolID, userpool.ClientID, error) {
	if id := member(in, "UserPoolId"); id != "" {
		return userpool.PoolID(id), "", nil
	}
	if arn := member(in, "ResourceArn"); arn != "" {
		id, _ := a.Pools.PoolOfARN(arn) // the operation reports a bad one
		return id, "", nil
	}
	if token := member(in, "AccessToken"); token != "" {
		pool, client := a.Tokens.Claimed(token)
		return pool, client, nil
	}
	id := member(in, "ClientId")
	if id == "" {
		return "", "", nil
	}
	c, err := a.Pools.Store.Client(ctx, userpool.ClientID(id))
	if errors.Is(err, userpool.ErrClientNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return c.Pool, c.ID, nil
}
