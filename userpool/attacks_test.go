package userpool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestForceTakesOnlyWhatWasProved: a code proves a mailbox. It does not prove a
// preferred_username, which somebody else signs in by.
func TestForceTakesOnlyWhatWasProved(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"email", "preferred_username"} })
	c := e.newClient(p, nil)
	e.member(c, "bob")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"preferred_username": "robert"}))

	_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "eve", Password: password,
		Attributes: map[string]string{"email": "eve@example.com", "preferred_username": "robert"}})
	e.ok(err)
	e.refused(e.ConfirmSignUp(t.Context(), c, "eve", e.code("eve@example.com"), true), userpool.ErrAliasExists, "")
	same(t, "who robert is", e.user(p.ID, "robert").Username, "bob")
}

// TestPreferredUsernameIsNoAddress: an address as preferred_username would stand
// for its owner before the owner could verify it.
func TestPreferredUsernameIsNoAddress(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) {
		p.AliasAttributes = []string{"email", "phone_number", "preferred_username"}
	})
	c := e.newClient(p, nil)
	eve := e.member(c, "eve")
	for _, name := range []string{"victim@example.com", "+15551234567"} {
		_, err := e.UpdateAttributes(t.Context(), c, eve, map[string]string{"preferred_username": name})
		e.refused(err, userpool.ErrInvalidParameter, "")
		_, _, err = e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "mallory", Password: password,
			Attributes: map[string]string{"preferred_username": name}})
		e.refused(err, userpool.ErrInvalidParameter, "")
	}
	_, err := e.UpdateAttributes(t.Context(), c, eve, map[string]string{"preferred_username": "evita"})
	e.ok(err)
}

// TestConfirmingTellsNothing: in a closed pool nothing else says who exists.
func TestConfirmingTellsNothing(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, hide)
	e.member(c, "bob")
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "invited", MessageAction: "SUPPRESS"})
	e.ok(err)
	for _, name := range []string{"nobody", "bob", "invited"} {
		err := e.ConfirmSignUp(t.Context(), c, name, "123456", false)
		e.refused(err, userpool.ErrExpiredCode, "Invalid code provided, please request a code again.")
		_, err = e.ResendCode(t.Context(), c, name)
		e.ok(err)
	}
}

// TestUndeliveredCodesTellNothing: only somebody who exists has an address that a
// message can fail to reach.
func TestUndeliveredCodesTellNothing(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, hide)
	e.member(c, "bob")
	e.signUp(c, "new")
	e.mail.broke = errors.New("no mail today")
	for _, name := range []string{"nobody", "bob", "new"} {
		_, err := e.ForgotPassword(t.Context(), c, name)
		e.ok(err)
		_, err = e.ResendCode(t.Context(), c, name)
		e.ok(err)
	}
	_, err := e.ForgotPassword(t.Context(), e.newClient(p, nil), "bob")
	e.refused(err, userpool.ErrCodeDelivery, "")
}

// TestResetCodeDiesWithThePassword: a code that was asked for before somebody set
// a password must not set another one.
func TestResetCodeDiesWithThePassword(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	e.clock.Advance(time.Minute)
	e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", "From-The-Admin-1", false))
	err = e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), newPassword)
	e.refused(err, userpool.ErrExpiredCode, "")
	same(t, "status", e.user(p.ID, "bob").Status, userpool.ForceChangePassword)
}

// TestFirstSignInKeepsVerifiedAddress: the first sign-in is no way around the rule
// that an address is verified before it replaces another.
func TestFirstSignInKeepsVerifiedAddress(t *testing.T) {
	w := newWorld(t)
	w.pool.VerifyBeforeUpdate = []string{"email"}
	u := w.addUser("carol", func(u *userpool.User) { u.Status = userpool.ForceChangePassword })
	_, err := w.auth.ChangeForcedPassword(t.Context(), w.pool, w.client, u, "Her-own-password-1", map[string]string{"email": "new@example.com"})
	wantFault(t, err, userpool.ErrNotAuthorized, "Cannot modify an already provided email")
}

// TestLockTellsNothingByCase: which spellings share a lock must not depend on
// whether somebody has the name.
func TestLockTellsNothingByCase(t *testing.T) {
	w := newWorld(t)
	w.addUser("Carol", func(*userpool.User) {})
	for _, names := range [][2]string{{"Carol", "carol"}, {"Nobody", "nobody"}, {"alice", "ALICE"}, {"no-one", "NO-ONE"}} {
		for range 5 {
			wantFault(t, w.guess(t.Context(), names[0], "wrong"), userpool.ErrNotAuthorized, incorrect)
		}
		wantFault(t, w.guess(t.Context(), names[0], "wrong"), userpool.ErrNotAuthorized, exceeded)
		wantFault(t, w.guess(t.Context(), names[1], "wrong"), userpool.ErrNotAuthorized, incorrect)
	}
}

// TestLockCoversANetwork: one customer has 2^64 addresses of IPv6.
func TestLockCoversANetwork(t *testing.T) {
	w := newWorld(t)
	from := func(ip string) context.Context { return fromIP(t.Context(), ip) }
	for _, ip := range []string{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:2::4", "2001:db8:1:2::5"} {
		wantFault(t, w.guess(from(ip), "alice", "wrong"), userpool.ErrNotAuthorized, incorrect)
	}
	wantFault(t, w.guess(from("2001:db8:1:2:abcd::6"), "alice", password), userpool.ErrNotAuthorized, exceeded)
	w.check(w.guess(from("2001:db8:1:3::1"), "alice", password))
	w.check(w.guess(from("192.0.2.1"), "alice", password))
}

