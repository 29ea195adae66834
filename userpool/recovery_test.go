package userpool_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const newPassword = "Another-Horse2"

func TestForgotPassword(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	d, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	same(t, "destination", d.Destination, "b***@e***")
	code := e.code("bob@example.com")
	confirm := func(code, password string) error {
		return e.ConfirmForgotPassword(t.Context(), c, "bob", code, password)
	}
	e.refused(confirm(code, "weak"), userpool.ErrInvalidPassword, "Password does not conform to policy: ")
	e.refused(confirm(wrong(code), newPassword), userpool.ErrCodeMismatch, "")
	same(t, "old password", e.accepts(p.ID, "bob", password), true)
	e.ok(confirm(code, newPassword))
	same(t, "new password", e.accepts(p.ID, "bob", newPassword), true)
	e.refused(confirm(code, password), userpool.ErrExpiredCode, "Invalid code provided, please request a code again.")

	_, err = e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	e.clock.Advance(time.Hour)
	e.refused(confirm(e.code("bob@example.com"), newPassword), userpool.ErrExpiredCode, "")
}

func TestForgotPasswordTarget(t *testing.T) {
	for _, tt := range []struct {
		name       string
		recovery   []string
		attributes map[string]string
		want       string // attribute
	}{
		{"by priority", []string{"verified_phone_number", "verified_email"}, map[string]string{"email_verified": "true", "phone_number_verified": "true"}, "phone_number"},
		{"what is verified", []string{"verified_phone_number", "verified_email"}, map[string]string{"email_verified": "true"}, "email"},
		{"legacy", nil, map[string]string{"email_verified": "true", "phone_number_verified": "true"}, "phone_number"},
		{"only what is listed", []string{"verified_email"}, map[string]string{"phone_number_verified": "true"}, ""},
		{"admin only", []string{"admin_only"}, map[string]string{"email_verified": "true"}, ""},
		{"nothing verified", []string{"verified_email"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			p := e.newPool(func(p *userpool.Pool) { p.Recovery = tt.recovery })
			c := e.newClient(p, nil)
			attributes := map[string]string{"email": "b@example.com", "phone_number": "+15551231234"}
			for k, v := range tt.attributes {
				attributes[k] = v
			}
			_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", Attributes: attributes, MessageAction: "SUPPRESS"})
			e.ok(err)
			_, err = e.ForgotPassword(t.Context(), c, "bob")
			e.refused(err, userpool.ErrNotAuthorized, "User password cannot be reset in the current state.")
			e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", password, true))
			d, err := e.ForgotPassword(t.Context(), c, "bob")
			if tt.want == "" {
				e.refused(err, userpool.ErrInvalidParameter, "Cannot reset password for the user as there is no registered/verified email or phone_number")
				return
			}
			e.ok(err)
			same(t, "attribute", d.Attribute, tt.want)
		})
	}
}

// TestForgotPasswordIsHidden: names that nobody has, disabled users, users with
// nothing verified and real ones differ in nothing that a stranger sees.
func TestForgotPasswordIsHidden(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c, legacy := e.newClient(p, hide), e.newClient(p, nil)
	e.member(c, "real")
	e.member(c, "disabled")
	e.ok(e.AdminSetEnabled(t.Context(), p.ID, "disabled", false))
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "invited"})
	e.ok(err)
	sent := e.mail.count()
	for _, name := range []string{"nobody", "disabled", "invited", "real"} {
		t.Run(name, func(t *testing.T) {
			confirm := func() error { return e.ConfirmForgotPassword(t.Context(), c, name, "000000x", newPassword) }
			e.refused(confirm(), userpool.ErrExpiredCode, "")
			d, err := e.ForgotPassword(t.Context(), c, name)
			e.ok(err)
			same(t, "attribute", d.Attribute, "email")
			same(t, "form", strings.Contains(d.Destination, "***@"), true)
			again, err := e.ForgotPassword(t.Context(), c, name)
			e.ok(err)
			same(t, "stable", *again, *d)
			e.refused(confirm(), userpool.ErrCodeMismatch, "")
			for range 3 {
				_, err = e.ForgotPassword(t.Context(), c, name)
			}
			e.ok(err)
			_, err = e.ForgotPassword(t.Context(), c, name)
			e.refused(err, userpool.ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
		})
	}
	same(t, "messages", e.mail.count()-sent, 5) // to the real user alone
	_, err = e.ForgotPassword(t.Context(), legacy, "nobody")
	e.refused(err, userpool.ErrUserNotFound, "Username/client id combination not found.")
}

func TestCodeBruteForce(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	code := e.code("bob@example.com")
	limited := 0
	for range 40 {
		if err := e.ConfirmForgotPassword(t.Context(), c, "bob", wrong(code), newPassword); errors.Is(err, userpool.ErrLimitExceeded) {
			limited++
		} else {
			e.refused(err, userpool.ErrCodeMismatch, "")
		}
	}
	same(t, "refused guesses", limited, 30)
	e.refused(e.ConfirmForgotPassword(t.Context(), c, "bob", code, newPassword), userpool.ErrLimitExceeded, "")
}

