package policy

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A parser compiles one document. It goes on after a fault, for a later one may
// count more.
type parser struct {
	kind      Kind
	variables bool
	at        stage
	fault     string // empty for none
}

// document compiles the outermost object.
func (p *parser) document(doc any) *Policy {
	out := &Policy{Version: version2008}
	obj, ok := doc.(object)
	if !ok {
		p.syntax()
		return out
	}
	var statements any
	for _, m := range obj.members {
		switch m.name {
		case "Version":
			p.version(out, m.value)
		case "Id":
			if out.ID, ok = m.value.(string); !ok {
				p.syntax()
			}
		case "Statement":
			statements = m.value
		default:
			p.syntax()
		}
	}
	if p.kind == Managed && out.Version != version2012 {
		p.refuse(version, "Policy document must be version 2012-10-17 or greater.")
	}
	p.variables = out.Version == version2012
	out.statements = p.statements(statements)
	return out
}

func (p *parser) version(out *Policy, v any) {
	s, _ := v.(string)
	if s != version2008 && s != version2012 {
		p.refuse(reading, p.trustOr("The policy must contain a valid version string", "Syntax errors in policy."))
		return
	}
	out.Version = s
}

func (p *parser) statements(v any) []statement {
	items := oneOrMany(v)
	if len(items) == 0 {
		p.refuse(reading, p.trustOr("Could not parse the policy: Statement is empty!", "Syntax errors in policy."))
	}
	out := make([]statement, 0, len(items))
	seen := map[string]bool{}
	for _, item := range items {
		obj, ok := item.(object)
		if !ok {
			p.syntax()
			continue
		}
		st := p.statement(obj)
		if st.sid != "" && seen[st.sid] {
			p.refuse(sids, "Statement IDs (SID) in a single policy must be unique.")
		}
		seen[st.sid] = true
		out = append(out, st)
	}
	return out
}

// The elements of a statement.
const (
	sidElement = iota
	effectElement
	principalElement
	notPrincipalElement
	actionElement
	notActionElement
	resourceElement
	notResourceElement
	conditionElement
	elementCount
)

var elementNames = [elementCount]string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// elements are the values of a statement; one that it leaves out has given unset.
type elements struct {
	value [elementCount]any
	given [elementCount]bool
}

func (p *parser) elements(obj object) (out elements) {
	for _, m := range obj.members {
		known := false
		for i, name := range elementNames {
			if m.name == name {
				out.value[i], out.given[i], known = m.value, true, true
			}
		}
		if !known {
			p.syntax()
		}
	}
	return out
}

// statement judges the elements in the order in which IAM does for a trust policy;
// for the other kinds the stages put the faults in order.
func (p *parser) statement(obj object) statement {
	e := p.elements(obj)
	st := statement{start: obj.start, end: obj.end}
	st.deny = p.effect(e) == "Deny"
	p.whom(e, &st)
	if e.given[conditionElement] {
		st.conditions = p.conditions(e.value[conditionElement])
	}
	p.whatActions(e, &st)
	p.whatResources(e, &st)
	if e.given[sidElement] {
		st.sid = p.sid(e.value[sidElement])
	}
	return st
}

func (p *parser) effect(e elements) string {
	s, ok := e.value[effectElement].(string)
	switch {
	case s == "Allow" || s == "Deny":
	case p.kind == Trust && !e.given[effectElement]:
		p.refuse(reading, "Missing required field Effect")
	case p.kind == Trust && ok:
		p.refuse(reading, "Invalid effect: "+s)
	case strings.EqualFold(s, "Allow") || strings.EqualFold(s, "Deny"):
		p.refuse(legacy, failedLegacy)
	default:
		p.syntax()
	}
	return s
}

func (p *parser) sid(v any) string {
	s, ok := v.(string)
	if !ok {
		p.syntax()
	}
	if p.kind != Resource && strings.ContainsFunc(s, func(r rune) bool { return !isAlnum(r) }) {
		p.refuse(sids, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	return s
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// oneOrMany is the shorthand of the policy grammar: a value may stand for a list
// of itself.
func oneOrMany(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case list:
		return v
	}
	return []any{v}
}

// texts returns a string or a list of strings.
func (p *parser) texts(v any) []string {
	items := oneOrMany(v)
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			p.syntax()
			return nil
		}
		out = append(out, s)
	}
	return out
}

// scalars is texts for condition values, where numbers and booleans may stand bare.
func scalars(v any) ([]string, error) {
	items := oneOrMany(v)
	out := make([]string, 0, len(items))
	for _, item := range items {
		switch item := item.(type) {
		case string:
			out = append(out, item)
		case json.Number:
			out = append(out, item.String())
		case bool:
			out = append(out, fmt.Sprint(item))
		default:
			return nil, errJSON
		}
	}
	return out, nil
}
