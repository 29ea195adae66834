package oidcop_test

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// A function answers every call alike and keeps the last event.
type function struct {
	answer string
	err    error
	event  string
}

func (f *function) Invoke(_ context.Context, call userpool.Invocation) ([]byte, error) {
	f.event = string(call.Event)
	return []byte(f.answer), f.err
}

// ask makes a function the pool's trigger.
func (h *house) ask(f *function, trigger string) {
	h.t.Helper()
	triggers := &userpool.Triggers{Invoker: f, Region: "us-east-1", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	h.tokens.Triggers, h.auth.Triggers = triggers, triggers
	_, err := h.store.UpdatePool(context.Background(), poolID, func(p *userpool.Pool) error {
		p.Triggers = map[string]userpool.Function{trigger: {ARN: "arn:aws:lambda:us-east-1:000000000000:function:f", Version: "V3_0"}}
		return nil
	})
	h.must(err)
}

// TestClientMetadata: what a client says with its credentials reaches the function
// before its token, and nothing else does.
func TestClientMetadata(t *testing.T) {
	h, f := open(t), &function{answer: `{"response":{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"tenant":"t1"},"scopesToAdd":["api/write"]}}}}`}
	h.ask(f, "PreTokenGeneration")
	form := url.Values{"grant_type": {"client_credentials"}, "aws_client_metadata": {`{"tenant":"t1"}`}}
	status, set := h.program("POST", "/"+poolID+"/oauth2/token", form, basic(m2mID, secret))
	if status != 200 || !strings.Contains(f.event, `"clientMetadata":{"tenant":"t1"}`) {
		t.Fatalf("%d %v; event %s", status, set, f.event)
	}
	if c := claims(t, set["access_token"]); c["tenant"] != "t1" || c["scope"] != "api/read api/write" {
		t.Errorf("claims %v", c)
	}
	for _, bad := range []string{"x", "[]", `{"a":1}`, `"x"`} {
		form.Set("aws_client_metadata", bad)
		status, set = h.program("POST", "/"+poolID+"/oauth2/token", form, basic(m2mID, secret))
		wantGrantError(t, status, set, "invalid_request")
	}
}

// TestTokensRefusedByTrigger: the app reads why the function refuses the tokens.
func TestTokensRefusedByTrigger(t *testing.T) {
	h, f := open(t), &function{err: &userpool.FunctionError{Message: "closed"}}
	h.ask(f, "PreTokenGeneration")
	status, set := h.program("POST", "/"+poolID+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, basic(m2mID, secret))
	wantGrantError(t, status, set, "invalid_request")
	if set["error_description"] != "PreTokenGeneration failed with error closed." {
		t.Error(set)
	}
}

// TestPagesAskTriggers: on the pages too a function can refuse a sign-in, before the
// password is looked at and before there is a session; the person reads why.
func TestPagesAskTriggers(t *testing.T) {
	for _, trigger := range []string{"PreAuthentication", "PostAuthentication"} {
		h, f := open(t), &function{err: &userpool.FunctionError{Message: "closed"}}
		h.ask(f, trigger)
		v := h.visitor()
		page := v.loginPage(nil)
		res := v.post(page, credentials("alice", password))
		if res.StatusCode != 400 || !strings.Contains(res.text, trigger+" failed with error closed.") {
			t.Errorf("%s: %d %s", trigger, res.StatusCode, res.text)
		}
		if at := where(v.get(authorizeURL(poolID, public, nil))); !strings.HasSuffix(at.Path, "/login") {
			t.Errorf("%s: signed in, sent to %s", trigger, at)
		}
	}
}
