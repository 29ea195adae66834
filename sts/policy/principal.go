package policy

import (
	"fmt"
	"slices"
	"strings"
)

// A Principal is who asks, as trust and resource policies name it.
type Principal struct {
	Type    string   // AWS, Federated, Service or CanonicalUser
	Account string   // of an AWS principal, 12 digits
	Names   []string // every name it answers to, the most specific first
}

// principals is a compiled Principal element.
type principals struct {
	everyone bool // "*"
	byType   map[string][]string
}

// match returns the text of the most specific entry that names p. The bare "*"
// of an allowing statement means every AWS principal, not every token of every
// registered identity provider; in a denying one it means everybody.
func (ps *principals) match(p Principal, deny bool) (entry string, ok bool) {
	entries := ps.byType[p.Type]
	for _, name := range p.Names {
		for _, e := range entries {
			if e == name {
				return e, true
			}
		}
	}
	if ps.everyone && (deny || p.Type == "AWS") {
		return "*", true
	}
	for _, e := range entries {
		if e == "*" || p.Type == "AWS" && p.Account != "" && accountOf(e) == p.Account {
			return e, true
		}
	}
	return "", false
}

// accountOf returns the account that an entry stands for as a whole.
func accountOf(entry string) string {
	if isAccount(entry) {
		return entry
	}
	account, ok := strings.CutPrefix(entry, "arn:aws:iam::")
	if account, root := strings.CutSuffix(account, ":root"); ok && root {
		return account
	}
	return ""
}

// IsAccount reports whether a principal entry names a whole account, by number
// or by its root ARN, rather than one identity in it.
func IsAccount(entry string) bool { return accountOf(entry) != "" }

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// whom compiles Principal or NotPrincipal.
func (p *parser) whom(e elements, st *statement) {
	is, not := e.given[principalElement], e.given[notPrincipalElement]
	switch {
	case p.kind != Trust && p.kind != Resource:
		if is || not {
			p.refuse(principal, "Policy document should not specify a principal.")
		}
	case is && not:
		p.syntax()
	case not && !st.deny:
		p.refuse(principal, "Allow with NotPrincipal is not allowed.")
	case not && p.kind == Trust:
		p.refuse(principal, "AssumeRole policy must not contain NotPrincipal field.")
	case not:
		st.notPrincipals = p.principals(e.value[notPrincipalElement])
	case is:
		st.principals = p.principals(e.value[principalElement])
	default:
		p.refuse(principal, "Missing required field Principal")
	}
}

func (p *parser) principals(v any) *principals {
	out := &principals{byType: map[string][]string{}}
	if v == "*" {
		out.everyone = true
		return out
	}
	obj, ok := v.(object)
	if _, text := v.(string); text {
		p.refuse(principal, "Principal must be a JSON object.")
		return out
	}
	if !ok {
		p.syntax()
		return out
	}
	if len(obj.members) == 0 {
		p.refuse(principal, "Missing required field Principal cannot be empty!")
	}
	for _, m := range obj.members {
		out.byType[m.name] = p.principalEntries(m)
		out.everyone = out.everyone || m.name == "AWS" && slices.Contains(out.byType["AWS"], "*")
	}
	return out
}

func (p *parser) principalEntries(m member) []string {
	entries := p.texts(m.value)
	if len(entries) == 0 {
		p.refuse(principal, "Missing required field Principal cannot be empty!")
	}
	for _, e := range entries {
		if !validPrincipal(m.name, e) {
			p.refuse(principal, fmt.Sprintf("Invalid principal in policy: %q:%q", strings.ToUpper(m.name), e))
		}
	}
	return entries
}

// validPrincipal reports whether entry may stand under its type. IAM knows no
// wildcard inside a principal; "*" alone means all, and never all providers.
func validPrincipal(kind, entry string) bool {
	switch kind {
	case "AWS":
		return entry == "*" || isAccount(entry) || validPrincipalARN(entry)
	case "Federated", "Service", "CanonicalUser":
		return entry != "" && !strings.ContainsAny(entry, "*?")
	}
	return false
}

// principalARNs are how the resource of an ARN begins that can sign requests.
var principalARNs = map[string][]string{"iam": {"user/", "role/"}, "sts": {"assumed-role/", "federated-user/"}}

func validPrincipalARN(entry string) bool {
	parts := strings.SplitN(entry, ":", arnParts)
	if len(parts) != arnParts || parts[0] != "arn" || parts[3] != "" || !isAccount(parts[4]) || strings.ContainsAny(entry, "*?") {
		return false
	}
	if parts[2] == "iam" && parts[5] == "root" {
		return true
	}
	return slices.ContainsFunc(principalARNs[parts[2]], func(start string) bool {
		return strings.HasPrefix(parts[5], start) && len(parts[5]) > len(start)
	})
}
