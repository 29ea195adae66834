package policy_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/poolhouse/poolhouse/sts/policy"
)

type statement map[string]any

func statements(t *rapid.T, label string) []statement {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) statement {
		st := statement{"Effect": rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect")}
		st[rapid.SampledFrom([]string{"Action", "NotAction"}).Draw(t, "a")] =
			rapid.SampledFrom([]string{"*", "s3:*", "s3:Get*", "iam:?etRole"}).Draw(t, "action")
		st[rapid.SampledFrom([]string{"Resource", "NotResource"}).Draw(t, "r")] =
			rapid.SampledFrom([]string{"*", "arn:aws:s3:::a/*", "arn:aws:s3:::${aws:username}/*"}).Draw(t, "resource")
		if rapid.Bool().Draw(t, "conditional") {
			op := rapid.SampledFrom([]string{"StringEquals", "StringNotLike", "ForAllValues:StringEquals", "StringEqualsIfExists"}).Draw(t, "op")
			st["Condition"] = map[string]any{op: map[string]any{"aws:username": rapid.SampledFrom([]string{"a", "b", "${aws:none}"}).Draw(t, "v")}}
		}
		return st
	}), 1, 5).Draw(t, label)
}

func compile(t *rapid.T, sts []statement) *policy.Policy {
	raw, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
	p, err := policy.Parse(policy.Identity, string(raw))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(t *rapid.T) *policy.Request {
	r := &policy.Request{
		Action:   rapid.SampledFrom([]string{"s3:GetObject", "s3:Put", "iam:GetRole"}).Draw(t, "action"),
		Resource: rapid.SampledFrom([]string{"*", "arn:aws:s3:::a/x", "arn:aws:s3:::b/x"}).Draw(t, "resource"),
		Keys:     map[string][]string{},
	}
	if rapid.Bool().Draw(t, "named") {
		r.Keys["aws:username"] = []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")}
	}
	return r
}

// stack is policies of every part but identity, some of them absent.
func stack(t *rapid.T, identity []statement) *policy.Stack {
	s := &policy.Stack{Identity: set(compile(t, identity)), Foreign: rapid.Bool().Draw(t, "foreign"), Guarded: rapid.Bool().Draw(t, "guarded")}
	for _, part := range []policy.Part{policy.BoundaryPart, policy.SessionPart} {
		if rapid.Bool().Draw(t, "limited") {
			s.Limits = append(s.Limits, policy.Limit{Part: part, Policies: set(compile(t, statements(t, part.String())))})
		}
	}
	if rapid.Bool().Draw(t, "granted") {
		s.Resource = set(compileResource(t, statements(t, "resource")))
	}
	return s
}

func compileResource(t *rapid.T, sts []statement) *policy.Policy {
	for _, st := range sts {
		st["Principal"] = map[string]any{"AWS": rapid.SampledFrom([]string{"*", owner, roleARN, aSession}).Draw(t, "principal")}
	}
	raw, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
	p, err := policy.Parse(policy.Resource, string(raw))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What is refused stays refused when a denying statement, in whatever part, or a
// limit is added.
func TestMoreNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, extra, r := statements(t, "base"), statements(t, "extra"), request(t)
		r.Principal = dev
		s := stack(t, base)
		if policy.Decide(r, s).Allowed {
			return
		}
		more := *s
		more.Limits = append(slices.Clone(s.Limits), policy.Limit{Part: policy.SessionPart, Policies: set(compile(t, extra))})
		if policy.Decide(r, &more).Allowed {
			t.Fatal("a limit allowed more")
		}
		for _, st := range extra {
			st["Effect"] = "Deny"
		}
		denying := compile(t, extra)
		for part, add := range map[string]func(*policy.Stack){
			"identity": func(s *policy.Stack) { s.Identity = append(slices.Clone(s.Identity), denying) },
			"resource": func(s *policy.Stack) { s.Resource = append(slices.Clone(s.Resource), compileResource(t, extra)) },
		} {
			more := *s
			add(&more)
			if policy.Decide(r, &more).Allowed {
				t.Fatalf("a deny in the %s policies allowed more", part)
			}
		}
	})
}

