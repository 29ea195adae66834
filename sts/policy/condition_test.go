package policy_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

func TestConditions(t *testing.T) {
	keys := map[string][]string{
		"aws:username":                       {"alice"},
		"aws:MultiFactorAuthAge":             {"300"},
		"aws:CurrentTime":                    {"2026-11-23T10:00:00Z"},
		"aws:SecureTransport":                {"true"},
		"aws:SourceIp":                       {"192.0.2.7"},
		"aws:PrincipalArn":                   {"arn:aws:iam::000000000000:role/team/dev"},
		"x:bytes":                            {"aGVsbG8="},
		"127.0.0.1:8080/us-east-1_Ab:aud":    {"client1"},
		"cognito-identity.amazonaws.com:amr": {"authenticated", "graph"},
	}
	tests := []struct {
		name, condition string
		want            bool
	}{
		{"StringEquals", `"StringEquals":{"aws:username":["bob","alice"]}`, true},
		{"key names ignore case", `"StringEquals":{"AWS:UserName":"alice"}`, true},
		{"values mind case", `"StringEquals":{"aws:username":"Alice"}`, false},
		{"StringEqualsIgnoreCase", `"StringEqualsIgnoreCase":{"aws:username":"Alice"}`, true},
		{"StringNotEquals", `"StringNotEquals":{"aws:username":["bob","alice"]}`, false},
		{"StringNotEquals of a missing key", `"StringNotEquals":{"aws:none":"x"}`, true},
		{"StringNotEqualsIgnoreCase", `"StringNotEqualsIgnoreCase":{"aws:username":"BOB"}`, true},
		{"StringLike", `"StringLike":{"aws:username":"a*e"}`, true},
		{"StringEquals knows no wildcard", `"StringEquals":{"aws:username":"a*e"}`, false},
		{"StringNotLike", `"StringNotLike":{"aws:username":"a*"}`, false},
		{"a missing variable in a negation", `"StringNotEquals":{"aws:username":"${aws:none}"}`, false},
		{"a provider with a port", `"StringEquals":{"127.0.0.1:8080/us-east-1_Ab:aud":"client1"}`, true},
		{"missing key", `"StringEquals":{"aws:none":"x"}`, false},
		{"IfExists, missing", `"StringEqualsIfExists":{"aws:none":"x"}`, true},
		{"IfExists, present", `"StringEqualsIfExists":{"aws:username":"x"}`, false},
		{"all conditions must hold", `"StringEquals":{"aws:username":"alice","aws:none":"x"}`, false},

		{"NumericEquals", `"NumericEquals":{"aws:MultiFactorAuthAge":"300.0"}`, true},
		{"NumericNotEquals", `"NumericNotEquals":{"aws:MultiFactorAuthAge":300}`, false},
		{"NumericLessThan", `"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}`, false},
		{"NumericLessThanEquals", `"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"300"}`, true},
		{"NumericGreaterThan", `"NumericGreaterThan":{"aws:MultiFactorAuthAge":"29"}`, true},
		{"NumericGreaterThanEquals", `"NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":"301"}`, false},
		{"no number in the request", `"NumericGreaterThan":{"aws:username":"0"}`, false},

		{"DateLessThan", `"DateLessThan":{"aws:CurrentTime":"2026-11-23T10:00:01Z"}`, true},
		{"DateGreaterThan by zone", `"DateGreaterThan":{"aws:CurrentTime":"2026-11-23T10:30:00+01:00"}`, true},
		{"DateGreaterThanEquals by seconds", `"DateGreaterThanEquals":{"aws:CurrentTime":"1795428000"}`, true},
		{"DateEquals", `"DateEquals":{"aws:CurrentTime":"2026-11-23T10:00Z"}`, true},
		{"DateNotEquals", `"DateNotEquals":{"aws:CurrentTime":"2026-11-23"}`, true},
		{"DateLessThanEquals a year", `"DateLessThanEquals":{"aws:CurrentTime":"2026"}`, false},

		{"Bool", `"Bool":{"aws:SecureTransport":true}`, true},
		{"Bool false", `"Bool":{"aws:SecureTransport":"False"}`, false},
		{"Null, present", `"Null":{"aws:username":"false"}`, true},
		{"Null, missing", `"Null":{"aws:none":"true"}`, true},
		{"Null, wrong", `"Null":{"aws:none":false}`, false},
		{"BinaryEquals", `"BinaryEquals":{"x:bytes":"aGVsbG8="}`, true},

		{"IpAddress", `"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}`, true},
		{"IpAddress single", `"IpAddress":{"aws:SourceIp":"192.0.2.7"}`, true},
		{"NotIpAddress", `"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, false},
		{"no address", `"IpAddress":{"aws:username":"0.0.0.0/0"}`, false},

		{"IpAddress in the IPv6 form", `"IpAddress":{"aws:SourceIp":"::ffff:192.0.2.7"}`, true},
		{"IpAddress range in the IPv6 form", `"IpAddress":{"aws:SourceIp":"::ffff:192.0.2.0/120"}`, true},
		{"every IPv6 address is no IPv4 address", `"IpAddress":{"aws:SourceIp":"::/0"}`, false},
		{"no address satisfies no negation", `"NotIpAddress":{"aws:username":"192.0.2.0/24"}`, false},
		{"no number satisfies no negation", `"NumericNotEquals":{"aws:username":"300"}`, false},
		{"no date satisfies no negation", `"DateNotEquals":{"aws:username":"2026"}`, false},

		{"ArnLike", `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*/dev"}`, true},
		{"ArnEquals takes wildcards too", `"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/*"}`, true},
		{"ArnLike never crosses a colon", `"ArnLike":{"aws:PrincipalArn":"arn:aws:*:role/team/dev:x:y"}`, false},
		{"ArnNotLike", `"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::000000000000:user/*"}`, true},
		{"ArnLike variable", `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/${aws:none, 'team'}/*"}`, true},

		{"ForAnyValue", `"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"auth*"}`, true},
		{"ForAllValues", `"ForAllValues:StringLike":{"cognito-identity.amazonaws.com:amr":"auth*"}`, false},
		{"ForAllValues of all", `"ForAllValues:StringLike":{"cognito-identity.amazonaws.com:amr":["auth*","gr*"]}`, true},
		{"ForAllValues, missing key", `"ForAllValues:StringEquals":{"aws:none":"x"}`, true},
		{"ForAnyValue, missing key", `"ForAnyValue:StringNotEquals":{"aws:none":"x"}`, false},
		{"ForAnyValue negated", `"ForAnyValue:StringNotEquals":{"cognito-identity.amazonaws.com:amr":"graph"}`, true},
		{"ForAllValues negated", `"ForAllValues:StringNotEquals":{"cognito-identity.amazonaws.com:amr":"graph"}`, false},
		{"plain negation looks at all values", `"StringNotEquals":{"cognito-identity.amazonaws.com:amr":"graph"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+tt.condition+`}}}`)
			d := evaluate(&policy.Request{Action: "s3:x", Resource: "*", Keys: keys}, set(p))
			if d.Allowed != tt.want {
				t.Errorf("got %v, want %v", d.Allowed, tt.want)
			}
		})
	}
}

// Addresses of both families, with ranges and in every spelling.
func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		address, ranges string
		want            bool
	}{
		{"2001:db8::1", `"2001:db8::/32"`, true},
		{"2001:DB8:0:0:0:0:0:1", `"2001:db8::1"`, true},
		{"2001:db9::1", `"2001:db8::/32"`, false},
		{"fe80::1%eth0", `"fe80::/10"`, true},
		{"::ffff:10.1.2.3", `"10.0.0.0/8"`, true},
		{"10.1.2.3", `"::ffff:0:0/96"`, true},
		{"::1", `"0.0.0.0/0"`, false},
		{"2001:db8::1", `["10.0.0.0/8","::/0"]`, true},
		{"10.1.2.3", `"10.1.2.3/32"`, true},
		{"10.1.2.4", `"10.1.2.3/32"`, false},
		{"10.1.2.3", `"10.1.2.200/24"`, true},
		{"10.1.2.3:443", `"0.0.0.0/0"`, false},
	} {
		for op, want := range map[string]bool{"IpAddress": tt.want, "NotIpAddress": !tt.want && tt.address != "10.1.2.3:443"} {
			p := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+op+`":{"aws:SourceIp":`+tt.ranges+`}}}}`)
			r := &policy.Request{Action: "s3:x", Resource: "*", Keys: map[string][]string{"aws:SourceIp": {tt.address}}}
			if got := evaluate(r, set(p)).Allowed; got != want {
				t.Errorf("%s %s of %s: got %v, want %v", op, tt.ranges, tt.address, got, want)
			}
		}
	}
}

