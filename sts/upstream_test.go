package sts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

// elsewhere is an STS that remembers what it was asked.
type elsewhere struct {
	asked sts.UpstreamRequest
	err   error
}

func (e *elsewhere) AssumeRoleWithWebIdentity(_ context.Context, in sts.UpstreamRequest) (sts.Credentials, error) {
	e.asked = in
	return sts.Credentials{AccessKeyID: "ASIAELSEWHERE", SecretAccessKey: "secret", SessionToken: "token"}, e.err
}

// claims are those of the token that the other system was shown. Its signature is the
// business of the suite that shows it to a real one.
func (e *elsewhere) claims(t *testing.T) (out map[string]any) {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(e.asked.Token, ".")[1])
	if err != nil || json.Unmarshal(payload, &out) != nil {
		t.Fatal(err)
	}
	return out
}

const upstreamRole = "arn:aws:iam::111122223333:role/Remote"

// relay makes a role that stands for another one.
func (e *env) relay(name, trust string, u sts.Upstream) *elsewhere {
	e.t.Helper()
	at := new(elsewhere)
	e.Upstream = at
	e.role(name, trust, "")
	on := true
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{Outbound: &on}); err != nil {
		e.t.Fatal(err)
	}
	u.RoleARN, u.Endpoint = upstreamRole, "https://sts.example"
	if _, err := e.SetUpstream(e.ctx, name, u); err != nil {
		e.t.Fatal(err)
	}
	return at
}

func TestUpstream(t *testing.T) {
	e := newEnv(t)
	at := e.relay("remote", anybody, sts.Upstream{Audience: "them"})
	got := e.assume(e.user("ana", allowAll), "remote", func(in *sts.AssumeRoleRequest) {
		in.Tags, in.Transitive = []sts.Tag{{Key: "team", Value: "red"}}, []string{"team"}
		in.SourceIdentity, in.Duration = "ana", 15*time.Minute
		in.Policy, in.PolicyARNs = allowAll, []string{"arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy"}
	})
	if got.Credentials.AccessKeyID != "ASIAELSEWHERE" {
		t.Errorf("credentials of %s", got.Credentials.AccessKeyID)
	}
	if in := at.asked; in.RoleARN != upstreamRole || in.SessionName != "session" || in.Duration != 15*time.Minute || in.Policy != allowAll ||
		!reflect.DeepEqual(in.PolicyARNs, []string{"arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy"}) {
		t.Errorf("asked %+v", in)
	}
	c := at.claims(t)
	tags := map[string]any{"principal_tags": map[string]any{"team": []any{"red"}}, "transitive_tag_keys": []any{"team"}}
	if c["aud"] != "them" || c["sub"] != roleARN("remote") || c["iss"] != e.OutboundIssuer() || c["https://aws.amazon.com/source_identity"] != "ana" ||
		!reflect.DeepEqual(c["https://aws.amazon.com/tags"], tags) || c["exp"].(float64)-c["iat"].(float64) != 60 {
		t.Errorf("the token says %v", c)
	}
}

// TestUpstreamIsGuarded: the rules of our own role come first, and nothing that could
// not be kept there is dropped on the way.
func TestUpstreamIsGuarded(t *testing.T) {
	e := newEnv(t)
	at := e.relay("remote", `{"Effect":"Allow","Principal":{"AWS":"`+account+`"},"Action":"sts:AssumeRole"}`, sts.Upstream{})
	if _, err := e.tryAssume(e.user("bob", ""), "remote", nil); err == nil || at.asked.Token != "" {
		t.Error("whom our role does not admit, the other system was asked about")
	}
	ana := e.user("ana", allowAll)
	_, err := e.tryAssume(ana, "remote", func(in *sts.AssumeRoleRequest) { in.Duration = 12 * time.Hour })
	wantFault(t, err, sts.ErrValidation, "MaxSessionDuration")
	own := &sts.ManagedPolicy{Name: "own"}
	if err := e.CreatePolicy(e.ctx, own, allowAll); err != nil {
		t.Fatal(err)
	}
	_, err = e.tryAssume(ana, "remote", func(in *sts.AssumeRoleRequest) { in.PolicyARNs = []string{own.ARN()} })
	wantFault(t, err, sts.ErrInvalidParameter, "has no policy")
	at.err = sts.ErrUpstreamRefused
	if _, err = e.tryAssume(ana, "remote", nil); err == nil {
		t.Error("a refusal became credentials")
	}
	off := false
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{Outbound: &off}); err != nil {
		t.Fatal(err)
	}
	_, err = e.tryAssume(ana, "remote", nil)
	wantFault(t, err, sts.ErrUpstreamRefused, "not enabled")
	if err := e.ClearUpstream(e.ctx, "remote"); err != nil {
		t.Fatal(err)
	}
	if got := e.assume(ana, "remote", nil); got.Credentials.AccessKeyID == "ASIAELSEWHERE" {
		t.Error("the role still stands for the other one")
	}
}