// A resource abroad, or one that only its own policy opens, is never easier to reach.
func TestStricterNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := request(t), stack(t, statements(t, "base"))
		r.Principal = dev
		if policy.Decide(r, s).Allowed {
			for _, strict := range []func(*policy.Stack){
				func(s *policy.Stack) { s.Foreign = false },
				func(s *policy.Stack) { s.Guarded = false },
			} {
				easier := *s
				strict(&easier)
				if !policy.Decide(r, &easier).Allowed {
					t.Fatal("allowed abroad or guarded, refused without")
				}
			}
		}
	})
}

// Whatever denies, denies: no other statement or part brings it back.
func TestDenyWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := request(t), stack(t, append(statements(t, "base"), statement{"Effect": "Deny", "Action": "*", "Resource": "*"}))
		r.Principal = dev
		if d := policy.Decide(r, s); d.Allowed || !d.Explicit {
			t.Fatalf("got %+v", d)
		}
	})
}

// opposites are condition operators of which, for a key with one value, exactly one
// holds.
var opposites = map[string]string{
	"StringEquals": "StringNotEquals", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase", "StringLike": "StringNotLike",
	"NumericEquals": "NumericNotEquals", "NumericLessThan": "NumericGreaterThanEquals", "NumericGreaterThan": "NumericLessThanEquals",
	"DateEquals": "DateNotEquals", "DateLessThan": "DateGreaterThanEquals", "DateGreaterThan": "DateLessThanEquals",
	"IpAddress": "NotIpAddress", "ArnLike": "ArnNotLike", "ArnEquals": "ArnNotEquals",
}

// Of a condition and its negation exactly one allows, where the request's value is
// of the operator's type; where it is not, neither does.
func TestNegationIsDisjoint(t *testing.T) {
	samples := map[string][]string{
		"String": {"a", "A", "b", ""}, "Numeric": {"1", "1.0", "2", "-1e3"}, "Date": {"2026", "2026-01-01T00:00:00Z", "2030-06", "0"},
		"IpAddress": {"10.0.0.1", "::1", "2001:db8::1"}, "Arn": {"arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:iam::000000000000:user/a"},
	}
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom(slices.Sorted(maps.Keys(opposites))).Draw(t, "operator")
		var values []string
		for kind, list := range samples {
			if strings.HasPrefix(op, kind) {
				values = list
			}
		}
		want, got := rapid.SampledFrom(values).Draw(t, "policy"), rapid.SampledFrom(append(values, "%")).Draw(t, "request")
		holds := func(op string) bool {
			raw, _ := json.Marshal(map[string]any{"Statement": statement{"Effect": "Allow", "Action": "*", "Resource": "*",
				"Condition": map[string]any{op: map[string]string{"x:y": want}}}})
			p, err := policy.Parse(policy.Identity, string(raw))
			if err != nil {
				t.Fatal(err)
			}
			return evaluate(&policy.Request{Action: "s3:x", Keys: map[string][]string{"x:y": {got}}, Resource: "*"}, set(p)).Allowed
		}
		a, b := holds(op), holds(opposites[op])
		typed := got != "%" || strings.HasPrefix(op, "String") || strings.HasPrefix(op, "Arn")
		if typed && a == b || !typed && (a || b) {
			t.Fatalf("%s %v, its opposite %v", op, a, b)
		}
	})
}

// The matcher agrees with the obvious regular expression.
func TestGlobAgainstRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[abc]{1,10}`).Draw(t, "text")
		p, err := policy.Parse(policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:y":"`+pattern+`"}}}}`)
		if err != nil {
			t.Fatal(err)
		}
		want := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + "$").MatchString(text)
		r := &policy.Request{Action: "s3:x", Resource: "*", Keys: map[string][]string{"x:y": {text}}}
		if got := evaluate(r, set(p)).Allowed; got != want {
			t.Fatalf("%q against %q: got %v", pattern, text, got)
		}
	})
}

// A pattern of many stars against a long near miss must not explode.
func TestHostilePattern(t *testing.T) {
	p := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+strings.Repeat("*a", 2000)+`b"}}`)
	r := &policy.Request{Action: "s3:x", Resource: "arn:aws:s3:::" + strings.Repeat("a", 20000)}
	start := time.Now()
	if evaluate(r, set(p)).Allowed {
		t.Error("matched")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}
