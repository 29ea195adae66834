package sts

import (
	"context"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// Decisions are what the policies of a principal say of resources and actions, in
// the form that a gateway with resource policies of its own joins with them.
// The tables go by resource, then action, in the order asked.
type Decisions struct {
	// Own is what the identity policies say within the permissions boundary.
	// NoMatch is not the last word: a resource policy can still grant.
	Own [][]policy.Outcome
	// Limits is what stands above resource policies too: the session policies and,
	// of a role, the boundary. Nil where there are none. Whatever a resource policy
	// grants to the user or role has to be allowed here.
	Limits [][]policy.Outcome
}

// Decisions decides many requests at once that differ in action and resource only.
// keys are as for Authorize.
func (s *Service) Decisions(ctx context.Context, p *Principal, actions, resources []string, keys map[string][]string) (*Decisions, error) {
	stack, err := s.stack(ctx, p)
	if err != nil {
		return nil, err
	}
	r := &policy.Request{Principal: p.trusted(), Keys: s.requestKeys(p, keys)}
	out := &Decisions{Own: same(policy.Allow, len(resources), len(actions))}
	if !stack.Unlimited {
		out.Own = policy.Outcomes(r, actions, resources, stack.Identity)
	}
	for _, l := range stack.Limits {
		d := policy.Outcomes(r, actions, resources, l.Policies)
		if l.Part == policy.BoundaryPart {
			out.Own = join(out.Own, d)
		}
		if l.Part == policy.SessionPart || p.Kind == RoleSession {
			out.Limits = join(out.Limits, d)
		}
	}
	bar(out.Own, p, actions)
	return out, nil
}

// same returns a table of one outcome.
func same(o policy.Outcome, rows, columns int) [][]policy.Outcome {
	out := make([][]policy.Outcome, rows)
	for i := range out {
		out[i] = make([]policy.Outcome, columns)
		for j := range out[i] {
			out[i][j] = o
		}
	}
	return out
}

// join lays the outcomes of a part over those of others, nil for none.
func join(table, other [][]policy.Outcome) [][]policy.Outcome {
	if table == nil {
		return other
	}
	out := same(policy.NoMatch, len(table), 0)
	for i := range table {
		for j := range table[i] {
			out[i] = append(out[i], table[i][j].And(other[i][j]))
		}
	}
	return out
}

// bar denies what is beyond the kind of credential.
func bar(table [][]policy.Outcome, p *Principal, actions []string) {
	for j, action := range actions {
		for i := range table {
			if barred(p, action) {
				table[i][j] = policy.Deny
			}
		}
	}
}