// Set operators and IfExists, on keys that are absent, empty, single and many.
func TestSets(t *testing.T) {
	const holds, fails = true, false
	requests := []map[string][]string{nil, {"x:y": {}}, {"x:y": {"a"}}, {"x:y": {"a", "b"}}, {"x:y": {"c"}}}
	for condition, want := range map[string][5]bool{ //         absent  empty  a      a, b   c
		`"StringEquals":{"x:y":["a","d"]}`:                      {fails, fails, holds, holds, fails},
		`"StringNotEquals":{"x:y":["a","d"]}`:                   {holds, holds, fails, fails, holds},
		`"StringEqualsIfExists":{"x:y":["a","d"]}`:              {holds, holds, holds, holds, fails},
		`"ForAllValues:StringEquals":{"x:y":["a","d"]}`:         {holds, holds, holds, fails, fails},
		`"ForAnyValue:StringEquals":{"x:y":["a","d"]}`:          {fails, fails, holds, holds, fails},
		`"ForAllValues:StringNotEquals":{"x:y":["a","d"]}`:      {holds, holds, fails, fails, holds},
		`"ForAnyValue:StringNotEquals":{"x:y":["a","d"]}`:       {fails, fails, fails, holds, holds},
		`"ForAnyValue:StringLikeIfExists":{"x:y":["a*","d?"]}`:  {holds, holds, holds, holds, fails},
		`"ForAllValues:StringLikeIfExists":{"x:y":["a*","b*"]}`: {holds, holds, holds, holds, fails},
		`"Null":{"x:y":"true"}`:                                 {holds, holds, fails, fails, fails},
		`"Null":{"x:y":["true","false"]}`:                       {holds, holds, holds, holds, holds},
	} {
		p := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+condition+`}}}`)
		for i, keys := range requests {
			if got := evaluate(&policy.Request{Action: "s3:x", Resource: "*", Keys: keys}, set(p)).Allowed; got != want[i] {
				t.Errorf("%s with %v: got %v", condition, keys, got)
			}
		}
	}
}

