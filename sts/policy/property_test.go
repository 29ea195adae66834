package policy_test

import (
	"encoding/json"
	"fmt"
	"regexp"
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

// What is refused stays refused when a denying statement or a layer is added.
func TestMoreNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, extra, r := statements(t, "base"), statements(t, "extra"), request(t)
		if evaluate(r, set(compile(t, base))).Allowed {
			return
		}
		if evaluate(r, set(compile(t, base)), set(compile(t, extra))).Allowed {
			t.Fatal("a layer allowed more")
		}
		for _, st := range extra {
			st["Effect"] = "Deny"
		}
		if evaluate(r, set(compile(t, append(base, extra...)))).Allowed {
			t.Fatal("a deny allowed more")
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

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::${aws:username, 'x'}/*","Condition":{"ForAnyValue:ArnLikeIfExists":{"a:b":["arn:*:x:y:z:${a:b}"]}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":"*","NotResource":"*","Condition":{"NotIpAddress":{"a:b":"::/0"},"Null":{"c:d":true}}}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		for _, kind := range []policy.Kind{policy.Identity, policy.Trust, policy.Session, policy.Resource} {
			p, err := policy.Parse(kind, doc)
			if err != nil {
				continue
			}
			r := &policy.Request{Action: "s3:Get", Resource: doc, Keys: map[string][]string{"a:b": {doc, "x"}},
				Principal: policy.Principal{Type: "AWS", Account: "000000000000", Names: []string{doc}}}
			evaluate(r, set(p))
		}
	})
}

// 20 policies of 10 statements, the last of which allows.
func BenchmarkEvaluate(b *testing.B) {
	var policies []*policy.Policy
	for i := range 20 {
		var sts []statement
		for j := range 10 {
			sts = append(sts, statement{"Effect": "Allow", "Action": []string{fmt.Sprintf("s3:Get%d*", j), "s3:List*"},
				"Resource":  fmt.Sprintf("arn:aws:s3:::bucket-%d-%d/${aws:username}/*", i, j),
				"Condition": map[string]any{"StringEquals": map[string]string{"aws:username": "alice"}}})
		}
		raw, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
		policies = append(policies, mustParse(b, policy.Identity, string(raw)))
	}
	r := &policy.Request{Action: "s3:Get9Object", Resource: "arn:aws:s3:::bucket-19-9/alice/x", Keys: map[string][]string{"aws:username": {"alice"}, "aws:userid": {"AIDA"}}}
	b.ReportAllocs()
	for b.Loop() {
		if !evaluate(r, set(policies...)).Allowed {
			b.Fatal("refused")
		}
	}
}
