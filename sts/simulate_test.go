package sts_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/policy"
)

const (
	annARN   = "arn:aws:iam::000000000000:user/ann"
	otherARN = "arn:aws:iam::111111111111:user/eve"
)

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// answers writes decisions with what led to them.
func answers(list []sts.Simulated) string {
	var out []string
	for _, s := range list {
		text := s.Action + " " + s.Resource + " no"
		switch {
		case s.Allowed:
			text = s.Action + " " + s.Resource + " yes"
		case s.Explicit:
			text = s.Action + " " + s.Resource + " deny"
		}
		for _, m := range s.Matches {
			from := s.Sources[m.Part][m.Policy]
			text += fmt.Sprintf(" %s/%s:%d", from.ID, from.Type, m.Start.Column)
		}
		if len(s.Missing) > 0 {
			text += fmt.Sprint(" missing ", s.Missing)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func TestSimulateCustom(t *testing.T) {
	const (
		bucket = "arn:aws:s3:::b"
		abroad = "arn:aws:sqs:us-east-1:111111111111:q"
	)
	read := document(`{"Effect":"Allow","Action":"*:Get*","Resource":"*"}`)
	home := document(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`)
	deny := document(`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`)
	grant := func(to string) string {
		return document(`{"Effect":"Allow","Principal":{"AWS":"` + to + `"},"Action":"*","Resource":"*"}`)
	}
	tests := []struct {
		name string
		in   sts.Simulation
		want string
	}{
		{"allowed", sts.Simulation{Policies: []string{read}}, "s3:GetX * yes PolicyInputList.1/none:39"},
		{"nothing", sts.Simulation{}, "s3:GetX * no"},
		{"denied by the second", sts.Simulation{Policies: []string{read, deny}}, "s3:GetX * deny PolicyInputList.1/none:39 PolicyInputList.2/none:39"},
		{"a boundary", sts.Simulation{Policies: []string{read}, Boundary: []string{home}}, "s3:GetX * no PolicyInputList.1/none:39 missing [aws:SecureTransport aws:username]"},
		{"variables of the caller", sts.Simulation{Policies: []string{home}, Caller: "arn:aws:iam::000000000000:user/team/b", Resources: []string{bucket},
			Keys: map[string][]string{"AWS:securetransport": {"true"}}}, "s3:GetX arn:aws:s3:::b yes PolicyInputList.1/none:39"},
		{"variables of the context win", sts.Simulation{Policies: []string{home}, Caller: annARN, Resources: []string{bucket},
			Keys: map[string][]string{"AWS:userName": {"b"}, "aws:SecureTransport": {"true"}}}, "s3:GetX arn:aws:s3:::b yes PolicyInputList.1/none:39"},
		{"a resource's policy", sts.Simulation{Caller: annARN, ResourcePolicy: grant(annARN)}, "s3:GetX * yes ResourcePolicy/resource:39"},
		{"names somebody else", sts.Simulation{Caller: annARN, ResourcePolicy: grant(otherARN)}, "s3:GetX * no"},
		{"of a stranger's resource", sts.Simulation{Caller: annARN, ResourcePolicy: grant(annARN), Resources: []string{abroad}}, "s3:GetX " + abroad + " no ResourcePolicy/resource:39"},
		{"both sides allow", sts.Simulation{Caller: annARN, ResourcePolicy: grant(annARN), Resources: []string{abroad}, Policies: []string{read}},
			"s3:GetX " + abroad + " yes PolicyInputList.1/none:39 ResourcePolicy/resource:39"},
		{"the owner of a bucket", sts.Simulation{Caller: annARN, ResourcePolicy: grant(annARN), Resources: []string{bucket}, Owner: "arn:aws:iam::111111111111:root"},
			"s3:GetX " + bucket + " no ResourcePolicy/resource:39"},
		{"the owner by number", sts.Simulation{Caller: annARN, Resources: []string{bucket}, Owner: "111111111111", Policies: []string{read}}, "s3:GetX " + bucket + " no PolicyInputList.1/none:39"},
		{"a stranger at home", sts.Simulation{Caller: otherARN, ResourcePolicy: grant(otherARN), Resources: []string{abroad}}, "s3:GetX " + abroad + " yes ResourcePolicy/resource:39"},
		{"the time is known", sts.Simulation{Policies: []string{document(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2030"}}}`)}},
			"s3:GetX * yes PolicyInputList.1/none:39"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			tt.in.Actions = []string{"s3:GetX"}
			got, more, err := e.Simulate(e.ctx, tt.in, 0, 10)
			if err != nil || more {
				t.Fatal(err, more)
			}
			if answers(got) != tt.want {
				t.Errorf("got  %s\nwant %s", answers(got), tt.want)
			}
		})
	}
}

