package sts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

func TestTrust(t *testing.T) {
	const (
		assumeDev = `{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"arn:aws:iam::000000000000:role/dev"}}`
		denyDev   = `{"Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`
	)
	tests := []struct {
		name, trust, own string
		change           func(*sts.AssumeRoleRequest)
		want             bool
	}{
		{"the user by name", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:AssumeRole"}`, "", nil, true},
		{"another user", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/bob"},"Action":"sts:AssumeRole"}`, assumeDev, nil, false},
		{"the account alone is not enough", `{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}`, "", nil, false},
		{"the account and the user's policy", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}`, assumeDev, nil, true},
		{"a denied user", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:AssumeRole"}`, denyDev, nil, false},
		{"a denying trust", `[` + anybody + `,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:*"}]`, assumeDev, nil, false},
		{"another action", `{"Effect":"Allow","Principal":"*","Action":"sts:TagSession"}`, assumeDev, nil, false},
		{"a provider's trust", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:*"}`, assumeDev, nil, false},
		{"external id", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x42"}}}`, "",
			func(in *sts.AssumeRoleRequest) { in.ExternalID = "x42" }, true},
		{"wrong external id", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x42"}}}`, "",
			func(in *sts.AssumeRoleRequest) { in.ExternalID = "x43" }, false},
		{"no external id", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x42"}}}`, "", nil, false},
		{"session name by variable", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}}`, "",
			func(in *sts.AssumeRoleRequest) { in.SessionName = "ann" }, true},
		{"tags need sts:TagSession", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, "",
			func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "a", Value: "b"}} }, false},
		{"tag by value", `{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/a":"b"}}}`, "",
			func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "A", Value: "b"}} }, true},
		{"source identity needs its action", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, "",
			func(in *sts.AssumeRoleRequest) { in.SourceIdentity = "ann" }, false},
		{"source address", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, "",
			func(in *sts.AssumeRoleRequest) { in.Keys = map[string][]string{"aws:SourceIp": {"10.1.2.3"}} }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			ann := e.user("ann", tt.own)
			e.user("bob", "")
			e.role("dev", tt.trust, "")
			_, err := e.tryAssume(ann, "dev", tt.change)
			if tt.want && err != nil {
				t.Error(err)
			}
			if !tt.want {
				wantFault(t, err, sts.ErrAccessDenied, "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:")
			}
		})
	}
}

func TestUnknownRoleIsAForbiddenRole(t *testing.T) {
	e := newEnv(t)
	e.role("real", `{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}`, "")
	p := e.user("ann", allowAll)
	_, forbidden := e.tryAssume(p, "real", nil)
	for _, other := range []string{"unknown", "path/real", "REAL"} {
		_, unknown := e.tryAssume(p, other, nil)
		if strings.ReplaceAll(unknown.Error(), "role/"+other, "role/real") != forbidden.Error() {
			t.Errorf("%s: %v\nagainst %v", other, unknown, forbidden)
		}
	}
	_, err := e.tryAssume(p, "", nil)
	wantFault(t, err, sts.ErrValidation, roleARN("")+" is invalid")
}

