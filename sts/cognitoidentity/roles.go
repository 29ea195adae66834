package cognitoidentity

import (
	"context"
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// SetIdentityPoolRoles replaces a pool's roles and role mappings. The caller must
// be allowed to pass each role, or it could raise itself through the pool.
func (a *API) SetIdentityPoolRoles(ctx context.Context, in *SetIdentityPoolRolesInput) (*SetIdentityPoolRolesOutput, error) {
	mappings := map[string]identity.RoleMapping{}
	roles := slices.Collect(maps.Values(in.Roles))
	for provider, m := range in.RoleMappings {
		mappings[provider] = mapping(&m)
		for _, r := range mappings[provider].Rules {
			roles = append(roles, r.Role)
		}
	}
	if err := awsapi.PassRole(ctx, a.Authorizer, "cognito-identity.amazonaws.com", roles...); err != nil {
		return nil, err
	}
	return &SetIdentityPoolRolesOutput{}, a.Pools.SetRoles(ctx, identity.PoolID(*in.IdentityPoolId), in.Roles, mappings)
}

// GetIdentityPoolRoles returns a pool's roles and role mappings.
func (a *API) GetIdentityPoolRoles(ctx context.Context, in *GetIdentityPoolRolesInput) (*GetIdentityPoolRolesOutput, error) {
	p, err := a.Pools.Pool(ctx, identity.PoolID(*in.IdentityPoolId))
	if err != nil {
		return nil, err
	}
	out := &GetIdentityPoolRolesOutput{IdentityPoolId: in.IdentityPoolId, Roles: p.Roles}
	for provider, m := range p.Mappings {
		if out.RoleMappings == nil {
			out.RoleMappings = map[string]RoleMapping{}
		}
		out.RoleMappings[provider] = describeMapping(&m)
	}
	return out, nil
}

func mapping(in *RoleMapping) identity.RoleMapping {
	m := identity.RoleMapping{Type: *in.Type, Ambiguous: awsapi.Value(in.AmbiguousRoleResolution)}
	if in.RulesConfiguration != nil {
		for _, r := range in.RulesConfiguration.Rules {
			m.Rules = append(m.Rules, identity.Rule{Claim: *r.Claim, Match: *r.MatchType, Value: *r.Value, Role: *r.RoleARN})
		}
	}
	return m
}

func describeMapping(m *identity.RoleMapping) RoleMapping {
	out := RoleMapping{Type: text(m.Type), AmbiguousRoleResolution: text(m.Ambiguous)}
	if m.Type == identity.MappingRules {
		out.RulesConfiguration = &RulesConfigurationType{}
		for _, r := range m.Rules {
			out.RulesConfiguration.Rules = append(out.RulesConfiguration.Rules,
				MappingRule{Claim: text(r.Claim), MatchType: text(r.Match), Value: text(r.Value), RoleARN: text(r.Role)})
		}
	}
	return out
}
