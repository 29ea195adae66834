package userpool_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// everySession returns a session of each step that has one, all of alice's.
func (w *world) everySession(p *post) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, name := range []string{"SELECT_CHALLENGE", "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"} {
		all[name] = w.choose("alice", name, "PREFERRED_CHALLENGE", name).Session
	}
	all["CUSTOM_CHALLENGE"] = w.custom("alice").Session
	alice, err := w.store.User(w.Context(), worldPool, "alice")
	w.check(err)
	all["after a sign-up"], err = w.auth.SignUpSession(w.client, alice)
	w.check(err)
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.ForceChangePassword })
	all["NEW_PASSWORD_REQUIRED"] = w.challenged(w.client, "alice", "NEW_PASSWORD_REQUIRED").Session
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Confirmed })
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	all["SOFTWARE_TOKEN_MFA"] = w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA").Session
	w.changeUser("alice", func(u *userpool.User) { u.MFA = userpool.MFA{SMS: true} })
	all["SMS_MFA"] = w.challenged(w.client, "alice", "SMS_MFA").Session
	w.changeUser("alice", func(u *userpool.User) { u.MFA = userpool.MFA{SMS: true, Email: true} })
	all["SELECT_MFA_TYPE"] = w.challenged(w.client, "alice", "SELECT_MFA_TYPE").Session
	w.mfa(userpool.MFAOff, func(*userpool.Pool) {})
	w.changeUser("alice", func(u *userpool.User) { u.MFA = userpool.MFA{} })
	return all
}

// A session opens the step that it was given for, and no other: none stands for a
// proof that another step asks for.
func TestSessionsOpenOneStep(t *testing.T) {
	w, _ := newCustomWorld(t)
	p := &post{}
	w.auth.Messages = p
	w.firstFactors("PASSWORD", "EMAIL_OTP", "SMS_OTP")
	w.changeUser("alice", func(u *userpool.User) {
		u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+15551234567", "true"
	})
	answers := map[string][]string{
		"SELECT_CHALLENGE": {"ANSWER", "PASSWORD", "PASSWORD", password}, "PASSWORD": {"PASSWORD", password},
		"PASSWORD_SRP": {"SRP_A", "2"}, "EMAIL_OTP": {"EMAIL_OTP_CODE", "123456"}, "SMS_OTP": {"SMS_OTP_CODE", "123456"},
		"CUSTOM_CHALLENGE": {"ANSWER", "sesame"}, "NEW_PASSWORD_REQUIRED": {"NEW_PASSWORD", fresh},
		"SOFTWARE_TOKEN_MFA": {"SOFTWARE_TOKEN_MFA_CODE", "123456"}, "SMS_MFA": {"SMS_MFA_CODE", "123456"},
		"SELECT_MFA_TYPE": {"ANSWER", "SMS_MFA"}, "MFA_SETUP": {"EMAIL", "eve@example.com"},
	}
	for of, session := range w.everySession(p) {
		for at, answer := range answers {
			if of == at {
				continue
			}
			step, err := w.respond(w.client, at, session, append(answer, "USERNAME", "alice")...)
			if step != nil {
				t.Errorf("the session of %s at %s: %+v", of, at, step)
			}
			wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
		}
		if of != "after a sign-up" {
			_, err := w.auth.Initiate(t.Context(), w.client, "USER_AUTH", pairs([]string{"USERNAME", "alice"}), session, false)
			wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
		}
	}
}

// Whoever is deleted, signed out everywhere or given another password between two
// steps has begun in vain.
func TestFirstFactorsOfTheGone(t *testing.T) {
	for name, end := range map[string]func(*world){
		"deleted":          func(w *world) { w.check(w.store.DeleteUser(w.Context(), worldPool, "alice")) },
		"signed out":       func(w *world) { w.Advance(1e9); w.signOut("alice") },
		"another password": func(w *world) { w.changeUser("alice", func(u *userpool.User) { u.PasswordChanged = w.Now().Add(1e9) }) },
	} {
		t.Run(name, func(t *testing.T) {
			w, p := newChoiceWorld(t)
			ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
			end(w)
			step, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
			if step != nil || err == nil {
				t.Fatalf("%+v", step)
			}
			if name != "deleted" { // who is gone looks like somebody who never was
				wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
			} else {
				wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
			}
		})
	}
}

// A code opens one sign-in.
func TestFirstCodeWorksOnce(t *testing.T) {
	w, p := newChoiceWorld(t)
	ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	answer := func() (*userpool.Step, error) {
		return w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
	}
	if step, err := answer(); err != nil || step.Result == nil {
		t.Fatalf("%+v, %v", step, err)
	}
	_, err := answer()
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
}
