package userpool_test

import (
	"context"
	"encoding/base32"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/totp"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	wrongSession = "Invalid session for the user."
	usedSession  = "Invalid session for the user, session can only be used once."
	tooMany      = "Password attempts exceeded"
)

// A post office keeps what is sent.
type post struct {
	mu   sync.Mutex
	sent []userpool.Mail
}

func (p *post) Send(_ context.Context, m userpool.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}

func (p *post) code() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return regexp.MustCompile(`\b\d{6}\b`).FindString(p.sent[len(p.sent)-1].Body)
}

// newMFAWorld is a world whose pool asks for a second factor of every kind.
func newMFAWorld(t *testing.T, mode string) (*world, *post) {
	t.Helper()
	w, p := newWorld(t), &post{}
	w.auth.Messages = p
	w.mfa(mode, func(*userpool.Pool) {})
	return w, p
}

func (w *world) mfa(mode string, change func(*userpool.Pool)) {
	w.Helper()
	_, err := w.store.UpdatePool(w.Context(), worldPool, func(p *userpool.Pool) error {
		p.MFA, p.SMSMFA, p.TOTPMFA, p.EmailMFA = mode, true, true, true
		change(p)
		return nil
	})
	w.check(err)
}

var secret = []byte("12345678901234567890")

func withTOTP(u *userpool.User) { u.MFA.Secret, u.MFA.TOTP = secret, true }

// totp is the code that an app shows, steps from now.
func (w *world) totp(steps int64) string {
	w.Helper()
	code, err := totp.Code(secret, w.Now().Unix()/30+steps)
	w.check(err)
	return code
}

// challenged signs in with the password and wants a challenge.
func (w *world) challenged(c *userpool.Client, name, challenge string) *userpool.Challenge {
	w.Helper()
	step, err := w.initiate(c, "USER_PASSWORD_AUTH", "USERNAME", name, "PASSWORD", password)
	w.check(err)
	if step.Result != nil || step.Challenge == nil || step.Challenge.Name != challenge {
		w.Fatalf("step %+v, want %s", step, challenge)
	}
	return step.Challenge
}

func (w *world) answerTOTP(session, code string) (*userpool.Step, error) {
	return w.respond(w.client, "SOFTWARE_TOKEN_MFA", session, "USERNAME", "alice", "SOFTWARE_TOKEN_MFA_CODE", code)
}

