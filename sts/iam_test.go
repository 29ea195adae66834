package sts_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

func TestRoleLife(t *testing.T) {
	e := newEnv(t)
	r := e.role("dev", anybody, readAll)
	if r.ARN() != roleARN("dev") || len(r.ID) != 21 || r.ID[:4] != "AROA" {
		t.Errorf("got %s %s", r.ARN(), r.ID)
	}
	err := e.CreateRole(e.ctx, &sts.Role{Name: "DEV", Trust: `{"Statement":` + anybody + `}`})
	wantFault(t, err, sts.ErrExists, "Role with name DEV already exists.")
	wantFault(t, e.DeleteRole(e.ctx, "dev"), sts.ErrDeleteConflict, "must delete policies first")
	if err := e.AttachRolePolicy(e.ctx, "dev", "arn:aws:iam::aws:policy/AdministratorAccess"); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteRolePolicy(e.ctx, "dev", "p"); err != nil {
		t.Fatal(err)
	}
	wantFault(t, e.DeleteRolePolicy(e.ctx, "dev", "p"), sts.ErrNotFound, "The role policy with name p cannot be found.")
	wantFault(t, e.DeleteRole(e.ctx, "dev"), sts.ErrDeleteConflict, "must detach all policies first")
	if err := e.DetachRolePolicy(e.ctx, "dev", "arn:aws:iam::aws:policy/AdministratorAccess"); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteRole(e.ctx, "dev"); err != nil {
		t.Fatal(err)
	}
	_, err = e.Role(e.ctx, "dev")
	wantFault(t, err, sts.ErrNotFound, "The role with name dev cannot be found.")
}

func TestRolePolicyMustParse(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	wantFault(t, e.PutRolePolicy(e.ctx, "dev", "p", `{`), sts.ErrMalformedPolicy, "Syntax errors in policy.")
	wantFault(t, e.SetTrust(e.ctx, "dev", readAll), sts.ErrMalformedPolicy, "Missing required field Principal")
}

func TestManagedPolicyLife(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	p := &sts.ManagedPolicy{Name: "read", Path: "/team/"}
	if err := e.CreatePolicy(e.ctx, p, readAll); err != nil {
		t.Fatal(err)
	}
	if err := e.AttachRolePolicy(e.ctx, "dev", p.ARN()); err != nil {
		t.Fatal(err)
	}
	wantFault(t, e.DeletePolicy(e.ctx, p.ARN()), sts.ErrDeleteConflict, "attached to entities")
	for n := 2; n <= 5; n++ {
		if v, err := e.CreatePolicyVersion(e.ctx, p.ARN(), allowAll, n == 5); err != nil || v.ID != fmt.Sprintf("v%d", n) {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	_, err := e.CreatePolicyVersion(e.ctx, p.ARN(), allowAll, false)
	wantFault(t, err, sts.ErrLimitExceeded, "up to 5 versions")
	wantFault(t, e.DeletePolicyVersion(e.ctx, p.ARN(), "v5"), sts.ErrDeleteConflict, "default version")
	s := e.session(e.assume(e.root(), "dev", nil).Credentials)
	if err := e.Authorize(e.ctx, s, "s3:PutObject", object, nil); err != nil {
		t.Errorf("the default version does not count: %v", err)
	}
	if err := e.SetDefaultPolicyVersion(e.ctx, p.ARN(), "v9"); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	_, err = e.Policy(e.ctx, "arn:aws:iam::000000000000:policy/read")
	if !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("a policy answered to an ARN without its path: %v", err)
	}
}

func TestOIDCProviderRules(t *testing.T) {
	e := newEnv(t)
	for url, want := range map[string]bool{
		"https://issuer.example":         true,
		"https://issuer.example:8443/a":  true,
		"http://127.0.0.1:9000/realm":    true,
		publicURL + "/us-east-1_Demo":    true,
		"http://issuer.example":          false,
		"https://user@issuer.example":    false,
		"https://issuer.example/a?b":     false,
		"https://issuer.example/*":       false,
		"issuer.example":                 false,
		"javascript://issuer.example/%0": false,
	} {
		_, err := e.CreateOIDCProvider(e.ctx, url, []string{"c"}, nil, nil)
		if (err == nil) != want {
			t.Errorf("%s: got %v", url, err)
		}
	}
	_, err := e.CreateOIDCProvider(e.ctx, "https://issuer.example/", nil, nil, nil)
	wantFault(t, err, sts.ErrExists, "already exists")
}

func TestRolesByPath(t *testing.T) {
	e := newEnv(t)
	for i := range 7 {
		r := &sts.Role{Name: fmt.Sprintf("r%d", i), Path: []string{"/a/", "/b/"}[i%2], Trust: `{"Statement":` + anybody + `}`}
		if err := e.CreateRole(e.ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for p := (sts.Page{Limit: 2, Prefix: "/a/"}); ; {
		part, next, err := e.Roles(e.ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range part {
			got = append(got, r.Name)
		}
		if p.After = next; next == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[r0 r2 r4 r6]" {
		t.Errorf("got %v", got)
	}
}
