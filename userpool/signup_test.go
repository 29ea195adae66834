package userpool_test

import (
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestSignUp(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u, d, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "bob", Password: password, Attributes: map[string]string{"email": "bob@example.com"}})
	e.ok(err)
	same(t, "status", u.Status, userpool.Unconfirmed)
	same(t, "delivery", *d, userpool.Delivery{Attribute: "email", Medium: "EMAIL", Destination: "b***@e***"})
	same(t, "body", e.last("bob@example.com").Body, "Your verification code is "+e.code("bob@example.com")+". ")

	code := e.code("bob@example.com")
	e.refused(e.ConfirmSignUp(t.Context(), c, "bob", wrong(code), false), userpool.ErrCodeMismatch, "Invalid verification code provided, please try again.")
	e.ok(e.ConfirmSignUp(t.Context(), c, "bob", code, false))
	u = e.user(p.ID, "bob")
	same(t, "status", u.Status, userpool.Confirmed)
	same(t, "verified", u.Attributes["email_verified"], "true")
	e.refused(e.ConfirmSignUp(t.Context(), c, "bob", code, false), userpool.ErrNotAuthorized, "User cannot be confirmed. Current status is CONFIRMED")
	_, err = e.ResendCode(t.Context(), c, "bob")
	e.refused(err, userpool.ErrInvalidParameter, "already confirmed")
}

func TestSignUpRefusals(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil, userpool.SchemaAttribute{Name: "team", Mutable: true}, userpool.SchemaAttribute{Name: "rank", Mutable: true, Developer: true})
	closed := e.newPool(func(p *userpool.Pool) { p.AllowAdminCreateOnly = true })
	c := e.newClient(p, nil)
	e.signUp(c, "taken")
	for _, tt := range []struct {
		name, username, password, attribute string
		kind                                error
		text                                string
	}{
		{"taken", "taken", password, "nickname", userpool.ErrUserExists, "User already exists"},
		{"weak", "a", "weak", "nickname", userpool.ErrInvalidPassword, "Password does not conform to policy: Password not long enough"},
		{"no password", "b", "", "nickname", userpool.ErrInvalidPassword, ""},
		{"verifies itself", "c", password, "email_verified", userpool.ErrNotAuthorized, "A client attempted to write unauthorized attribute"},
		{"developer attribute", "d", password, "dev:custom:rank", userpool.ErrNotAuthorized, "unauthorized attribute"},
		{"custom attribute not granted", "e", password, "custom:team", userpool.ErrNotAuthorized, "unauthorized attribute"},
		{"unknown attribute", "f", password, "shoe", userpool.ErrInvalidParameter, "shoe: Attribute does not exist in the schema."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: tt.username, Password: tt.password, Attributes: map[string]string{tt.attribute: "true"}})
			e.refused(err, tt.kind, tt.text)
		})
	}
	granted := e.newClient(p, func(c *userpool.Client) { c.WriteAttributes = []string{"custom:team"} })
	_, _, err := e.Service.SignUp(t.Context(), granted, userpool.SignUp{Username: "g", Password: password, Attributes: map[string]string{"custom:team": "x"}})
	e.ok(err)
	_, _, err = e.Service.SignUp(t.Context(), e.newClient(closed, nil), userpool.SignUp{Username: "h", Password: password})
	e.refused(err, userpool.ErrNotAuthorized, "SignUp is not permitted for this user pool")
}

func TestSignUpCodeGoesToPhoneFirst(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AutoVerified = []string{"email", "phone_number"} })
	_, d, err := e.Service.SignUp(t.Context(), e.newClient(p, nil), userpool.SignUp{Username: "bob", Password: password,
		Attributes: map[string]string{"email": "bob@example.com", "phone_number": "+15551231234"}})
	e.ok(err)
	same(t, "delivery", *d, userpool.Delivery{Attribute: "phone_number", Medium: "SMS", Destination: "+*******1234"})
	same(t, "messages", e.mail.count(), 1)
}

