package userpool_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// Who knows a temporary password chooses no address for the second factor.
func TestNewPasswordMovesNoFactor(t *testing.T) {
	const phone = "+15550100"
	withSMS := func(u *userpool.User) { u.Attributes["phone_number"], u.MFA.SMS = phone, true }
	for _, tt := range []struct {
		name, mode string
		user       func(*userpool.User)
		attribute  string
		value      string
	}{
		{"another phone", "OPTIONAL", withSMS, "phone_number", "+15550199"},
		{"no phone", "OPTIONAL", withSMS, "phone_number", ""},
		{"another address, factor by default", "ON", func(*userpool.User) {}, "email", "mallory@example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, _ := newMFAWorld(t, tt.mode)
			w.changeUser("alice", func(u *userpool.User) { tt.user(u); u.Status = userpool.ForceChangePassword })
			ch := w.challenged(w.client, "alice", "NEW_PASSWORD_REQUIRED")
			_, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", ch.Session, "USERNAME", "alice", "NEW_PASSWORD", fresh,
				"userAttributes."+tt.attribute, tt.value)
			wantFault(t, err, userpool.ErrNotAuthorized, "Cannot modify an already provided "+tt.attribute)
		})
	}
}

// The address that a profile lacked is not a factor beside the one that was there.
func TestNewPasswordAddsNoFactor(t *testing.T) {
	const phone = "+15550100"
	for name, user := range map[string]func(*userpool.User){
		"by default":         func(*userpool.User) {},
		"e-mail once wanted": func(u *userpool.User) { u.MFA = userpool.MFA{SMS: true, Email: true, Preferred: userpool.FactorEmail} },
	} {
		t.Run(name, func(t *testing.T) {
			w, mail := newMFAWorld(t, "ON")
			w.changeUser("alice", func(u *userpool.User) {
				delete(u.Attributes, "email")
				delete(u.Attributes, "email_verified")
				u.Attributes["phone_number"], u.Status = phone, userpool.ForceChangePassword
				user(u)
			})
			ch := w.challenged(w.client, "alice", "NEW_PASSWORD_REQUIRED")
			step, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", ch.Session, "USERNAME", "alice", "NEW_PASSWORD", fresh,
				"userAttributes.email", "mallory@example.com")
			w.check(err)
			if step.Challenge == nil || step.Challenge.Name != userpool.FactorSMS || mail.sent[len(mail.sent)-1].To != phone {
				t.Fatalf("step %+v", step.Challenge)
			}
		})
	}
}

// A challenge that is answered without a good session says nothing about users.
func TestFactorAnswersHideUsers(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	w.addUser("mallory", withTOTP)
	expired := w.challenged(w.client, "mallory", "SOFTWARE_TOKEN_MFA").Session
	w.Advance(time.Hour)
	fit := w.challenged(w.client, "mallory", "SOFTWARE_TOKEN_MFA").Session
	for name, session := range map[string]string{"none": "", "garbage": "abcdefghijklmnopqrstuvwxyz", "expired": expired, "mallory's": fit} {
		answer := func(user string) string {
			_, err := w.respond(w.client, "SOFTWARE_TOKEN_MFA", session, "USERNAME", user, "SOFTWARE_TOKEN_MFA_CODE", "123456")
			return err.Error()
		}
		if known, unknown := answer("alice"), answer("nobody"); known != unknown {
			t.Errorf("%s: %q and %q", name, known, unknown)
		}
	}
}

// MFA_SETUP takes no address that the profile would not take, nor one that makes a
// session too long to come back.
func TestSetUpByUnfitEmail(t *testing.T) {
	w, mail := newMFAWorld(t, "ON")
	w.mfa("ON", func(p *userpool.Pool) { p.Attribute("email").Max = "20" })
	w.changeUser("alice", func(u *userpool.User) { delete(u.Attributes, "email"); delete(u.Attributes, "email_verified") })
	ch := w.challenged(w.client, "alice", "MFA_SETUP")
	for _, email := range []string{"alice.longer.than.20@example.com", strings.Repeat("a", 3000) + "@example.com"} {
		if _, err := w.respond(w.client, "MFA_SETUP", ch.Session, "USERNAME", "alice", "EMAIL", email); !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%.30s: %v", email, err)
		}
	}
	w.mfa("ON", func(p *userpool.Pool) { p.Attribute("email").Max = "" })
	_, err := w.respond(w.client, "MFA_SETUP", ch.Session, "USERNAME", "alice", "EMAIL", strings.Repeat("a", 3000)+"@example.com")
	wantFault(t, err, userpool.ErrInvalidParameter, "Invalid email address format.")
	if len(mail.sent) > 0 {
		t.Errorf("%d messages", len(mail.sent))
	}
}

// A code for a new password is dead once its address is the second factor.
func TestForgotCodeIsNoSecondFactor(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	_, err = e.Store.UpdatePool(t.Context(), p.ID, func(p *userpool.Pool) error {
		p.MFA, p.EmailMFA = userpool.MFAOn, true
		return nil
	})
	e.ok(err)
	err = e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), newPassword)
	e.refused(err, userpool.ErrExpiredCode, "")
	same(t, "old password", e.accepts(p.ID, "bob", password), true)
}
