package sp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func withTriggers(names ...string) func(*userpool.Pool) {
	return func(p *userpool.Pool) {
		p.Triggers = map[string]userpool.Function{}
		for _, n := range names {
			p.Triggers[n] = userpool.Function{ARN: "arn:aws:lambda:us-east-1:000000000000:function:" + n, Version: "V1_0"}
		}
	}
}

var all = withTriggers("InboundFederation", "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication")

func TestOrderOfFunctions(t *testing.T) {
	w := newWorld(t, all, nil)
	w.signIn("1")
	if got := w.ran(); got != "InboundFederation_ExternalProvider PreSignUp_ExternalProvider PostConfirmation_ConfirmSignUp" {
		t.Error("first:", got)
	}
	w.signIn("1")
	if got := w.ran(); got != "InboundFederation_ExternalProvider PreAuthentication_Authentication PostAuthentication_Authentication" {
		t.Error("later:", got)
	}
}

// TestFunctionsRefuse: what a function throws ends the sign-in with its text, and
// makes no user.
func TestFunctionsRefuse(t *testing.T) {
	for _, trigger := range []string{"InboundFederation", "PreSignUp"} {
		w := newWorld(t, all, nil)
		w.on[trigger] = func(map[string]any) error { return &userpool.FunctionError{Message: "no"} }
		_, err := w.arrive(arrival("1"))
		w.refused(err, userpool.ErrUserLambda, trigger+" failed with error no.")
		if n, err := w.store.CountUsers(t.Context(), w.pool.ID); n != 0 || err != nil {
			t.Error(trigger, n, err)
		}
	}
	w := newWorld(t, all, nil)
	w.signIn("1")
	for _, trigger := range []string{"PreAuthentication", "PostAuthentication"} {
		clear(w.on)
		w.on[trigger] = func(map[string]any) error { return &userpool.FunctionError{Message: "no"} }
		_, err := w.arrive(arrival("1"))
		w.refused(err, userpool.ErrUserLambda, trigger+" failed with error no.")
	}
}

// TestFunctionChooses: only what the function lists is mapped, as it writes it.
func TestFunctionChooses(t *testing.T) {
	w := newWorld(t, all, nil)
	w.on["InboundFederation"] = func(event map[string]any) error {
		event["response"] = map[string]any{"userAttributesToMap": map[string]any{"mail": "from@function.example", "mail_ok": true, "team": []string{"a", "b"}}}
		return nil
	}
	u := w.signIn("1", "mail=a@example.com", "badge=7")
	if u.Attributes["email"] != "from@function.example" || !u.Verified("email") || u.Attributes["custom:team"] != "[a, b]" || u.Attributes["custom:badge"] != "" {
		t.Error(u.Attributes)
	}
}

// TestFunctionLinks: the function of new accounts may link the arrival to a user, who
// then is signed in at once.
func TestFunctionLinks(t *testing.T) {
	for _, key := range [][2]string{{userpool.IdentitySubject, "1"}, {"mail", "a@example.com"}} {
		w := newWorld(t, all, nil)
		ana := w.local("ana")
		w.on["PreSignUp"] = func(map[string]any) error { w.link(ana, key[0], key[1]); return nil }
		if u := w.signIn("1", "mail=a@example.com"); u.Sub != ana.Sub {
			t.Error(key, u.Username)
		}
		if n, err := w.store.CountUsers(t.Context(), w.pool.ID); n != 1 || err != nil {
			t.Error(n, err)
		}
	}
}

// TestFunctionVerifies: the function of new accounts may vouch for an address.
func TestFunctionVerifies(t *testing.T) {
	w := newWorld(t, all, nil)
	w.on["PreSignUp"] = func(event map[string]any) error {
		event["response"] = map[string]any{"autoConfirmUser": true, "autoVerifyEmail": true}
		return nil
	}
	if u := w.signIn("1", "mail=a@example.com"); !u.Verified("email") || u.Status != userpool.ExternalProvider {
		t.Errorf("%+v", u)
	}
}
