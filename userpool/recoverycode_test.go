package userpool_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// lost is a world whose alice has lost her authenticator app but not her codes.
func lost(t *testing.T) (*world, *post, []string) {
	t.Helper()
	w, p := newMFAWorld(t, "ON")
	w.changeUser("alice", withTOTP)
	s := &userpool.Service{Store: w.store, Keys: w.auth.Keys, Messages: p, Now: w.Now, Log: w.auth.Log}
	codes, err := s.CreateRecoveryCodes(t.Context(), w.alice)
	w.check(err)
	if len(codes) != 10 || len(p.sent) != 1 || p.sent[0].To != "alice@example.com" {
		t.Fatalf("%v %+v", codes, p.sent)
	}
	return w, p, codes
}

func TestRecoveryCode(t *testing.T) {
	w, p, codes := lost(t)
	ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	_, err := w.answerTOTP(ch.Session, "aaaa-bbbb-cccc")
	wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code received for user")
	step, err := w.answerTOTP(ch.Session, " "+strings.ToUpper(codes[3]))
	w.check(err)
	if step.Result == nil {
		t.Fatalf("%+v", step)
	}
	if last := p.sent[len(p.sent)-1]; len(p.sent) != 2 || !strings.Contains(last.Body, "recovery code") || strings.Contains(last.Body, codes[3]) {
		t.Errorf("%+v", p.sent)
	}
	_, err = w.answerTOTP(w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA").Session, codes[3])
	wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code received for user") // used
	n, err := w.store.CountRecoveryCodes(t.Context(), worldPool, w.alice.Sub)
	w.check(err)
	if n != 9 {
		t.Errorf("%d are left", n)
	}
}

func TestRecoveryCodeInsteadOfAMail(t *testing.T) {
	w, _, codes := lost(t)
	w.changeUser("alice", func(u *userpool.User) { u.MFA = userpool.MFA{Email: true} })
	ch := w.challenged(w.client, "alice", "EMAIL_OTP")
	_, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", codes[0])
	w.check(err)
}

func TestRecoveryCodeOfAnotherUser(t *testing.T) {
	w, _, codes := lost(t)
	w.addUser("bob", withTOTP)
	ch := w.challenged(w.client, "bob", "SOFTWARE_TOKEN_MFA")
	_, err := w.respond(w.client, "SOFTWARE_TOKEN_MFA", ch.Session, "USERNAME", "bob", "SOFTWARE_TOKEN_MFA_CODE", codes[0])
	wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code received for user")
}

// Of two who use one code at once exactly one gets in.
func TestRecoveryCodeTwiceAtOnce(t *testing.T) {
	w, _, codes := lost(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		session := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA").Session
		wg.Go(func() { _, errs[i] = w.answerTOTP(session, codes[0]) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, userpool.ErrCodeMismatch) && !errors.Is(err, userpool.ErrNotAuthorized) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d got in", won)
	}
}

// Guesses at recovery codes lock as guesses at any code do, and a locked account
// spends no code.
func TestRecoveryCodeGuesses(t *testing.T) {
	w, _, codes := lost(t)
	ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	for range 5 {
		_, err := w.answerTOTP(ch.Session, "aaaa-bbbb-cccc")
		wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code received for user")
	}
	_, err := w.answerTOTP(ch.Session, codes[0])
	wantFault(t, err, userpool.ErrNotAuthorized, "Password attempts exceeded")
	if n, err := w.store.CountRecoveryCodes(t.Context(), worldPool, w.alice.Sub); n != 10 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
}

// A code proves nothing about an address that is being set up.
func TestRecoveryCodeSetsNothingUp(t *testing.T) {
	w, _, codes := lost(t)
	w.changeUser("alice", func(u *userpool.User) { u.MFA, u.Attributes = userpool.MFA{}, map[string]string{} })
	ch := w.challenged(w.client, "alice", "MFA_SETUP")
	step, err := w.respond(w.client, "MFA_SETUP", ch.Session, "USERNAME", "alice", "EMAIL", "new@example.com")
	w.check(err)
	_, err = w.respond(w.client, "EMAIL_OTP", step.Challenge.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", codes[0])
	wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code or auth state for the user.")
}

// What is said of recovery codes is in the language of its reader.
func TestRecoveryCodeTexts(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	u := e.member(e.newClient(p, nil), "bob")
	text := userpool.LocalText{Kind: userpool.TextCodesMade, Medium: "EMAIL", Locale: "de", Message: userpool.Message{Subject: "Neue Codes", Body: "Neue Codes für {username}."}}
	_, err := e.PutMessageText(t.Context(), p.ID, text)
	e.ok(err)
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"locale": "de-AT"}))
	_, err = e.CreateRecoveryCodes(t.Context(), e.user(p.ID, "bob"))
	e.ok(err)
	m := e.last("bob@example.com")
	same(t, "message", m.Subject+": "+m.Body, "Neue Codes: Neue Codes für bob.")
	u.Attributes = map[string]string{"phone_number": "+15551234567", "phone_number_verified": "true"}
	_, err = e.CreateRecoveryCodes(t.Context(), u)
	e.ok(err)
	m = e.last("+15551234567")
	if m.Medium != "SMS" || m.Subject != "" || len(m.Body) > 140 || !strings.HasPrefix(m.Body, "New recovery codes were made") {
		t.Errorf("%+v", m)
	}
}

// A user makes a few sets an hour: each kills the last, and sends a message.
func TestRecoveryCodesAreLimited(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	u := e.member(e.newClient(p, nil), "bob")
	for range 5 {
		_, err := e.CreateOwnRecoveryCodes(t.Context(), u)
		e.ok(err)
	}
	_, err := e.CreateOwnRecoveryCodes(t.Context(), u)
	e.refused(err, userpool.ErrLimitExceeded, "Attempt limit exceeded")
	n, err := e.CountRecoveryCodes(t.Context(), u)
	e.ok(err)
	same(t, "codes of the last set", n, 10)
	_, err = e.CreateRecoveryCodes(t.Context(), u) // by an administrator
	e.ok(err)
	e.clock.Advance(time.Hour)
	_, err = e.CreateOwnRecoveryCodes(t.Context(), u)
	e.ok(err)
}
