package identity_test

import (
	"errors"
	"testing"

	"github.com/poolhouse/poolhouse/sts/identity"
)

func TestRoleMappings(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	for _, arn := range []string{userRole, teamRole, rootRole} {
		w.role(arn, p, "authenticated")
	}
	rules := func(ambiguous string, rules ...identity.Rule) identity.RoleMapping {
		return identity.RoleMapping{Type: "Rules", Ambiguous: ambiguous, Rules: rules}
	}
	rule := func(claim, match, value, role string) identity.Rule {
		return identity.Rule{Claim: claim, Match: match, Value: value, Role: role}
	}
	token := identity.RoleMapping{Type: "Token", Ambiguous: "Deny"}
	lenient := identity.RoleMapping{Type: "Token", Ambiguous: "AuthenticatedRole"}
	two := map[string]any{"cognito:roles": []string{teamRole, rootRole}}
	const denied = ""
	for name, tt := range map[string]struct {
		mapping identity.RoleMapping
		claims  map[string]any
		custom  string
		want    string
	}{
		"preferred role":                {token, map[string]any{"cognito:roles": []string{teamRole, rootRole}, "cognito:preferred_role": teamRole}, "", teamRole},
		"custom role among roles":       {token, two, rootRole, rootRole},
		"custom role outside":           {token, two, userRole, denied},
		"custom role, lenient":          {lenient, nil, rootRole, denied},
		"roles as text":                 {token, map[string]any{"cognito:roles": teamRole + "," + rootRole}, rootRole, rootRole},
		"one role":                      {token, map[string]any{"cognito:roles": []string{teamRole}}, "", teamRole},
		"several roles, deny":           {token, two, "", denied},
		"several roles, default":        {lenient, two, "", userRole},
		"no roles, deny":                {token, nil, "", denied},
		"first rule wins":               {rules("Deny", rule("team", "Equals", "x", teamRole), rule("team", "Equals", "x", rootRole)), map[string]any{"team": "x"}, "", teamRole},
		"second rule":                   {rules("Deny", rule("team", "Equals", "y", teamRole), rule("team", "StartsWith", "x", rootRole)), map[string]any{"team": "xyz"}, "", rootRole},
		"case matters":                  {rules("Deny", rule("team", "Equals", "X", teamRole)), map[string]any{"team": "x"}, "", denied},
		"contains":                      {rules("Deny", rule("team", "Contains", "y", teamRole)), map[string]any{"team": "xyz"}, "", teamRole},
		"starts with":                   {rules("Deny", rule("team", "StartsWith", "y", teamRole)), map[string]any{"team": "xyz"}, "", denied},
		"not equal":                     {rules("Deny", rule("team", "NotEqual", "y", teamRole)), map[string]any{"team": "x"}, "", teamRole},
		"not equal, equal":              {rules("Deny", rule("team", "NotEqual", "x", teamRole)), map[string]any{"team": "x"}, "", denied},
		"not equal, claim missing":      {rules("Deny", rule("team", "NotEqual", "y", teamRole)), nil, "", denied},
		"element of a list":             {rules("Deny", rule("groups", "Equals", "b", teamRole)), map[string]any{"groups": []string{"a", "b"}}, "", teamRole},
		"boolean":                       {rules("Deny", rule("email_verified", "Equals", "true", teamRole)), map[string]any{"email_verified": true}, "", teamRole},
		"no rule matches, default":      {rules("AuthenticatedRole", rule("team", "Equals", "y", teamRole)), nil, "", userRole},
		"custom role of a later rule":   {rules("Deny", rule("team", "Equals", "x", teamRole), rule("team", "Contains", "x", rootRole)), map[string]any{"team": "x"}, rootRole, rootRole},
		"custom role of no match":       {rules("Deny", rule("team", "Equals", "x", teamRole), rule("team", "Equals", "y", rootRole)), map[string]any{"team": "x"}, rootRole, denied},
		"rules do not read token roles": {rules("Deny", rule("team", "Equals", "x", teamRole)), two, rootRole, denied},
	} {
		for _, key := range []string{awsName + ":" + client, ownName + ":" + client} {
			w.setRoles(p, map[string]identity.RoleMapping{key: tt.mapping})
			logins := map[string]string{awsName: w.idToken("alice", tt.claims)}
			c, err := w.credentials(w.id(p, logins), logins, tt.custom)
			switch {
			case tt.want == denied:
				if !errors.Is(err, identity.ErrNotAuthorized) {
					t.Errorf("%s: %v, want ErrNotAuthorized", name, err)
				}
			case err != nil || c.Role != tt.want:
				t.Errorf("%s: %+v, %v; want %s", name, c, err, tt.want)
			}
		}
	}
}

