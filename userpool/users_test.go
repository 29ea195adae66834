package userpool_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestPasswordPolicy(t *testing.T) {
	strict := userpool.NewPool("").PasswordPolicy
	for password, want := range map[string]string{
		"":                                "Password not long enough",
		"Aa1!":                            "Password not long enough",
		"aaaaaaa1!":                       "Password must have uppercase characters",
		"AAAAAAA1!":                       "Password must have lowercase characters",
		"Aaaaaaaa!":                       "Password must have numeric characters",
		"Aaaaaaaa1":                       "Password must have symbol characters",
		"Aaaa aaa1":                       "",
		" Aaaaaaa1":                       "Password must have symbol characters",
		" Aaaaaaa1!":                      `Password must satisfy regular expression pattern: ^\S.*\S$`,
		"Aaaaaaaa1!":                      "",
		"\xffAaaaaaaa1!":                  "Password is too long or not valid text",
		"Aa1!" + strings.Repeat("x", 253): "Password is too long or not valid text",
	} {
		same(t, "fault of "+password, strict.Fault(password), want)
	}
	same(t, "lax", userpool.PasswordPolicy{MinimumLength: 6}.Fault("aaaaaa"), "")
}

func TestAdminCreateUser(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	u, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", Attributes: map[string]string{"email": "bob@example.com"}})
	e.ok(err)
	same(t, "status", u.Status, userpool.ForceChangePassword)
	same(t, "verified", u.Attributes["email_verified"], "false")
	invitation := e.last("bob@example.com")
	temporary := strings.TrimSuffix(strings.TrimPrefix(invitation.Body, "Your username is bob and temporary password is "), ". ")
	same(t, "the password sent is the user's", e.accepts(p.ID, "bob", temporary), true)
	same(t, "subject", invitation.Subject, "Your temporary password")

	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob"})
	e.refused(err, userpool.ErrUserExists, "User account already exists")
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "eve", MessageAction: "RESEND"})
	e.refused(err, userpool.ErrUserNotFound, "User does not exist.")
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", MessageAction: "RESEND", TemporaryPassword: "Second-One1"})
	e.ok(err)
	same(t, "resent password", e.accepts(p.ID, "bob", "Second-One1"), true)
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "amy", TemporaryPassword: "short"})
	e.refused(err, userpool.ErrInvalidPassword, "Password did not conform with password policy: Password not long enough")

	sent := e.mail.count()
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "quiet", MessageAction: "SUPPRESS", Attributes: map[string]string{"email": "q@example.com"}})
	e.ok(err)
	same(t, "messages of SUPPRESS", e.mail.count(), sent)

	e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", password, true))
	same(t, "permanent", e.user(p.ID, "bob").Status, userpool.Confirmed)
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", MessageAction: "RESEND"})
	e.refused(err, userpool.ErrUnsupportedState, "")
	e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", password, false))
	same(t, "temporary", e.user(p.ID, "bob").Status, userpool.ForceChangePassword)
}

func TestTemporaryPasswordFitsPolicy(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.PasswordPolicy.MinimumLength = 40 })
	for range 20 {
		_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "u" + userpool.NewClientSecret()})
		e.ok(err)
	}
}

func TestForceAlias(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} })
	verified := map[string]string{"email": "b@example.com", "email_verified": "true"}
	create := func(name string, force bool) error {
		_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: name, Attributes: verified, ForceAlias: force, MessageAction: "SUPPRESS"})
		return err
	}
	e.ok(create("bob", false))
	e.refused(create("eve", false), userpool.ErrUserExists, "An account with the given email already exists.")
	e.ok(create("amy", true))
	same(t, "owner", e.user(p.ID, "b@example.com").Username, "amy")
	same(t, "former owner", e.user(p.ID, "bob").Attributes["email_verified"], "false")
}

func TestUsernames(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*userpool.Pool)
		username string
		text     string
	}{
		{"e-mail in an alias pool", func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} }, "a@b.example", "Username cannot be of email format"},
		{"phone in an alias pool", func(p *userpool.Pool) { p.AliasAttributes = []string{"phone_number"} }, "+15551234567", "Username cannot be of phone number format"},
		{"name in an e-mail pool", func(p *userpool.Pool) { p.UsernameAttributes = []string{"email"} }, "bob", "Username should be an email."},
		{"name in a phone pool", func(p *userpool.Pool) { p.UsernameAttributes = []string{"phone_number"} }, "bob", "Username should be a phone number."},
		{"name in a pool of both", func(p *userpool.Pool) { p.UsernameAttributes = []string{"email", "phone_number"} }, "bob", "either an email or a phone number"},
		{"control character", func(*userpool.Pool) {}, "a\x00b", "control"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			_, err := e.AdminCreateUser(t.Context(), e.newPool(tt.change).ID, userpool.NewUser{Username: tt.username})
			e.refused(err, userpool.ErrInvalidParameter, tt.text)
		})
	}
}