// TestCodeDiesOfWrongAnswers: patience across the hourly limit does not help.
func TestCodeDiesOfWrongAnswers(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(nil), nil)
	code := e.code(e.signUp(c, "bob"))
	for i := range 20 {
		if i == 10 {
			e.clock.Advance(time.Hour)
		}
		e.refused(e.ConfirmSignUp(t.Context(), c, "bob", wrong(code), false), userpool.ErrCodeMismatch, "")
	}
	e.clock.Advance(time.Hour)
	e.refused(e.ConfirmSignUp(t.Context(), c, "bob", code, false), userpool.ErrExpiredCode, "")
}

func TestCodeHasOneWinner(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	_, err := e.AttributeCode(t.Context(), nil, u, "email")
	e.ok(err)
	code := e.code("bob@example.com")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email_verified": "false"}))
	u = e.user(p.ID, "bob")
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		wg.Go(func() { errs[i] = e.VerifyAttribute(t.Context(), u, "email", code) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, userpool.ErrExpiredCode) && !errors.Is(err, userpool.ErrLimitExceeded):
			t.Errorf("a loser got %v", err)
		}
	}
	same(t, "winners", won, 1)
}

// TestCodesKeepTheirPurpose: a code that proves an address sets no password, and
// a code of one user or pool is none of another's.
func TestCodesKeepTheirPurpose(t *testing.T) {
	e := newEstate(t)
	a, b := e.newPool(nil), e.newPool(nil)
	ca, cb := e.newClient(a, nil), e.newClient(b, nil)
	bob := e.member(ca, "bob")
	e.member(ca, "eve")
	e.member(cb, "bob")
	for _, c := range []*userpool.Client{ca, cb} {
		_, err := e.ForgotPassword(t.Context(), c, "bob")
		e.ok(err)
	}
	_, err := e.ForgotPassword(t.Context(), ca, "eve")
	e.ok(err)
	_, err = e.AttributeCode(t.Context(), ca, bob, "email")
	e.ok(err)
	proof := e.code("bob@example.com")
	e.refused(e.ConfirmForgotPassword(t.Context(), ca, "bob", proof, newPassword), userpool.ErrCodeMismatch, "")
	e.refused(e.ConfirmForgotPassword(t.Context(), cb, "bob", proof, newPassword), userpool.ErrCodeMismatch, "")
	e.refused(e.ConfirmForgotPassword(t.Context(), ca, "bob", e.code("eve@example.com"), newPassword), userpool.ErrCodeMismatch, "")
}

func TestResetCodeDiesWithItsAddress(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	code := e.code("bob@example.com")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email": "new@example.com", "email_verified": "true"}))
	e.refused(e.ConfirmForgotPassword(t.Context(), c, "bob", code, newPassword), userpool.ErrExpiredCode, "")
}

func TestAdminResetPassword(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	e.ok(e.AdminResetPassword(t.Context(), p.ID, "bob"))
	same(t, "status", e.user(p.ID, "bob").Status, userpool.ResetRequired)
	e.ok(e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), newPassword))
	same(t, "status", e.user(p.ID, "bob").Status, userpool.Confirmed)
	e.signUp(c, "eve")
	e.refused(e.AdminResetPassword(t.Context(), p.ID, "eve"), userpool.ErrNotAuthorized, "User password cannot be reset in the current state.")
}

// Whoever asks for a code of a user that there is not causes the same work as for
// a real one: a message of the same form is pretended, and no failure shows.
func TestForgotPasswordPretends(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c, legacy := e.newClient(p, hide), e.newClient(p, nil)
	e.signUp(e.newClient(p, nil), "bob") // unconfirmed: cannot reset the password
	var pretended []userpool.Mail
	var broke error
	e.Pretend = func(_ context.Context, m userpool.Mail) error {
		pretended = append(pretended, m)
		return broke
	}
	sent := e.mail.count()
	for _, name := range []string{"nobody", "nobody@example.com", "bob"} {
		_, err := e.ForgotPassword(t.Context(), c, name)
		e.ok(err)
	}
	_, err := e.ResendCode(t.Context(), c, "nobody")
	e.ok(err)
	same(t, "pretended", len(pretended), 4)
	for i, kind := range []string{"forgot", "forgot", "forgot", "signup"} {
		same(t, "kind", pretended[i].Kind, kind)
		same(t, "medium", pretended[i].Medium, "EMAIL")
		same(t, "body", pretended[i].Body, "Your verification code is 000000. ")
	}
	broke = errors.New("no transport")
	_, err = e.ForgotPassword(t.Context(), c, "nobody")
	e.ok(err)
	_, err = e.ForgotPassword(t.Context(), legacy, "nobody")
	e.refused(err, userpool.ErrUserNotFound, "")
	same(t, "sent", e.mail.count(), sent)
	same(t, "pretended in all", len(pretended), 5)
}
