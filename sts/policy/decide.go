package policy

// A Part is the part that policies play in a decision.
type Part uint8

// The parts.
const (
	NoPart Part = iota
	IdentityPart
	BoundaryPart
	SessionPart
	ResourcePart
	OrganizationPart // of simulations alone
)

// String returns the name of the policies as texts of refusals use it.
func (p Part) String() string {
	return [...]string{"", "identity-based policy", "permissions boundary", "session policy", "resource-based policy", "service control policy"}[p]
}

// A Stack is all policies that have a say in a request. The zero Stack refuses.
type Stack struct {
	// Unlimited is set for a caller that has no identity policies and needs none:
	// the root of its account, or an identity provider before a trust policy.
	Unlimited bool
	Identity  []*Policy // of the caller; without any it may do nothing by itself
	Limits    []Limit   // every one must allow what the identity policies allow
	Resource  []*Policy // of the resource
	// Foreign is set where the resource belongs to another account than the caller:
	// then its policy has to allow, and the caller's policies too.
	Foreign bool
	// Guarded is set for a resource that only its own policy opens, such as a role
	// by its trust policy; within an account other resources leave that to the
	// policies of the caller.
	Guarded bool
}

// A Limit is a permissions boundary or the session policies of a session.
type Limit struct {
	Part     Part
	Policies []*Policy
}

// A Decision is the answer to a request and the reason for it.
type Decision struct {
	Allowed bool
	// Explicit is true where a statement denied, false where nothing allowed.
	Explicit bool
	// Part is the one that denied, or that did not allow, or that allowed.
	Part Part
	// Sid, Policy and Index name the deciding statement: they count from 0 in the
	// part and in its policy. Index is -1 where no statement decided.
	Sid           string
	Policy, Index int
	// Named is the principal entry that an allowing statement of a resource's policy
	// matched: the most specific one over all of them.
	Named string
}

// Decide answers a request.
//
// A denial in any part wins. Otherwise the caller's identity policies must allow
// with every limit; a resource's own policy can stand in for them, within the
// account and as far as whom it names reaches: see grant.
func Decide(r *Request, s *Stack) Decision { return newEvaluation(r).decide(s) }

func (e *evaluation) decide(s *Stack) Decision {
	own := Decision{Allowed: true, Index: -1}
	if !s.Unlimited {
		own = e.part(IdentityPart, s.Identity)
	}
	if own.Explicit {
		return own
	}
	limits := Decision{Allowed: true, Index: -1} // the first that does not allow
	for _, l := range s.Limits {
		d := e.part(l.Part, l.Policies)
		if d.Explicit {
			return d
		}
		if limits.Allowed {
			limits = d
		}
	}
	resource := e.part(ResourcePart, s.Resource)
	if resource.Explicit {
		return resource
	}
	return s.join(own, limits, resource, e.grant(resource))
}

// join decides where no part denied.
func (s *Stack) join(own, limits, resource Decision, g grant) Decision {
	if !s.Foreign && (g == toCaller || g == toIdentity && limits.Allowed) {
		return resource
	}
	if own.Allowed && !limits.Allowed {
		own = limits
	}
	if own.Allowed && (s.Guarded || s.Foreign) {
		return resource // allows, or is what is missing
	}
	return own
}

// A grant is how far the allowance in a resource's policy reaches by itself.
type grant int

const (
	noGrant    grant = iota
	toAccount        // none: the account's own policies share it out
	toIdentity       // as far as boundary and session policies let the identity
	toCaller         // beyond them: it names this very session, or this user
)

// grant judges whom an allowing statement names.
func (e *evaluation) grant(resource Decision) grant {
	names := e.request.Principal.Names
	switch {
	case !resource.Allowed:
		return noGrant
	case IsAccount(resource.Named):
		return toAccount
	case len(names) > 0 && resource.Named == names[0]:
		return toCaller
	}
	return toIdentity
}
