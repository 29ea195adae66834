package policy_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// decisionKeys are what a request over the wire brings along.
var decisionKeys = map[string][]string{"aws:username": {"alice"}, "aws:userid": {"AIDAALICEALICEALICE1"}, "aws:PrincipalArn": {userARN},
	"aws:PrincipalAccount": {owner}, "aws:PrincipalType": {"User"}, "aws:SourceIp": {"192.0.2.7"}, "aws:SecureTransport": {"true"},
	"aws:CurrentTime": {"2026-11-23T10:00:00Z"}, "aws:EpochTime": {"1795428000"}, "aws:RequestedRegion": {"us-east-1"}, "aws:UserAgent": {"aws-sdk-go-v2/1.47.7"}}

// twenty makes 20 policies of 10 statements. The last statement of all allows what
// benchmarks ask for; the others name another resource, and their actions are made
// by action.
func twenty(b *testing.B, action func(i, j int) string) []*policy.Policy {
	var policies []*policy.Policy
	for i := range 20 {
		var sts []statement
		for j := range 10 {
			sts = append(sts, statement{"Effect": "Allow", "Action": []string{action(i, j), "s3:List*"},
				"Resource":  fmt.Sprintf("arn:aws:s3:::bucket-%d-%d/${aws:username}/*", i, j),
				"Condition": map[string]any{"StringEquals": map[string]string{"aws:username": "alice"}, "IpAddress": map[string]string{"aws:SourceIp": "192.0.2.0/24"}}})
		}
		raw, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
		policies = append(policies, mustParse(b, policy.Identity, string(raw)))
	}
	return policies
}

func benchmarkDecide(b *testing.B, policies []*policy.Policy) {
	r := &policy.Request{Action: "s3:Get9Object", Resource: "arn:aws:s3:::bucket-19-9/alice/x", Keys: decisionKeys}
	s := &policy.Stack{Identity: policies}
	b.ReportAllocs()
	for b.Loop() {
		if !policy.Decide(r, s).Allowed {
			b.Fatal("refused")
		}
	}
}

// Statements about different actions, as administrators write them.
func BenchmarkDecide(b *testing.B) {
	benchmarkDecide(b, twenty(b, func(_, j int) string { return fmt.Sprintf("s3:Get%d*", j) }))
}

// The worst case: every statement is about the action, and tells by the resource.
func BenchmarkDecideByResource(b *testing.B) {
	benchmarkDecide(b, twenty(b, func(int, int) string { return "s3:*" }))
}

// With the reasons.
func BenchmarkExplain(b *testing.B) {
	r := &policy.Request{Action: "s3:Get9Object", Resource: "arn:aws:s3:::bucket-19-9/alice/x", Keys: decisionKeys}
	s := &policy.Stack{Identity: twenty(b, func(_, j int) string { return fmt.Sprintf("s3:Get%d*", j) })}
	b.ReportAllocs()
	for b.Loop() {
		if x := policy.Explain(r, s); !x.Allowed || len(x.Matches) != 1 {
			b.Fatalf("%+v", x)
		}
	}
}