func TestDurations(t *testing.T) {
	e := newEnv(t)
	if err := e.CreateRole(e.ctx, &sts.Role{Name: "long", MaxSession: 12 * time.Hour, Trust: `{"Statement":` + anybody + `}`}); err != nil {
		t.Fatal(err)
	}
	e.role("dev", anybody, "")
	chained := e.session(e.assume(e.root(), "dev", nil).Credentials)
	tests := []struct {
		name, role, text string
		who              *sts.Principal
		life             time.Duration
	}{
		{"too short", "dev", "between 900 and 43200", e.root(), time.Minute},
		{"too long for any", "long", "between 900 and 43200", e.root(), 13 * time.Hour},
		{"too long for the role", "dev", "exceeds the MaxSessionDuration set for this role.", e.root(), time.Hour + time.Second},
		{"chained", "long", "exceeds the 1 hour session limit for roles assumed by role chaining.", chained, time.Hour + time.Second},
		{"the role's maximum", "long", "", e.root(), 12 * time.Hour},
		{"chained hour", "long", "", chained, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := e.tryAssume(tt.who, tt.role, func(in *sts.AssumeRoleRequest) { in.Duration = tt.life })
			if tt.text != "" {
				wantFault(t, err, sts.ErrValidation, tt.text)
			} else if err != nil || !r.Credentials.Expiration.Equal(start.Add(tt.life)) {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestChainedTags(t *testing.T) {
	e := newEnv(t)
	e.role("one", anybody, "")
	e.role("two", `{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"StringEquals":{"aws:RequestTag/project":"blue"}}}`, "")
	first := e.session(e.assume(e.root(), "one", func(in *sts.AssumeRoleRequest) {
		in.Tags = []sts.Tag{{Key: "Project", Value: "blue"}, {Key: "Local", Value: "x"}}
		in.Transitive = []string{"project"}
	}).Credentials)
	second := e.session(e.assume(first, "two", nil).Credentials)
	if v := second.Keys["aws:PrincipalTag/Project"]; len(v) != 1 || v[0] != "blue" {
		t.Errorf("the transitive tag is lost: %v", second.Keys)
	}
	if _, ok := second.Keys["aws:PrincipalTag/Local"]; ok {
		t.Error("a tag that is not transitive was carried on")
	}
	_, err := e.tryAssume(first, "two", func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "PROJECT", Value: "blue"}} })
	wantFault(t, err, sts.ErrInvalidParameter, "conflicts with a transitive tag key")
	if _, err := e.tryAssume(second, "two", nil); err != nil {
		t.Errorf("a third link: %v", err)
	}
}

func TestTagRules(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	tests := []struct {
		name, text string
		tags       []sts.Tag
		transitive []string
	}{
		{"twice", "Duplicate tag keys found.", []sts.Tag{{Key: "a"}, {Key: "A"}}, nil},
		{"unknown transitive", "transitive tag key must be included", []sts.Tag{{Key: "a"}}, []string{"b"}},
		{"reserved", "not allowed", []sts.Tag{{Key: "aws:x"}}, nil},
		{"long key", "not allowed", []sts.Tag{{Key: strings.Repeat("k", 129)}}, nil},
		{"too many", "More than 50", make([]sts.Tag, 51), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := e.tryAssume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Tags, in.Transitive = tt.tags, tt.transitive })
			wantFault(t, err, sts.ErrInvalidParameter, tt.text)
		})
	}
}

func TestSourceIdentityStays(t *testing.T) {
	e := newEnv(t)
	e.role("one", anybody, "")
	e.role("two", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, "")
	first := e.session(e.assume(e.root(), "one", func(in *sts.AssumeRoleRequest) { in.SourceIdentity = "ann" }).Credentials)
	if first.SourceIdentity() != "ann" || first.Keys["aws:SourceIdentity"][0] != "ann" {
		t.Errorf("got %v", first.Keys)
	}
	_, err := e.tryAssume(first, "one", func(in *sts.AssumeRoleRequest) { in.SourceIdentity = "bob" })
	wantFault(t, err, sts.ErrValidation, "already set")
	if r := e.assume(first, "one", nil); r.SourceIdentity != "ann" {
		t.Errorf("dropped: %q", r.SourceIdentity)
	}
	_, err = e.tryAssume(first, "two", nil) // inherited, and still needs trust
	wantFault(t, err, sts.ErrAccessDenied, "sts:SetSourceIdentity")
}

func TestPackedPolicySize(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	if r := e.assume(e.root(), "dev", nil); r.PackedPolicy != nil {
		t.Errorf("present without policies: %d", *r.PackedPolicy)
	}
	last := 0
	for n := 1; n <= 10; n++ {
		r := e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) {
			for i := range n {
				in.Tags = append(in.Tags, sts.Tag{Key: string(rune('a' + i)), Value: strings.Repeat("v", 200)})
			}
		})
		if *r.PackedPolicy < last {
			t.Fatalf("%d tags take %d %%, fewer took %d %%", n, *r.PackedPolicy, last)
		}
		last = *r.PackedPolicy
	}
	_, err := e.tryAssume(e.root(), "dev", func(in *sts.AssumeRoleRequest) {
		for i := range 50 {
			in.Tags = append(in.Tags, sts.Tag{Key: fmt.Sprint("k", i), Value: strings.Repeat("v", 256)})
		}
	})
	if !errors.Is(err, sts.ErrPackedPolicy) {
		t.Errorf("got %v", err)
	}
}

func TestMalformedSessionPolicy(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	_, err := e.tryAssume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Policy = `{"Statement":{"Effect":"Allow","Resource":"*"}}` })
	wantFault(t, err, sts.ErrMalformedPolicy, "Policy statement must contain actions.")
	_, err = e.tryAssume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.PolicyARNs = []string{"arn:aws:iam::aws:policy/None"} })
	wantFault(t, err, sts.ErrInvalidParameter, "does not exist")
}
