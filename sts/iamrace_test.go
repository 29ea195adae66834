package sts_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
)

const racers = 20

// eachStore runs a test on both SQL stores.
func eachStore(t *testing.T, run func(*env)) {
	t.Run("SQLite", func(t *testing.T) { run(newEnv(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		e := newEnv(t)
		e.Store = sqlstoretest.Postgres(t, e.now).STS(e.Keys)
		run(e)
	})
}

// race lets racers go at once and returns how many won. Each loser must have lost
// for one of the reasons.
func (e *env) race(run func(i int) error, reasons ...error) int {
	e.t.Helper()
	var wg sync.WaitGroup
	var won atomic.Int64
	begin := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-begin
			err := run(i)
			if err == nil {
				won.Add(1)
				return
			}
			for _, r := range reasons {
				if errors.Is(err, r) {
					return
				}
			}
			e.t.Errorf("racer %d: %v", i, err)
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

func (e *env) policy(name string) string {
	e.t.Helper()
	p := &sts.ManagedPolicy{Name: name}
	if err := e.CreatePolicy(e.ctx, p, readAll); err != nil {
		e.t.Fatal(err)
	}
	return p.ARN()
}

// TestLimitsHoldUnderRaces: however many ask at once, no limit of an entity is passed.
func TestLimitsHoldUnderRaces(t *testing.T) {
	eachStore(t, func(e *env) {
		e.role("dev", anybody, "")
		e.user("ann", "")
		arns := make([]string, racers)
		for i := range arns {
			arns[i] = e.policy(fmt.Sprint("p", i))
		}
		many := e.policy("versions")
		for what, tt := range map[string]struct {
			want int
			run  func(i int) error
		}{
			"policies of a role":    {10, func(i int) error { return e.AttachRolePolicy(e.ctx, "dev", arns[i]) }},
			"policies of a user":    {10, func(i int) error { return e.AttachUserPolicy(e.ctx, "ann", arns[i]) }},
			"access keys":           {1, func(int) error { _, err := e.CreateAccessKey(e.ctx, "ann"); return err }},
			"versions":              {4, func(int) error { _, err := e.CreatePolicyVersion(e.ctx, many, readAll, true); return err }},
			"inline policies":       {5, func(i int) error { return e.PutRolePolicy(e.ctx, "dev", fmt.Sprint("p", i), wide(2000)) }},
			"one user of a name":    {1, func(int) error { return e.CreateUser(e.ctx, &sts.User{Name: "bob"}) }},
			"one role of a service": {1, func(int) error { _, err := e.CreateLinkedRole(e.ctx, "cognito-idp.amazonaws.com", "", ""); return err }},
		} {
			if won := e.race(tt.run, sts.ErrLimitExceeded, sts.ErrExists, sts.ErrInvalidInput); won != tt.want {
				e.t.Errorf("%s: %d of %d won, want %d", what, won, racers, tt.want)
			}
		}
		r, err := e.Role(e.ctx, "dev")
		if err != nil || len(r.Permissions.Attached) != 10 || len(r.Permissions.Inline) != 5 {
			e.t.Errorf("the role has %d and %d policies, %v", len(r.Permissions.Attached), len(r.Permissions.Inline), err)
		}
		keys, err := e.AccessKeys(e.ctx, "ann")
		if err != nil || len(keys) != 2 {
			e.t.Errorf("the user has %d keys, %v", len(keys), err)
		}
	})
}

// wide is a policy of that many characters.
func wide(size int) string {
	const head, tail = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`, `"}}`
	return head + fmt.Sprintf("%0*d", size-len(head)-len(tail), 0) + tail
}

// TestAPolicyInUseIsNotDeleted: of an attachment and a deletion that meet, one loses.
// A policy that is gone is attached nowhere.
func TestAPolicyInUseIsNotDeleted(t *testing.T) {
	eachStore(t, func(e *env) {
		for round := range 10 {
			arn := e.policy(fmt.Sprint("contested", round))
			for i := range racers - 1 {
				e.role(fmt.Sprintf("r%d-%d", round, i), anybody, "")
			}
			e.race(func(i int) error {
				if i == racers-1 {
					return e.DeletePolicy(e.ctx, arn)
				}
				return e.AttachRolePolicy(e.ctx, fmt.Sprintf("r%d-%d", round, i), arn)
			}, sts.ErrDeleteConflict, sts.ErrNotFound)
			usage, err := e.PolicyUsage(e.ctx)
			if err != nil {
				e.t.Fatal(err)
			}
			p, err := e.Policy(e.ctx, arn)
			switch gone := errors.Is(err, sts.ErrNotFound); {
			case gone && usage[arn].Attached > 0:
				e.t.Fatalf("round %d: gone, and attached to %d roles", round, usage[arn].Attached)
			case !gone && (err != nil || p.Deleting):
				e.t.Fatalf("round %d: %+v, %v", round, p, err)
			}
		}
	})
}

// TestRenamesRace: of many who want one name, one gets it, and nobody is lost.
func TestRenamesRace(t *testing.T) {
	eachStore(t, func(e *env) {
		keys := make([]*sts.Principal, racers)
		for i := range keys {
			keys[i] = e.user(fmt.Sprint("u", i), "")
		}
		name := "wanted"
		if won := e.race(func(i int) error { return e.RenameUser(e.ctx, fmt.Sprint("u", i), &name, nil) }, sts.ErrExists); won != 1 {
			e.t.Errorf("%d won", won)
		}
		for i, before := range keys {
			if now := e.principal(before.AccessKeyID, ""); now.UserID != before.UserID {
				e.t.Errorf("user %d became another", i)
			}
		}
	})
}

// TestUsesAreWrittenOnceAMinute counts the writes of a busy key.
func TestUsesAreWrittenOnceAMinute(t *testing.T) {
	e := newEnv(t)
	counted := &countedUses{Store: e.Store}
	e.Store = counted
	p := e.user("ann", "")
	for range 3 {
		e.race(func(int) error { e.RecordUse(e.ctx, p, "s3", "eu-west-1"); return nil })
		e.advance(time.Minute)
	}
	if n := counted.writes.Load(); n != 3 {
		t.Errorf("%d writes in three minutes", n)
	}
	u, use, err := e.AccessKeyLastUsed(e.ctx, p.AccessKeyID)
	if err != nil || u.Name != "ann" || use.Service != "s3" || use.Region != "eu-west-1" || !use.Time.Equal(start.Add(2*time.Minute)) {
		t.Errorf("got %+v, %v", use, err)
	}
	e.role("dev", anybody, "")
	s := e.session(e.assume(e.root(), "dev", nil).Credentials)
	e.RecordUse(e.ctx, s, "sts", "us-east-1")
	r, err := e.Role(e.ctx, "dev")
	if err != nil {
		t.Fatal(err)
	}
	if use, err := e.RoleLastUsed(e.ctx, r); err != nil || !use.Time.Equal(e.now()) {
		t.Errorf("role: %+v, %v", use, err)
	}
	if err := e.DeleteAccessKey(e.ctx, "ann", p.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.AccessKeyLastUsed(e.ctx, p.AccessKeyID); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("a deleted key: %v", err)
	}
	e.RecordUse(e.ctx, e.root(), "sts", "us-east-1") // has no record, and is no error
}
