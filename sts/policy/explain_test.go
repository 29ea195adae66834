package policy_test

import (
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sts/policy"
)

const explained = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Own", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
    { "Effect": "Allow", "Action": "s3:Get*", "Resource": "*",
      "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"s3:Prefix": "${x:y}${x:z, 'd'}*"}}
    }, {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Null": {"aws:TokenIssueTime": "false"}}}
  ]
}`

func TestExplain(t *testing.T) {
	p := mustParse(t, policy.Identity, explained)
	deny := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}}`)
	bucket := mustParse(t, policy.Resource, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+userARN+`"},"Action":"s3:*","Resource":"*"}}`)
	ask := func(action string, keys map[string][]string) policy.Explanation {
		r := &policy.Request{Principal: ann, Action: action, Resource: "arn:aws:s3:::home/ann/é", Keys: keys}
		return policy.Explain(r, &policy.Stack{Identity: set(p), Limits: []policy.Limit{{Part: policy.BoundaryPart, Policies: set(deny)}}, Resource: set(bucket)})
	}
	named := map[string][]string{"aws:username": {"ann"}}

	x := ask("s3:GetObject", named)
	if !x.Allowed || x.Outcomes[policy.IdentityPart] != policy.Allow || x.Outcomes[policy.BoundaryPart] != policy.NoMatch || x.Outcomes[policy.ResourcePart] != policy.Allow {
		t.Errorf("got %+v", x)
	}
	want := []policy.Match{
		{Part: policy.IdentityPart, Sid: "Own", Start: policy.Position{Line: 4, Column: 6}, End: policy.Position{Line: 4, Column: 107}},
		{Part: policy.ResourcePart, Start: policy.Position{Line: 1, Column: 15}, End: policy.Position{Line: 1, Column: 120}},
	}
	if !slices.Equal(x.Matches, want) {
		t.Errorf("got %+v, want %+v", x.Matches, want)
	}
	if !slices.Equal(x.Missing, []string{"aws:SecureTransport", "s3:Prefix", "x:y"}) {
		t.Errorf("missing %q", x.Missing)
	}
	if got := p.Statement(0); got != `{"Sid": "Own", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}` {
		t.Errorf("statement %s", got)
	}

	if x := ask("s3:PutObject", named); x.Allowed || !x.Explicit || x.Part != policy.BoundaryPart || x.Outcomes[policy.BoundaryPart] != policy.Deny || len(x.Matches) != 3 || !x.Matches[1].Deny {
		t.Errorf("got %+v", x)
	}
	if x := ask("s3:PutObject", nil); !slices.Equal(x.Missing, []string{"aws:username"}) {
		t.Errorf("missing %q", x.Missing)
	}
	if x := ask("iam:GetRole", nil); !slices.Equal(x.Missing, []string{"aws:TokenIssueTime"}) || len(x.Matches) != 0 {
		t.Errorf("got %+v", x)
	}
	if got := policy.Keys(p, deny); !slices.Equal(got, []string{"aws:SecureTransport", "aws:TokenIssueTime", "aws:username", "s3:Prefix", "x:y", "x:z"}) {
		t.Errorf("keys %q", got)
	}
}

// An explanation decides as the plain path does, and names a statement for it.
func TestExplainAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, limit, r := compile(t, statements(t, "base")), compile(t, statements(t, "limit")), request(t)
		s := &policy.Stack{Identity: set(p), Limits: []policy.Limit{{Part: policy.SessionPart, Policies: set(limit)}}}
		d, x := policy.Decide(r, s), policy.Explain(r, s)
		if d != x.Decision {
			t.Fatalf("got %+v, want %+v", x.Decision, d)
		}
		decided := func(m policy.Match) bool { return m.Part == d.Part && m.Index == d.Index && m.Deny == d.Explicit }
		if d.Index >= 0 && !slices.ContainsFunc(x.Matches, decided) {
			t.Fatalf("%+v is not among %+v", d, x.Matches)
		}
		if d.Explicit != slices.ContainsFunc(x.Matches, func(m policy.Match) bool { return m.Deny }) {
			t.Fatalf("explicit %v with %+v", d.Explicit, x.Matches)
		}
	})
}

// Places count lines and characters from the begin of the text, however many
// statements stand before.
func TestExplainPositions(t *testing.T) {
	const one = `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:y":["é","*"]}}}`
	p, err := policy.Parse(policy.Identity, "{\"Version\":\"2012-10-17\",\"Statement\":[\n"+one+","+one+",\n\n "+one+"]}")
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Explain(&policy.Request{Action: "s3:GetObject", Resource: "*", Keys: map[string][]string{"x:y": {"z"}}},
		&policy.Stack{Identity: []*policy.Policy{p}})
	length := utf8.RuneCountInString(one)
	for i, want := range []policy.Position{{Line: 2, Column: 2}, {Line: 2, Column: length + 3}, {Line: 4, Column: 3}} {
		m := got.Matches[i]
		if want2 := (policy.Position{Line: want.Line, Column: want.Column + length - 1}); m.Start != want || m.End != want2 {
			t.Errorf("%d: from %v to %v, want %v and %v", i, m.Start, m.End, want, want2)
		}
	}
}
