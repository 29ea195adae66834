package userpool_test

import (
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestHourlyLimits: what a user, or somebody who guesses, may do in a clock hour. Right
// and wrong tries count alike, and another hour another count.
func TestHourlyLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		max int
		try func(e *estate, c *userpool.Client, u *userpool.User) error
	}{
		"ForgotPassword": {5, func(e *estate, c *userpool.Client, u *userpool.User) error {
			_, err := e.ForgotPassword(e.Context(), c, u.Username)
			return err
		}},
		"ConfirmForgotPassword": {10, func(e *estate, c *userpool.Client, u *userpool.User) error {
			return e.ConfirmForgotPassword(e.Context(), c, u.Username, "000000", newPassword)
		}},
		"ResendConfirmationCode": {5, func(e *estate, c *userpool.Client, u *userpool.User) error {
			_, err := e.ResendCode(e.Context(), c, "unconfirmed")
			return err
		}},
		"ConfirmSignUp": {15, func(e *estate, c *userpool.Client, u *userpool.User) error {
			return e.ConfirmSignUp(e.Context(), c, "unconfirmed", "000000", false)
		}},
		"VerifyUserAttribute": {15, func(e *estate, c *userpool.Client, u *userpool.User) error {
			return e.VerifyAttribute(e.Context(), u, "email", "000000")
		}},
		"GetUserAttributeVerificationCode": {5, func(e *estate, c *userpool.Client, u *userpool.User) error {
			_, err := e.AttributeCode(e.Context(), c, u, "email")
			return err
		}},
		"ChangePassword": {5, func(e *estate, c *userpool.Client, u *userpool.User) error {
			return e.ChangePassword(e.Context(), c, u, "Wrong-password1", newPassword)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t)
			c := e.newClient(e.newPool(nil), nil)
			u := e.member(c, "bob")
			e.signUp(c, "unconfirmed")
			e.clock.Advance(time.Hour) // what the preparation counted is over
			for i := range tt.max {
				if err := tt.try(e, c, u); errors.Is(err, userpool.ErrLimitExceeded) {
					t.Fatalf("try %d is refused", i+1)
				}
			}
			for range 3 {
				e.refused(tt.try(e, c, u), userpool.ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
			}
			e.clock.Advance(time.Hour)
			if err := tt.try(e, c, u); errors.Is(err, userpool.ErrLimitExceeded) {
				t.Error("the next hour is refused")
			}
		})
	}
}

// TestInvitationMediums: an invitation goes by SMS unless it is said otherwise, and by
// mail to whoever has no phone number.
func TestInvitationMediums(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	for name, tt := range map[string]struct {
		attributes, mediums []string
		want                string
	}{
		"default":         {[]string{"email", "a@example.com", "phone_number", "+15551234567"}, nil, "SMS"},
		"no phone":        {[]string{"email", "b@example.com"}, nil, "EMAIL"},
		"mail":            {[]string{"email", "c@example.com", "phone_number", "+15551234568"}, []string{"EMAIL"}, "EMAIL"},
		"both":            {[]string{"email", "d@example.com", "phone_number", "+15551234569"}, []string{"EMAIL", "SMS"}, "EMAILSMS"},
		"by no way there": {[]string{"email", "f@example.com"}, []string{"SMS"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := e.mail.count()
			_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: name, Attributes: pairs(tt.attributes), Mediums: tt.mediums})
			e.ok(err)
			got := ""
			for _, m := range e.mail.sent[before:] {
				got += m.Medium
			}
			same(t, "mediums", got, tt.want)
		})
	}
}

// TestWhoMayWrite: without a list a client writes the standard attributes; with one it
// writes those on it and, always, the required ones.
func TestWhoMayWrite(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil, userpool.SchemaAttribute{Name: "name", Mutable: true, Required: true}, userpool.SchemaAttribute{Name: "team", Mutable: true},
		userpool.SchemaAttribute{Name: "note", Mutable: true, Developer: true})
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", Attributes: map[string]string{"name": "Bob"}})
	e.ok(err)
	u := e.user(p.ID, "bob")
	all, some := e.newClient(p, nil), e.newClient(p, func(c *userpool.Client) { c.WriteAttributes = []string{"custom:team", "name"} })
	for _, tt := range []struct {
		client *userpool.Client
		name   string
		ok     bool
	}{
		{all, "name", true}, {all, "nickname", true}, {all, "custom:team", false}, {all, "dev:custom:note", false}, {all, "email_verified", false},
		{all, "phone_number_verified", false}, {all, "identities", false},
		{some, "name", true}, {some, "nickname", false}, {some, "custom:team", true}, {some, "dev:custom:note", false}, {some, "email_verified", false},
	} {
		_, err := e.UpdateAttributes(t.Context(), tt.client, u, map[string]string{tt.name: "true"})
		if tt.ok {
			e.ok(err)
			continue
		}
		e.refused(err, userpool.ErrNotAuthorized, "A client attempted to write unauthorized attribute")
	}
	_, err = e.UpdateAttributes(t.Context(), all, u, map[string]string{"name": ""})
	e.refused(err, userpool.ErrInvalidParameter, "name: The attribute is required")
}

