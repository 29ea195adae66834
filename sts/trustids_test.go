package sts_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

// countedUses counts what is written of uses.
type countedUses struct {
	sts.Store
	writes atomic.Int64
}

func (s *countedUses) RecordUse(ctx context.Context, account, id string, u sts.Use) error {
	s.writes.Add(1)
	return s.Store.RecordUse(ctx, account, id, u)
}

func (e *env) shown(role string) string {
	e.t.Helper()
	r, err := e.Role(e.ctx, role)
	if err != nil {
		e.t.Fatal(err)
	}
	doc, err := e.ShownTrust(e.ctx, r)
	if err != nil {
		e.t.Fatal(err)
	}
	return doc
}

// TestTrustFollowsTheRole: a role is trusted by its ID. One that is made anew under
// the same name is a stranger, and the policy shows whom it meant.
func TestTrustFollowsTheRole(t *testing.T) {
	e := newEnv(t)
	before := e.role("dev", anybody, "")
	const statement = `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:role/dev"]},"Action":"sts:AssumeRole",` +
		`"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/dev"}}}`
	e.role("next", statement, "")
	as := func() error {
		_, err := e.tryAssume(e.session(e.assume(e.root(), "dev", nil).Credentials), "next", nil)
		return err
	}
	if err := as(); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteRole(e.ctx, "dev"); err != nil {
		t.Fatal(err)
	}
	after := e.role("dev", anybody, "")
	wantFault(t, as(), sts.ErrAccessDenied, "sts:AssumeRole")
	doc := e.shown("next")
	if !strings.Contains(doc, `{"AWS":["`+before.ID+`"]}`) || strings.Contains(doc, after.ID) || strings.Count(doc, "role/dev") != 1 {
		t.Errorf("shown %s", doc)
	}
	if err := e.SetTrust(e.ctx, "next", `{"Version":"2012-10-17","Statement":`+statement+`}`); err != nil {
		t.Fatal(err)
	}
	if err := as(); err != nil {
		t.Errorf("trust that was set anew: %v", err)
	}
}

// TestDenialFollowsTheUser: who is denied by name does not get in under another.
func TestDenialFollowsTheUser(t *testing.T) {
	e := newEnv(t)
	ann := e.user("ann", allowAll)
	e.role("dev", `[`+anybody+`,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:*"}]`, "")
	for _, name := range []string{"", "eve"} {
		if name != "" {
			if err := e.RenameUser(e.ctx, "ann", &name, nil); err != nil {
				t.Fatal(err)
			}
		}
		_, err := e.tryAssume(e.principal(ann.AccessKeyID, ""), "dev", nil)
		wantFault(t, err, sts.ErrAccessDenied, "")
	}
	if doc := e.shown("dev"); !strings.Contains(doc, `{"AWS":"arn:aws:iam::000000000000:user/eve"}`) {
		t.Errorf("shown %s", doc)
	}
}

// TestPrincipalsAreFoundWhereTheyStand: only what is a principal is one.
func TestPrincipalsAreFoundWhereTheyStand(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	for trust, want := range map[string]string{
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/none"},"Action":"sts:*"}`:                                         `role/none"`,
		`{"Effect":"Allow","Principal":{"AWS":["000000000000","arn:aws:iam::000000000000:user/none"]},"Action":"sts:*"}`:                        `user/none"`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/x/dev"},"Action":"sts:*"}`:                                        `role/x/dev"`, // its path is another
		`{"Effect":"Allow","Principal":{"AWS" : "arn:aws:iam::000000000000:user\/none"},"Action":"sts:*"}`:                                      `user/none"`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/none"},"Action":"sts:*"}`:                                         "",
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/none/x"},"Action":"sts:*"}`:                               "",
		`{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:user/x"}}}`: "",
	} {
		err := e.SetTrust(e.ctx, "dev", `{"Version":"2012-10-17","Statement":[`+trust+`]}`)
		if want != "" {
			wantFault(t, err, sts.ErrMalformedPolicy, "Invalid principal in policy: \"AWS\":\"arn:aws:iam::000000000000:"+want)
		} else if err != nil {
			t.Errorf("%s: %v", trust, err)
		}
	}
}
