package userpool_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const fresh = "Fresh-Horse-22"

// temporary returns a world whose user "temp" has a temporary password, in a pool
// that requires name and email.
func temporary(t *testing.T) *world {
	w := newWorld(t)
	var err error
	w.pool, err = w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		for i := range p.Schema {
			p.Schema[i].Required = p.Schema[i].Required || p.Schema[i].Name == "name" || p.Schema[i].Name == "email"
		}
		return nil
	})
	w.check(err)
	w.addUser("temp", func(u *userpool.User) { u.Status = userpool.ForceChangePassword })
	return w
}

func (w *world) askedForPassword() string {
	w.Helper()
	step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "temp", "PASSWORD", password)
	w.check(err)
	if step.Result != nil || step.Challenge.Name != "NEW_PASSWORD_REQUIRED" {
		w.Fatalf("step = %+v", step)
	}
	return step.Challenge.Session
}

func TestNewPasswordChallenge(t *testing.T) {
	w := temporary(t)
	step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "temp", "PASSWORD", password)
	w.check(err)
	want := map[string]string{"USER_ID_FOR_SRP": "temp", "requiredAttributes": `["userAttributes.name"]`,
		"userAttributes": `{"email":"temp@example.com","email_verified":"true"}`}
	for name, value := range want {
		if got := step.Challenge.Params[name]; got != value {
			t.Errorf("%s = %s", name, got)
		}
	}
	if n := len(step.Challenge.Session); n < 20 || n > 2048 {
		t.Errorf("session of %d characters", n)
	}
}

func TestNewPassword(t *testing.T) {
	w := temporary(t)
	half, ch := w.srpChallenge(w.client, "temp")
	step, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	w.check(err)
	w.Advance(time.Minute)
	step, err = w.respond(w.client, step.Challenge.Name, step.Challenge.Session,
		"USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "Temp")
	w.check(err)
	if got := claims(t, step.Result.IDToken)["name"]; got != "Temp" {
		t.Errorf("name = %v", got)
	}
	u, err := w.store.User(t.Context(), worldPool, "temp")
	w.check(err)
	if u.Status != userpool.Confirmed || !u.PasswordChanged.Equal(w.Now()) || u.Attributes["name"] != "Temp" {
		t.Errorf("user = %+v", u)
	}
	if _, err := w.passwordSignIn(w.client, "temp", fresh); err != nil {
		t.Error(err)
	}
	half, ch = w.srpChallenge(w.client, "temp")
	if _, err := w.verify(w.client, w.srpAnswer(half, ch, fresh)); err != nil {
		t.Errorf("SRP: %v", err)
	}
	_, err = w.passwordSignIn(w.client, "temp", password)
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}

func TestRefusedNewPasswords(t *testing.T) {
	w := temporary(t)
	second := w.addClient("secondclient00000000000000", func(c *userpool.Client) {})
	foreign := w.addClient("foreignclient0000000000000", func(c *userpool.Client) { c.Pool = otherPool })
	narrow := w.addClient("narrowclient00000000000000", func(c *userpool.Client) { c.WriteAttributes = []string{"name"} })
	session := w.askedForPassword()
	for _, tt := range []struct {
		name    string
		client  *userpool.Client
		session string
		in      []string
		kind    error
		text    string
	}{
		{"weak", w.client, session, []string{"NEW_PASSWORD", "short", "userAttributes.name", "T"}, userpool.ErrInvalidPassword,
			"Password did not conform with password policy: Password not long enough"},
		{"no password", w.client, session, nil, userpool.ErrInvalidParameter, "Missing required parameter NEW_PASSWORD"},
		{"no session", w.client, "", []string{"NEW_PASSWORD", fresh}, userpool.ErrInvalidParameter, "Missing required parameter Session"},
		{"garbage session", w.client, "abcdefghijklmnopqrstuvwxyz", []string{"NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"cut session", w.client, session[:len(session)-4], []string{"NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"session of another client", second, session, []string{"NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"session of another pool", foreign, session, []string{"NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"session of another user", w.client, session, []string{"USERNAME", "alice", "NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"session of nobody", w.client, session, []string{"USERNAME", "nobody", "NEW_PASSWORD", fresh}, userpool.ErrNotAuthorized, "Invalid session for the user."},
		{"required attribute missing", w.client, session, []string{"NEW_PASSWORD", fresh}, userpool.ErrInvalidParameter, "Invalid attributes given, name is missing"},
		{"required attribute given twice", w.client, session, []string{"NEW_PASSWORD", fresh, "userAttributes.name", "T", "userAttributes.email", "mallory@example.com"},
			userpool.ErrNotAuthorized, "Cannot modify an already provided email"},
		{"verified by itself", w.client, session, []string{"NEW_PASSWORD", fresh, "userAttributes.name", "T", "userAttributes.phone_number_verified", "true"},
			userpool.ErrNotAuthorized, "A client attempted to write unauthorized attribute"},
		{"unknown attribute", w.client, session, []string{"NEW_PASSWORD", fresh, "userAttributes.name", "T", "userAttributes.custom:x", "1"},
			userpool.ErrInvalidParameter, "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.respond(tt.client, "NEW_PASSWORD_REQUIRED", tt.session, append([]string{"USERNAME", "temp"}, tt.in...)...)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
	_, err := w.auth.ChangeForcedPassword(t.Context(), w.pool, narrow, mustUser(w, "temp"), fresh, map[string]string{"name": "T", "nickname": "n"})
	wantFault(t, err, userpool.ErrNotAuthorized, "A client attempted to write unauthorized attribute")
	// None of that used the session up.
	_, err = w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "T")
	w.check(err)
	_, err = w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session can only be used once.")
}

func mustUser(w *world, name string) *userpool.User {
	w.Helper()
	u, err := w.store.User(w.Context(), worldPool, name)
	w.check(err)
	return u
}

func TestSessionExpires(t *testing.T) {
	w := temporary(t)
	session := w.askedForPassword()
	w.Advance(3 * time.Minute)
	_, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "T")
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session is expired.")
}

func TestSessionIsUsedOnce(t *testing.T) {
	w := temporary(t)
	session := w.askedForPassword()
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			step, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "T")
			if err == nil && step.Result != nil {
				won.Add(1)
				return
			}
			wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session can only be used once.")
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 won", won.Load())
	}
}

// A session does not outlive the temporary password, nor the user's account.
func TestSessionDies(t *testing.T) {
	w := temporary(t)
	session := w.askedForPassword()
	w.changeUser("temp", func(u *userpool.User) { u.Enabled = false })
	_, err := w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "T")
	wantFault(t, err, userpool.ErrNotAuthorized, "User is disabled.")
	w.Advance(time.Second)
	w.changeUser("temp", func(u *userpool.User) { u.Enabled, u.PasswordChanged = true, w.Now() })
	_, err = w.respond(w.client, "NEW_PASSWORD_REQUIRED", session, "USERNAME", "temp", "NEW_PASSWORD", fresh, "userAttributes.name", "T")
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user, session can only be used once.")
}

func TestTemporaryPasswordExpires(t *testing.T) {
	w := temporary(t)
	w.Advance(7 * 24 * time.Hour)
	w.askedForPassword()
	w.Advance(time.Second)
	_, err := w.passwordSignIn(w.client, "temp", password)
	wantFault(t, err, userpool.ErrNotAuthorized, "Temporary password has expired and must be reset by an administrator.")
	_, err = w.passwordSignIn(w.client, "temp", "wrong")
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}
