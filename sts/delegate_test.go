package sts_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// delegated is ann, who may assume a role, and the token that she makes for bob.
func delegated(e *env, change func(*sts.TradeInRequest)) (ann, bob *sts.Principal, token string) {
	e.t.Helper()
	ann, bob = e.user("ann", ""), e.user("bob", "")
	e.role("r", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:AssumeRole"}`, allowAll)
	in := sts.TradeInRequest{Delegate: bob.ARN, AssumeRoleRequest: sts.AssumeRoleRequest{RoleARN: roleARN("r"), SessionName: "for-bob",
		SessionSpec: sts.SessionSpec{Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`}}}
	if change != nil {
		change(&in)
	}
	token, _, err := e.TradeInToken(e.ctx, ann, in)
	if err != nil {
		e.t.Fatal(err)
	}
	return ann, bob, token
}

func TestTradeIn(t *testing.T) {
	e := newEnv(t)
	_, bob, token := delegated(e, nil)
	for range 2 {
		got, err := e.TradeIn(e.ctx, bob, token)
		if err != nil {
			t.Fatal(err)
		}
		p := e.session(got.Credentials)
		if got.ARN != "arn:aws:sts::"+account+":assumed-role/r/for-bob" || p.ARN != got.ARN || got.PackedPolicy == nil {
			t.Errorf("got %+v", got)
		}
		if err := e.Authorize(e.ctx, p, "s3:GetObject", "*", nil); err != nil {
			t.Error(err)
		}
		if err := e.Authorize(e.ctx, p, "s3:PutObject", "*", nil); err == nil {
			t.Error("more than the policy of the token")
		}
		e.advance(30 * time.Minute)
	}
	_, err := e.TradeIn(e.ctx, bob, token)
	wantFault(t, err, sts.ErrTradeInExpired, "expired")
}

func TestRefusedTradeIns(t *testing.T) {
	const bad = "invalid, or is not for this caller"
	e := newEnv(t)
	ann, bob, token := delegated(e, nil)
	try := func(p *sts.Principal, token string) {
		t.Helper()
		_, err := e.TradeIn(e.ctx, p, token)
		wantFault(t, err, sts.ErrAccessDenied, bad)
	}
	try(ann, token)
	try(e.root(), token)
	for _, other := range []string{"", "junk", "x" + token, token[:len(token)-4], token[:30] + "AAAA" + token[34:]} {
		try(bob, other)
	}
	session, err := e.SessionToken(e.ctx, bob, sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	try(bob, session.SessionToken)
	e.advance(time.Second)
	if err := e.RevokeSessions(e.ctx, "r"); err != nil {
		t.Fatal(err)
	}
	try(bob, token)
}

func TestTradeInDiesWithItsMaker(t *testing.T) {
	e := newEnv(t)
	ann, bob, token := delegated(e, nil)
	if err := e.DeleteAccessKey(e.ctx, "ann", ann.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteUser(e.ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	_, err := e.TradeIn(e.ctx, bob, token)
	wantFault(t, err, sts.ErrAccessDenied, "")
}

// A delegate of the same name is somebody else.
func TestTradeInIsForOnePerson(t *testing.T) {
	e := newEnv(t)
	_, bob, token := delegated(e, nil)
	if err := e.DeleteAccessKey(e.ctx, "bob", bob.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	if err := e.DeleteUser(e.ctx, "bob"); err != nil {
		t.Fatal(err)
	}
	_, err := e.TradeIn(e.ctx, e.user("bob", ""), token)
	wantFault(t, err, sts.ErrAccessDenied, "not for this caller")
}

func TestRefusedTradeInTokens(t *testing.T) {
	e := newEnv(t)
	_, bob, _ := delegated(e, nil)
	ask := sts.TradeInRequest{Delegate: bob.ARN, AssumeRoleRequest: sts.AssumeRoleRequest{RoleARN: roleARN("r"), SessionName: "x1"}}
	_, _, err := e.TradeInToken(e.ctx, bob, ask)
	wantFault(t, err, sts.ErrAccessDenied, "sts:AssumeRole") // who may not assume the role cannot give it away
	for _, change := range []func(*sts.TradeInRequest){
		func(in *sts.TradeInRequest) { in.Expires = 8 * 24 * time.Hour },
		func(in *sts.TradeInRequest) { in.Expires = time.Second - 1 },
		func(in *sts.TradeInRequest) { in.Delegate = "arn:aws:iam::111111111111:user/bob" },
		func(in *sts.TradeInRequest) { in.Delegate = "*" },
		func(in *sts.TradeInRequest) { in.Delegate = "arn:aws:iam::000000000000:user/nobody" },
	} {
		in := ask
		change(&in)
		_, _, err := e.TradeInToken(e.ctx, e.root(), in)
		wantFault(t, err, sts.ErrValidation, "")
	}
}
