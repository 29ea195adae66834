package sts_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

// A session cannot pass off a tag of its own as an inherited one by a letter that
// only a careless comparison takes for the same.
func TestLookalikeTagIsAnotherTag(t *testing.T) {
	e := newEnv(t)
	e.role("first", anybody, allowAll)
	e.role("second", anybody, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/tier":"high"}}}}`)
	low := e.assume(e.root(), "first", func(in *sts.AssumeRoleRequest) {
		in.Tags, in.Transitive = []sts.Tag{{Key: "tier", Value: "low"}}, []string{"tier"}
	})
	forged := e.assume(e.session(low.Credentials), "second", func(in *sts.AssumeRoleRequest) {
		in.Tags = []sts.Tag{{Key: "tİer", Value: "high"}}
	})
	err := e.Authorize(e.ctx, e.session(forged.Credentials), "s3:GetObject", "*", nil)
	wantFault(t, err, sts.ErrAccessDenied, "not authorized")
}

// A user whose policies go by its tags cannot choose other tags for itself.
func TestFederationTagsNeedPermission(t *testing.T) {
	e := newEnv(t)
	in := sts.FederationRequest{Name: "guest", Tags: []sts.Tag{{Key: "tier", Value: "high"}}, SessionSpec: sts.SessionSpec{Policy: readAll}}
	ann := e.user("ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"},`+
		`{"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/tier":"low"}}}]}`)
	_, err := e.FederationToken(e.ctx, ann, in)
	wantFault(t, err, sts.ErrAccessDenied, "sts:TagSession on resource: arn:aws:sts::000000000000:federated-user/guest")
	in.Tags[0].Value = "low"
	if _, err := e.FederationToken(e.ctx, ann, in); err != nil {
		t.Error(err)
	}
	if _, err := e.FederationToken(e.ctx, e.root(), in); err != nil {
		t.Errorf("root: %v", err)
	}
}