// Variables: defaults, escapes, and what they are in the older version.
func TestVariables(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, value string
		want                 bool
	}{
		{"a value", "${x:name}", "ann", true},
		{"in the middle", "a-${x:name}-?", "a-ann-z", true},
		{"a default", "${x:none, 'anon'}", "anon", true},
		{"a default that is not needed", "${x:name, 'anon'}", "anon", false},
		{"an empty default", "a${x:none, ''}b", "ab", true},
		{"a default of special characters", "${x:none, '*'}", "anything", false},
		{"a star", "a${*}", "a*", true},
		{"a star is no wildcard", "a${*}", "ab", false},
		{"a question mark", "a${?}", "a?", true},
		{"a question mark is no wildcard", "a${?}", "ab", false},
		{"a dollar", "${$}{x:name}", "${x:name}", true},
		{"another case", "${X:NAME}", "ann", true},
		{"a tag with a slash and a space", "${aws:PrincipalTag/my team}", "red", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:value":"`+tt.pattern+`"}}}}`)
			keys := map[string][]string{"x:name": {"ann"}, "x:value": {tt.value}, "aws:PrincipalTag/my team": {"red"}}
			if got := evaluate(&policy.Request{Action: "s3:x", Resource: "*", Keys: keys}, set(p)).Allowed; got != tt.want {
				t.Errorf("%s against %s: got %v", tt.pattern, tt.value, got)
			}
		})
	}
}

// A denying statement applies where a variable in its negation is unknown.
func TestUnknownVariableStillDenies(t *testing.T) {
	allow := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	for _, body := range []string{
		`"Resource":"*","Condition":{"StringNotEquals":{"aws:username":"${aws:none}"}}`,
		`"NotResource":"arn:aws:s3:::${aws:none}"`,
		`"Resource":"*","Condition":{"NotIpAddress":{"aws:username":"192.0.2.0/24"}}`,
	} {
		deny := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*",`+body+`}}`)
		r := &policy.Request{Action: "s3:x", Resource: "arn:aws:s3:::b", Keys: map[string][]string{"aws:username": {"a"}}}
		if evaluate(r, set(allow, deny)).Allowed {
			t.Errorf("%s: allowed", body)
		}
	}
}

// İ is no i: strings.EqualFold keeps the two apart, and so must the lookup of keys.
func TestKeyNamesFoldAsTagsDo(t *testing.T) {
	p := mustParse(t, policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/tier":"high"}}}}`)
	for key, want := range map[string]bool{"aws:principaltag/TIER": true, "aws:PrincipalTag/tİer": false, "aws:PrincipalTag/tıer": false} {
		keys := map[string][]string{"aws:PrincipalTag/other": {"low"}, key: {"high"}}
		if got := evaluate(&policy.Request{Action: "s3:x", Resource: "*", Keys: keys}, set(p)).Allowed; got != want {
			t.Errorf("%s: allowed %v, want %v", key, got, want)
		}
	}
}