func TestTOTPAfterPasswordAndSRP(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	step, err := w.answerTOTP(ch.Session, w.totp(0))
	w.check(err)
	if step.Result == nil || step.Result.AccessToken == "" {
		t.Fatalf("step %+v", step)
	}
	// A refresh asks for nothing.
	_, err = w.initiate(w.client, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", step.Result.RefreshToken)
	w.check(err)

	w.Advance(time.Minute)
	half, puzzle := w.srpChallenge(w.client, "alice")
	step, err = w.verify(w.client, w.srpAnswer(half, puzzle, password))
	w.check(err)
	if step.Result != nil || step.Challenge.Name != "SOFTWARE_TOKEN_MFA" || step.Challenge.Params["USER_ID_FOR_SRP"] != "alice" {
		t.Fatalf("after SRP: %+v", step)
	}
	_, err = w.answerTOTP(step.Challenge.Session, w.totp(-1))
	w.check(err)
}

// A code is good once, in any session, and so is every older one.
func TestReplayedTOTP(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	first, second := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA"), w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	_, err := w.answerTOTP(first.Session, w.totp(0))
	w.check(err)
	for _, steps := range []int64{0, -1} {
		_, err = w.answerTOTP(second.Session, w.totp(steps))
		wantFault(t, err, userpool.ErrExpiredCode, "Your software token has already been used once.")
	}
	_, err = w.answerTOTP(second.Session, w.totp(2))
	wantFault(t, err, userpool.ErrCodeMismatch, "Invalid code received for user")
	_, err = w.answerTOTP(second.Session, w.totp(1))
	w.check(err)
	w.Advance(time.Minute)
	_, err = w.answerTOTP(second.Session, w.totp(0))
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
}

func TestConcurrentTOTP(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	ch, code := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA"), w.totp(0)
	won := make([]bool, 20)
	var wg sync.WaitGroup
	for i := range won {
		wg.Go(func() {
			step, err := w.answerTOTP(ch.Session, code)
			won[i] = err == nil && step.Result != nil
		})
	}
	wg.Wait()
	n := 0
	for _, ok := range won {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d sign-ins with one code", n)
	}
}

// Wrong codes lock the second factor, whatever session, factor or origin they come
// with, and the right code does not help during the lock.
func TestFactorLockout(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", func(u *userpool.User) { withTOTP(u); u.MFA.Email = true })
	for i := range 5 {
		ctx := fromIP(t.Context(), string(rune('a'+i)))
		c := w.challenged(w.client, "alice", "SELECT_MFA_TYPE")
		factor := []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}[i%2]
		next, err := w.auth.Respond(ctx, w.client, "SELECT_MFA_TYPE", pairs([]string{"USERNAME", "alice", "ANSWER", factor}), c.Session, false)
		w.check(err)
		_, err = w.auth.Respond(ctx, w.client, factor, pairs([]string{"USERNAME", "alice", factor + "_CODE", "nocode"}), next.Challenge.Session, false)
		if !errors.Is(err, userpool.ErrCodeMismatch) {
			t.Fatal(err)
		}
	}
	c := w.challenged(w.client, "alice", "SELECT_MFA_TYPE")
	next, err := w.respond(w.client, "SELECT_MFA_TYPE", c.Session, "USERNAME", "alice", "ANSWER", "SOFTWARE_TOKEN_MFA")
	w.check(err)
	_, err = w.answerTOTP(next.Challenge.Session, w.totp(0))
	wantFault(t, err, userpool.ErrNotAuthorized, tooMany)
	w.Advance(2 * time.Second)
	_, err = w.answerTOTP(next.Challenge.Session, w.totp(0))
	w.check(err)
}

// A day's guesses have an end, even of somebody who waits out every lock.
func TestFactorFailuresOfADay(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	w.Advance(w.Now().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(w.Now()))
	wrong := 0
	for range 60 {
		_, err := w.answerTOTP(w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA").Session, "nocode")
		if errors.Is(err, userpool.ErrCodeMismatch) {
			wrong++
		}
		w.Advance(16 * time.Minute)
	}
	if wrong != 50 {
		t.Errorf("%d guesses in a day", wrong)
	}
}

func TestSessionBelongsToUserClientAndStep(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	w.addUser("bob", withTOTP)
	other := w.addClient("otherclient000000000000000", func(*userpool.Client) {})
	ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	try := func(c *userpool.Client, name, challenge string) error {
		_, err := w.respond(c, challenge, ch.Session, "USERNAME", name, "SOFTWARE_TOKEN_MFA_CODE", w.totp(0), "SMS_MFA_CODE", w.totp(0),
			"EMAIL_OTP_CODE", w.totp(0), "ANSWER", "EMAIL_OTP", "NEW_PASSWORD", "Another-Horse-2")
		return err
	}
	wantFault(t, try(w.client, "bob", "SOFTWARE_TOKEN_MFA"), userpool.ErrNotAuthorized, wrongSession)
	wantFault(t, try(w.client, "nobody", "SOFTWARE_TOKEN_MFA"), userpool.ErrNotAuthorized, wrongSession)
	wantFault(t, try(other, "alice", "SOFTWARE_TOKEN_MFA"), userpool.ErrNotAuthorized, wrongSession)
	for _, challenge := range []string{"SMS_MFA", "EMAIL_OTP", "SELECT_MFA_TYPE", "MFA_SETUP", "NEW_PASSWORD_REQUIRED"} {
		wantFault(t, try(w.client, "alice", challenge), userpool.ErrNotAuthorized, wrongSession)
	}
	_, err := w.auth.AssociateTokenInSignIn(t.Context(), ch.Session)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	w.check(try(w.client, "alice", "SOFTWARE_TOKEN_MFA"))
}

// What ends a user's sign-ins ends one that waits for its second factor.
func TestFactorSessionDies(t *testing.T) {
	for name, change := range map[string]func(*userpool.User){
		"new password": func(u *userpool.User) { u.PasswordChanged = u.PasswordChanged.Add(time.Second) },
		"reset":        func(u *userpool.User) { u.Status = userpool.ResetRequired },
		"signed out":   func(u *userpool.User) { u.SignedOut = u.PasswordChanged.Add(time.Hour) },
		"disabled":     func(u *userpool.User) { u.Enabled = false },
		"no factor":    func(u *userpool.User) { u.MFA = userpool.MFA{} },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newMFAWorld(t, "OPTIONAL")
			w.changeUser("alice", withTOTP)
			ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
			w.changeUser("alice", change)
			if _, err := w.answerTOTP(ch.Session, w.totp(0)); !errors.Is(err, userpool.ErrNotAuthorized) {
				t.Errorf("err = %v", err)
			}
		})
	}
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", withTOTP)
	ch := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	w.Advance(3 * time.Minute)
	_, err := w.answerTOTP(ch.Session, w.totp(0))
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session is expired.")
}

