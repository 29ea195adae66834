package policy_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

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
		{"not somebody else", "Deny", `"NotPrincipal":{"AWS":"111111111111"}`, role, true, "*"},
		{"not the account", "Deny", `"NotPrincipal":{"AWS":"000000000000"}`, role, false, ""},
		{"not a provider either", "Deny", `"NotPrincipal":{"AWS":"111111111111"}`, provider, true, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Resource, `{"Statement":{"Effect":"`+tt.effect+`",`+tt.element+`,"Action":"sts:*","Resource":"*"}}`)
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
