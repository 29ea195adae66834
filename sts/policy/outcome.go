package policy

import "strings"

// An Outcome is what policies of one part say of a request by themselves.
type Outcome uint8

// The outcomes. The zero value allows nothing.
const (
	NoMatch Outcome = iota
	Allow
	Deny
)

// String returns "no_match", "allow" or "deny".
func (o Outcome) String() string { return [...]string{"no_match", "allow", "deny"}[o] }

// And joins the outcomes of parts that must both allow.
func (o Outcome) And(other Outcome) Outcome {
	switch {
	case o == Deny || other == Deny:
		return Deny
	case o == Allow && other == Allow:
		return Allow
	}
	return NoMatch
}

// Outcomes tells of each resource and action what policies say by themselves, in
// this order of indices. Action and Resource of r are not looked at. What does not
// depend on the resource is decided once an action, so that a thousand resources
// cost little more than their comparison.
func Outcomes(r *Request, actions, resources []string, policies []*Policy) [][]Outcome {
	out := make([][]Outcome, len(resources))
	cells := make([]Outcome, len(resources)*len(actions))
	for i := range out {
		out[i], cells = cells[:len(actions):len(actions)], cells[len(actions):]
	}
	e := newEvaluation(r)
	for col, action := range actions {
		e.action = strings.ToLower(action)
		candidates := e.candidates(policies)
		for row, resource := range resources {
			out[row][col] = judge(candidates, resource)
		}
	}
	return out
}

// A candidate is a statement that applies but for the resource, its variables
// resolved.
type candidate struct {
	deny, not bool
	known     bool // every variable is
	patterns  [][]token
}

// candidates returns them, the denying ones first.
func (e *evaluation) candidates(policies []*Policy) []candidate {
	var denying, allowing []candidate
	for _, p := range policies {
		for i := range p.statements {
			st := &p.statements[i]
			if !e.actionFits(st) || !e.conditionsHold(st) {
				continue
			}
			if _, ok := e.principalFits(st); !ok {
				continue
			}
			if st.deny {
				denying = append(denying, e.candidate(st))
			} else {
				allowing = append(allowing, e.candidate(st))
			}
		}
	}
	return append(denying, allowing...)
}

func (e *evaluation) candidate(st *statement) candidate {
	c := candidate{deny: st.deny, not: st.resources == nil, known: true}
	globs := st.resources
	if c.not {
		globs = st.notResources // of a trust policy nil as well, which excludes nothing
	}
	for i := range globs {
		tokens, ok := globs[i].resolve(&e.keys, nil)
		if ok {
			c.patterns = append(c.patterns, tokens)
		}
		c.known = c.known && ok
	}
	return c
}

// fits is resourceFits for a candidate.
func (c *candidate) fits(resource string) bool {
	for _, tokens := range c.patterns {
		if matchTokens(tokens, resource) {
			return !c.not
		}
	}
	return c.not && (c.known || c.deny)
}

func judge(candidates []candidate, resource string) Outcome {
	for i := range candidates {
		switch c := &candidates[i]; {
		case !c.fits(resource):
		case c.deny:
			return Deny
		default:
			return Allow
		}
	}
	return NoMatch
}
