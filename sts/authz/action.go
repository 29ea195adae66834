package authz

import (
	"strings"
)

// reserved begin the condition keys that say who the caller is, or come with the
// request. A rule sets neither.
var reserved = []string{"aws:", "iam:", "sts:", "saml:", "cognito-identity.amazonaws.com:", "s3:"}

// checkAction checks what is put to the policies; it returns what is wrong, or "".
func (r *Rule) checkAction() string {
	if r.Action == "" {
		return ""
	}
	service, operation, ok := strings.Cut(r.Action, ":")
	if !ok || !isName(strings.ReplaceAll(service, "-", "_")) || !isName(operation) {
		return "has an action that is not service:Operation: " + r.Action
	}
	parts := strings.SplitN(r.Resource, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || strings.ContainsAny(strings.Join(parts[:5], ""), "{}*?") {
		return "has a resource that is no ARN with variables in its last part alone: " + r.Resource
	}
	if problem := r.checkTemplate(r.Resource); problem != "" {
		return problem
	}
	for name, list := range r.Keys {
		for _, p := range reserved {
			if strings.HasPrefix(strings.ToLower(name), p) || !strings.Contains(name, ":") {
				return "sets a condition key that it cannot: " + name
			}
		}
		for _, text := range list {
			if problem := r.checkTemplate(text); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// checkTemplate reports braces that are no variable of the path.
func (r *Rule) checkTemplate(text string) string {
	for left := text; ; {
		_, after, open := strings.Cut(left, "{")
		if !open {
			if strings.Contains(left, "}") {
				return "has a brace too many: " + text
			}
			return ""
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !r.pattern.has(name) {
			return "names a variable that its path does not have: " + text
		}
		left = rest
	}
}

// fill puts values in the place of variables. They are not looked at again, so
// that a value which looks like a variable stays what it is.
func fill(text string, vars map[string]string) string {
	var b strings.Builder
	for {
		before, after, open := strings.Cut(text, "{")
		b.WriteString(before)
		if !open {
			return b.String()
		}
		name, rest, _ := strings.Cut(after, "}")
		b.WriteString(vars[name])
		text = rest
	}
}

// conditionKeys are those of a rule.
func (r *Rule) conditionKeys(vars map[string]string) map[string][]string {
	out := make(map[string][]string, len(r.Keys)+6)
	for name, list := range r.Keys {
		for _, text := range list {
			out[name] = append(out[name], fill(text, vars))
		}
	}
	return out
}
