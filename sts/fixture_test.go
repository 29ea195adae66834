package sts_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

const (
	account   = "000000000000"
	publicURL = "http://127.0.0.1:8080"
	rootKey   = "AKIAROOTROOTROOTROOT"
	allowAll  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// An env is a service on a real store, with a clock to turn.
type env struct {
	*sts.Service
	t     testing.TB
	ctx   context.Context
	clock atomic.Int64
}

func newEnv(t testing.TB) *env {
	e := &env{t: t, ctx: context.Background()}
	e.clock.Store(start.UnixMicro())
	ring := keyringtest.New(t)
	e.Service = &sts.Service{
		Store: sqlstoretest.SQLite(t, e.now).STS(ring), Ephemeral: ephemeraltest.New(e.now), Keys: ring,
		SAML: stsapi.SAML{}, Now: e.now, Log: slog.New(slog.DiscardHandler),
		Region: "us-east-1", Account: account, PublicURL: publicURL,
		RootAccessKeyID: rootKey, RootSecretAccessKey: "root-secret",
	}
	return e
}

func (e *env) now() time.Time          { return time.UnixMicro(e.clock.Load()).UTC() }
func (e *env) advance(d time.Duration) { e.clock.Add(d.Microseconds()) }

// role makes a role with a trust statement and an identity policy.
func (e *env) role(name, trust, policy string) *sts.Role {
	e.t.Helper()
	r := &sts.Role{Name: name, Trust: `{"Version":"2012-10-17","Statement":` + trust + `}`}
	if err := e.CreateRole(e.ctx, r); err != nil {
		e.t.Fatal(err)
	}
	if policy != "" {
		if err := e.PutRolePolicy(e.ctx, name, "p", policy); err != nil {
			e.t.Fatal(err)
		}
	}
	return r
}

// user makes a user with a key and returns it as a principal.
func (e *env) user(name, policy string) *sts.Principal {
	e.t.Helper()
	if err := e.CreateUser(e.ctx, &sts.User{Name: name}); err != nil {
		e.t.Fatal(err)
	}
	if policy != "" {
		if err := e.PutUserPolicy(e.ctx, name, "p", policy); err != nil {
			e.t.Fatal(err)
		}
	}
	k, err := e.CreateAccessKey(e.ctx, name)
	if err != nil {
		e.t.Fatal(err)
	}
	return e.principal(k.ID, "")
}

func (e *env) root() *sts.Principal { return e.principal(rootKey, "") }

func (e *env) principal(id, token string) *sts.Principal {
	e.t.Helper()
	_, p, err := e.Credential(e.ctx, id, token)
	if err != nil {
		e.t.Fatal(err)
	}
	return p
}

func (e *env) session(c sts.Credentials) *sts.Principal {
	return e.principal(c.AccessKeyID, c.SessionToken)
}

// assume assumes a role that must be open to p.
func (e *env) assume(p *sts.Principal, role string, change func(*sts.AssumeRoleRequest)) *sts.AssumedRole {
	e.t.Helper()
	r, err := e.tryAssume(p, role, change)
	if err != nil {
		e.t.Fatal(err)
	}
	return r
}

func (e *env) tryAssume(p *sts.Principal, role string, change func(*sts.AssumeRoleRequest)) (*sts.AssumedRole, error) {
	in := sts.AssumeRoleRequest{RoleARN: roleARN(role), SessionName: "session"}
	if change != nil {
		change(&in)
	}
	return e.AssumeRole(e.ctx, p, in)
}

func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// wantFault checks kind and text of a refusal; an empty text matches any.
func wantFault(t testing.TB, err, kind error, text string) {
	t.Helper()
	var f *sts.Fault
	if !errors.Is(err, kind) || !errors.As(err, &f) || !strings.Contains(f.Text, text) {
		t.Errorf("got %v, want %v %q", err, kind, text)
	}
}

// anybody trusts every AWS principal with everything.
const anybody = `{"Effect":"Allow","Principal":"*","Action":"sts:*"}`