// TestRefreshHoldsNoMoreThanTheClient: a scope that was taken from the client is in
// no token any more, whatever was granted once (S20).
func TestRefreshHoldsNoMoreThanTheClient(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("webclient00000000000000000", func(c *userpool.Client) {
		c.OAuthEnabled, c.OAuthFlows, c.OAuthScopes = true, []string{"code"}, []string{"openid", "email", "api/write"}
	})
	set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: w.pool, Client: c, User: w.alice, Scopes: c.OAuthScopes})
	w.check(err)
	c.OAuthScopes = []string{"openid", "email"}
	fresh, err := w.tokens.Refresh(t.Context(), c, userpool.RefreshRequest{Token: set.RefreshToken})
	w.check(err)
	same(t, "scope", claims(t, fresh.AccessToken)["scope"], any("openid email"))
	c.OAuthEnabled = false
	_, err = w.tokens.Refresh(t.Context(), c, userpool.RefreshRequest{Token: set.RefreshToken})
	wantFault(t, err, userpool.ErrNotAuthorized, "Refresh Token has been revoked")
}

// TestStrictPasswordEndsSignIns: in a strict pool a new password ends every
// sign-in that came before it (RFC 9700).
func TestStrictPasswordEndsSignIns(t *testing.T) {
	w := newWorld(t)
	set := w.mustSignIn()
	w.Advance(time.Second)
	w.changeUser("alice", func(u *userpool.User) { u.PasswordChanged = w.Now() })
	if _, err := w.tokens.Refresh(t.Context(), w.client, userpool.RefreshRequest{Token: set.RefreshToken}); err != nil {
		t.Error("Cognito's pools keep tokens:", err)
	}
	_, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error { p.Strict = true; return nil })
	w.check(err)
	_, err = w.tokens.Refresh(t.Context(), w.client, userpool.RefreshRequest{Token: set.RefreshToken})
	wantFault(t, err, userpool.ErrNotAuthorized, "Refresh Token has been revoked")
}

// TestRecoveryEndsSignIns: somebody else may be in an account that is recovered,
// or whose password an administrator replaces.
func TestRecoveryEndsSignIns(t *testing.T) {
	recovered := func(e *estate, p *userpool.Pool, c *userpool.Client) {
		_, err := e.ForgotPassword(t.Context(), c, "bob")
		e.ok(err)
		e.ok(e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), newPassword))
	}
	set := func(e *estate, p *userpool.Pool, _ *userpool.Client) {
		e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", "From-The-Admin-1", true))
	}
	reset := func(e *estate, p *userpool.Pool, _ *userpool.Client) {
		e.ok(e.AdminResetPassword(t.Context(), p.ID, "bob"))
	}
	for name, end := range map[string]func(*estate, *userpool.Pool, *userpool.Client){"recovered": recovered, "set by admin": set, "reset by admin": reset} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t)
			p := e.newPool(nil)
			c := e.newClient(p, nil)
			e.member(c, "bob")
			e.clock.Advance(time.Minute)
			signedIn := e.clock.Now()
			e.clock.Advance(time.Minute)
			end(e, p, c)
			if u := e.user(p.ID, "bob"); !u.SignedOut.After(signedIn) {
				t.Errorf("signed out at %v, want after %v", u.SignedOut, signedIn)
			}
		})
	}
}

// TestSignUpsFillNoMailbox: new names are free, a stranger's mailbox is not.
func TestSignUpsFillNoMailbox(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	signUp := func(name, address string) error {
		_, _, err := e.SignUp(t.Context(), c, userpool.SignUp{Username: name, Password: newPassword, Attributes: map[string]string{"email": address}})
		return err
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		e.ok(signUp(name, "victim@example.com"))
	}
	e.refused(signUp("f", "Victim@Example.com"), userpool.ErrLimitExceeded, "Attempt limit exceeded, please try after some time.")
	if _, err := e.User(t.Context(), p.ID, "f"); !errors.Is(err, userpool.ErrUserNotFound) {
		t.Errorf("the refused sign-up left a user: %v", err)
	}
	e.ok(signUp("f", "somebody@example.com"))
	e.clock.Advance(time.Hour)
	e.ok(signUp("g", "victim@example.com"))
}

// A name of a megabyte is refused before anybody has work with it.
func TestNamesThatNobodyHas(t *testing.T) {
	w, _ := newChoiceWorld(t)
	name := strings.Repeat("é", 2049)
	for _, flow := range []string{"USER_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH"} {
		_, err := w.initiate(w.client, flow, "USERNAME", name, "PASSWORD", password)
		wantFault(t, err, userpool.ErrInvalidParameter, "USERNAME is longer than 2048 characters.")
	}
	_, err := w.respond(w.client, "PASSWORD", "session", "USERNAME", name)
	wantFault(t, err, userpool.ErrInvalidParameter, "USERNAME is longer than 2048 characters.")
	_, err = w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", name[2:], "PASSWORD", password)
	wantFault(t, err, userpool.ErrNotAuthorized, wrongPassword)
}
