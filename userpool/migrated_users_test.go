package userpool_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// migrating opens a service whose UserMigration answers a response.
func migrating(t testing.TB, change func(*userpool.Pool), response string) (*estate, *lambda, *userpool.Client, *userpool.Pool) {
	t.Helper()
	e, l, c := newFunctions(t, change, "UserMigration")
	l.answers("UserMigration", response)
	p, err := e.Pool(t.Context(), c.Pool)
	e.ok(err)
	return e, l, c, p
}

// TestMigrateAtSignIn: a user whom the function vouches for has the password that
// was typed, whatever the pool asks of new ones.
func TestMigrateAtSignIn(t *testing.T) {
	e, _, c, p := migrating(t, nil, `{"userAttributes":{"email":"bob@example.com","email_verified":"true"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`)
	u, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.ok(err)
	same(t, "status", u.Status, userpool.Confirmed)
	same(t, "password", e.accepts(p.ID, "bob", "old"), true)
	same(t, "verified", e.user(p.ID, "bob").Attributes["email_verified"], "true")
	same(t, "messages", e.mail.count(), 0)
}

// TestMigrateForReset: without a final status the user has to choose a password.
func TestMigrateForReset(t *testing.T) {
	e, _, c, p := migrating(t, nil, `{"userAttributes":{"email":"bob@example.com"},"desiredDeliveryMediums":["EMAIL"]}`)
	u, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.ok(err)
	same(t, "status", u.Status, userpool.ResetRequired)
	same(t, "password", u.Password, "")
	same(t, "welcome", e.last("bob@example.com").Body, "Your account was moved. Your username is bob. ")
}

// TestMigrateForgotten: who forgot a password in another directory gets a code here.
func TestMigrateForgotten(t *testing.T) {
	e, l, c, p := migrating(t, nil, `{"userAttributes":{"email":"bob@example.com","email_verified":"true"},"messageAction":"SUPPRESS"}`)
	d, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	same(t, "medium", d.Medium, "EMAIL")
	same(t, "source", l.sources(), "UserMigration_ForgotPassword")
	e.ok(e.ConfirmForgotPassword(t.Context(), c, "bob", e.code("bob@example.com"), "Other-Horse-2"))
	same(t, "password", e.accepts(p.ID, "bob", "Other-Horse-2"), true)
}

// TestMigrateLimit: strangers cannot make the function look up names for ever.
func TestMigrateLimit(t *testing.T) {
	e, l, c, _ := migrating(t, nil, `{}`)
	for range 5 {
		_, err := e.ForgotPassword(t.Context(), c, "bob")
		wantFault(t, err, userpool.ErrUserNotFound, "Exception migrating user in app client "+string(c.ID))
	}
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.refused(err, userpool.ErrLimitExceeded, "")
	same(t, "calls", len(l.events), 5)
}

// TestMigrateHidden: where nobody may learn who exists, nobody found looks like anybody.
func TestMigrateHidden(t *testing.T) {
	e, _, c, _ := migrating(t, nil, `{}`)
	d, err := e.ForgotPassword(t.Context(), e.newClient(&userpool.Pool{ID: c.Pool}, hide), "bob")
	e.ok(err)
	same(t, "medium", d.Medium, "EMAIL")
	same(t, "messages", e.mail.count(), 0)
}

// TestMigrateNames: the function may name the new user, but no user who is here.
func TestMigrateNames(t *testing.T) {
	e, l, c, p := migrating(t, nil, `{"userAttributes":{"username":"robert","email":"bob@example.com"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`)
	u, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.ok(err)
	same(t, "name", u.Username, "robert")
	_, has := u.Attributes["username"]
	same(t, "attribute", has, false)
	e.member(c, "ana")
	l.answers("UserMigration", `{"userAttributes":{"username":"ana","email":"eve@example.com"},"finalUserStatus":"CONFIRMED"}`)
	_, err = e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "eve", "evil")
	e.refused(err, userpool.ErrUserExists, "User account already exists")
	same(t, "password", e.accepts(p.ID, "ana", password), true)
}

// TestMigrateAlias: an alias moves only by the function's will.
func TestMigrateAlias(t *testing.T) {
	e, l, c, p := migrating(t, func(p *userpool.Pool) { p.AliasAttributes = []string{"email"} },
		`{"userAttributes":{"email":"ana@example.com","email_verified":"true"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`)
	e.member(c, "ana")
	_, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.refused(err, userpool.ErrUserExists, "An account with the given email already exists.")
	l.answers("UserMigration", `{"userAttributes":{"email":"ana@example.com","email_verified":"true"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS","forceAliasCreation":true}`)
	_, err = e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.ok(err)
	same(t, "owner", e.user(p.ID, "ana@example.com").Username, "bob")
}

// TestMigrateUnfit: what the pool would refuse of anybody is refused of migrated
// users too, and they stay unknown.
func TestMigrateUnfit(t *testing.T) {
	for _, attributes := range []string{`{"email":"not an address"}`, `{"custom:x":"1"}`, `{"sub":"1"}`, `{"username":"bob","email":"b@example.com"},"enableSMSMFA":true`} {
		e, _, c, p := migrating(t, nil, `{"userAttributes":`+attributes+`,"finalUserStatus":"CONFIRMED"}`)
		_, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
		wantFault(t, err, userpool.ErrUserNotFound, "Exception migrating user in app client "+string(c.ID))
		_, err = e.User(t.Context(), p.ID, "bob")
		e.refused(err, userpool.ErrUserNotFound, "")
	}
}

// TestMigrateFactor: the function may ask for codes by SMS from then on.
func TestMigrateFactor(t *testing.T) {
	e, _, c, p := migrating(t, func(p *userpool.Pool) { p.MFA, p.SMSMFA = userpool.MFAOptional, true },
		`{"userAttributes":{"phone_number":"+15551234567"},"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS","enableSMSMFA":true}`)
	u, err := e.Migrate(t.Context(), p, c, userpool.MigrateSignIn, "bob", "old")
	e.ok(err)
	same(t, "factor", p.Factors(u)[0], userpool.FactorSMS)
}