// TestUpstreamSubject: users of two providers who share a name are not one user there.
func TestUpstreamSubject(t *testing.T) {
	e := newEnv(t)
	trust := `{"Effect":"Allow","Principal":{"Federated":["cognito-identity.amazonaws.com","arn:aws:iam::` + account + `:oidc-provider/one.example"]},"Action":"sts:AssumeRoleWithWebIdentity"}`
	at := e.relay("remote", trust, sts.Upstream{Subject: sts.SubjectUser})
	for _, tt := range []struct{ principal, prefix, subject, want string }{
		{sts.IdentityPoolPrincipal, sts.IdentityPoolPrincipal, "us-east-1:1", "us-east-1:1"},
		{"arn:aws:iam::" + account + ":oidc-provider/one.example", "one.example", "us-east-1:1", "one.example#us-east-1:1"},
	} {
		_, err := e.AssumeRoleWithWebIdentity(e.ctx, sts.WebIdentityRequest{RoleARN: roleARN("remote"), SessionName: "web",
			Identity: sts.WebIdentity{Principal: tt.principal, Prefix: tt.prefix, Audience: "a", Subject: tt.subject}})
		if err != nil {
			t.Fatal(err)
		}
		if got := at.claims(t)["sub"]; got != tt.want {
			t.Errorf("sub is %v, not %s", got, tt.want)
		}
	}
	at = e.relay("people", anybody, sts.Upstream{Subject: sts.SubjectUser})
	_, err := e.tryAssume(e.user("ana", allowAll), "people", nil)
	wantFault(t, err, sts.ErrAccessDenied, "users of providers alone")
	if at.asked.Token != "" {
		t.Error("the other system was asked")
	}
}

func TestSetUpstream(t *testing.T) {
	e := newEnv(t)
	e.role("r", anybody, "")
	good := sts.Upstream{RoleARN: upstreamRole, Endpoint: "https://sts.eu-west-1.amazonaws.com"}
	_, err := e.SetUpstream(e.ctx, "r", good)
	wantFault(t, err, sts.ErrOutboundDisabled, "not enabled")
	on := true
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{Outbound: &on}); err != nil {
		t.Fatal(err)
	}
	before := e.assume(e.user("ana", allowAll), "r", nil)
	e.advance(time.Second)
	if u, err := e.SetUpstream(e.ctx, "r", good); err != nil || u.Audience != sts.DefaultUpstreamAudience || u.Subject != sts.SubjectRole {
		t.Errorf("%+v, %v", u, err)
	}
	if _, _, err := e.Credential(e.ctx, before.Credentials.AccessKeyID, before.Credentials.SessionToken); !errors.Is(err, sts.ErrUnknownCredential) {
		t.Errorf("a session of before: %v", err)
	}
	if u, err := e.UpstreamOf(e.ctx, "r"); err != nil || u.RoleARN != upstreamRole {
		t.Errorf("%+v, %v", u, err)
	}
	for _, change := range []func(*sts.Upstream){
		func(u *sts.Upstream) { u.RoleARN = "arn:aws:iam::111122223333:user/x" },
		func(u *sts.Upstream) { u.RoleARN = "Remote" },
		func(u *sts.Upstream) { u.Endpoint = "file:///etc/passwd" },
		func(u *sts.Upstream) { u.Endpoint = "https://user:secret@sts.example" },
		func(u *sts.Upstream) { u.Endpoint = "https://sts.example/?Action=x" },
		func(u *sts.Upstream) { u.Subject = "ANYBODY" },
	} {
		bad := good
		change(&bad)
		_, err := e.SetUpstream(e.ctx, "r", bad)
		wantFault(t, err, sts.ErrInvalidParameter, "must be")
	}
	_, err = e.SetUpstream(e.ctx, "none", good)
	wantFault(t, err, sts.ErrNotFound, "cannot be found")
}
