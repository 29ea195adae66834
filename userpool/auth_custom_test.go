package userpool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// riddle is a custom sign-in that asks for the word "sesame", three times at most,
// after the password where the client begins with it.
func riddle(l *lambda) {
	l.on("DefineAuthChallenge", func(e map[string]any) (any, error) {
		rounds := e["request"].(map[string]any)["session"].([]any)
		if len(rounds) == 0 {
			return map[string]any{"challengeName": "CUSTOM_CHALLENGE"}, nil
		}
		last := rounds[len(rounds)-1].(map[string]any)
		switch {
		case last["challengeName"] == "SRP_A":
			return map[string]any{"challengeName": "PASSWORD_VERIFIER"}, nil
		case last["challengeName"] == "CUSTOM_CHALLENGE" && last["challengeResult"] == true:
			return map[string]any{"issueTokens": true}, nil
		case len(rounds) >= 5:
			return map[string]any{"failAuthentication": true}, nil
		}
		return map[string]any{"challengeName": "CUSTOM_CHALLENGE"}, nil
	})
	l.on("CreateAuthChallenge", func(map[string]any) (any, error) {
		return map[string]any{"publicChallengeParameters": map[string]string{"hint": "open"},
			"privateChallengeParameters": map[string]string{"word": "sesame"}, "challengeMetadata": "RIDDLE"}, nil
	})
	l.on("VerifyAuthChallengeResponse", func(e map[string]any) (any, error) {
		request := e["request"].(map[string]any)
		word := request["privateChallengeParameters"].(map[string]any)["word"]
		return map[string]any{"answerCorrect": request["challengeAnswer"] == word}, nil
	})
}

func newCustomWorld(t *testing.T) (*world, *lambda) {
	t.Helper()
	w, l := newWorld(t), &lambda{}
	w.auth.Triggers = l.triggers()
	w.auth.Messages = &post{}
	_, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		withTriggers("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")(p)
		return nil
	})
	w.check(err)
	riddle(l)
	return w, l
}

func (w *world) custom(name string, params ...string) *userpool.Challenge {
	w.Helper()
	step, err := w.initiate(w.client, "CUSTOM_AUTH", append(params, "USERNAME", name)...)
	w.check(err)
	return step.Challenge
}

func TestCustomSignIn(t *testing.T) {
	w, l := newCustomWorld(t)
	ch := w.custom("alice")
	if ch.Name != "CUSTOM_CHALLENGE" || ch.Params["hint"] != "open" || ch.Params["USERNAME"] != "alice" || len(ch.Params) != 2 {
		t.Fatalf("%+v", ch)
	}
	if strings.Contains(ch.Session, "sesame") {
		t.Error("the session tells the answer")
	}
	step, err := w.respond(w.client, "CUSTOM_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "rosebud")
	w.check(err)
	if step.Challenge == nil || step.Challenge.Session == ch.Session {
		t.Fatalf("after a wrong answer: %+v", step)
	}
	_, err = w.respond(w.client, "CUSTOM_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "sesame")
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	step, err = w.respond(w.client, "CUSTOM_CHALLENGE", step.Challenge.Session, "USERNAME", "alice", "ANSWER", "sesame")
	if err != nil || step.Result == nil {
		t.Fatalf("%+v, %v", step, err)
	}
	if e := l.last(t, "DefineAuthChallenge"); !strings.Contains(e, `"session":[{"challengeName":"CUSTOM_CHALLENGE","challengeResult":false,"challengeMetadata":"RIDDLE"},`+
		`{"challengeName":"CUSTOM_CHALLENGE","challengeResult":true,"challengeMetadata":"RIDDLE"}]`) {
		t.Error(e)
	}
}

// The password first. It is worth nothing without the rest.
func TestCustomSignInWithThePassword(t *testing.T) {
	w, l := newCustomWorld(t)
	begin := func() (*srp.Client, *userpool.Challenge) {
		half := srp.NewClient()
		ch := w.custom("alice", "CHALLENGE_NAME", "SRP_A", "SRP_A", half.Public.Text(16))
		if ch.Name != "PASSWORD_VERIFIER" || ch.Session == "" {
			t.Fatalf("%+v", ch)
		}
		return half, ch
	}
	half, ch := begin()
	_, err := w.verify(w.client, w.srpAnswer(half, ch, password)) // as in USER_SRP_AUTH
	wantFault(t, err, userpool.ErrInvalidParameter, "Missing required parameter Session")
	_, other := begin()
	if _, err := w.auth.Respond(t.Context(), w.client, "PASSWORD_VERIFIER", w.srpAnswer(half, ch, "wrong"), ch.Session, false); err == nil {
		t.Error("a wrong password was taken")
	}
	half, ch = begin()
	step, err := w.auth.Respond(t.Context(), w.client, "PASSWORD_VERIFIER", w.srpAnswer(half, ch, password), ch.Session, false)
	w.check(err)
	if step.Challenge == nil || step.Challenge.Name != "CUSTOM_CHALLENGE" {
		t.Fatalf("after the password: %+v", step)
	}
	_, err = w.respond(w.client, "CUSTOM_CHALLENGE", other.Session, "USERNAME", "alice", "ANSWER", "sesame")
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession) // a session of before the password
	step, err = w.respond(w.client, "CUSTOM_CHALLENGE", step.Challenge.Session, "USERNAME", "alice", "ANSWER", "sesame")
	if err != nil || step.Result == nil {
		t.Fatalf("%+v, %v", step, err)
	}
	if e := l.last(t, "DefineAuthChallenge"); !strings.Contains(e, `{"challengeName":"SRP_A","challengeResult":true,"challengeMetadata":null},`+
		`{"challengeName":"PASSWORD_VERIFIER","challengeResult":true,"challengeMetadata":null},`) {
		t.Error(e)
	}
}

// A function that lets everybody in lets nobody in who does not exist, may not sign
// in, or owes a second factor.
func TestCustomSignInHasLimits(t *testing.T) {
	w, l := newCustomWorld(t)
	l.answers("DefineAuthChallenge", `{"issueTokens":true}`)
	_, err := w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "nobody")
	wantFault(t, err, userpool.ErrNotAuthorized, wrongPassword)
	if e := l.last(t, "DefineAuthChallenge"); !strings.Contains(e, `"userNotFound":true`) {
		t.Error(e)
	}
	w.changeUser("alice", func(u *userpool.User) { u.Enabled = false })
	if _, err := w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "alice"); err == nil {
		t.Error("a disabled user signed in")
	}
	w.changeUser("alice", func(u *userpool.User) { u.Enabled = true })
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", func(u *userpool.User) { u.MFA.TOTP, u.MFA.Secret = true, secret })
	step, err := w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "alice")
	if err != nil || step.Challenge == nil || step.Challenge.Name != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("second factor: %+v, %v", step, err)
	}
	l.answers("DefineAuthChallenge", `{"failAuthentication":true,"issueTokens":true}`)
	_, err = w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrNotAuthorized, wrongPassword)
	l.answers("DefineAuthChallenge", `{"challengeName":"SMS_MFA"}`)
	_, err = w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrInvalidLambdaResponse, "Unrecognizable lambda output")
	_, err = w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		delete(p.Triggers, "CreateAuthChallenge")
		return nil
	})
	w.check(err)
	_, err = w.initiate(w.client, "CUSTOM_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrInvalidParameter, "Custom auth lambda trigger is not configured for the user pool.")
}

