package identity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CreatePool makes a pool.
func (s *Service) CreatePool(ctx context.Context, set Settings) (*Pool, error) {
	if err := set.check(); err != nil {
		return nil, err
	}
	now := s.now()
	p := &Pool{ID: PoolID(s.newID()), Settings: set, Created: now, Modified: now}
	return p, s.Store.CreatePool(ctx, p)
}

// UpdatePool replaces all settings of a pool: what is left out is reset. The
// developer provider stays once set.
func (s *Service) UpdatePool(ctx context.Context, id PoolID, set Settings) (*Pool, error) {
	if err := set.check(); err != nil {
		return nil, err
	}
	return s.changePool(ctx, id, func(p *Pool) error {
		if old := p.Settings.DeveloperProvider; old != "" {
			if set.DeveloperProvider != "" && set.DeveloperProvider != old {
				return fail(ErrInvalidParameter, "DeveloperProviderName cannot be changed once it is set.")
			}
			set.DeveloperProvider = old
		}
		p.Settings = set
		return nil
	})
}

func (s *Service) changePool(ctx context.Context, id PoolID, fn func(*Pool) error) (*Pool, error) {
	p, err := s.Store.UpdatePool(ctx, id, func(p *Pool) error {
		p.Modified = s.now()
		return fn(p)
	})
	return p, named(err, errPool(id))
}

// Pool returns a pool, or ErrNotFound.
func (s *Service) Pool(ctx context.Context, id PoolID) (*Pool, error) {
	p, err := s.Store.Pool(ctx, id)
	return p, named(err, errPool(id))
}

// DeletePool deletes a pool. It and its identities are gone at once; their data and
// their rows follow, see SweepPools, since there may be millions.
func (s *Service) DeletePool(ctx context.Context, id PoolID) error {
	if s.Datasets != nil { // first, so that a failure can be tried again
		if _, err := s.Pool(ctx, id); err != nil {
			return err
		}
		if err := s.Datasets.PoolDeleted(ctx, id); err != nil {
			return err
		}
	}
	return named(s.Store.DeletePool(ctx, id), errPool(id))
}

// named replaces a store's plain ErrNotFound by one that names what is missing.
func named(err, missing error) error {
	if errors.Is(err, ErrNotFound) {
		return missing
	}
	return err
}

// maxUserPools is AWS's quota of app clients for a pool, before it is raised.
const maxUserPools = 50

func (set *Settings) check() error {
	if len(set.UserPools) > maxUserPools {
		return fail(ErrLimitExceeded, "An identity pool can have 50 CognitoIdentityProviders.")
	}
	seen := map[[2]string]bool{}
	for _, p := range set.UserPools {
		key := [2]string{p.Name, p.Client}
		if p.Name == "" || p.Client == "" || seen[key] {
			return fail(ErrInvalidParameter, "Each CognitoIdentityProvider needs a ProviderName and a ClientId, and may be given once.")
		}
		seen[key] = true
	}
	for _, arn := range set.OIDCProviders {
		if ProviderOfARN(arn) == "" {
			return fail(ErrInvalidParameter, "'"+arn+"' is not the ARN of an OpenID Connect provider.")
		}
	}
	for _, arn := range set.SAMLProviders {
		if !strings.HasPrefix(arn, "arn:aws:iam::") || !strings.Contains(arn, ":saml-provider/") {
			return fail(ErrInvalidParameter, "'"+arn+"' is not the ARN of a SAML provider.")
		}
	}
	return checkTags(set.Tags)
}

// maxRules is AWS's quota; the service model would allow 400.
const maxRules = 25

// SetRoles replaces the roles of a pool and its mappings.
func (s *Service) SetRoles(ctx context.Context, id PoolID, roles map[string]string, mappings map[string]RoleMapping) error {
	for kind := range roles {
		if kind != RoleAuthenticated && kind != RoleUnauthenticated {
			return fail(ErrInvalidParameter, "Roles can have the keys authenticated and unauthenticated, not '"+kind+"'.")
		}
	}
	for provider, m := range mappings {
		if err := m.check(provider); err != nil {
			return err
		}
		if m.Type == MappingToken && !s.namesUserPool(provider) {
			return fail(ErrInvalidParameter, "Role mapping of '"+provider+"': Type Token is for user pools only.")
		}
	}
	_, err := s.changePool(ctx, id, func(p *Pool) error {
		p.Roles, p.Mappings = maps.Clone(roles), maps.Clone(mappings)
		return nil
	})
	return err
}

// namesUserPool reports whether the key of a mapping is a user pool's. Only those may
// name roles in their tokens: another issuer could name any.
func (s *Service) namesUserPool(key string) bool {
	i := strings.LastIndexByte(key, ':')
	if i < 0 {
		i = len(key)
	}
	_, pool := s.canonical(key[:i])
	return pool != ""
}

func (m *RoleMapping) check(provider string) error {
	invalid := func(format string, args ...any) error {
		return fail(ErrInvalidParameter, fmt.Sprintf("Role mapping of '%s': ", provider)+fmt.Sprintf(format, args...))
	}
	if m.Ambiguous != AmbiguousDefault && m.Ambiguous != AmbiguousDeny {
		return invalid("AmbiguousRoleResolution must be AuthenticatedRole or Deny.")
	}
	switch {
	case m.Type == MappingToken && len(m.Rules) > 0:
		return invalid("RulesConfiguration is for type Rules only.")
	case m.Type == MappingToken:
		return nil
	case m.Type != MappingRules:
		return invalid("Type must be Token or Rules.")
	case len(m.Rules) == 0 || len(m.Rules) > maxRules:
		return invalid("RulesConfiguration needs 1 to %d rules.", maxRules)
	}
	for _, r := range m.Rules {
		if !slices.Contains([]string{"Equals", "Contains", "StartsWith", "NotEqual"}, r.Match) {
			return invalid("MatchType '%s' is unknown.", r.Match)
		}
	}
	return nil
}
