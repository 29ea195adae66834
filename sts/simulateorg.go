package sts

import (
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// addOrganization compiles the service control policies of a simulation, level by level.
func (sim *simulator) addOrganization() error {
	for i, docs := range sim.in.Organization {
		if len(docs) == 0 {
			return fail(ErrInvalidInput, fmt.Sprintf("OrderedOrganizationPolicyInputList.%d holds no policy.", i+1))
		}
		var level []*policy.Policy
		for n, doc := range docs {
			id := fmt.Sprintf("OrderedOrganizationPolicyInputList.%d.ServiceControlPolicyInputList.%d", i+1, n+1)
			p, err := policy.Parse(policy.Identity, doc)
			if err != nil {
				return malformedInput(id, err)
			}
			level = append(level, p)
			sim.sources[policy.OrganizationPart] = append(sim.sources[policy.OrganizationPart], PolicySource{id, "none"})
		}
		sim.levels = append(sim.levels, level)
	}
	return nil
}

// organize lets the levels of an organization, from its root to the account, judge a
// request too. Each must allow it, whoever else does, and none must deny.
func (sim *simulator) organize(r *policy.Request, x *policy.Explanation) {
	if len(sim.levels) == 0 {
		return
	}
	all, first := policy.Allow, 0
	for _, level := range sim.levels {
		said := policy.Explain(r, &policy.Stack{Identity: level})
		all = all.And(said.Outcomes[policy.IdentityPart])
		for _, m := range said.Matches {
			m.Part, m.Policy = policy.OrganizationPart, m.Policy+first
			x.Matches = append(x.Matches, m)
		}
		x.Missing = append(x.Missing, said.Missing...)
		first += len(level)
	}
	slices.Sort(x.Missing)
	x.Missing = slices.Compact(x.Missing)
	x.Outcomes[policy.OrganizationPart] = all
	if all != policy.Allow && !x.Explicit {
		x.Decision = policy.Decision{Explicit: all == policy.Deny, Part: policy.OrganizationPart, Index: -1}
	}
}

// organizationSize is how much text the levels have, in bytes.
func (sim *simulator) organizationSize() (bytes int) {
	for _, level := range sim.levels {
		bytes += (&policy.Stack{Identity: level}).Size()
	}
	return bytes
}
