package userpool_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const wrongPassword = "Incorrect username or password."
const wrongFactorCode = "Invalid code or auth state for the user."

// newChoiceWorld is a world whose pool takes passwords and codes. Alice has both
// addresses verified, bob none.
func newChoiceWorld(t *testing.T) (*world, *post) {
	t.Helper()
	w, p := newWorld(t), &post{}
	w.auth.Messages = p
	w.firstFactors("PASSWORD", "EMAIL_OTP", "SMS_OTP")
	w.changeUser("alice", func(u *userpool.User) {
		u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = "+15551234567", "true"
	})
	w.addUser("bob", func(u *userpool.User) { u.Attributes["email_verified"] = "false" })
	return w, p
}

func (w *world) firstFactors(list ...string) {
	w.Helper()
	_, err := w.store.UpdatePool(w.Context(), worldPool, func(p *userpool.Pool) error {
		p.FirstFactors = list
		return nil
	})
	w.check(err)
}

// choose starts USER_AUTH and wants a challenge of that name.
func (w *world) choose(name, want string, params ...string) *userpool.Challenge {
	w.Helper()
	step, err := w.initiate(w.client, "USER_AUTH", append(params, "USERNAME", name)...)
	w.check(err)
	if step.Challenge == nil || step.Challenge.Name != want {
		w.Fatalf("%+v, want %s", step, want)
	}
	return step.Challenge
}

