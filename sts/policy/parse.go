package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A parser compiles one document.
type parser struct {
	kind      Kind
	variables bool
}

// document compiles the outermost object.
func (p *parser) document(doc any) (*Policy, error) {
	obj, ok := doc.(object)
	if !ok {
		return nil, malformed("Syntax errors in policy.")
	}
	out := &Policy{Version: version2008}
	var statements any
	for _, m := range obj {
		switch m.name {
		case "Version":
			out.Version, ok = m.value.(string)
			ok = ok && (out.Version == version2008 || out.Version == version2012)
		case "Id":
			out.ID, ok = m.value.(string)
		case "Statement":
			statements, ok = m.value, true
		default:
			ok = false
		}
		if !ok {
			return nil, malformed("Syntax errors in policy.")
		}
	}
	p.variables = out.Version == version2012
	var err error
	out.statements, err = p.statements(statements)
	return out, err
}

func (p *parser) statements(v any) ([]statement, error) {
	items := oneOrMany(v)
	if len(items) == 0 {
		return nil, malformed("Syntax errors in policy.")
	}
	out := make([]statement, 0, len(items))
	sids := map[string]bool{}
	for _, item := range items {
		obj, ok := item.(object)
		if !ok {
			return nil, malformed("Syntax errors in policy.")
		}
		st, err := p.statement(obj)
		if err != nil {
			return nil, err
		}
		if st.sid != "" && sids[st.sid] {
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[st.sid] = true
		out = append(out, *st)
	}
	return out, nil
}

func (p *parser) statement(obj object) (*statement, error) {
	st, effect := &statement{}, ""
	for _, m := range obj {
		var err error
		switch m.name {
		case "Sid":
			st.sid, err = p.sid(m.value)
		case "Effect":
			effect, err = p.effect(m.value)
		case "Principal":
			st.principals, err = p.principals(m.value)
		case "NotPrincipal":
			st.notPrincipals, err = p.principals(m.value)
		case "Action":
			st.actions, err = p.actions(m.value)
		case "NotAction":
			st.notActions, err = p.actions(m.value)
		case "Resource":
			st.resources, err = p.resources(m.value)
		case "NotResource":
			st.notResources, err = p.resources(m.value)
		case "Condition":
			st.conditions, err = p.conditions(m.value)
		default:
			err = malformed("Syntax errors in policy.")
		}
		if err != nil {
			return nil, err
		}
	}
	if effect == "" {
		return nil, malformed("Missing required field Effect")
	}
	st.deny = effect == "Deny"
	return st, p.complete(st)
}

// complete checks which elements the statement has against its kind.
func (p *parser) complete(st *statement) error {
	if (st.actions == nil) == (st.notActions == nil) {
		return malformed("Policy statement must contain actions.")
	}
	hasPrincipal := st.principals != nil || st.notPrincipals != nil
	hasResource := st.resources != nil || st.notResources != nil
	switch {
	case st.principals != nil && st.notPrincipals != nil, st.resources != nil && st.notResources != nil:
		return malformed("Syntax errors in policy.")
	case (p.kind == Identity || p.kind == Session) && hasPrincipal:
		return malformed("Policy document should not specify a principal.")
	case p.kind == Trust && hasResource:
		return malformed("Has prohibited field Resource")
	case (p.kind == Trust || p.kind == Resource) && !hasPrincipal:
		return malformed("Missing required field Principal")
	case p.kind != Trust && !hasResource:
		return malformed("Policy statement must contain resources.")
	}
	return nil
}

func (p *parser) sid(v any) (string, error) {
	s, ok := v.(string)
	if !ok || strings.ContainsFunc(s, func(r rune) bool { return !isAlnum(r) && p.kind != Resource }) {
		return "", malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	return s, nil
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (p *parser) effect(v any) (string, error) {
	s, ok := v.(string)
	if !ok || s != "Allow" && s != "Deny" {
		return "", malformed(fmt.Sprintf("Invalid effect: %v", v))
	}
	return s, nil
}

func (p *parser) principals(v any) (*principals, error) {
	if v == "*" {
		return &principals{everyone: true}, nil
	}
	obj, ok := v.(object)
	if !ok || len(obj) == 0 {
		return nil, malformed("Invalid principal in policy.")
	}
	out := &principals{byType: map[string][]string{}}
	for _, m := range obj {
		entries, err := texts(m.value)
		if err != nil || len(entries) == 0 {
			return nil, malformed("Invalid principal in policy.")
		}
		for _, e := range entries {
			if !validPrincipal(m.name, e) {
				return nil, malformed(fmt.Sprintf("Invalid principal in policy: %q:%q", m.name, e))
			}
		}
		if m.name == "AWS" && slices.Contains(entries, "*") {
			out.everyone = true
		}
		out.byType[m.name] = entries
	}
	return out, nil
}

func (p *parser) actions(v any) ([]glob, error) {
	items, err := texts(v)
	if err != nil || len(items) == 0 {
		return nil, malformed("Policy statement must contain actions.")
	}
	out := make([]glob, 0, len(items))
	for _, s := range items {
		vendor, name, ok := strings.Cut(s, ":")
		if s != "*" && (!ok || vendor == "" || name == "") {
			return nil, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
		if p.kind == Trust && s != "*" && !strings.EqualFold(vendor, "sts") {
			return nil, malformed("AssumeRole policy may only specify STS AssumeRole actions.")
		}
		g, err := compileGlob(s, true, false)
		if err != nil {
			return nil, malformed("Syntax errors in policy.")
		}
		out = append(out, g.lower())
	}
	return out, nil
}

func (p *parser) resources(v any) ([]glob, error) {
	items, err := texts(v)
	if err != nil || len(items) == 0 {
		return nil, malformed("Policy statement must contain resources.")
	}
	out := make([]glob, 0, len(items))
	for _, s := range items {
		if s != "*" && (!strings.HasPrefix(s, "arn:") || strings.Count(s, ":") < 5) {
			return nil, malformed(fmt.Sprintf("Resource %s must be in ARN format or \"*\".", s))
		}
		g, err := compileGlob(s, true, p.variables)
		if err != nil {
			return nil, malformed("The policy failed legacy parsing")
		}
		out = append(out, g)
	}
	return out, nil
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
func texts(v any) ([]string, error) {
	items := oneOrMany(v)
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok || s == "" {
			return nil, errJSON
		}
		out = append(out, s)
	}
	return out, nil
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