func TestSentCodes(t *testing.T) {
	for factor, to := range map[string]string{"SMS_MFA": "+15551234", "EMAIL_OTP": "alice@example.com"} {
		t.Run(factor, func(t *testing.T) {
			w, p := newMFAWorld(t, "OPTIONAL")
			w.changeUser("alice", func(u *userpool.User) {
				u.Attributes["phone_number"], u.Attributes["email_verified"] = "+15551234", "false"
				u.MFA.SMS, u.MFA.Email, u.MFA.Preferred = true, true, factor
			})
			ch := w.challenged(w.client, "alice", factor)
			if p.sent[0].To != to || ch.Params["CODE_DELIVERY_DELIVERY_MEDIUM"] != p.sent[0].Medium || strings.Contains(ch.Params["CODE_DELIVERY_DESTINATION"], to) {
				t.Errorf("sent %+v, told %v", p.sent, ch.Params)
			}
			answer := func(session, code string) error {
				_, err := w.respond(w.client, factor, session, "USERNAME", "alice", factor+"_CODE", code)
				return err
			}
			wantFault(t, answer(ch.Session, "nocode"), userpool.ErrCodeMismatch, "Invalid code or auth state for the user.")
			code := p.code()
			second := w.challenged(w.client, "alice", factor)
			wantFault(t, answer(second.Session, code), userpool.ErrCodeMismatch, "Invalid code or auth state for the user.")
			w.check(answer(ch.Session, code))
			wantFault(t, answer(ch.Session, code), userpool.ErrNotAuthorized, usedSession)
			u, err := w.store.User(t.Context(), worldPool, "alice")
			w.check(err)
			if attribute := map[string]string{"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}[factor]; !u.Verified(attribute) {
				t.Error("an address that a code reached is not verified")
			}
			w.changeUser("alice", func(u *userpool.User) {
				u.Attributes["email"], u.Attributes["phone_number"] = "x@y.example", "+15550000"
			})
			wantFault(t, answer(second.Session, p.code()), userpool.ErrNotAuthorized, wrongSession)
		})
	}
}

