package userpool_test

import (
	"errors"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// TestAdminUpdateSendsCodes: a new address that the pool verifies gets a code, as when
// its user changes it, unless the administrator vouches for it.
func TestAdminUpdateSendsCodes(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	c := e.newClient(p, nil)
	e.member(c, "bob")
	update := func(attributes ...string) error {
		return e.AdminUpdateAttributes(t.Context(), p.ID, "bob", pairs(attributes))
	}
	before := e.mail.count()
	e.ok(update("email", "vouched@example.com", "email_verified", "true"))
	e.ok(update("email", "vouched@example.com", "name", "Bob"))
	e.ok(update("phone_number", "+15551234567")) // which the pool does not verify
	same(t, "messages", e.mail.count(), before)

	e.ok(update("email", "new@example.com"))
	u := e.user(p.ID, "bob")
	same(t, "new address", u.Attributes["email"]+u.Attributes["email_verified"], "new@example.comfalse")
	e.ok(e.VerifyAttribute(t.Context(), u, "email", e.code("new@example.com")))
	same(t, "verified", e.user(p.ID, "bob").Attributes["email_verified"], "true")
	for range 20 {
		e.ok(update("email", "one@example.com"))
		e.ok(update("email", "two@example.com"))
	}

	// A message that is lost takes nothing back: the operation has no error for it.
	e.mail.broke = errors.New("mail server is down")
	e.ok(update("email", "lost@example.com"))
	same(t, "changed", e.user(p.ID, "bob").Attributes["email"], "lost@example.com")
}

// TestAdminUpdateWaits: where an address counts once it is verified, an administrator's
// waits too, unless it comes verified.
func TestAdminUpdateWaits(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.VerifyBeforeUpdate = []string{"email"} })
	e.member(e.newClient(p, nil), "bob")
	update := func(attributes ...string) error {
		return e.AdminUpdateAttributes(t.Context(), p.ID, "bob", pairs(attributes))
	}
	e.ok(update("email", "new@example.com", "email_verified", "false", "name", "Bob"))
	u := e.user(p.ID, "bob")
	same(t, "meanwhile", u.Attributes["email"]+u.Attributes["email_verified"]+u.Attributes["name"], "bob@example.comtrueBob")
	e.ok(e.VerifyAttribute(t.Context(), u, "email", e.code("new@example.com")))
	same(t, "verified", e.user(p.ID, "bob").Attributes["email"], "new@example.com")
	e.ok(update("email", "vouched@example.com", "email_verified", "true"))
	same(t, "vouched for", e.user(p.ID, "bob").Attributes["email"], "vouched@example.com")
}

func TestAdminUpdateAsksForWords(t *testing.T) {
	e, l, c := newFunctions(t, nil, "CustomMessage")
	l.answers("CustomMessage", `{"emailMessage":"New: {####}"}`)
	e.signUp(c, "ana")
	e.ok(e.AdminUpdateAttributes(t.Context(), c.Pool, "ana", map[string]string{"email": "new@example.com"}))
	same(t, "source", l.sources(), "CustomMessage_SignUp CustomMessage_UpdateUserAttribute")
	same(t, "body", e.last("new@example.com").Body, "New: "+e.code("new@example.com"))
}
