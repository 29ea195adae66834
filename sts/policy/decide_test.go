package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sts/policy"
)

const (
	owner     = "000000000000"
	userARN   = "arn:aws:iam::000000000000:user/ann"
	roleARN   = "arn:aws:iam::000000000000:role/dev"
	aSession  = "arn:aws:sts::000000000000:assumed-role/dev/s"
	federated = "arn:aws:sts::000000000000:federated-user/guest"
)

var (
	ann   = policy.Principal{Type: "AWS", Account: owner, Names: []string{userARN}}
	dev   = policy.Principal{Type: "AWS", Account: owner, Names: []string{aSession, roleARN}}
	guest = policy.Principal{Type: "AWS", Account: owner, Names: []string{federated, userARN}}
)

// What a resource's policy grants, to whom, and what limits it.
func TestDecide(t *testing.T) {
	allow := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	deny := mustParse(t, policy.Identity, `{"Statement":{"Sid":"No","Effect":"Deny","Action":"s3:*","Resource":"*"}}`)
	other := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`)
	grants := func(effect, principal string) []*policy.Policy {
		return set(mustParse(t, policy.Resource, `{"Statement":{"Effect":"`+effect+`","Principal":`+principal+`,"Action":"s3:*","Resource":"*"}}`))
	}
	to := func(arn string) []*policy.Policy { return grants("Allow", `{"AWS":"`+arn+`"}`) }
	boundary := func(p ...*policy.Policy) policy.Limit { return policy.Limit{Part: policy.BoundaryPart, Policies: p} }
	session := func(p ...*policy.Policy) policy.Limit { return policy.Limit{Part: policy.SessionPart, Policies: p} }
	limits := func(l ...policy.Limit) []policy.Limit { return l }
	const yes, none, no = "allowed", "no statement", "denied"
	tests := []struct {
		name   string
		who    policy.Principal
		stack  policy.Stack
		answer string
		part   policy.Part
	}{
		{"nothing", ann, policy.Stack{}, none, policy.IdentityPart},
		{"identity", ann, policy.Stack{Identity: set(other, allow)}, yes, policy.IdentityPart},
		{"root", ann, policy.Stack{Unlimited: true}, yes, policy.NoPart},
		{"deny wins over a later allow", ann, policy.Stack{Identity: set(allow, deny, allow)}, no, policy.IdentityPart},
		{"a boundary does not allow", ann, policy.Stack{Identity: set(allow), Limits: limits(boundary(other))}, none, policy.BoundaryPart},
		{"a boundary denies", ann, policy.Stack{Identity: set(other), Limits: limits(boundary(deny))}, no, policy.BoundaryPart},
		{"a limit without policies allows nothing", ann, policy.Stack{Identity: set(allow), Limits: limits(session())}, none, policy.SessionPart},
		{"the first limit is told", ann, policy.Stack{Identity: set(allow), Limits: limits(boundary(other), session(allow))}, none, policy.BoundaryPart},
		{"a session policy never widens", dev, policy.Stack{Identity: set(other), Limits: limits(session(allow))}, none, policy.IdentityPart},
		{"root's federated user without policies", guest, policy.Stack{Unlimited: true, Limits: limits(session())}, none, policy.SessionPart},

		{"the resource names the user", ann, policy.Stack{Resource: to(userARN)}, yes, policy.ResourcePart},
		{"and its boundary does not limit that", ann, policy.Stack{Limits: limits(boundary(other)), Resource: to(userARN)}, yes, policy.ResourcePart},
		{"but its boundary denies", ann, policy.Stack{Limits: limits(boundary(deny)), Resource: to(userARN)}, no, policy.BoundaryPart},
		{"but its identity policy denies", ann, policy.Stack{Identity: set(deny), Resource: to(userARN)}, no, policy.IdentityPart},
		{"the resource denies", ann, policy.Stack{Identity: set(allow), Resource: grants("Deny", `"*"`)}, no, policy.ResourcePart},
		{"the resource denies root", ann, policy.Stack{Unlimited: true, Resource: grants("Deny", `"*"`)}, no, policy.ResourcePart},
		{"the resource names everybody", ann, policy.Stack{Resource: grants("Allow", `"*"`)}, yes, policy.ResourcePart},
		{"everybody within a boundary", ann, policy.Stack{Limits: limits(boundary(other)), Resource: grants("Allow", `"*"`)}, none, policy.IdentityPart},
		{"the resource names the account", ann, policy.Stack{Resource: to(owner)}, none, policy.IdentityPart},
		{"the account shares it out", ann, policy.Stack{Identity: set(allow), Resource: to(owner)}, yes, policy.IdentityPart},
		{"the resource says nothing", ann, policy.Stack{Identity: set(allow), Resource: to(roleARN)}, yes, policy.IdentityPart},

		{"the resource names the role", dev, policy.Stack{Resource: to(roleARN)}, yes, policy.ResourcePart},
		{"the role, within its boundary", dev, policy.Stack{Limits: limits(boundary(other)), Resource: to(roleARN)}, none, policy.IdentityPart},
		{"the role, within its session policy", dev, policy.Stack{Limits: limits(session(other)), Resource: to(roleARN)}, none, policy.IdentityPart},
		{"a session policy that allows", dev, policy.Stack{Limits: limits(session(allow)), Resource: to(roleARN)}, yes, policy.ResourcePart},
		{"the resource names the session", dev, policy.Stack{Limits: limits(boundary(other), session(other)), Resource: to(aSession)}, yes, policy.ResourcePart},
		{"but its session policy denies", dev, policy.Stack{Limits: limits(session(deny)), Resource: to(aSession)}, no, policy.SessionPart},
		{"the user behind a federated one is limited", guest, policy.Stack{Limits: limits(session()), Resource: to(userARN)}, none, policy.IdentityPart},
		{"a federated user named itself is not", guest, policy.Stack{Limits: limits(session()), Resource: to(federated)}, yes, policy.ResourcePart},

		{"abroad, the resource alone", ann, policy.Stack{Foreign: true, Resource: to(userARN)}, none, policy.IdentityPart},
		{"abroad, the session named", dev, policy.Stack{Foreign: true, Resource: to(aSession)}, none, policy.IdentityPart},
		{"abroad, the identity alone", ann, policy.Stack{Foreign: true, Identity: set(allow)}, none, policy.ResourcePart},
		{"abroad, both", ann, policy.Stack{Foreign: true, Identity: set(allow), Resource: to(owner)}, yes, policy.ResourcePart},
		{"abroad, a limit", dev, policy.Stack{Foreign: true, Identity: set(allow), Limits: limits(session(other)), Resource: to(aSession)}, none, policy.SessionPart},
		{"abroad, root", ann, policy.Stack{Foreign: true, Unlimited: true}, none, policy.ResourcePart},

		{"guarded, the identity alone", ann, policy.Stack{Guarded: true, Identity: set(allow)}, none, policy.ResourcePart},
		{"guarded, root", ann, policy.Stack{Guarded: true, Unlimited: true}, none, policy.ResourcePart},
		{"guarded, the resource alone", ann, policy.Stack{Guarded: true, Resource: to(userARN)}, yes, policy.ResourcePart},
		{"guarded, both", ann, policy.Stack{Guarded: true, Identity: set(allow), Resource: to(owner)}, yes, policy.ResourcePart},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := policy.Decide(&policy.Request{Principal: tt.who, Action: "s3:GetObject", Resource: "*"}, &tt.stack)
			answer := none
			switch {
			case d.Allowed:
				answer = yes
			case d.Explicit:
				answer = no
			}
			if answer != tt.answer || d.Part != tt.part {
				t.Errorf("got %s by the %q, want %s by the %q", answer, d.Part, tt.answer, tt.part)
			}
		})
	}
}

// Which statement decided.
func TestDecidingStatement(t *testing.T) {
	allow := mustParse(t, policy.Identity, `{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Sid":"Yes","Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
	deny := mustParse(t, policy.Identity, `{"Statement":{"Sid":"No","Effect":"Deny","Action":"s3:Put*","Resource":"*"}}`)
	for action, want := range map[string]policy.Decision{
		"s3:Get": {Allowed: true, Part: policy.IdentityPart, Sid: "Yes", Policy: 1, Index: 1},
		"s3:Put": {Explicit: true, Part: policy.IdentityPart, Sid: "No", Policy: 0, Index: 0},
		"s4:Put": {Part: policy.IdentityPart, Index: -1},
	} {
		if got := evaluate(&policy.Request{Action: action, Resource: "*"}, set(deny, allow)); got != want {
			t.Errorf("%s: got %+v, want %+v", action, got, want)
		}
	}
}

// A table of outcomes says of each cell what the policies say of it alone.
func TestOutcomesAgreeWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := compile(t, statements(t, "base")), request(t)
		actions := []string{"s3:GetObject", "s3:Put", "iam:GetRole"}
		resources := []string{"*", "arn:aws:s3:::a/x", "arn:aws:s3:::b/x"}
		table := policy.Outcomes(r, actions, resources, set(p))
		for i, resource := range resources {
			for j, action := range actions {
				one := *r
				one.Action, one.Resource = action, resource
				d, want := evaluate(&one, set(p)), policy.NoMatch
				switch {
				case d.Allowed:
					want = policy.Allow
				case d.Explicit:
					want = policy.Deny
				}
				if table[i][j] != want {
					t.Fatalf("%s on %s: got %v, want %v", action, resource, table[i][j], want)
				}
			}
		}
	})
}
