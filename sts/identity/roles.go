package identity

import (
	"slices"
	"strings"
)

// role returns the ARN of the role that somebody gets. custom is the role that the
// client asked for, empty where it did not. A role that may not be had is
// ErrNotAuthorized, a pool without one ErrConfiguration.
func (s *Service) role(who *presence, custom string) (string, error) {
	if who.guest() {
		return configured(who.pool, RoleUnauthenticated)
	}
	for _, one := range who.proofs {
		if m, ok := s.mapping(who.pool, one); ok {
			return m.role(who, one.claims, custom)
		}
	}
	for _, one := range who.proofs {
		if len(one.roles) > 0 {
			return offered(who, one.roles, custom)
		}
	}
	if custom != "" {
		return "", errForbidden(who.identity.ID)
	}
	return configured(who.pool, RoleAuthenticated)
}

// offered chooses among the roles of a SAML assertion. Of several the client must
// ask for one.
func offered(who *presence, roles []string, custom string) (string, error) {
	switch {
	case slices.Contains(roles, custom):
		return custom, nil
	case custom == "" && len(roles) == 1:
		return roles[0], nil
	}
	return "", errForbidden(who.identity.ID)
}

func configured(p *Pool, kind string) (string, error) {
	if p.Roles[kind] == "" {
		return "", errBadRoles
	}
	return p.Roles[kind], nil
}

// mapping returns the role mapping for a login: of its provider's ARN or name, or
// for a user pool of name, colon, client.
func (s *Service) mapping(p *Pool, one *proof) (RoleMapping, bool) {
	for _, key := range sortedKeys(p.Mappings) {
		name, client := key, ""
		if one.method.userPool != "" {
			i := strings.LastIndexByte(key, ':')
			if i < 0 {
				continue
			}
			name, client = key[:i], key[i+1:]
			name, _ = s.canonical(name)
			if client != one.client {
				continue
			}
		}
		if name == one.Provider || one.method.arn != "" && name == one.method.arn {
			return p.Mappings[key], true
		}
	}
	return RoleMapping{}, false
}

// role applies a mapping to the claims of a token.
func (m *RoleMapping) role(who *presence, claims map[string]any, custom string) (string, error) {
	role, allowed := m.byRules(claims)
	if m.Type == MappingToken {
		role, allowed = byToken(claims)
	}
	switch {
	case custom != "" && slices.Contains(allowed, custom):
		return custom, nil
	case custom != "":
		return "", errForbidden(who.identity.ID)
	case role != "":
		return role, nil
	case m.Ambiguous == AmbiguousDefault:
		return configured(who.pool, RoleAuthenticated)
	}
	return "", errForbidden(who.identity.ID)
}

// byToken reads the role that a token prefers, and those that it allows. The
// roles are a list in our tokens and a text with commas in AWS's guide.
func byToken(claims map[string]any) (role string, allowed []string) {
	for _, text := range texts(claims["cognito:roles"]) {
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				allowed = append(allowed, part)
			}
		}
	}
	role, _ = claims["cognito:preferred_role"].(string)
	if role == "" && len(allowed) == 1 {
		role = allowed[0]
	}
	return role, allowed
}

// byRules returns the role of the first rule that matches, and those of all.
func (m *RoleMapping) byRules(claims map[string]any) (role string, allowed []string) {
	for _, r := range m.Rules {
		if r.matches(claims) {
			allowed = append(allowed, r.Role)
		}
	}
	if len(allowed) > 0 {
		role = allowed[0]
	}
	return role, allowed
}

// matches compares a claim. A claim that is missing matches nothing, NotEqual
// included; of a list, one element must match.
func (r *Rule) matches(claims map[string]any) bool {
	return slices.ContainsFunc(claimTexts(claims[r.Claim]), func(v string) bool {
		switch r.Match {
		case "Equals":
			return v == r.Value
		case "NotEqual":
			return v != r.Value
		case "Contains":
			return strings.Contains(v, r.Value)
		case "StartsWith":
			return strings.HasPrefix(v, r.Value)
		}
		return false
	})
}

// claimTexts is texts for rules, which compare true and false too.
func claimTexts(v any) []string {
	if b, ok := v.(bool); ok {
		if b {
			return []string{"true"}
		}
		return []string{"false"}
	}
	return texts(v)
}
