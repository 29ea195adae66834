package sts_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/poolhouse/poolhouse/sts"
)

// A bearer says of every token what a test wants.
type bearer struct {
	apps    []string
	subject string
	err     error
}

func (b *bearer) Bearer(context.Context, string, string) ([]string, string, error) {
	return b.apps, b.subject, b.err
}

func TestAccessTokens(t *testing.T) {
	e := newEnv(t)
	b := &bearer{apps: []string{"app1", "amzn1.client"}, subject: "1234567"}
	e.Access = b
	for provider, condition := range map[string]string{"graph.facebook.com": "graph.facebook.com:app_id", "www.amazon.com": "www.amazon.com:app_id"} {
		name := provider[:3]
		e.role(name, `{"Effect":"Allow","Principal":{"Federated":"`+provider+`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"ForAnyValue:StringEquals":{"`+condition+`":"app1"}}}`, readAll)
		ask := func(provider string) (*sts.WebTokenResult, error) {
			return e.AssumeRoleWithToken(e.ctx, sts.WebTokenRequest{RoleARN: roleARN(name), SessionName: "app", Token: "opaque", ProviderID: provider})
		}
		got, err := ask(provider)
		if err != nil {
			t.Fatal(err)
		}
		if got.Provider != provider || got.Subject != "1234567" || got.Audience != "app1" {
			t.Errorf("got %+v", got)
		}
		for _, other := range []string{"accounts.google.com", "GRAPH.facebook.com", "evil.example"} {
			_, err := ask(other)
			wantFault(t, err, sts.ErrValidation, "ProviderId must be")
		}
		b.apps = []string{"evil"}
		_, err = ask(provider)
		wantFault(t, err, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
		b.apps, b.err = []string{"app1"}, fmt.Errorf("%w: 400", sts.ErrIDPRejected)
		_, err = ask(provider)
		wantFault(t, err, sts.ErrIDPRejected, "reported that authentication failed")
		b.err = fmt.Errorf("%w: timeout", sts.ErrIDPCommunication)
		_, err = ask(provider)
		wantFault(t, err, sts.ErrIDPCommunication, "cannot be asked")
		b.err, b.subject = nil, ""
		_, err = ask(provider)
		wantFault(t, err, sts.ErrIDPRejected, "does not say whose")
		b.subject = "1234567"
	}
}
