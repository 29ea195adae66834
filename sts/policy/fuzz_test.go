package policy_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

var kinds = []policy.Kind{policy.Identity, policy.Trust, policy.Session, policy.Resource, policy.Managed}

// Whatever is parsed can be evaluated and explained.
func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::${aws:username, 'x'}/*","Condition":{"ForAnyValue:ArnLikeIfExists":{"a:b":["arn:*:x:y:z:${a:b}"]}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":"*","NotResource":"*","Condition":{"NotIpAddress":{"a:b":"::/0"},"Null":{"c:d":true}}}}`)
	f.Add(explained)
	f.Fuzz(func(t *testing.T, doc string) {
		for _, kind := range kinds {
			p, err := policy.Parse(kind, doc)
			if err != nil {
				continue
			}
			r := &policy.Request{Action: "s3:Get", Resource: doc, Keys: map[string][]string{"a:b": {doc, "x"}},
				Principal: policy.Principal{Type: "AWS", Account: "000000000000", Names: []string{doc}}}
			check(t, r, p)
			policy.Keys(p)
		}
	})
}

// Requests come from clients: nothing in them may upset a policy.
func FuzzEvaluate(f *testing.F) {
	f.Add("s3:GetObject", "arn:aws:s3:::home/ann/x", "aws:username", "ann")
	f.Add("", "", "", "")
	f.Add("S3:*", "arn:*:::::${*}", "x:y", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, action, resource, key, value string) {
		r := &policy.Request{Action: action, Resource: resource, Keys: map[string][]string{key: {value}, "aws:username": {value}, "aws:SourceIp": {value, key}},
			Principal: policy.Principal{Type: "AWS", Account: value, Names: []string{value, key}}}
		for _, body := range []string{
			`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"`,
			`"Effect":"Deny","NotAction":"iam:?et*","NotResource":"arn:*:s3:::${x:y, '${'}*"`,
			`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::/0"]},"ForAllValues:DateLessThan":{"x:y":"2030"}}`,
			`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:username":"arn:aws:*:${x:y}:*:*"},"NumericLessThanIfExists":{"x:y":1e9}}`,
		} {
			p, err := policy.Parse(policy.Identity, `{"Version":"2012-10-17","Statement":{`+body+`}}`)
			if err != nil {
				t.Fatal(err)
			}
			check(t, r, p)
		}
	})
}

// check evaluates by every path and compares them.
func check(t *testing.T, r *policy.Request, p *policy.Policy) {
	s := &policy.Stack{Identity: set(p), Resource: set(p), Limits: []policy.Limit{{Part: policy.SessionPart, Policies: set(p)}}}
	if d, x := policy.Decide(r, s), policy.Explain(r, s); d != x.Decision {
		t.Errorf("decided %+v, explained %+v", d, x.Decision)
	}
	o := policy.Outcomes(r, []string{r.Action}, []string{r.Resource}, set(p))[0][0]
	if d := evaluate(r, set(p)); d.Allowed != (o == policy.Allow) || d.Explicit != (o == policy.Deny) {
		t.Errorf("decided %+v, outcome %v", d, o)
	}
}