func TestMappingOfAnotherProvider(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(userRole, p, "authenticated")
	w.role(teamRole, p, "authenticated")
	all := identity.RoleMapping{Type: "Rules", Ambiguous: "Deny", Rules: []identity.Rule{{Claim: "sub", Match: "NotEqual", Value: "-", Role: teamRole}}}
	user, oidc := map[string]string{awsName: w.idToken("alice", nil)}, map[string]string{oidcName: w.oidcToken("a", nil)}
	for _, tt := range []struct {
		key, user, oidc string
	}{
		{awsName + ":client2", userRole, userRole},
		{awsName, userRole, userRole},
		{oidcName, userRole, teamRole},
		{oidcARN, userRole, teamRole},
	} {
		w.setRoles(p, map[string]identity.RoleMapping{tt.key: all})
		for want, logins := range map[*string]map[string]string{&tt.user: user, &tt.oidc: oidc} {
			if c, err := w.credentials(w.id(p, logins), logins, ""); err != nil || c.Role != *want {
				t.Errorf("mapping of %s: %+v, %v; want %s", tt.key, c, err, *want)
			}
		}
	}
}

func TestSetRolesRefuses(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	one := identity.Rule{Claim: "a", Match: "Equals", Value: "b", Role: userRole}
	many := make([]identity.Rule, 26)
	for i := range many {
		many[i] = one
	}
	odd := one
	odd.Match = "Like"
	for name, tt := range map[string]struct {
		mapping identity.RoleMapping
		text    string
	}{
		"26 rules":        {identity.RoleMapping{Type: "Rules", Ambiguous: "Deny", Rules: many}, "1 to 25 rules"},
		"no rules":        {identity.RoleMapping{Type: "Rules", Ambiguous: "Deny"}, "1 to 25 rules"},
		"no resolution":   {identity.RoleMapping{Type: "Token"}, "AmbiguousRoleResolution"},
		"odd match":       {identity.RoleMapping{Type: "Rules", Ambiguous: "Deny", Rules: []identity.Rule{odd}}, "MatchType"},
		"rules for Token": {identity.RoleMapping{Type: "Token", Ambiguous: "Deny", Rules: many[:1]}, "RulesConfiguration"},
		"odd type":        {identity.RoleMapping{Type: "Odd", Ambiguous: "Deny"}, "Type"},
	} {
		err := w.SetRoles(ctx, p.ID, nil, map[string]identity.RoleMapping{awsName: tt.mapping})
		wantFault(t, name, err, identity.ErrInvalidParameter, tt.text)
	}
	for _, key := range []string{oidcName, oidcARN, "accounts.google.com"} {
		err := w.SetRoles(ctx, p.ID, nil, map[string]identity.RoleMapping{key: {Type: "Token", Ambiguous: "Deny"}})
		wantFault(t, key, err, identity.ErrInvalidParameter, "for user pools only")
	}
	err := w.SetRoles(ctx, p.ID, map[string]string{"admin": userRole}, nil)
	wantFault(t, "odd key", err, identity.ErrInvalidParameter, "authenticated")
	ok := identity.RoleMapping{Type: "Rules", Ambiguous: "Deny", Rules: many[:25]}
	if err := w.SetRoles(ctx, p.ID, nil, map[string]identity.RoleMapping{awsName: ok}); err != nil {
		t.Errorf("25 rules: %v", err)
	}
}

func TestUpdateResets(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) { s.DeveloperProvider, s.Tags = "dev", map[string]string{"a": "b"} })
	w.setRoles(p, nil)
	got, err := w.UpdatePool(ctx, p.ID, identity.Settings{Name: "new"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Settings.AllowUnauthenticated || got.Settings.Tags != nil || got.Settings.UserPools != nil || got.Settings.Name != "new" {
		t.Errorf("not reset: %+v", got.Settings)
	}
	if got.Settings.DeveloperProvider != "dev" || got.Roles["authenticated"] != userRole {
		t.Errorf("developer provider or roles lost: %+v", got)
	}
	_, err = w.UpdatePool(ctx, p.ID, identity.Settings{Name: "new", DeveloperProvider: "other"})
	wantFault(t, "another developer provider", err, identity.ErrInvalidParameter, "cannot be changed")
}
