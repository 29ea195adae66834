package sts_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

func TestCredentialForm(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	r := e.assume(e.root(), "dev", nil)
	c := r.Credentials
	if len(c.AccessKeyID) != 20 || !strings.HasPrefix(c.AccessKeyID, "ASIA") || len(c.SecretAccessKey) != 40 {
		t.Errorf("got %q and a secret of %d characters", c.AccessKeyID, len(c.SecretAccessKey))
	}
	if want := start.Add(time.Hour); !c.Expiration.Equal(want) {
		t.Errorf("expires %v, want %v", c.Expiration, want)
	}
	secret, p, err := e.Credential(e.ctx, c.AccessKeyID, c.SessionToken)
	if err != nil || secret != c.SecretAccessKey {
		t.Fatalf("secret does not come back: %v", err)
	}
	if p.ARN != "arn:aws:sts::000000000000:assumed-role/dev/session" || p.UserID != r.ID || !strings.HasSuffix(r.ID, ":session") {
		t.Errorf("got %s %s", p.ARN, p.UserID)
	}
	raw, _ := base64.StdEncoding.DecodeString(c.SessionToken)
	if strings.Contains(string(raw), "dev") || strings.Contains(string(raw), c.SecretAccessKey) {
		t.Error("the token can be read")
	}
}

func TestRefusedCredentials(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	a, b := e.assume(e.root(), "dev", nil).Credentials, e.assume(e.root(), "dev", nil).Credentials
	tests := []struct{ name, id, token string }{
		{"token of another session", a.AccessKeyID, b.SessionToken},
		{"no token", a.AccessKeyID, ""},
		{"unknown ASIA key", "ASIAAAAAAAAAAAAAAAAA", a.SessionToken},
		{"truncated", a.AccessKeyID, a.SessionToken[:40]},
		{"one byte", a.AccessKeyID, "AQ=="},
		{"empty key", "", ""},
		{"root key with a token", rootKey, a.SessionToken},
		{"unknown key", "AKIAAAAAAAAAAAAAAAAA", ""},
		{"huge", a.AccessKeyID, strings.Repeat("A", 1<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := e.Credential(e.ctx, tt.id, tt.token); !errors.Is(err, sts.ErrUnknownCredential) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Every single altered byte is noticed.
func TestTokenIsAuthentic(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	c := e.assume(e.root(), "dev", nil).Credentials
	raw, _ := base64.StdEncoding.DecodeString(c.SessionToken)
	for i := range raw {
		raw[i] ^= 1
		if _, _, err := e.Credential(e.ctx, c.AccessKeyID, base64.StdEncoding.EncodeToString(raw)); !errors.Is(err, sts.ErrUnknownCredential) {
			t.Fatalf("byte %d: got %v", i, err)
		}
		raw[i] ^= 1
	}
}

func TestExpiry(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	c := e.assume(e.root(), "dev", func(in *sts.AssumeRoleRequest) { in.Duration = 15 * time.Minute }).Credentials
	e.advance(15*time.Minute - time.Second)
	e.session(c)
	e.advance(time.Second)
	if _, _, err := e.Credential(e.ctx, c.AccessKeyID, c.SessionToken); !errors.Is(err, sts.ErrExpiredCredential) {
		t.Errorf("got %v", err)
	}
}

func TestSessionDiesWithItsRole(t *testing.T) {
	tests := []struct {
		name string
		kill func(*env) error
		dead bool
	}{
		{"recreated", func(e *env) error {
			err := e.DeleteRole(e.ctx, "dev")
			e.role("dev", anybody, "")
			return err
		}, true},
		{"deleted", func(e *env) error { return e.DeleteRole(e.ctx, "dev") }, true},
		{"revoked", func(e *env) error { e.advance(time.Second); return e.RevokeSessions(e.ctx, "dev") }, true},
		{"trust changed", func(e *env) error {
			return e.SetTrust(e.ctx, "dev", `{"Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*"}}`)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			e.role("dev", anybody, "")
			c := e.assume(e.root(), "dev", nil).Credentials
			if err := tt.kill(e); err != nil {
				t.Fatal(err)
			}
			_, _, err := e.Credential(e.ctx, c.AccessKeyID, c.SessionToken)
			if dead := errors.Is(err, sts.ErrUnknownCredential); dead != tt.dead {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNewSessionsAfterRevocationLive(t *testing.T) {
	e := newEnv(t)
	e.role("dev", anybody, "")
	if err := e.RevokeSessions(e.ctx, "dev"); err != nil {
		t.Fatal(err)
	}
	e.session(e.assume(e.root(), "dev", nil).Credentials)
}

func TestUserKeys(t *testing.T) {
	e := newEnv(t)
	p := e.user("ann", "")
	if p.ARN != "arn:aws:iam::000000000000:user/ann" || !strings.HasPrefix(p.UserID, "AIDA") {
		t.Errorf("got %+v", p)
	}
	dead := func(step string) {
		t.Helper()
		if _, _, err := e.Credential(e.ctx, p.AccessKeyID, ""); !errors.Is(err, sts.ErrUnknownCredential) {
			t.Errorf("%s: got %v", step, err)
		}
	}
	session, err := e.SessionToken(e.ctx, p, sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SetAccessKey(e.ctx, "ann", p.AccessKeyID, false); err != nil {
		t.Fatal(err)
	}
	dead("inactive")
	if err := e.SetAccessKey(e.ctx, "ann", p.AccessKeyID, true); err != nil {
		t.Fatal(err)
	}
	e.principal(p.AccessKeyID, "")
	if err := e.DeleteUser(e.ctx, "ann"); !errors.Is(err, sts.ErrDeleteConflict) {
		t.Errorf("deleted with a key: %v", err)
	}
	if err := e.DeleteAccessKey(e.ctx, "ann", p.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	dead("deleted")
	e.session(session) // lives on with the user
	if err := e.DeleteUser(e.ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Credential(e.ctx, session.AccessKeyID, session.SessionToken); !errors.Is(err, sts.ErrUnknownCredential) {
		t.Errorf("session of a deleted user: %v", err)
	}
}

func TestThirdAccessKeyIsRefused(t *testing.T) {
	e := newEnv(t)
	e.user("ann", "")
	if _, err := e.CreateAccessKey(e.ctx, "ann"); err != nil {
		t.Fatal(err)
	}
	_, err := e.CreateAccessKey(e.ctx, "ann")
	wantFault(t, err, sts.ErrLimitExceeded, "AccessKeysPerUser: 2")
	if keys, _ := e.AccessKeys(e.ctx, "ann"); len(keys) != 2 {
		t.Errorf("%d keys", len(keys))
	}
}