// TestPreferredUsernameOfUnconfirmed: it leads to its user once that is confirmed.
func TestPreferredUsernameOfUnconfirmed(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"preferred_username"} })
	c := e.newClient(p, nil)
	_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "bob", Password: password,
		Attributes: map[string]string{"email": "bob@example.com", "preferred_username": "robert"}})
	e.ok(err)
	_, err = e.User(t.Context(), p.ID, "robert")
	e.refused(err, userpool.ErrUserNotFound, "")
	e.ok(e.AdminConfirmSignUp(t.Context(), p.ID, "bob"))
	same(t, "confirmed", e.user(p.ID, "robert").Username, "bob")
}

// TestPasswordOfUpstreamUser: a permanent password makes a user of a provider one of
// the pool's own.
func TestPasswordOfUpstreamUser(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	e.ok(e.Store.CreateUser(t.Context(), &userpool.User{Pool: p.ID, Username: "Corp_1", Sub: "s", Status: userpool.ExternalProvider, Enabled: true, Created: e.clock.Now()}))
	_, err := e.ForgotPassword(t.Context(), e.newClient(p, nil), "Corp_1")
	e.refused(err, userpool.ErrNotAuthorized, "User password cannot be reset in the current state.")
	e.refused(e.AdminResetPassword(t.Context(), p.ID, "Corp_1"), userpool.ErrNotAuthorized, "User password cannot be reset in the current state.")
	e.ok(e.AdminSetPassword(t.Context(), p.ID, "Corp_1", password, true))
	same(t, "status", e.user(p.ID, "Corp_1").Status, userpool.Confirmed)
}

// TestPoolsOfAliasesAndNames: the two do not go together, and stay as they were made.
func TestPoolsOfAliasesAndNames(t *testing.T) {
	e := newEstate(t)
	p := userpool.NewPool("both")
	p.AliasAttributes, p.UsernameAttributes = []string{"email"}, []string{"phone_number"}
	_, err := e.CreatePool(t.Context(), p, nil)
	e.refused(err, userpool.ErrInvalidParameter, "Only one of the aliasAttributes or usernameAttributes")
	p = e.newPool(func(p *userpool.Pool) { p.AliasAttributes, p.CaseSensitive = []string{"email"}, false })
	next := userpool.NewPool("changed")
	next.UsernameAttributes, next.CaseSensitive, next.TemporaryPasswordDays = []string{"email"}, true, 0
	p, err = e.ReplacePool(t.Context(), p.ID, next)
	e.ok(err)
	if len(p.AliasAttributes) != 1 || len(p.UsernameAttributes) != 0 || p.CaseSensitive || p.TemporaryPasswordDays != 7 {
		t.Errorf("%v %v %t %d", p.AliasAttributes, p.UsernameAttributes, p.CaseSensitive, p.TemporaryPasswordDays)
	}
}

// TestLivesOfCodes: a day for addresses, an hour for passwords.
func TestLivesOfCodes(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	_, err := e.AttributeCode(t.Context(), c, u, "email")
	e.ok(err)
	code := e.code("bob@example.com")
	e.clock.Advance(24*time.Hour - time.Second)
	e.ok(e.VerifyAttribute(t.Context(), u, "email", code))
	_, err = e.AttributeCode(t.Context(), c, u, "email")
	e.ok(err)
	code = e.code("bob@example.com")
	e.clock.Advance(24 * time.Hour)
	e.refused(e.VerifyAttribute(t.Context(), u, "email", code), userpool.ErrExpiredCode, "")
	_, err = e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	e.clock.Advance(time.Hour - time.Second)
	e.ok(e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), newPassword))
}
