package sts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/policy"
)

func table(t [][]policy.Outcome) string {
	if t == nil {
		return "none"
	}
	rows := make([]string, len(t))
	for i, row := range t {
		rows[i] = strings.Trim(fmt.Sprint(row), "[]")
	}
	return strings.Join(rows, "/")
}

func TestDecisions(t *testing.T) {
	const (
		twoA   = `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"arn:aws:s3:::ab"}]}`
		onlyAB = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::ab"}}`
	)
	actions, resources := []string{"s3:GetObject", "s3:PutObject"}, []string{"arn:aws:s3:::aa", "arn:aws:s3:::ab", "arn:aws:s3:::b"}
	tests := []struct {
		name, boundary, session, own, limits string
		kind                                 sts.Kind
	}{
		{"role", "", "", "allow allow/allow deny/no_match no_match", "none", sts.RoleSession},
		{"a session policy stands apart", "", onlyAB, "allow allow/allow deny/no_match no_match", "no_match no_match/allow allow/no_match no_match", sts.RoleSession},
		{"a role's boundary limits what resources grant", onlyAB, "", "no_match no_match/allow deny/no_match no_match", "no_match no_match/allow allow/no_match no_match", sts.RoleSession},
		{"both limits", onlyAB, readAll, "no_match no_match/allow deny/no_match no_match", "no_match no_match/allow no_match/no_match no_match", sts.RoleSession},
		{"a user's boundary does not", onlyAB, "", "no_match no_match/allow deny/no_match no_match", "none", sts.IAMUser},
		{"root", "", "", "allow allow/allow allow/allow allow", "none", sts.Root},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			boundary := ""
			if tt.boundary != "" {
				p := &sts.ManagedPolicy{Name: "boundary"}
				if err := e.CreatePolicy(e.ctx, p, tt.boundary); err != nil {
					t.Fatal(err)
				}
				boundary = p.ARN()
			}
			who := e.root()
			switch tt.kind {
			case sts.IAMUser:
				who = e.user("ann", twoA)
				if err := e.SetUserBoundary(e.ctx, "ann", boundary); err != nil {
					t.Fatal(err)
				}
				who = e.principal(who.AccessKeyID, "")
			case sts.RoleSession:
				e.role("dev", anybody, twoA)
				if _, err := e.UpdateRole(e.ctx, "dev", sts.RoleChange{Boundary: &boundary}); err != nil {
					t.Fatal(err)
				}
				who = e.session(e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Policy = tt.session }).Credentials)
			}
			d, err := e.Decisions(e.ctx, who, actions, resources, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := table(d.Own); got != tt.own {
				t.Errorf("own: got %s, want %s", got, tt.own)
			}
			if got := table(d.Limits); got != tt.limits {
				t.Errorf("limits: got %s, want %s", got, tt.limits)
			}
		})
	}
}

// A session of GetSessionToken may not call IAM, whoever asks.
func TestDecisionsMindTheKindOfCredential(t *testing.T) {
	e := newEnv(t)
	c, err := e.SessionToken(e.ctx, e.user("ann", allowAll), sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Decisions(e.ctx, e.session(c), []string{"s3:GetObject", "iam:GetRole"}, []string{"*"}, nil)
	if err != nil || table(d.Own) != "allow deny" {
		t.Errorf("got %s, %v", table(d.Own), err)
	}
}

// A batch delete asks for a thousand resources at once.
func BenchmarkDecisions(b *testing.B) {
	e := newEnv(b)
	e.role("dev", anybody, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:Delete*","Resource":"arn:aws:s3:::home/locked/*"},`+
		`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:userid}/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},`+
		`{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::home/*"}]}`)
	p := e.session(e.assume(e.root(), "dev", nil).Credentials)
	resources := make([]string, 1000)
	for i := range resources {
		resources[i] = fmt.Sprintf("arn:aws:s3:::home/%d/report.txt", i)
	}
	keys := map[string][]string{"aws:SecureTransport": {"true"}, "aws:SourceIp": {"192.0.2.1"}}
	b.ReportAllocs()
	for b.Loop() {
		d, err := e.Decisions(e.ctx, p, []string{"s3:DeleteObject"}, resources, keys)
		if err != nil || d.Own[999][0] != policy.Allow {
			b.Fatal(err)
		}
	}
}