func TestMessageNotDelivered(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(nil), nil)
	e.mail.broke = errors.New("dial tcp 10.0.0.1:25: secret detail")
	_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "bob", Password: password, Attributes: map[string]string{"email": "b@example.com"}})
	e.refused(err, userpool.ErrCodeDelivery, "Failed to deliver the message.")
	e.mail.broke = nil
	_, err = e.ResendCode(t.Context(), c, "bob")
	e.ok(err)
	e.ok(e.ConfirmSignUp(t.Context(), c, "bob", e.code("b@example.com"), false))
}

func TestCodeExpires(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(nil), nil)
	email := e.signUp(c, "bob")
	e.clock.Advance(24 * time.Hour)
	e.refused(e.ConfirmSignUp(t.Context(), c, "bob", e.code(email), false), userpool.ErrExpiredCode, "Invalid code provided, please request a code again.")
}

func TestNewCodeReplacesOldOne(t *testing.T) {
	e := newEstate(t)
	c := e.newClient(e.newPool(nil), nil)
	email := e.signUp(c, "bob")
	old := e.code(email)
	_, err := e.ResendCode(t.Context(), c, "bob")
	e.ok(err)
	if e.code(email) != old {
		e.refused(e.ConfirmSignUp(t.Context(), c, "bob", old, false), userpool.ErrCodeMismatch, "")
	}
	e.ok(e.ConfirmSignUp(t.Context(), c, "bob", e.code(email), false))
}

func TestSignUpCodeDiesWithItsAddress(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	email := e.signUp(c, "bob")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email": "other@example.com"}))
	e.refused(e.ConfirmSignUp(t.Context(), c, "bob", e.code(email), false), userpool.ErrExpiredCode, "")
}

func TestAliasTakeover(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} })
	c := e.newClient(p, nil)
	register := func(name string) string {
		t.Helper()
		_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: name, Password: password, Attributes: map[string]string{"email": "shared@example.com"}})
		e.ok(err)
		return e.code("shared@example.com")
	}
	eves := register("eve") // does not read that mailbox
	_, err := e.User(t.Context(), p.ID, "shared@example.com")
	e.refused(err, userpool.ErrUserNotFound, "")
	e.ok(e.ConfirmSignUp(t.Context(), c, "bob", register("bob"), false))
	same(t, "owner", e.user(p.ID, "shared@example.com").Username, "bob")

	e.refused(e.ConfirmSignUp(t.Context(), c, "eve", eves, false), userpool.ErrAliasExists, "An account with the email already exists.")
	same(t, "owner after the attack", e.user(p.ID, "shared@example.com").Username, "bob")
	same(t, "status of the second", e.user(p.ID, "eve").Status, userpool.Unconfirmed)
	// Whoever holds the code owns the mailbox, and may insist.
	e.ok(e.ConfirmSignUp(t.Context(), c, "eve", eves, true))
	same(t, "new owner", e.user(p.ID, "shared@example.com").Username, "eve")
	same(t, "former owner", e.user(p.ID, "bob").Attributes["email_verified"], "false")
}

func TestSignUpIsHidden(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c, legacy := e.newClient(p, hide), e.newClient(p, nil)
	e.refused(e.ConfirmSignUp(t.Context(), legacy, "nobody", "123456", false), userpool.ErrUserNotFound, "User does not exist.")
	_, err := e.ResendCode(t.Context(), legacy, "nobody")
	e.refused(err, userpool.ErrUserNotFound, "Username/client id combination not found.")
	e.refused(e.ConfirmSignUp(t.Context(), c, "nobody", "123456", false), userpool.ErrExpiredCode, "")
	one, err := e.ResendCode(t.Context(), c, "nobody")
	e.ok(err)
	two, err := e.ResendCode(t.Context(), c, "nobody")
	e.ok(err)
	same(t, "stable destination", *one, *two)
	email := e.signUp(c, "off")
	e.ok(e.AdminSetEnabled(t.Context(), p.ID, "off", false))
	e.refused(e.ConfirmSignUp(t.Context(), c, "off", e.code(email), false), userpool.ErrExpiredCode, "")
}