func TestSimulatePages(t *testing.T) {
	e := newEnv(t)
	in := sts.Simulation{Actions: []string{"a:A", "b:B"}, Resources: []string{"arn:aws:x:::1", "arn:aws:x:::2", "arn:aws:x:::3"}}
	var got []string
	for after := 0; ; after += 4 {
		part, more, err := e.Simulate(e.ctx, in, after, 4)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, answers(part))
		if !more {
			break
		}
	}
	want := []string{"a:A arn:aws:x:::1 no; a:A arn:aws:x:::2 no; a:A arn:aws:x:::3 no; b:B arn:aws:x:::1 no", "b:B arn:aws:x:::2 no; b:B arn:aws:x:::3 no"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if part, more, err := e.Simulate(e.ctx, in, 99, 4); len(part) != 0 || more || err != nil {
		t.Errorf("past the end: %v %v %v", part, more, err)
	}
}

func TestSimulatePrincipal(t *testing.T) {
	e := newEnv(t)
	e.user("ann", document(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}`))
	if err := e.TagUser(e.ctx, "ann", []sts.Tag{{Key: "team", Value: "red"}}); err != nil {
		t.Fatal(err)
	}
	managed := &sts.ManagedPolicy{Name: "team", Path: "/x/"}
	if err := e.CreatePolicy(e.ctx, managed, document(`{"Effect":"Deny","Action":"s3:Put*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}`)); err != nil {
		t.Fatal(err)
	}
	if err := e.AttachUserPolicy(e.ctx, "ann", managed.ARN()); err != nil {
		t.Fatal(err)
	}
	e.role("dev", anybody, readAll)
	boundary := "arn:aws:iam::aws:policy/IAMFullAccess"
	if _, err := e.UpdateRole(e.ctx, "dev", sts.RoleChange{Boundary: &boundary}); err != nil {
		t.Fatal(err)
	}
	ask := func(in sts.Simulation) string {
		t.Helper()
		if in.Resources == nil {
			in.Resources = []string{"arn:aws:s3:::home/ann/x"}
		}
		list, _, err := e.Simulate(e.ctx, in, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(answers(list), " arn:aws:s3:::home/ann/x", "")
	}
	for _, tt := range []struct {
		name string
		in   sts.Simulation
		want string
	}{
		{"own policies", sts.Simulation{Source: annARN, Actions: []string{"s3:Get", "s3:Put"}}, "s3:Get yes user_ann_p/user:39; s3:Put deny user_ann_p/user:39 team/user-managed:39"},
		{"without the denial", sts.Simulation{Source: annARN, Actions: []string{"s3:Put"}, Excluded: []string{managed.ARN()}}, "s3:Put yes user_ann_p/user:39"},
		{"without the inline one", sts.Simulation{Source: annARN, Actions: []string{"s3:Get"}, Excluded: []string{"user_ann_p"}}, "s3:Get no"},
		{"another team", sts.Simulation{Source: annARN, Actions: []string{"s3:Put"}, Keys: map[string][]string{"aws:PrincipalTag/TEAM": {"blue"}}}, "s3:Put yes user_ann_p/user:39"},
		{"with one more", sts.Simulation{Source: annARN, Actions: []string{"iam:X"}, Policies: []string{allowAll}}, "iam:X yes PolicyInputList.1/none:38"},
		{"as the caller of a resource's policy", sts.Simulation{Source: annARN, Actions: []string{"sqs:X"}, ResourcePolicy: document(`{"Effect":"Allow","Principal":{"AWS":"` + annARN + `"},"Action":"*","Resource":"*"}`)},
			"sqs:X yes ResourcePolicy/resource:39"},
		{"within its boundary", sts.Simulation{Source: roleARN("dev"), Actions: []string{"s3:Get"}}, "s3:Get no role_dev_p/role:38"},
		{"within another", sts.Simulation{Source: roleARN("dev"), Actions: []string{"s3:Get"}, Boundary: []string{allowAll}}, "s3:Get yes role_dev_p/role:38 PermissionsBoundaryPolicyInputList.1/none:38"},
		{"the boundary left out", sts.Simulation{Source: roleARN("dev"), Actions: []string{"s3:Get"}, Excluded: []string{boundary}}, "s3:Get yes role_dev_p/role:38"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(tt.in); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	keys, err := e.ContextKeys(e.ctx, annARN, []string{document(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"AWS:userName":"true","x:y":"true"}}}`)})
	if err != nil || !slices.Equal(keys, []string{"aws:PrincipalTag/team", "aws:username", "x:y"}) {
		t.Errorf("keys %q, %v", keys, err)
	}
}

func TestSimulateRefuses(t *testing.T) {
	e := newEnv(t)
	ask := func(change func(*sts.Simulation)) error {
		in := sts.Simulation{Actions: []string{"s3:GetX"}}
		change(&in)
		_, _, err := e.Simulate(e.ctx, in, 0, 10)
		return err
	}
	for _, tt := range []struct {
		name, text string
		kind       error
		change     func(*sts.Simulation)
	}{
		{"no action", "ActionNames must not be empty.", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Actions = nil }},
		{"a wildcard", "Invalid action name s3:*", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Actions = []string{"s3:*"} }},
		{"no service", "Invalid action name Get", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Actions = []string{"Get"} }},
		{"no ARN", "Invalid resource b", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Resources = []string{"b"} }},
		{"two boundaries", "one policy at most", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Boundary = []string{allowAll, allowAll} }},
		{"a broken policy", "PolicyInputList.2 is malformed: Syntax errors in policy.", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Policies = []string{allowAll, "{"} }},
		{"a broken boundary", "PermissionsBoundaryPolicyInputList.1 is malformed", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Boundary = []string{"{"} }},
		{"a broken resource policy", "ResourcePolicy is malformed: Missing required field Principal", sts.ErrInvalidInput, func(in *sts.Simulation) { in.ResourcePolicy, in.Caller = allowAll, annARN }},
		{"no caller", "CallerArn is required", sts.ErrInvalidInput, func(in *sts.Simulation) {
			in.ResourcePolicy = document(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)
		}},
		{"a role as caller", "is not the ARN of a user", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Caller = roleARN("dev") }},
		{"no owner", "names no account", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Owner = "me" }},
		{"a session as source", "does not clearly define entity type and name", sts.ErrInvalidInput, func(in *sts.Simulation) { in.Source = "arn:aws:sts::000000000000:assumed-role/dev/s" }},
		{"an unknown user", "The user with name ann cannot be found.", sts.ErrNotFound, func(in *sts.Simulation) { in.Source = annARN }},
		{"another account", "The user with name eve cannot be found.", sts.ErrNotFound, func(in *sts.Simulation) { in.Source = otherARN }},
		{"a group", "The group with name g cannot be found.", sts.ErrNotFound, func(in *sts.Simulation) { in.Source = "arn:aws:iam::000000000000:group/g" }},
	} {
		t.Run(tt.name, func(t *testing.T) { wantFault(t, ask(tt.change), tt.kind, tt.text) })
	}
	e.role("dev", anybody, "")
	wantFault(t, ask(func(in *sts.Simulation) { in.Source = "arn:aws:iam::000000000000:role/path/dev" }), sts.ErrNotFound, "The role with name dev cannot be found.")
	_, err := e.Store.Roles().Update(e.ctx, account, "dev", func(r *sts.Role) error {
		r.Permissions.Inline = map[string]string{"p": "{"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, ask(func(in *sts.Simulation) { in.Source = roleARN("dev") }), sts.ErrPolicyEvaluation, "cannot be evaluated")
}

// Each level of an organization must allow, even what the resource's policy grants.
func TestSimulateOrganization(t *testing.T) {
	e := newEnv(t)
	allow := func(action string) string {
		return document(`{"Effect":"Allow","Action":"` + action + `","Resource":"*"}`)
	}
	deny := document(`{"Effect":"Deny","Action":"s3:Put*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)
	open := document(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`)
	for _, tt := range []struct {
		name   string
		levels [][]string
		change func(*sts.Simulation)
		want   policy.Outcome
		by     string // of the statement that denied
	}{
		{"none", nil, nil, policy.Allow, ""},
		{"every level", [][]string{{allow("*")}, {allow("s3:Get*"), allow("s3:Put*")}}, nil, policy.Allow, ""},
		{"a level that does not allow", [][]string{{allow("*")}, {allow("s3:Get*")}}, nil, policy.NoMatch, ""},
		{"a level that denies", [][]string{{allow("*")}, {allow("*"), deny}}, nil, policy.Deny, "OrderedOrganizationPolicyInputList.2.ServiceControlPolicyInputList.2"},
		{"a key that the denial lacks", [][]string{{allow("*"), deny}}, func(in *sts.Simulation) { in.Keys = nil }, policy.Allow, ""},
		{"a grant of the resource", [][]string{{allow("iam:*")}}, func(in *sts.Simulation) { in.Policies, in.ResourcePolicy, in.Caller = nil, open, annARN }, policy.NoMatch, ""},
		{"what nobody grants", [][]string{{allow("*")}}, func(in *sts.Simulation) { in.Policies = nil }, policy.NoMatch, ""},
	} {
		in := sts.Simulation{Policies: []string{allow("*")}, Actions: []string{"s3:PutObject"}, Organization: tt.levels, Keys: map[string][]string{"aws:SecureTransport": {"false"}}}
		if tt.change != nil {
			tt.change(&in)
		}
		out, _, err := e.Simulate(e.ctx, in, 0, 1)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		x, by := out[0], ""
		for _, m := range x.Matches {
			if m.Deny {
				by = x.Sources[m.Part][m.Policy].ID
			}
		}
		if x.Allowed != (tt.want == policy.Allow) || x.Explicit != (tt.want == policy.Deny) || by != tt.by {
			t.Errorf("%s: %+v, denied by %q", tt.name, x.Decision, by)
		}
		if _, has := x.Outcomes[policy.OrganizationPart]; has != (tt.levels != nil) {
			t.Errorf("%s: outcomes %v", tt.name, x.Outcomes)
		}
	}
	for text, levels := range map[string][][]string{"OrderedOrganizationPolicyInputList.2 holds no policy.": {{allow("*")}, {}},
		"OrderedOrganizationPolicyInputList.1.ServiceControlPolicyInputList.1 is malformed": {{"{"}}} {
		_, _, err := e.Simulate(e.ctx, sts.Simulation{Actions: []string{"s3:PutObject"}, Organization: levels}, 0, 1)
		wantFault(t, err, sts.ErrInvalidInput, text)
	}
}

func TestIsValue(t *testing.T) {
	for kind, values := range map[string][2]string{"numeric": {"1.5", "x"}, "boolean": {"TRUE", "yes"}, "ip": {"2001:db8::/32", "host"}, "binary": {"aGk=", "?"}, "date": {"2026-01", "soon"}} {
		if !policy.IsValue(kind, values[0]) || policy.IsValue(kind, values[1]) {
			t.Errorf("%s: %q", kind, values)
		}
	}
	if !policy.IsValue("string", "") {
		t.Error("string")
	}
}

// Long policies make short pages, whatever is asked for, and no result is lost.
func TestSimulatePagesAreBounded(t *testing.T) {
	e := newEnv(t)
	long := document(slices.Repeat([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}, 200)...)
	in := sts.Simulation{Policies: slices.Repeat([]string{long}, 20)}
	for i := range 100 {
		in.Actions = append(in.Actions, fmt.Sprintf("s3:Get%d", i))
	}
	var got []string
	for more := true; more; {
		page, left, err := e.Simulate(e.ctx, in, len(got), 1000)
		if err != nil || len(page) == 0 || len(page) > 60 {
			t.Fatalf("a page of %d, %v", len(page), err)
		}
		for _, s := range page {
			got = append(got, s.Action)
		}
		more = left
	}
	if !slices.Equal(got, in.Actions) {
		t.Errorf("answers for %v", got)
	}
	if page, more, err := e.Simulate(e.ctx, in, math.MaxInt, 1000); len(page) > 0 || more || err != nil {
		t.Errorf("beyond the end: %d, %v, %v", len(page), more, err)
	}
	gone, leave := context.WithCancel(e.ctx)
	leave()
	if _, _, err := e.Simulate(gone, in, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}
