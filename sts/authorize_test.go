package sts_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

const (
	object  = "arn:aws:s3:::bucket/a"
	readAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}`
)

func TestAuthorizeRoleSession(t *testing.T) {
	tests := []struct {
		name, identity, session, boundary, action string
		want                                      string // text after the resource; "-" for allowed
	}{
		{"allowed", readAll, "", "", "s3:GetObject", "-"},
		{"not allowed", readAll, "", "", "s3:PutObject", " because no identity-based policy allows the s3:PutObject action"},
		{"explicitly denied", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}]}`, "", "",
			"s3:PutObject", " with an explicit deny in an identity-based policy"},
		{"a session policy narrows", allowAll, readAll, "", "s3:PutObject", " because no session policy allows the s3:PutObject action"},
		{"a session policy never widens", readAll, allowAll, "", "s3:PutObject", " because no identity-based policy allows the s3:PutObject action"},
		{"a session policy denies", allowAll, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, "", "s3:GetObject",
			" with an explicit deny in a session policy"},
		{"a boundary narrows", allowAll, "", readAll, "s3:PutObject", " because no permissions boundary allows the s3:PutObject action"},
		{"both allow", allowAll, readAll, readAll, "s3:GetObject", "-"},
		{"caller identity needs nothing", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, "", "", "sts:GetCallerIdentity", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			e.role("dev", anybody, tt.identity)
			if tt.boundary != "" {
				p := &sts.ManagedPolicy{Name: "boundary"}
				if err := e.CreatePolicy(e.ctx, p, tt.boundary); err != nil {
					t.Fatal(err)
				}
				arn := p.ARN()
				if _, err := e.UpdateRole(e.ctx, "dev", sts.RoleChange{Boundary: &arn}); err != nil {
					t.Fatal(err)
				}
			}
			p := e.session(e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Policy = tt.session }).Credentials)
			err := e.Authorize(e.ctx, p, tt.action, object, nil)
			if tt.want == "-" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, sts.ErrAccessDenied, "User: arn:aws:sts::000000000000:assumed-role/dev/session is not authorized to perform: "+
				tt.action+" on resource: "+object+tt.want)
		})
	}
}

func TestPermissionChangesActAtOnce(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	c := e.assume(e.root(), "dev", nil).Credentials
	check := func(step string, want bool) {
		t.Helper()
		if err := e.Authorize(e.ctx, e.session(c), "s3:GetObject", object, nil); (err == nil) != want {
			t.Errorf("%s: got %v", step, err)
		}
	}
	check("before", false)
	if err := e.PutRolePolicy(e.ctx, "dev", "p", readAll); err != nil {
		t.Fatal(err)
	}
	check("after", true)
	if err := e.DeleteRolePolicy(e.ctx, "dev", "p"); err != nil {
		t.Fatal(err)
	}
	check("taken away", false)
}

// A request's own keys never replace what the credential says.
func TestRequestKeysStandBelow(t *testing.T) {
	e := newEnv(t)
	p := e.user("ann", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}}`)
	forged := map[string][]string{"aws:username": {"bob"}}
	if err := e.Authorize(e.ctx, p, "s3:GetObject", "arn:aws:s3:::home/bob/x", forged); err == nil {
		t.Error("forged")
	}
	if err := e.Authorize(e.ctx, p, "s3:GetObject", "arn:aws:s3:::home/ann/x", forged); err != nil {
		t.Error(err)
	}
}

func TestKindsOfCredential(t *testing.T) {
	e := newEnv(t)
	ann := e.user("ann", allowAll)
	e.role("dev", anybody, allowAll)
	own, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	federation := func(policy string) *sts.Principal {
		f, err := e.FederationToken(e.ctx, ann, sts.FederationRequest{Name: "guest", SessionSpec: sts.SessionSpec{Policy: policy}})
		if err != nil {
			t.Fatal(err)
		}
		return e.session(f.Credentials)
	}
	role := e.session(e.assume(e.root(), "dev", nil).Credentials)
	tests := []struct {
		name, action string
		who          *sts.Principal
		want         bool
	}{
		{"root", "iam:DeleteRole", e.root(), true},
		{"user session, storage", "s3:GetObject", e.session(own), true},
		{"user session, IAM", "iam:GetRole", e.session(own), false},
		{"user session, STS", "sts:GetAccessKeyInfo", e.session(own), false},
		{"federated without a policy", "s3:GetObject", federation(""), false},
		{"federated", "s3:GetObject", federation(readAll), true},
		{"federated, IAM", "iam:GetRole", federation(allowAll), false},
		{"role, IAM", "iam:GetRole", role, true},
		{"role, federation", "sts:GetFederationToken", role, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := e.Authorize(e.ctx, tt.who, tt.action, object, nil); (err == nil) != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := e.SessionToken(e.ctx, role, sts.SessionTokenRequest{}); err == nil {
		t.Error("a role session made a session token")
	}
	if _, err := e.FederationToken(e.ctx, role, sts.FederationRequest{Name: "guest"}); err == nil {
		t.Error("a role session made a federation token")
	}
	if _, err := e.tryAssume(federation(allowAll), "dev", nil); err == nil {
		t.Error("a federated user assumed a role")
	}
	if _, err := e.tryAssume(e.session(own), "dev", nil); err != nil {
		t.Errorf("a user session may assume roles: %v", err)
	}
}

// A session outlives a managed session policy, but not what it denied.
func TestDeletedSessionPolicyDenies(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, allowAll)
	p := &sts.ManagedPolicy{Name: "narrow"}
	if err := e.CreatePolicy(e.ctx, p, readAll); err != nil {
		t.Fatal(err)
	}
	c := e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.PolicyARNs = []string{p.ARN()} }).Credentials
	if err := e.Authorize(e.ctx, e.session(c), "s3:GetObject", object, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.DeletePolicy(e.ctx, p.ARN()); err != nil {
		t.Fatal(err)
	}
	if err := e.Authorize(e.ctx, e.session(c), "s3:GetObject", object, nil); err == nil {
		t.Error("allowed")
	}
}

func TestTrustInARoleIsLimitedByItsSessionPolicy(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	e.role("byrole", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/dev"},"Action":"sts:AssumeRole"}`, "")
	e.role("bysession", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/dev/session"},"Action":"sts:AssumeRole"}`, "")
	free := e.session(e.assume(e.root(), "dev", nil).Credentials)
	bound := e.session(e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Policy = readAll }).Credentials)
	for _, tt := range []struct {
		who  *sts.Principal
		role string
		want bool
	}{{free, "byrole", true}, {free, "bysession", true}, {bound, "byrole", false}, {bound, "bysession", true}} {
		if _, err := e.tryAssume(tt.who, tt.role, nil); (err == nil) != tt.want {
			t.Errorf("%s: got %v", tt.role, err)
		}
	}
}