// Wrong answers count as wrong passwords do, also where the function never ends it.
func TestCustomAnswersAreCounted(t *testing.T) {
	w, l := newCustomWorld(t)
	l.answers("DefineAuthChallenge", `{"challengeName":"CUSTOM_CHALLENGE"}`)
	ch := w.custom("alice")
	for i := 1; ; i++ {
		step, err := w.respond(w.client, "CUSTOM_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "guess")
		if err != nil {
			wantFault(t, err, userpool.ErrNotAuthorized, tooMany)
			if i != 6 {
				t.Errorf("locked at answer %d", i)
			}
			break
		}
		ch = step.Challenge
	}
	w.Advance(time.Hour)
	if _, err := w.respond(w.client, "CUSTOM_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "sesame"); err == nil {
		t.Error("an old session was taken")
	}
}

// Many addresses do not get many guesses at a short answer.
func TestWrongAnswersOfADayAreBounded(t *testing.T) {
	w, _ := newCustomWorld(t)
	guess := func(i int, answer string) (*userpool.Step, error) {
		ctx := fromIP(t.Context(), fmt.Sprintf("203.0.113.%d", i))
		step, err := w.auth.Initiate(ctx, w.client, "CUSTOM_AUTH", map[string]string{"USERNAME": "alice"}, "", false)
		w.check(err)
		return w.auth.Respond(ctx, w.client, "CUSTOM_CHALLENGE", pairs([]string{"USERNAME", "alice", "ANSWER", answer}), step.Challenge.Session, false)
	}
	for i := range 100 {
		if _, err := guess(i, "rosebud"); err != nil {
			t.Fatal(i, err)
		}
		if i%20 == 0 {
			if step, err := guess(i, "sesame"); err != nil || step.Result == nil {
				t.Fatalf("a right answer counts as a wrong one: %+v, %v", step, err)
			}
		}
	}
	_, err := guess(101, "sesame")
	wantFault(t, err, userpool.ErrNotAuthorized, tooMany)
	w.mustSignIn()
	w.Advance(24 * time.Hour)
	if step, err := guess(101, "sesame"); err != nil || step.Result == nil {
		t.Errorf("the next day: %+v, %v", step, err)
	}
}

// Where users sign in by addresses their names are none: nor are those of nobody.
func TestCustomSignInOfNobodyByAddress(t *testing.T) {
	w, _ := newCustomWorld(t)
	_, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		p.UsernameAttributes = []string{"email"}
		return nil
	})
	w.check(err)
	name := w.custom("nobody@example.com").Params["USERNAME"]
	if len(name) != 36 || name != w.custom("nobody@example.com").Params["USERNAME"] {
		t.Errorf("USERNAME is %q", name)
	}
}
