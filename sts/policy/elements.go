package policy

import (
	"fmt"
	"strings"
)

// whatActions compiles Action or NotAction.
func (p *parser) whatActions(e elements, st *statement) {
	switch {
	case e.given[actionElement] && e.given[notActionElement]:
		p.syntax()
	case e.given[actionElement]:
		st.actions = p.actions(e.value[actionElement])
	case e.given[notActionElement]:
		st.notActions = p.actions(e.value[notActionElement])
	default:
		p.refuse(actions, p.trustOr("Missing required field Action", noActions))
	}
}

func (p *parser) actions(v any) []glob {
	items := p.texts(v)
	if len(items) == 0 {
		p.refuse(actions, p.trustOr("Missing required field Action", noActions))
	}
	out := make([]glob, 0, len(items))
	for _, s := range items {
		p.checkAction(s)
		g, err := compileGlob(s, true, false)
		if err != nil {
			p.syntax()
		}
		out = append(out, g.lower())
	}
	return out
}

func (p *parser) checkAction(s string) {
	if p.kind == Trust {
		if !opensRole(s) {
			p.refuse(actionForm, "AssumeRole policy may only specify STS AssumeRole actions.")
		}
		return
	}
	vendor, name, ok := strings.Cut(s, ":")
	switch {
	case s == "*":
	case !ok || name == "":
		p.refuse(actionForm, noVendor)
	case strings.Contains(name, ":"):
		p.refuse(actionForm, "Actions/Condition can contain only one colon.")
	case vendor != "*" && (vendor == "" || strings.ContainsFunc(vendor, func(r rune) bool { return !isAlnum(r) && r != '-' && r != '.' })):
		p.refuse(actionForm, "Vendor "+vendor+" is not valid")
	}
}

// trustActions are what a trust policy decides about.
var trustActions = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

// opensRole reports whether a pattern of actions may stand in a trust policy.
func opensRole(s string) bool {
	g, err := compileGlob(strings.ToLower(s), true, false)
	if err != nil || !strings.HasPrefix(strings.ToLower(s), "sts:") {
		return false
	}
	for _, a := range trustActions {
		if matchTokens(g.tokens, a) {
			return true
		}
	}
	return false
}

// whatResources compiles Resource or NotResource.
func (p *parser) whatResources(e elements, st *statement) {
	resource, not := e.given[resourceElement], e.given[notResourceElement]
	switch {
	case p.kind == Trust && resource:
		p.refuse(resources, "Has prohibited field Resource")
	case p.kind == Trust && not:
		p.refuse(resources, "AssumeRole policy must not contain resources.")
	case p.kind == Trust:
	case resource && not:
		p.syntax()
	case resource:
		st.resources = p.resources(e.value[resourceElement])
	case not:
		st.notResources = p.resources(e.value[notResourceElement])
	default:
		p.refuse(resources, noResources)
	}
}

func (p *parser) resources(v any) []glob {
	items := p.texts(v)
	if len(items) == 0 {
		p.refuse(resources, noResources)
	}
	out := make([]glob, 0, len(items))
	for _, s := range items {
		p.checkResource(s)
		g, err := compileGlob(s, true, p.variables)
		if err != nil {
			p.refuse(legacy, failedLegacy)
		}
		out = append(out, g)
	}
	return out
}

// partitions are those of AWS. Everything here is in the first.
var partitions = map[string]bool{"aws": true, "aws-cn": true, "aws-us-gov": true, "*": true}

func (p *parser) checkResource(s string) {
	if s == "*" {
		return
	}
	parts := strings.SplitN(s, ":", arnParts)
	switch {
	case len(parts) == 1:
		p.refuse(resourceForm, "Resource "+s+` must be in ARN format or "*".`)
	case parts[0] != "arn" || !partitions[parts[1]]:
		full := append(parts, "*", "*", "*", "*", "*")[:arnParts]
		p.refuse(resourceForm, fmt.Sprintf(`Partition "%s" is not valid for resource "arn:%s".`, parts[1], strings.Join(full[1:], ":")))
	case len(parts) == 2:
		p.refuse(resourceForm, "Resource vendor must be fully qualified and cannot contain regexes.")
	case len(parts) < arnParts || parts[2] == "":
		p.refuse(legacy, failedLegacy)
	case parts[2] == "s3" && parts[3] != "" && parts[3] != "*":
		p.refuse(resourceForm, "Resource "+s+" can not contain region information.")
	case parts[2] == "iam":
		p.checkIAMResource(s, parts[3], parts[5])
	}
}

// iamPaths are how resources of IAM begin.
var iamPaths = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}

func (p *parser) checkIAMResource(s, region, path string) {
	if region != "" && region != "*" {
		p.refuse(resourceForm, "IAM resource "+s+" cannot contain region information.")
		return
	}
	if path == "root" { // what sts:AssumeRoot is about; the text does not say so
		return
	}
	known := path
	if i := strings.IndexAny(path, "*?$"); i >= 0 {
		known = path[:i] // a pattern may become a path that is good
	}
	for _, start := range iamPaths {
		if strings.HasPrefix(known, start) || known != path && strings.HasPrefix(start, known) {
			return
		}
	}
	p.refuse(resourceForm, `IAM resource path must either be "*" or start with `+strings.Join(iamPaths, ", ")+".")
}
