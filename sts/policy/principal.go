package policy

import "strings"

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

func validPrincipalARN(entry string) bool {
	parts := strings.SplitN(entry, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || strings.ContainsAny(entry, "*?") {
		return false
	}
	return (parts[2] == "iam" || parts[2] == "sts") && isAccount(parts[4]) && parts[5] != ""
}