func TestFactorMailLimit(t *testing.T) {
	w, p := newMFAWorld(t, "ON")
	for range 10 {
		w.challenged(w.client, "alice", "EMAIL_OTP") // on: an address is a factor without being turned on
	}
	_, err := w.passwordSignIn(w.client, "alice", password)
	wantFault(t, err, userpool.ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
	if len(p.sent) != 10 {
		t.Errorf("%d codes sent", len(p.sent))
	}
}

func TestSelect(t *testing.T) {
	w, p := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", func(u *userpool.User) { withTOTP(u); u.MFA.Email = true })
	ch := w.challenged(w.client, "alice", "SELECT_MFA_TYPE")
	if got := ch.Params["MFAS_CAN_CHOOSE"]; got != `["SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
		t.Errorf("choices %s", got)
	}
	_, err := w.respond(w.client, "SELECT_MFA_TYPE", ch.Session, "USERNAME", "alice", "ANSWER", "SMS_MFA")
	wantFault(t, err, userpool.ErrInvalidParameter, "ANSWER is not among the factors that can be chosen.")
	next, err := w.respond(w.client, "SELECT_MFA_TYPE", ch.Session, "USERNAME", "alice", "ANSWER", "EMAIL_MFA")
	w.check(err)
	_, err = w.respond(w.client, "SELECT_MFA_TYPE", ch.Session, "USERNAME", "alice", "ANSWER", "EMAIL_OTP")
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	done, err := w.respond(w.client, "EMAIL_OTP", next.Challenge.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
	w.check(err)
	if done.Result == nil {
		t.Errorf("step %+v", done)
	}
}

func TestOptionalAsksWhoHasAFactor(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.mustSignIn()
	w.changeUser("alice", withTOTP)
	w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	w.mfa("OFF", func(*userpool.Pool) {})
	w.mustSignIn()
}

// onlyTOTP has alice sign in to a pool that insists, without any factor.
func onlyTOTP(t *testing.T) (*world, *userpool.Challenge) {
	t.Helper()
	w, _ := newMFAWorld(t, "ON")
	w.mfa("ON", func(p *userpool.Pool) { p.SMSMFA, p.EmailMFA = false, false })
	ch := w.challenged(w.client, "alice", "MFA_SETUP")
	if got := ch.Params["MFAS_CAN_SETUP"]; got != `["SOFTWARE_TOKEN_MFA"]` {
		t.Errorf("can set up %s", got)
	}
	return w, ch
}

func codeOf(t *testing.T, token *userpool.SoftwareToken, now time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(token.Secret)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.Code(raw, now.Unix()/30)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSetUpInSignIn(t *testing.T) {
	w, ch := onlyTOTP(t)
	finish := func(session string) (*userpool.Step, error) {
		return w.respond(w.client, "MFA_SETUP", session, "USERNAME", "alice")
	}
	_, err := finish(ch.Session) // nothing was set up
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	token, err := w.auth.AssociateTokenInSignIn(t.Context(), ch.Session)
	w.check(err)
	if !strings.Contains(token.Address, "secret="+token.Secret) || len(token.Secret) != 32 {
		t.Errorf("token %+v", token)
	}
	_, err = finish(token.Session) // nothing was proved
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	_, err = w.auth.AssociateTokenInSignIn(t.Context(), ch.Session)
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	_, err = w.auth.VerifyTokenInSignIn(t.Context(), token.Session, "nocode", "")
	wantFault(t, err, userpool.ErrEnableSoftwareToken, "Code mismatch and fail enable Software Token MFA")
	code := codeOf(t, token, w.Now())
	session, err := w.auth.VerifyTokenInSignIn(t.Context(), token.Session, code, "phone")
	w.check(err)
	step, err := finish(session)
	w.check(err)
	if step.Result == nil {
		t.Fatalf("step %+v", step)
	}
	_, err = finish(session)
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	next := w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	if next.Params["FRIENDLY_DEVICE_NAME"] != "phone" {
		t.Errorf("params %v", next.Params)
	}
	_, err = w.answerTOTP(next.Session, code) // the one that proved the secret
	wantFault(t, err, userpool.ErrExpiredCode, "Your software token has already been used once.")
}

// Who knew the password before a factor was set up cannot replace it afterwards.
func TestLateSetUp(t *testing.T) {
	w, ch := onlyTOTP(t)
	second := w.challenged(w.client, "alice", "MFA_SETUP")
	token, err := w.auth.AssociateTokenInSignIn(t.Context(), second.Session)
	w.check(err)
	w.changeUser("alice", withTOTP)
	_, err = w.auth.VerifyTokenInSignIn(t.Context(), token.Session, codeOf(t, token, w.Now()), "")
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	_, err = w.auth.AssociateTokenInSignIn(t.Context(), ch.Session)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
}

func TestSetUpByEmail(t *testing.T) {
	w, p := newMFAWorld(t, "ON")
	w.changeUser("alice", func(u *userpool.User) { u.Attributes = map[string]string{} })
	ch := w.challenged(w.client, "alice", "MFA_SETUP")
	step, err := w.respond(w.client, "MFA_SETUP", ch.Session, "USERNAME", "alice", "EMAIL", "new@example.com")
	w.check(err)
	if step.Challenge == nil || step.Challenge.Name != "EMAIL_OTP" {
		t.Fatalf("step %+v", step)
	}
	done, err := w.respond(w.client, "EMAIL_OTP", step.Challenge.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
	w.check(err)
	u, err := w.store.User(t.Context(), worldPool, "alice")
	w.check(err)
	if done.Result == nil || u.Attributes["email"] != "new@example.com" || !u.Verified("email") || !u.MFA.Email {
		t.Errorf("%+v, user %+v", done, u)
	}
	w.challenged(w.client, "alice", "EMAIL_OTP")
}

func TestNoFactorThatCouldBeSetUp(t *testing.T) {
	w, _ := newMFAWorld(t, "ON")
	w.mfa("ON", func(p *userpool.Pool) { p.TOTPMFA, p.EmailMFA = false, false })
	if set, err := w.passwordSignIn(w.client, "alice", password); !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Errorf("%v %v", set, err)
	}
}

func TestFactorAfterNewPassword(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	w.changeUser("alice", func(u *userpool.User) { withTOTP(u); u.Status = userpool.ForceChangePassword })
	ch := w.challenged(w.client, "alice", "NEW_PASSWORD_REQUIRED")
	step, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", ch.Session, "USERNAME", "alice", "NEW_PASSWORD", "Another-Horse-2")
	w.check(err)
	if step.Result != nil || step.Challenge.Name != "SOFTWARE_TOKEN_MFA" {
		t.Fatalf("step %+v", step)
	}
	_, err = w.answerTOTP(step.Challenge.Session, w.totp(0))
	w.check(err)
}

func TestAssociateWhenSignedIn(t *testing.T) {
	w, _ := newMFAWorld(t, "OPTIONAL")
	user := func() *userpool.User {
		u, err := w.store.User(t.Context(), worldPool, "alice")
		w.check(err)
		return u
	}
	wantFault(t, w.auth.VerifyToken(t.Context(), user(), w.totp(0), ""), userpool.ErrSoftwareTokenNotFound,
		"Software Token MFA has not been enabled by the userPool")
	token, err := w.auth.AssociateToken(t.Context(), user())
	w.check(err)
	wantFault(t, w.auth.VerifyToken(t.Context(), user(), "nocode", ""), userpool.ErrEnableSoftwareToken,
		"Code mismatch and fail enable Software Token MFA")
	w.mustSignIn() // not proved, not asked for
	w.check(w.auth.VerifyToken(t.Context(), user(), codeOf(t, token, w.Now()), "phone"))
	w.mustSignIn() // not turned on
	s := &userpool.Service{Store: w.store, Now: w.Now}
	w.check(s.SetMFAPreference(t.Context(), user(), []userpool.FactorSetting{{Factor: "SOFTWARE_TOKEN_MFA", Enabled: true, Preferred: true}}))
	w.challenged(w.client, "alice", "SOFTWARE_TOKEN_MFA")
	err = s.SetMFAPreference(t.Context(), user(), []userpool.FactorSetting{{Factor: "SMS_MFA", Enabled: true}})
	wantFault(t, err, userpool.ErrInvalidParameter, "User does not have delivery config set to turn on SMS_MFA")
	w.check(s.AdminSetMFAPreference(t.Context(), worldPool, "alice", []userpool.FactorSetting{{Factor: "SOFTWARE_TOKEN_MFA"}}))
	if m := user().MFA; len(m.Secret) > 0 || m.TOTP || m.Preferred != "" {
		t.Errorf("after the administrator turned it off: %+v", m)
	}
	w.mfa("OFF", func(*userpool.Pool) {})
	_, err = w.auth.AssociateToken(t.Context(), user())
	wantFault(t, err, userpool.ErrSoftwareTokenNotFound, "Software Token MFA has not been enabled by the userPool")
}
