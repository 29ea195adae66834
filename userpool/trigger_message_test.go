package userpool_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestCustomMessageEvent: the function sees placeholders, never a code.
func TestCustomMessageEvent(t *testing.T) {
	e, l, c := newFunctions(t, nil, "CustomMessage")
	l.answers("CustomMessage", `{"smsMessage":null,"emailMessage":"<b>{####}</b>","emailSubject":"Hello"}`)
	e.signUp(c, "ana")
	u := e.user(c.Pool, "ana")
	sameJSON(t, l.last(t, "CustomMessage"), `{"version":"1","triggerSource":"CustomMessage_SignUp","region":"us-east-1","userPoolId":"`+string(c.Pool)+`",
		"userName":"ana","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"`+string(c.ID)+`"},
		"request":{"userAttributes":{"sub":"`+u.Sub+`","cognito:user_status":"UNCONFIRMED","email":"ana@example.com","email_verified":"false"},
		"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":null},
		"response":{"smsMessage":null,"emailMessage":null,"emailSubject":null}}`)
	m := e.last("ana@example.com")
	same(t, "subject", m.Subject, "Hello")
	same(t, "body", m.Body, "<b>"+e.code("ana@example.com")+"</b>")
	e.ok(e.ConfirmSignUp(t.Context(), c, "ana", e.code("ana@example.com"), false))
}

// TestCustomMessageSources: every message asks for its text, under its own name.
func TestCustomMessageSources(t *testing.T) {
	e, l, c := newFunctions(t, nil, "CustomMessage")
	l.answers("CustomMessage", `{"emailMessage":"{username} {####}"}`)
	said := func(source string) {
		t.Helper()
		same(t, "source", l.sources(), "CustomMessage_"+source)
	}
	e.signUp(c, "ana")
	said("SignUp")
	_, err := e.ResendCode(t.Context(), c, "ana")
	e.ok(err)
	said("ResendCode")
	e.ok(e.ConfirmSignUp(t.Context(), c, "ana", e.code("ana@example.com"), false))
	_, err = e.ForgotPassword(t.Context(), c, "ana")
	e.ok(err)
	said("ForgotPassword")
	e.ok(e.AdminResetPassword(t.Context(), c.Pool, "ana"))
	said("ForgotPassword")
	u := e.user(c.Pool, "ana")
	_, err = e.AttributeCode(t.Context(), c, u, "email")
	e.ok(err)
	said("VerifyUserAttribute")
	_, err = e.UpdateAttributes(t.Context(), c, u, map[string]string{"email": "ana2@example.com"})
	e.ok(err)
	said("UpdateUserAttribute")
	_, err = e.AdminCreateUser(t.Context(), c.Pool, userpool.NewUser{Username: "bob", TemporaryPassword: "Temp-Horse-1", Attributes: map[string]string{"email": "bob@example.com"}})
	e.ok(err)
	if event := l.last(t, "CustomMessage"); !strings.Contains(event, `"usernameParameter":"{username}"`) {
		t.Fatal(event)
	}
	said("AdminCreateUser")
	same(t, "invitation", e.last("bob@example.com").Body, "bob Temp-Horse-1")
}

// TestCustomMessageOfFactor: the code of a sign-in asks too.
func TestCustomMessageOfFactor(t *testing.T) {
	w, l := newWorld(t), &lambda{}
	mail := &mailbox{}
	w.auth.Triggers, w.auth.Messages = l.triggers(), mail
	w.changePool(func(p *userpool.Pool) {
		withTriggers("CustomMessage")(p)
		p.MFA, p.EmailMFA = userpool.MFAOptional, true
	})
	w.changeUser("alice", func(u *userpool.User) { u.MFA.Email = true })
	l.answers("CustomMessage", `{"emailMessage":"sign in with {####}"}`)
	step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password)
	w.check(err)
	same(t, "challenge", step.Challenge.Name, userpool.FactorEmail)
	same(t, "source", l.sources(), "CustomMessage_Authentication")
	same(t, "text", strings.HasPrefix(mail.sent[0].Body, "sign in with "), true)
}

// TestUnusableTexts: a text that cannot bring the code is not sent.
func TestUnusableTexts(t *testing.T) {
	for response, text := range map[string]string{
		`{"emailMessage":"hello"}`:                                    "CustomMessage wrote an emailMessage without {####}.",
		`{"emailMessage":"{####}` + strings.Repeat("x", 20000) + `"}`: "CustomMessage wrote an emailMessage of more than 20000 characters.",
		`{"emailSubject":"` + strings.Repeat("é", 141) + `"}`:         "CustomMessage wrote an emailSubject of more than 140 characters.",
		`{"emailMessage":{"html":"{####}"}}`:                          "Unrecognizable lambda output",
	} {
		e, l, c := newFunctions(t, nil, "CustomMessage")
		l.answers("CustomMessage", response)
		_, _, err := e.SignUp(t.Context(), c, signUpOf("ana"))
		wantFault(t, err, userpool.ErrInvalidLambdaResponse, text)
		same(t, "messages", e.mail.count(), 0)
	}
	e, l, c := newFunctions(t, nil, "CustomMessage")
	l.answers("CustomMessage", `{"emailMessage":"{####}","smsMessage":"none"}`)
	_, err := e.AdminCreateUser(t.Context(), c.Pool, userpool.NewUser{Username: "bob", Attributes: map[string]string{"email": "bob@example.com"}})
	wantFault(t, err, userpool.ErrInvalidLambdaResponse, "CustomMessage wrote an emailMessage without {username}.")
	e.signUp(c, "ana") // by e-mail: the text for phones does not matter
}

// TestEmptyTexts: a function that writes nothing leaves the pool's own text, in
// whichever way it says so.
func TestEmptyTexts(t *testing.T) {
	for _, response := range []string{`{}`, `null`, `{"emailMessage":null,"emailSubject":null}`, `{"smsMessage":"","emailMessage":"","emailSubject":""}`} {
		e, l, c := newFunctions(t, nil, "CustomMessage")
		l.answers("CustomMessage", response)
		e.signUp(c, "ana")
		same(t, "subject", e.last("ana@example.com").Subject, "Your verification code")
		same(t, "body", strings.HasPrefix(e.last("ana@example.com").Body, "Your verification code is "), true)
	}
}

// TestHiddenMessageFailure: a function that fails does not show who exists.
func TestHiddenMessageFailure(t *testing.T) {
	e, l, c := newFunctions(t, nil, "CustomMessage")
	l.answers("CustomMessage", `{}`)
	e.member(c, "ana")
	l.throws("CustomMessage", "cannot write to ana")
	hidden := e.newClient(&userpool.Pool{ID: c.Pool}, hide)
	for _, name := range []string{"ana", "nobody"} {
		if _, err := e.ForgotPassword(t.Context(), hidden, name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	_, err := e.ForgotPassword(t.Context(), c, "ana")
	wantFault(t, err, userpool.ErrUserLambda, "CustomMessage failed with error cannot write to ana.")
}
