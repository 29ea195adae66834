package sts

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// A PolicyScope is whose managed policies are listed.
type PolicyScope string

// The scopes; empty is AnyPolicy.
const (
	AnyPolicy   PolicyScope = "All"
	AWSPolicy   PolicyScope = "AWS"
	LocalPolicy PolicyScope = "Local"
)

// A PolicyUse is what a managed policy is used as.
type PolicyUse string

// The uses; empty is either.
const (
	AsPermissions PolicyUse = "PermissionsPolicy"
	AsBoundary    PolicyUse = "PermissionsBoundary"
)

// A PolicyCount is how many users and roles use a policy.
type PolicyCount struct{ Attached, Boundaries int }

// of is the count for one use.
func (c PolicyCount) of(use PolicyUse) int {
	switch use {
	case AsPermissions:
		return c.Attached
	case AsBoundary:
		return c.Boundaries
	}
	return c.Attached + c.Boundaries
}

// uses reports whether the policy is one of p's as that use.
func (p *Permissions) uses(arn string, use PolicyUse) bool {
	return use != AsBoundary && slices.Contains(p.Attached, arn) || use != AsPermissions && p.Boundary == arn
}

// PolicyUsage counts the users of every managed policy, by ARN. It reads all roles
// and users: an account has tens, and the counts are asked for rarely.
func (s *Service) PolicyUsage(ctx context.Context) (map[string]PolicyCount, error) {
	out := map[string]PolicyCount{}
	count := func(p *Permissions) {
		for _, arn := range p.Attached {
			c := out[arn]
			c.Attached++
			out[arn] = c
		}
		if p.Boundary != "" {
			c := out[p.Boundary]
			c.Boundaries++
			out[p.Boundary] = c
		}
	}
	roles, err := all(ctx, s.Store.Roles(), s.Account)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		count(&r.Permissions)
	}
	users, err := all(ctx, s.Store.Users(), s.Account)
	for _, u := range users {
		count(&u.Permissions)
	}
	return out, err
}

// A PolicyFilter selects managed policies.
type PolicyFilter struct {
	Page
	Scope PolicyScope
	Use   PolicyUse // as what they must be used, where Used is set
	Used  bool      // only those that somebody uses
}

// awsFirst begins the tokens of pages that begin among AWS's policies. No name of a
// policy has a space.
const awsFirst = " "

// Policies lists managed policies, AWS's before the account's own, and how often
// each is used.
func (s *Service) Policies(ctx context.Context, f PolicyFilter) (out []*ManagedPolicy, usage map[string]PolicyCount, next string, err error) {
	if usage, err = s.PolicyUsage(ctx); err != nil {
		return nil, nil, "", err
	}
	keep := func(p *ManagedPolicy) bool {
		return strings.HasPrefix(p.Path, f.Prefix) && (!f.Used || usage[p.ARN()].of(f.Use) > 0)
	}
	limit := f.limit()
	after, amongAWS := strings.CutPrefix(f.After, awsFirst)
	if f.Scope != LocalPolicy && (amongAWS || f.After == "") {
		for _, p := range awsPolicies(after) {
			if len(out) == limit {
				return out, usage, awsFirst + out[limit-1].Name, nil
			}
			if keep(p) {
				out = append(out, p)
			}
		}
		after = ""
	}
	if f.Scope == AWSPolicy {
		return out, usage, "", nil
	}
	if len(out) == limit { // the account's own begin on the next page
		return out, usage, awsFirst + out[limit-1].Name, nil
	}
	own, next, err := list(ctx, s.Store.Policies(), s.Account, Page{After: after, Limit: limit - len(out)}, keep)
	return append(out, own...), usage, next, err
}

// awsPolicies are AWS's policies after a name, in order.
func awsPolicies(after string) (out []*ManagedPolicy) {
	for _, p := range builtin {
		if p.Name > after {
			out = append(out, p.clone())
		}
	}
	slices.SortFunc(out, func(a, b *ManagedPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// An EntityKind is a kind of what can have a managed policy.
type EntityKind string

// The kinds; empty is all. There are no groups here.
const (
	RoleEntity EntityKind = "Role"
	UserEntity EntityKind = "User"
)

// An EntityFilter selects who has a policy.
type EntityFilter struct {
	Page
	Kind EntityKind
	Use  PolicyUse
}

// Entities are some of those who have a policy.
type Entities struct {
	Roles []*Role
	Users []*User
}

// usersFrom begins the tokens of pages that begin among the users, who come after
// the roles.
const usersFrom = " "

// PolicyEntities lists who has a managed policy.
func (s *Service) PolicyEntities(ctx context.Context, arn string, f EntityFilter) (out Entities, next string, err error) {
	if _, err := s.Policy(ctx, arn); err != nil {
		return out, "", err
	}
	limit := f.limit()
	after, amongUsers := strings.CutPrefix(f.After, usersFrom)
	if !amongUsers && (f.Kind == "" || f.Kind == RoleEntity) {
		out.Roles, next, err = list(ctx, s.Store.Roles(), s.Account, Page{After: after, Limit: limit},
			func(r *Role) bool { return r.Permissions.uses(arn, f.Use) && strings.HasPrefix(r.Path, f.Prefix) })
		if err != nil || next != "" {
			return out, next, err
		}
		after = ""
	}
	if f.Kind != "" && f.Kind != UserEntity {
		return out, "", nil
	}
	if len(out.Roles) == limit {
		return out, usersFrom, nil
	}
	out.Users, next, err = list(ctx, s.Store.Users(), s.Account, Page{After: after, Limit: limit - len(out.Roles)},
		func(u *User) bool { return u.Permissions.uses(arn, f.Use) && strings.HasPrefix(u.Path, f.Prefix) })
	if next != "" {
		next = usersFrom + next
	}
	return out, next, err
}
