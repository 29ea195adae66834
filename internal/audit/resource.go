package audit

import "strings"

// A Resource is what an event is about, as CloudTrail records name it.
type Resource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"` // for instance "AWS::IAM::Role"
}

// resourceTypes are CloudFormation's names, by service and kind in an ARN.
var resourceTypes = map[string]string{
	"iam role":                      "AWS::IAM::Role",
	"iam user":                      "AWS::IAM::User",
	"iam policy":                    "AWS::IAM::Policy",
	"iam saml-provider":             "AWS::IAM::SAMLProvider",
	"iam oidc-provider":             "AWS::IAM::OIDCProvider",
	"cognito-idp userpool":          "AWS::Cognito::UserPool",
	"cognito-identity identitypool": "AWS::Cognito::IdentityPool",
	"cognito-sync identitypool":     "AWS::Cognito::IdentityPool",
	"kms key":                       "AWS::KMS::Key",
}

// resourceOf describes an ARN. ok is false for what names no one resource.
func resourceOf(arn string) (r Resource, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || strings.Contains(arn, "*") {
		return r, false
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	return Resource{ARN: clean(arn), AccountID: clean(parts[4]), Type: resourceTypes[parts[2]+" "+kind]}, true
}

// resources describes ARNs, each once.
func resources(arns []string) (out []Resource) {
	seen := map[string]bool{}
	for _, arn := range arns {
		if r, ok := resourceOf(arn); ok && !seen[r.ARN] {
			seen[r.ARN] = true
			out = append(out, r)
		}
	}
	return out
}

// Terms of the index of resources. What stands before the colon keeps a name from
// being taken for a type.
func nameTerm(name string) string { return "name:" + name }
func typeTerm(name string) string { return "type:" + name }

// terms are what an event's resources are found by: their ARNs, the names at the
// end of these, and their types.
func terms(resources []Resource) []string {
	var out []string
	seen := map[string]bool{}
	add := func(term string) {
		if !seen[term] {
			seen[term] = true
			out = append(out, term)
		}
	}
	for _, r := range resources {
		add(nameTerm(r.ARN))
		if i := strings.LastIndexByte(r.ARN, '/'); i >= 0 && i+1 < len(r.ARN) {
			add(nameTerm(r.ARN[i+1:]))
		}
		if r.Type != "" {
			add(typeTerm(r.Type))
		}
	}
	return out
}