func TestAddressAsUsername(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.UsernameAttributes, p.CaseSensitive = []string{"email"}, false })
	c := e.newClient(p, nil)
	u, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "Bob@example.com", Password: password})
	e.ok(err)
	same(t, "username is the sub", u.Username, u.Sub)
	same(t, "attribute", u.Attributes["email"], "Bob@example.com")
	_, _, err = e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "bob@EXAMPLE.com", Password: password})
	e.refused(err, userpool.ErrUserExists, "An account with the given email already exists.")
	e.refused(e.AdminDeleteAttributes(t.Context(), p.ID, u.Sub, []string{"email"}), userpool.ErrInvalidParameter, "must keep the address")
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, u.Sub, map[string]string{"email": "new@example.com"}))
	same(t, "new name", e.user(p.ID, "new@example.com").Sub, u.Sub)
}

func TestAttributeRules(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil,
		userpool.SchemaAttribute{Name: "name", Mutable: true, Required: true},
		userpool.SchemaAttribute{Name: "birth", Type: "DateTime", Mutable: true},
		userpool.SchemaAttribute{Name: "fixed", Type: "String"},
		userpool.SchemaAttribute{Name: "size", Type: "Number", Mutable: true, Min: "1", Max: "9"},
		userpool.SchemaAttribute{Name: "on", Type: "Boolean", Mutable: true},
		userpool.SchemaAttribute{Name: "code", Type: "String", Mutable: true, Min: "2", Max: "3"})
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob"})
	e.refused(err, userpool.ErrInvalidParameter, "Attributes did not conform to the schema: name: The attribute is required\n")
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", Attributes: map[string]string{"name": "Bob", "custom:fixed": "once"}})
	e.ok(err)
	for _, tt := range []struct{ name, value, text string }{
		{"nope", "x", "Attributes did not conform to the schema: nope: Attribute does not exist in the schema.\n"},
		{"name", "", "name: The attribute is required"},
		{"custom:fixed", "twice", "user.custom:fixed: Attribute cannot be updated.\n "},
		{"sub", "x", "user.sub: Attribute cannot be updated.\n "},
		{"identities", "[]", "user.identities: Attribute cannot be updated.\n "},
		{"custom:size", "10", "custom:size: "},
		{"custom:size", "x", "custom:size: "},
		{"custom:on", "yes", "custom:on: "},
		{"custom:code", "a", "custom:code: "},
		{"custom:code", "aaaa", "custom:code: "},
		{"custom:birth", "yesterday", "custom:birth: "},
		{"birthdate", "2001", "birthdate: "},
		{"nickname", "a\x00", "nickname: "},
		{"email", "bob", "Invalid email address format."},
		{"email", "Bob <b@example.com>", "Invalid email address format."},
		{"email", "a@b\r\nBcc: c@d", "Invalid email address format."},
		{"phone_number", "0123", "Invalid phone number format."},
		{"phone_number", "+12a", "Invalid phone number format."},
	} {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			err := e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{tt.name: tt.value})
			e.refused(err, userpool.ErrInvalidParameter, tt.text)
		})
	}
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{
		"custom:size": "9", "custom:on": "true", "custom:code": "日本", "custom:birth": "2001-02-03T04:05:06Z",
		"email": "b@example.com", "email_verified": "true"}))
	e.ok(e.AdminUpdateAttributes(t.Context(), p.ID, "bob", map[string]string{"email": "b2@example.com"}))
	same(t, "a new address is not verified", e.user(p.ID, "bob").Attributes["email_verified"], "false")
	e.ok(e.AdminDeleteAttributes(t.Context(), p.ID, "bob", []string{"email"}))
	_, has := e.user(p.ID, "bob").Attributes["email_verified"]
	same(t, "verified without an address", has, false)
}