func TestChoiceOffersWhatTheUserHas(t *testing.T) {
	w, _ := newChoiceWorld(t)
	w.client = w.addClient("legacyclient00000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	w.addUser("carol", func(u *userpool.User) { u.Password = "" })
	w.addUser("dan", func(u *userpool.User) { u.MFA.TOTP, u.MFA.Secret = true, secret })
	all := []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
	for name, want := range map[string][]string{
		"alice": all, "bob": all[:2], "carol": {"EMAIL_OTP"}, "dan": append(slices.Clone(all[:2]), "EMAIL_OTP"),
	} {
		if got := w.choose(name, "SELECT_CHALLENGE").Available; !slices.Equal(got, want) {
			t.Errorf("%s is offered %v, want %v", name, got, want)
		}
	}
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	if got := w.choose("dan", "SELECT_CHALLENGE").Available; !slices.Equal(got, all[:2]) {
		t.Errorf("who has a second factor is offered %v", got)
	}
	w.mfa(userpool.MFAOn, func(*userpool.Pool) {})
	if got := w.choose("alice", "SELECT_CHALLENGE").Available; !slices.Equal(got, all[:2]) {
		t.Errorf("where everybody needs a second factor: %v", got)
	}
	_, err := w.initiate(w.client, "USER_AUTH", "USERNAME", "carol")
	wantFault(t, err, userpool.ErrNotAuthorized, "No challenge that can begin a sign-in is available to the user.")
}

// A client that hides who exists sees no difference between users: not in what is
// offered, not in what follows, not in how long it is.
func TestChoiceHidesWhatUsersHave(t *testing.T) {
	w, p := newChoiceWorld(t)
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.addUser("carol", func(u *userpool.User) { u.Password = "" })
	w.addUser("dan", withTOTP)
	w.addUser("erin", func(u *userpool.User) { u.Status = userpool.Unconfirmed })
	all := []string{"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
	length := map[string]int{}
	same := func(name, what, text string) {
		if length[what] == 0 {
			length[what] = len(text)
		}
		if len(text) != length[what] {
			t.Errorf("%s: %s of %d characters, of others %d", name, what, len(text), length[what])
		}
	}
	for _, name := range []string{"alice", "bob", "carol", "dan", "erin", "nobody"} {
		ch := w.choose(name, "SELECT_CHALLENGE")
		if !slices.Equal(ch.Available, all) {
			t.Errorf("%s is offered %v", name, ch.Available)
		}
		same(name, "choice", ch.Session)
		before := len(p.sent)
		code := w.choose(name, "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
		same(name, "code", code.Session)
		if sent := len(p.sent) > before; sent != (name == "alice" || name == "carol") {
			t.Errorf("%s is sent a code: %t", name, sent)
		}
		if code.Params["CODE_DELIVERY_DELIVERY_MEDIUM"] != "EMAIL" || code.Params["CODE_DELIVERY_DESTINATION"] == "" || len(code.Params) != 2 {
			t.Errorf("%s: %v", name, code.Params)
		}
		_, err := w.respond(w.client, "EMAIL_OTP", code.Session, "USERNAME", name, "EMAIL_OTP_CODE", "none")
		wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
		if name == "carol" || name == "nobody" {
			_, err = w.initiate(w.client, "USER_AUTH", "USERNAME", name, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
			wantFault(t, err, userpool.ErrNotAuthorized, wrongPassword)
		}
	}
}

// The password, on the first call, on the second, or as SRP.
func TestChoiceOfThePassword(t *testing.T) {
	w, _ := newChoiceWorld(t)
	step, err := w.initiate(w.client, "USER_AUTH", "USERNAME", "alice", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	if err != nil || step.Result == nil {
		t.Fatalf("at once: %+v, %v", step, err)
	}
	ch := w.choose("alice", "PASSWORD", "PREFERRED_CHALLENGE", "PASSWORD")
	if _, err := w.respond(w.client, "PASSWORD", ch.Session, "USERNAME", "alice", "PASSWORD", "wrong"); !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Errorf("a wrong password: %v", err)
	}
	step, err = w.respond(w.client, "PASSWORD", ch.Session, "USERNAME", "alice", "PASSWORD", password)
	if err != nil || step.Result == nil {
		t.Fatalf("after a wrong one: %+v, %v", step, err)
	}
	_, err = w.respond(w.client, "PASSWORD", ch.Session, "USERNAME", "alice", "PASSWORD", password)
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)

	ch = w.choose("alice", "SELECT_CHALLENGE")
	step, err = w.respond(w.client, "SELECT_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "PASSWORD", "PASSWORD", password)
	if err != nil || step.Result == nil {
		t.Fatalf("chosen: %+v, %v", step, err)
	}
	for _, start := range []func(public string) *userpool.Challenge{
		func(public string) *userpool.Challenge {
			return w.choose("alice", "PASSWORD_VERIFIER", "PREFERRED_CHALLENGE", "PASSWORD_SRP", "SRP_A", public)
		},
		func(public string) *userpool.Challenge {
			ch := w.choose("alice", "SELECT_CHALLENGE")
			step, err := w.respond(w.client, "SELECT_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "PASSWORD_SRP", "SRP_A", public)
			w.check(err)
			return step.Challenge
		},
		func(public string) *userpool.Challenge {
			ch := w.choose("alice", "PASSWORD_SRP", "PREFERRED_CHALLENGE", "PASSWORD_SRP")
			step, err := w.respond(w.client, "PASSWORD_SRP", ch.Session, "USERNAME", "alice", "SRP_A", public)
			w.check(err)
			return step.Challenge
		},
	} {
		half := srp.NewClient()
		step, err := w.verify(w.client, w.srpAnswer(half, start(half.Public.Text(16)), password))
		if err != nil || step.Result == nil {
			t.Errorf("by SRP: %+v, %v", step, err)
		}
	}
}

func TestChoiceOfACode(t *testing.T) {
	w, p := newChoiceWorld(t)
	for _, factor := range []string{"EMAIL_OTP", "SMS_OTP"} {
		ch := w.choose("alice", factor, "PREFERRED_CHALLENGE", factor)
		medium := strings.TrimSuffix(factor, "_OTP")
		if ch.Params["CODE_DELIVERY_DELIVERY_MEDIUM"] != medium || ch.Params["CODE_DELIVERY_DESTINATION"] == "" {
			t.Errorf("%v", ch.Params)
		}
		code := p.code()
		_, err := w.respond(w.client, factor, ch.Session, "USERNAME", "alice", factor+"_CODE", wrong(code))
		wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
		step, err := w.respond(w.client, factor, ch.Session, "USERNAME", "alice", factor+"_CODE", code)
		if err != nil || step.Result == nil {
			t.Fatalf("%s: %+v, %v", factor, step, err)
		}
		_, err = w.respond(w.client, factor, ch.Session, "USERNAME", "alice", factor+"_CODE", code)
		wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	}
	ch := w.choose("alice", "SELECT_CHALLENGE", "PREFERRED_CHALLENGE", "WEB_AUTHN")
	step, err := w.respond(w.client, "SELECT_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "EMAIL_OTP")
	w.check(err)
	step, err = w.respond(w.client, "EMAIL_OTP", step.Challenge.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
	if err != nil || step.Result == nil {
		t.Errorf("%+v, %v", step, err)
	}
}

// Nobody learns who exists: every step of an unknown user looks and ends as with a
// wrong code.
func TestChoiceOfNobody(t *testing.T) {
	w, p := newChoiceWorld(t)
	ch := w.choose("nobody", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	if len(p.sent) != 0 || ch.Params["CODE_DELIVERY_DESTINATION"] == "" {
		t.Errorf("%d mails, %v", len(p.sent), ch.Params)
	}
	again := w.choose("nobody", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	if again.Params["CODE_DELIVERY_DESTINATION"] != ch.Params["CODE_DELIVERY_DESTINATION"] {
		t.Error("another destination at the second call")
	}
	_, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "nobody", "EMAIL_OTP_CODE", "123456")
	wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
	_, err = w.initiate(w.client, "USER_AUTH", "USERNAME", "nobody", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongPassword)
	open := w.addClient("legacyclient00000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	_, err = w.initiate(open, "USER_AUTH", "USERNAME", "nobody")
	wantFault(t, err, userpool.ErrUserNotFound, "User does not exist.")
}

// Sessions of one step, user or client are worth nothing at another.
func TestChoiceSessionsAreBound(t *testing.T) {
	w, p := newChoiceWorld(t)
	other := w.addClient("otherclient000000000000000", func(*userpool.Client) {})
	ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	code := p.code()
	for name, try := range map[string]func() error{
		"another user": func() error {
			_, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "bob", "EMAIL_OTP_CODE", code)
			return err
		},
		"another client": func() error {
			_, err := w.respond(other, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", code)
			return err
		},
		"another first factor": func() error {
			_, err := w.respond(w.client, "SMS_OTP", ch.Session, "USERNAME", "alice", "SMS_OTP_CODE", code)
			return err
		},
		"the second factor": func() error {
			_, err := w.respond(w.client, "SOFTWARE_TOKEN_MFA", ch.Session, "USERNAME", "alice", "SOFTWARE_TOKEN_MFA_CODE", code)
			return err
		},
		"the choice": func() error {
			_, err := w.respond(w.client, "SELECT_CHALLENGE", ch.Session, "USERNAME", "alice", "ANSWER", "PASSWORD")
			return err
		},
	} {
		if err := try(); !errors.Is(err, userpool.ErrNotAuthorized) || !strings.Contains(err.Error(), wrongSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.firstFactors("PASSWORD")
	choice := w.choose("bob", "SELECT_CHALLENGE")
	_, err := w.respond(w.client, "SELECT_CHALLENGE", choice.Session, "USERNAME", "bob", "ANSWER", "EMAIL_OTP")
	wantFault(t, err, userpool.ErrInvalidParameter, "ANSWER is not among the challenges that can be chosen.")
	w.firstFactors("PASSWORD", "EMAIL_OTP", "SMS_OTP")

	w.changeUser("alice", func(u *userpool.User) { u.Attributes["email"] = "eve@example.com" })
	_, err = w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", code)
	wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
	w.Advance(3 * time.Minute)
	_, err = w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", code)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session is expired.")
}

// A code is never the way around a second factor that came after it was sent.
func TestCodeDoesNotReplaceASecondFactor(t *testing.T) {
	w, p := newChoiceWorld(t)
	ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", func(u *userpool.User) { u.MFA.TOTP, u.MFA.Secret = true, secret })
	_, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", p.code())
	wantFault(t, err, userpool.ErrCodeMismatch, wrongFactorCode)
	step, err := w.initiate(w.client, "USER_AUTH", "USERNAME", "alice", "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", password)
	if err != nil || step.Challenge == nil || step.Challenge.Name != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("after the password: %+v, %v", step, err)
	}
}

// Who has the code is told why it does not help, as by a password; a user who is not
// confirmed has no code.
func TestUsersWhoMayNotSignInByCode(t *testing.T) {
	w, p := newChoiceWorld(t)
	for _, tt := range []struct {
		change func(*userpool.User)
		kind   error
		text   string
	}{
		{func(u *userpool.User) { u.Enabled = false }, userpool.ErrNotAuthorized, "User is disabled."},
		{func(u *userpool.User) { u.Status = userpool.Unconfirmed }, userpool.ErrCodeMismatch, wrongFactorCode},
		{func(u *userpool.User) { u.Status = userpool.ResetRequired }, userpool.ErrCodeMismatch, wrongFactorCode},
	} {
		ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
		code := p.code()
		w.changeUser("alice", tt.change)
		_, err := w.respond(w.client, "EMAIL_OTP", ch.Session, "USERNAME", "alice", "EMAIL_OTP_CODE", code)
		wantFault(t, err, tt.kind, tt.text)
		w.changeUser("alice", func(u *userpool.User) { u.Enabled, u.Status = true, userpool.Confirmed })
	}
	open := w.addClient("legacyclient00000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Unconfirmed })
	_, err := w.initiate(open, "USER_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrUserNotConfirmed, "User is not confirmed.")
	w.changeUser("alice", func(u *userpool.User) { u.Enabled, u.Status = false, userpool.Confirmed })
	_, err = w.initiate(open, "USER_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrNotAuthorized, "User is disabled.")
}

// Guesses of codes come to an end: per code, per origin and per day.
func TestCodesAreBounded(t *testing.T) {
	w, p := newChoiceWorld(t)
	ch := w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	code := p.code()
	guess := func(ip, session, code string) error {
		_, err := w.auth.Respond(fromIP(t.Context(), ip), w.client, "EMAIL_OTP", pairs([]string{"USERNAME", "alice", "EMAIL_OTP_CODE", code}), session, false)
		return err
	}
	for i := range 5 {
		wantFault(t, guess("203.0.113."+string(rune('1'+i)), ch.Session, wrong(code)), userpool.ErrCodeMismatch, wrongFactorCode)
	}
	wantFault(t, guess("203.0.113.9", ch.Session, code), userpool.ErrNotAuthorized, tooMany)
	for range 9 {
		w.choose("alice", "EMAIL_OTP", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	}
	_, err := w.initiate(w.client, "USER_AUTH", "USERNAME", "alice", "PREFERRED_CHALLENGE", "EMAIL_OTP")
	wantFault(t, err, userpool.ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
	if set, err := w.passwordSignIn(w.client, "alice", password); err != nil || set == nil {
		t.Errorf("the password does not work any more: %v", err)
	}
}

// The first sign-in after a sign-up, once, and only through the code.
func TestSignInAfterSignUp(t *testing.T) {
	w, _ := newChoiceWorld(t)
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Unconfirmed })
	alice, err := w.store.User(t.Context(), worldPool, "alice")
	w.check(err)
	start, err := w.auth.SignUpSession(w.client, alice)
	w.check(err)
	signIn := func(name, session string) (*userpool.Step, error) {
		return w.auth.Initiate(t.Context(), w.client, "USER_AUTH", map[string]string{"USERNAME": name}, session, false)
	}
	_, err = signIn("alice", start)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Confirmed })
	_, err = signIn("alice", start) // confirmed by somebody else
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	_, err = w.auth.ConfirmedSession(t.Context(), w.client, "bob", start)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	next, err := w.auth.ConfirmedSession(t.Context(), w.client, "alice", start)
	w.check(err)
	_, err = w.auth.ConfirmedSession(t.Context(), w.client, "alice", start)
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	_, err = signIn("bob", next)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongSession)
	step, err := signIn("alice", next)
	if err != nil || step.Result == nil {
		t.Fatalf("%+v, %v", step, err)
	}
	_, err = signIn("alice", next)
	wantFault(t, err, userpool.ErrNotAuthorized, usedSession)
	_, err = w.auth.Initiate(t.Context(), w.client, "USER_PASSWORD_AUTH", pairs([]string{"USERNAME", "alice", "PASSWORD", password}), next, false)
	wantFault(t, err, userpool.ErrInvalidParameter, "A Session begins the USER_AUTH flow only.")
}

// A confirmation that shows no session of the sign-up gets one where its code could
// have begun a sign-in, and nowhere else.
func TestCodeSession(t *testing.T) {
	w, _ := newChoiceWorld(t)
	text, err := w.auth.CodeSession(t.Context(), w.client, "alice")
	w.check(err)
	step, err := w.auth.Initiate(t.Context(), w.client, "USER_AUTH", map[string]string{"USERNAME": "alice"}, text, false)
	if err != nil || step.Result == nil {
		t.Fatalf("%+v, %v", step, err)
	}
	w.changeUser("alice", func(u *userpool.User) {
		delete(u.Attributes, "email_verified")
		delete(u.Attributes, "phone_number_verified")
	})
	if text, err := w.auth.CodeSession(t.Context(), w.client, "alice"); err != nil || text != "" {
		t.Errorf("a session without a verified address: %q, %v", text, err)
	}
}

// It is one factor, and of the tier that has it.
func TestSignInAfterSignUpIsLikeEveryOther(t *testing.T) {
	w, _ := newChoiceWorld(t)
	first := func() (*userpool.Step, error) {
		w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Unconfirmed })
		alice, err := w.store.User(t.Context(), worldPool, "alice")
		w.check(err)
		start, err := w.auth.SignUpSession(w.client, alice)
		w.check(err)
		w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Confirmed })
		next, err := w.auth.ConfirmedSession(t.Context(), w.client, "alice", start)
		w.check(err)
		return w.auth.Initiate(t.Context(), w.client, "USER_AUTH", map[string]string{"USERNAME": "alice"}, next, false)
	}
	tier := func(name string) {
		_, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
			p.Tier = name
			return nil
		})
		w.check(err)
	}
	tier("LITE")
	if step, err := first(); !errors.Is(err, userpool.ErrFeatureNotInTier) {
		t.Errorf("%+v, %v", step, err)
	}
	tier("ESSENTIALS")
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	step, err := first()
	if err != nil || step.Challenge == nil || step.Challenge.Name != "SOFTWARE_TOKEN_MFA" {
		t.Errorf("%+v, %v", step, err)
	}
}

// A message that does not go out tells nobody who exists.
func TestFirstCodesThatAreNotDelivered(t *testing.T) {
	w, _ := newChoiceWorld(t)
	w.auth.Messages = &mailbox{broke: errors.New("no route")}
	for _, name := range []string{"alice", "bob", "nobody"} {
		w.choose(name, "SMS_OTP", "PREFERRED_CHALLENGE", "SMS_OTP")
	}
	open := w.addClient("legacyclient00000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	_, err := w.initiate(open, "USER_AUTH", "USERNAME", "alice", "PREFERRED_CHALLENGE", "SMS_OTP")
	wantFault(t, err, userpool.ErrCodeDelivery, "Failed to deliver the message.")
}

// An asked store counts the looks for passkeys.
type asked struct {
	userpool.Store
	looks int
}

func (a *asked) Passkeys(c ctx, pool userpool.PoolID, sub string) ([]*userpool.Passkey, error) {
	a.looks++
	return a.Store.Passkeys(c, pool, sub)
}

// Nobody's passkeys are looked for like everybody's, which takes its time.
func TestPasskeysOfNobodyAreLookedFor(t *testing.T) {
	w, _ := newChoiceWorld(t)
	w.firstFactors("PASSWORD", "WEB_AUTHN")
	_, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		p.Passkeys.Configured, p.Passkeys.RelyingParty = true, "example.com"
		return nil
	})
	w.check(err)
	store := &asked{Store: w.store}
	w.auth.Store = store
	for _, name := range []string{"alice", "nobody"} {
		store.looks = 0
		if w.choose(name, "SELECT_CHALLENGE"); store.looks != 1 {
			t.Errorf("%s: %d looks", name, store.looks)
		}
	}
}
