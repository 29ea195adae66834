package userpool_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// Whose local sign-in is disabled cannot open it again with a code from before.
func TestDisabledLocalSignInTakesNoOldCode(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	u := e.member(c, "bob")
	e.ok(e.Store.CreateProvider(t.Context(), &userpool.Provider{Pool: p.ID, Name: "Google", Type: "Google", Created: e.Now(), Modified: e.Now()}))
	_, err := e.Store.UpdateIdentities(t.Context(), p.ID, u.Username, func(u *userpool.User, _ []userpool.Identity) ([]userpool.Identity, error) {
		u.Attributes["identities"] = `[{"userId":"1"}]`
		return []userpool.Identity{{IdentityKey: userpool.IdentityKey{Provider: "Google", Attribute: userpool.IdentitySubject, Value: "1"}}}, nil
	})
	e.ok(err)
	_, err = e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	code := e.code("bob@example.com")
	e.clock.Advance(time.Second)
	e.ok(e.DisableProvider(t.Context(), p.ID, userpool.IdentityKey{Provider: "Cognito", Value: "bob"}))
	e.refused(e.ConfirmForgotPassword(t.Context(), c, "bob", code, "Another-password-1"), userpool.ErrExpiredCode, "")
	if e.user(p.ID, "bob").Password != "" {
		t.Error("the password is back")
	}
}