func TestDisableAndSignOut(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob"})
	e.ok(err)
	e.ok(e.AdminSetEnabled(t.Context(), p.ID, "bob", false))
	u := e.user(p.ID, "bob")
	same(t, "enabled", u.Enabled, false)
	same(t, "signed out", u.SignedOut, e.clock.Now())
	e.clock.Advance(1e9)
	e.ok(e.AdminSetEnabled(t.Context(), p.ID, "bob", true))
	same(t, "signed out after enabling", e.user(p.ID, "bob").SignedOut, u.SignedOut)
	e.ok(e.AdminSignOut(t.Context(), p.ID, "bob"))
	same(t, "signed out", e.user(p.ID, "bob").SignedOut, e.clock.Now())
}

func TestUserOfAnotherPool(t *testing.T) {
	e := newEstate(t)
	a, b := e.newPool(nil), e.newPool(nil)
	u, err := e.AdminCreateUser(t.Context(), a.ID, userpool.NewUser{Username: "bob"})
	e.ok(err)
	for _, name := range []string{"bob", u.Sub} {
		for what, err := range map[string]error{
			"delete":     e.AdminDeleteUser(t.Context(), b.ID, name),
			"disable":    e.AdminSetEnabled(t.Context(), b.ID, name, false),
			"password":   e.AdminSetPassword(t.Context(), b.ID, name, password, true),
			"attributes": e.AdminUpdateAttributes(t.Context(), b.ID, name, map[string]string{"name": "x"}),
			"sign out":   e.AdminSignOut(t.Context(), b.ID, name),
			"confirm":    e.AdminConfirmSignUp(t.Context(), b.ID, name),
			"reset":      e.AdminResetPassword(t.Context(), b.ID, name),
			"group":      e.AddToGroup(t.Context(), b.ID, "g", name),
		} {
			if !errors.Is(err, userpool.ErrUserNotFound) {
				t.Errorf("%s of a user of another pool: %v", what, err)
			}
		}
	}
	_, err = e.User(t.Context(), "us-east-1_Nowhere01", "bob")
	e.refused(err, userpool.ErrPoolNotFound, "")
}

func TestPasswordHistory(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.PasswordPolicy.History = 2 })
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob", TemporaryPassword: "Password-1"})
	e.ok(err)
	set := func(password string) error { return e.AdminSetPassword(t.Context(), p.ID, "bob", password, true) }
	e.refused(set("Password-1"), userpool.ErrPasswordHistory, "")
	e.ok(set("Password-2"))
	e.refused(set("Password-1"), userpool.ErrPasswordHistory, "")
	e.ok(set("Password-3"))
	e.ok(set("Password-1"))
}

func TestVerifierOnlyWhereSRPIsUsed(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "early"})
	e.ok(err)
	same(t, "verifier in a pool without clients", len(e.user(p.ID, "early").SRPVerifier) > 0, true)
	e.newClient(p, func(c *userpool.Client) {
		c.ExplicitAuthFlows = []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	})
	_, err = e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "bob"})
	e.ok(err)
	same(t, "verifier where no client uses SRP", len(e.user(p.ID, "bob").SRPVerifier), 0)
	e.newClient(p, nil)
	e.ok(e.AdminSetPassword(t.Context(), p.ID, "bob", password, true))
	same(t, "verifier where one does", len(e.user(p.ID, "bob").SRPVerifier) > 0, true)
}

func TestListUsers(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	for _, name := range []string{"amy", "bob", "bobby"} {
		_, err := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: name, Attributes: map[string]string{"name": name + `"x`}})
		e.ok(err)
	}
	for filter, want := range map[string]int{
		``: 3, `username = "bob"`: 1, `username ^= "bob"`: 2, `"username"^="b"`: 2, `name = "bob\"x"`: 1,
		`cognito:user_status = "force_change_password"`: 3, `status = "Enabled"`: 3, `status="enabled"`: 0, ` name ^= "" `: 3,
	} {
		users, _, err := e.Users(t.Context(), p.ID, filter, "", 60)
		e.ok(err)
		same(t, filter, len(users), want)
	}
	for _, filter := range []string{`username`, `username = bob`, `username = "bob`, `username != "bob"`, `custom:x = "y"`,
		`username = "a" and name = "b"`, `= "x"`, `"username = "x"`, `name = "a\`} {
		_, _, err := e.Users(t.Context(), p.ID, filter, "", 60)
		e.refused(err, userpool.ErrInvalidParameter, "Error while parsing filter.")
	}
	_, next, err := e.Users(t.Context(), p.ID, "", "", 2)
	e.ok(err)
	_, _, err = e.Users(t.Context(), p.ID, `username ^= "b"`, next, 2)
	e.refused(err, userpool.ErrInvalidParameter, "pagination token")
}
