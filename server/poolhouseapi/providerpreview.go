package poolhouseapi

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// PreviewIdentityProviderMapping tells what somebody would become whom a provider says
// that of, by its settings or by others that are given. It changes nothing.
func (a *API) PreviewIdentityProviderMapping(ctx context.Context, in *PreviewIdentityProviderMappingInput) (*PreviewIdentityProviderMappingOutput, error) {
	pool, err := a.Pools.Pool(ctx, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	p, err := a.Pools.Provider(ctx, pool.ID, *in.ProviderName)
	if err != nil {
		return nil, err
	}
	if in.Settings != nil {
		settings, err := parseProviderSettings(*in.Settings)
		if err == nil {
			p, err = a.Pools.TryProviderSettings(ctx, pool, p, settings)
		}
		if err != nil {
			return nil, err
		}
	}
	var said map[string]json.RawMessage
	if json.Unmarshal([]byte(*in.Claims), &said) != nil || said == nil {
		return nil, userpool.Fail(userpool.ErrInvalidParameter, "Claims must be a JSON object: a value for each name, or a list of values.")
	}
	subject := "subject"
	if in.Subject != nil {
		subject = *in.Subject
	}
	return previewed(sp.PreviewMapping(ctx, pool, p, subject, sp.ClaimsOf(said))), nil
}

func previewed(p *sp.Preview) *PreviewIdentityProviderMappingOutput {
	out := &PreviewIdentityProviderMappingOutput{Username: &p.Username, Attributes: []FoundAttributeType{}, Groups: p.Groups, Problems: []ReleaseProblemType{}}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		out.Attributes = append(out.Attributes, FoundAttributeType{Name: awsapi.Ptr(name), Value: awsapi.Ptr(p.Attributes[name])})
	}
	for _, problem := range p.Problems {
		out.Problems = append(out.Problems, ReleaseProblemType{Attribute: awsapi.Ptr(problem.Attribute), Message: awsapi.Ptr(problem.Text())})
	}
	return out
}
