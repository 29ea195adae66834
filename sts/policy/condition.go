package policy

import (
	"fmt"
	"strings"
)

// A quantifier says how the values of a multi-valued key are judged.
type quantifier int

const (
	single       quantifier = iota // no set operator
	forAllValues                   // true for a key without values
	forAnyValue                    // false for a key without values
)

// A condition is one operator applied to one key: it holds if the key's values
// fit the listed ones. All conditions of a statement must hold.
type condition struct {
	name       string // of the key, as the policy spells it
	key        string // the same, folded
	quantifier quantifier
	ifExists   bool
	null       bool // the Null operator
	negate     bool
	values     []matcher
	variables  []token // in the values
}

// A matcher compares one value of a request with one value of a policy. known is
// false where the two cannot be compared: the policy's value names a variable that
// the request lacks, or the request's value is not of the operator's type.
type matcher func(value string, keys *keySet) (match, known bool)

func (p *parser) conditions(v any) (out []condition) {
	ops, ok := v.(object)
	if !ok {
		p.syntax()
		return nil
	}
	for _, op := range ops.members {
		keys, ok := op.value.(object)
		if !ok || len(keys.members) == 0 {
			p.syntax()
			return nil
		}
		for _, k := range keys.members {
			out = append(out, p.condition(op.name, k))
		}
	}
	return out
}

func (p *parser) condition(opName string, m member) condition {
	c := condition{name: m.name, key: fold(m.name)}
	op, ok := c.operator(opName)
	values, err := scalars(m.value)
	if !ok || err != nil || len(values) == 0 {
		p.syntax()
		return c
	}
	if !validKey(m.name) {
		p.refuse(actionForm, noVendor)
	}
	c.negate = op.negate
	for _, v := range values {
		match, err := op.compile(v, p.variables)
		switch {
		case err == nil:
			c.values = append(c.values, match)
			c.variables = p.addVariables(c.variables, op, v)
		case op.date:
			p.refuse(legacy, failedLegacy)
		default:
			p.refuse(actionForm, fmt.Sprintf("Invalid value %q for the condition operator %s.", v, opName))
		}
	}
	return c
}

// addVariables appends the variables in a value, if its operator knows any.
func (p *parser) addVariables(list []token, op operator, value string) []token {
	if !p.variables || !op.variables {
		return list
	}
	g, _ := compileGlob(value, true, true) // compiled before
	return append(list, g.named()...)
}

// operator splits "ForAnyValue:StringLikeIfExists" into its three parts.
func (c *condition) operator(name string) (operator, bool) {
	lower := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(lower, "forallvalues:"); ok {
		c.quantifier, lower = forAllValues, rest
	} else if rest, ok := strings.CutPrefix(lower, "foranyvalue:"); ok {
		c.quantifier, lower = forAnyValue, rest
	}
	if lower == "null" {
		c.null = true
		return operators["bool"], c.quantifier == single
	}
	lower, c.ifExists = strings.CutSuffix(lower, "ifexists")
	op, ok := operators[lower]
	return op, ok
}

// validKey reports whether name is "prefix:name". The last colon divides them:
// the prefix of an identity provider is host and path, and a host may have a port.
func validKey(name string) bool {
	i := strings.LastIndexByte(name, ':')
	return i > 0 && i < len(name)-1
}

// holds evaluates the condition. deny tells which way a negated comparison falls
// that cannot be made: it never helps an allowing statement to apply, nor a
// denying one not to.
func (c *condition) holds(keys *keySet, deny bool) bool {
	values := keys.get(c.key)
	if c.null {
		want := "false"
		if len(values) == 0 {
			want = "true"
		}
		return c.satisfied(want, keys, deny)
	}
	if len(values) == 0 {
		return c.ifExists || c.quantifier == forAllValues || c.quantifier == single && c.negate
	}
	// A negated operator without a set operator asks that no value fits.
	all := c.quantifier == forAllValues || c.quantifier == single && c.negate
	for _, v := range values {
		if c.satisfied(v, keys, deny) != all {
			return !all
		}
	}
	return all
}

// satisfied judges one value of the request.
func (c *condition) satisfied(value string, keys *keySet, deny bool) bool {
	unknown := false
	for _, match := range c.values {
		ok, known := match(value, keys)
		if ok {
			return !c.negate
		}
		unknown = unknown || !known
	}
	if unknown && c.negate {
		return deny
	}
	return c.negate
}
