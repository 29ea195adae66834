package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

func TestParseRefuses(t *testing.T) {
	statement := func(body string) string { return `{"Version":"2012-10-17","Statement":[{` + body + `}]}` }
	tests := []struct {
		name, doc, text string
		kind            policy.Kind
	}{
		{"no JSON", `{`, "Syntax errors in policy.", policy.Identity},
		{"two documents", `{} {}`, "Syntax errors in policy.", policy.Identity},
		{"a list", `[]`, "Syntax errors in policy.", policy.Identity},
		{"unknown version", `{"Version":"2020-01-01","Statement":[]}`, "Syntax errors in policy.", policy.Identity},
		{"unknown element", `{"Sttement":[]}`, "Syntax errors in policy.", policy.Identity},
		{"a member twice", statement(`"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"`), "Syntax errors in policy.", policy.Identity},
		{"no statement", `{"Version":"2012-10-17","Statement":[]}`, "Syntax errors in policy.", policy.Identity},
		{"no effect", statement(`"Action":"*","Resource":"*"`), "Missing required field Effect", policy.Identity},
		{"bad effect", statement(`"Effect":"allow","Action":"*","Resource":"*"`), "Invalid effect: allow", policy.Identity},
		{"no action", statement(`"Effect":"Allow","Resource":"*"`), "Policy statement must contain actions.", policy.Identity},
		{"both action forms", statement(`"Effect":"Allow","Action":"*","NotAction":"s3:*","Resource":"*"`), "Policy statement must contain actions.", policy.Identity},
		{"no vendor", statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", policy.Identity},
		{"no resource", statement(`"Effect":"Allow","Action":"s3:*"`), "Policy statement must contain resources.", policy.Identity},
		{"resource without ARN", statement(`"Effect":"Allow","Action":"s3:*","Resource":"bucket"`), `Resource bucket must be in ARN format or "*".`, policy.Identity},
		{"principal in an identity policy", statement(`"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"`), "Policy document should not specify a principal.", policy.Identity},
		{"unclosed variable", statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:userid"`), "The policy failed legacy parsing", policy.Identity},
		{"unknown operator", statement(`"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringMatches":{"aws:userid":"x"}}`), "Invalid Condition type : StringMatches.", policy.Identity},
		{"key without vendor", statement(`"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"userid":"x"}}`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", policy.Identity},
		{"bad date", statement(`"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}}`), `Invalid value "soon" for the condition operator DateLessThan.`, policy.Identity},
		{"same Sid twice", `{"Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}]}`, "Statement IDs (SID) in a single policy must be unique.", policy.Identity},
		{"resource in a trust policy", statement(`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`), "Has prohibited field Resource", policy.Trust},
		{"other actions in a trust policy", statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`), "AssumeRole policy may only specify STS AssumeRole actions.", policy.Trust},
		{"trust in nobody", statement(`"Effect":"Allow","Action":"sts:AssumeRole"`), "Missing required field Principal", policy.Trust},
		{"every provider", statement(`"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:*"`), `Invalid principal in policy: "Federated":"*"`, policy.Trust},
		{"wildcard in a principal", statement(`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/*"},"Action":"sts:*"`), `Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/*"`, policy.Trust},
		{"long session policy", statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("x", 2048) + `"`), "The policy is longer than the limit of 2048 characters.", policy.Session},
		{"deep nesting", strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000), "Syntax errors in policy.", policy.Identity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse(tt.kind, tt.doc)
			var m *policy.MalformedError
			if !errors.As(err, &m) || m.Text != tt.text {
				t.Errorf("got %v, want %q", err, tt.text)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	const object = "arn:aws:s3:::bucket/alice/a.txt"
	keys := map[string][]string{"aws:username": {"alice"}, "aws:userid": {"AIDA*"}, "aws:TagKeys": {"a", "b"}}
	tests := []struct {
		name, body string
		want       bool
	}{
		{"exact", `"Effect":"Allow","Action":"s3:GetObject","Resource":"` + object + `"`, true},
		{"actions ignore case", `"Effect":"Allow","Action":"S3:getobject","Resource":"*"`, true},
		{"action wildcard", `"Effect":"Allow","Action":["iam:*","s3:Get?bject"],"Resource":"*"`, true},
		{"other action", `"Effect":"Allow","Action":"s3:Put*","Resource":"*"`, false},
		{"NotAction", `"Effect":"Allow","NotAction":"iam:*","Resource":"*"`, true},
		{"NotAction names it", `"Effect":"Allow","NotAction":"s3:*","Resource":"*"`, false},
		{"resources mind case", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::BUCKET/*"`, false},
		{"resource wildcard", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*/a.txt"`, true},
		{"NotResource", `"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::other/*"`, true},
		{"NotResource names it", `"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::bucket/*"`, false},
		{"variable", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket/${aws:UserName}/*"`, true},
		{"variable with default", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket/${aws:FriendlyName, 'alice'}/*"`, true},
		{"missing variable", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket/${aws:FriendlyName}*"`, false},
		{"missing variable never helps to allow", `"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::bucket/${aws:FriendlyName}"`, false},
		{"a variable of two values", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket/${aws:TagKeys}*"`, false},
		{"a wildcard in a value is literal", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:username":"${aws:userid}"}}`, false},
		{"escaped star", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA${*}"}}`, true},
		{"deny", `"Effect":"Deny","Action":"*","Resource":"*"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":{`+tt.body+`}}`)
			got := evaluate(&policy.Request{Action: "s3:GetObject", Resource: object, Keys: keys}, set(p))
			if got.Allowed != tt.want {
				t.Errorf("got %+v, want %v", got, tt.want)
			}
		})
	}
}

func TestOldVersionHasNoVariables(t *testing.T) {
	const doc = `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}`
	p := mustParse(t, policy.Identity, doc)
	keys := map[string][]string{"aws:username": {"alice"}}
	for resource, want := range map[string]bool{"arn:aws:s3:::alice": false, "arn:aws:s3:::${aws:username}": true} {
		if got := evaluate(&policy.Request{Action: "s3:x", Resource: resource, Keys: keys}, set(p)); got.Allowed != want {
			t.Errorf("%s: got %v", resource, got.Allowed)
		}
	}
}

func TestPrincipals(t *testing.T) {
	const account = "000000000000"
	role := policy.Principal{Type: "AWS", Account: account, Names: []string{
		"arn:aws:sts::000000000000:assumed-role/dev/s", "arn:aws:iam::000000000000:role/dev"}}
	provider := policy.Principal{Type: "Federated", Names: []string{"arn:aws:iam::000000000000:saml-provider/corp"}}
	tests := []struct {
		name, effect, element string
		who                   policy.Principal
		applies               bool
		named                 string
	}{
		{"everybody, an AWS principal", "Allow", `"Principal":"*"`, role, true, "*"},
		{"everybody is no provider", "Allow", `"Principal":"*"`, provider, false, ""},
		{"a denied everybody is", "Deny", `"Principal":"*"`, provider, true, "*"},
		{"the role", "Allow", `"Principal":{"AWS":"arn:aws:iam::000000000000:role/dev"}`, role, true, "arn:aws:iam::000000000000:role/dev"},
		{"the account", "Allow", `"Principal":{"AWS":"000000000000"}`, role, true, account},
		{"the root", "Allow", `"Principal":{"AWS":["arn:aws:iam::000000000000:root"]}`, role, true, "arn:aws:iam::000000000000:root"},
		{"another account", "Allow", `"Principal":{"AWS":"111111111111"}`, role, false, ""},
		{"the provider", "Allow", `"Principal":{"Federated":"arn:aws:iam::000000000000:saml-provider/corp"}`, provider, true, "arn:aws:iam::000000000000:saml-provider/corp"},
		{"the wrong type", "Allow", `"Principal":{"Service":"arn:aws:iam::000000000000:saml-provider/corp"}`, provider, false, ""},
		{"not somebody else", "Allow", `"NotPrincipal":{"AWS":"111111111111"}`, role, true, "*"},
		{"not the account", "Deny", `"NotPrincipal":{"AWS":"000000000000"}`, role, false, ""},
		{"an allowing NotPrincipal reaches no provider", "Allow", `"NotPrincipal":{"AWS":"111111111111"}`, provider, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Trust, `{"Statement":{"Effect":"`+tt.effect+`",`+tt.element+`,"Action":"sts:*"}}`)
			d := policy.Decide(&policy.Request{Principal: tt.who, Action: "sts:AssumeRole"}, &policy.Stack{Unlimited: true, Guarded: true, Resource: set(p)})
			if applied := d.Allowed || d.Explicit; applied != tt.applies || d.Named != tt.named {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestCacheRemembers(t *testing.T) {
	var c policy.Cache
	const doc = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	a, err := c.Parse(policy.Identity, doc)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := c.Parse(policy.Identity, doc); a != b {
		t.Error("compiled twice")
	}
	if _, err := c.Parse(policy.Trust, doc); err == nil {
		t.Error("the kind is not part of the key")
	}
}

func mustParse(t testing.TB, kind policy.Kind, doc string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse(kind, doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func set(p ...*policy.Policy) []*policy.Policy { return p }

// evaluate decides by identity policies, and by what limits them.
func evaluate(r *policy.Request, identity []*policy.Policy, limits ...[]*policy.Policy) policy.Decision {
	s := &policy.Stack{Identity: identity}
	for _, l := range limits {
		s.Limits = append(s.Limits, policy.Limit{Part: policy.SessionPart, Policies: l})
	}
	return policy.Decide(r, s)
}
