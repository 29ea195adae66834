package userpool_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

// signingIn opens a world whose sign-ins ask functions.
func signingIn(t testing.TB, triggers ...string) (*world, *lambda) {
	t.Helper()
	w, l := newWorld(t), &lambda{}
	w.auth.Triggers, w.tokens.Triggers, w.auth.Messages = l.triggers(), l.triggers(), &mailbox{}
	w.changePool(withTriggers(triggers...))
	for _, name := range triggers {
		l.answers(name, `{}`)
	}
	return w, l
}

// TestSignInAsks: one sign-in asks each function once, in order; a refresh asks
// about tokens alone.
func TestSignInAsks(t *testing.T) {
	w, l := signingIn(t, "PreAuthentication", "PostAuthentication", "PreTokenGeneration", "UserMigration")
	const all = "PreAuthentication_Authentication PostAuthentication_Authentication TokenGeneration_Authentication"
	set := w.mustSignIn()
	same(t, "password", l.sources(), all)
	half, ch := w.srpChallenge(w.client, "alice")
	_, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	w.check(err)
	same(t, "SRP", l.sources(), all)
	_, err = w.tokens.Refresh(t.Context(), w.client, userpool.RefreshRequest{Token: set.RefreshToken})
	w.check(err)
	same(t, "refresh", l.sources(), "TokenGeneration_RefreshTokens")
	_, err = w.passwordSignIn(w.client, "alice", "Wrong-Horse-1")
	wantFault(t, err, userpool.ErrNotAuthorized, "Incorrect username or password.")
	same(t, "wrong password", l.sources(), "PreAuthentication_Authentication")
}

// TestSignInRefused: each function can end a sign-in. The first does so before the
// password is looked at.
func TestSignInRefused(t *testing.T) {
	for trigger, before := range map[string]string{"PreAuthentication": "", "PostAuthentication": "PreAuthentication_Authentication "} {
		w, l := signingIn(t, "PreAuthentication", "PostAuthentication", "PreTokenGeneration")
		l.throws(trigger, "closed")
		_, err := w.passwordSignIn(w.client, "alice", password)
		wantFault(t, err, userpool.ErrUserLambda, trigger+" failed with error closed.")
		same(t, "asked", l.sources(), before+trigger+"_Authentication")
	}
	w, l := signingIn(t, "PreAuthentication")
	l.throws("PreAuthentication", "closed")
	_, err := w.initiate(w.client, "USER_SRP_AUTH", "USERNAME", "alice", "SRP_A", "2")
	wantFault(t, err, userpool.ErrUserLambda, "PreAuthentication failed with error closed.")
}

// TestSourceOfNewPassword: tokens after a forced new password say so.
func TestSourceOfNewPassword(t *testing.T) {
	w, l := signingIn(t, "PreTokenGeneration")
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.ForceChangePassword })
	step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password)
	w.check(err)
	_, err = w.respond(w.client, "NEW_PASSWORD_REQUIRED", step.Challenge.Session, "USERNAME", "alice", "NEW_PASSWORD", "Other-Horse-2")
	w.check(err)
	same(t, "source", l.sources(), "TokenGeneration_NewPasswordChallenge")
}

// TestFirstSignInMigrates: who is unknown here and known there is signed in, and
// known from then on.
func TestFirstSignInMigrates(t *testing.T) {
	w, l := signingIn(t, "PreAuthentication", "PostAuthentication", "UserMigration")
	w.client = w.addClient("openclient0000000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	l.on("UserMigration", func(event map[string]any) (any, error) {
		if event["request"].(map[string]any)["password"] != "old" {
			return nil, &userpool.FunctionError{Message: "no"}
		}
		return map[string]any{"userAttributes": map[string]string{"email": "bob@example.com"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}, nil
	})
	_, err := w.passwordSignIn(w.client, "bob", "wrong")
	wantFault(t, err, userpool.ErrUserNotFound, "Exception migrating user in app client "+string(w.client.ID))
	l.sources()
	_, err = w.passwordSignIn(w.client, "bob", "old")
	w.check(err)
	same(t, "first", l.sources(), "UserMigration_Authentication PreAuthentication_Authentication PostAuthentication_Authentication")
	_, err = w.passwordSignIn(w.client, "bob", "old")
	w.check(err)
	same(t, "second", l.sources(), "PreAuthentication_Authentication PostAuthentication_Authentication")
}

// TestTwoFirstSignIns: of two first sign-ins at once the slower one finds the user
// that the other made, whose password it still has to know.
func TestTwoFirstSignIns(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		for typed, right := range map[string]bool{"old": true, "wrong": false} {
			w, l := signingIn(t, "UserMigration")
			c := w.addClient("twoclient00000000000000000", func(c *userpool.Client) { c.HideUserExistence = hidden })
			answer := map[string]any{"userAttributes": map[string]string{"email": "bob@example.com"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
			l.on("UserMigration", func(map[string]any) (any, error) {
				w.addUser("bob", func(u *userpool.User) {
					u.Password, _ = w.hasher.Hash(t.Context(), "old")
				})
				return answer, nil
			})
			set, err := w.passwordSignIn(c, "bob", typed)
			if right != (err == nil && set != nil) {
				t.Errorf("hidden %v, password %s: %v", hidden, typed, err)
			}
		}
	}
}

// TestMigratedForReset: a user without a final status has to choose a password.
func TestMigratedForReset(t *testing.T) {
	w, l := signingIn(t, "UserMigration")
	l.answers("UserMigration", `{"userAttributes":{"email":"bob@example.com"},"messageAction":"SUPPRESS"}`)
	for range 2 {
		_, err := w.passwordSignIn(w.client, "bob", "old")
		wantFault(t, err, userpool.ErrPasswordResetRequired, "Password reset required for the user")
	}
	same(t, "asked", l.sources(), "UserMigration_Authentication")
}

// TestGuessesAtTheOtherDirectory: wrong passwords there are counted here.
func TestGuessesAtTheOtherDirectory(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		w, l := signingIn(t, "UserMigration")
		c := w.addClient("guessclient000000000000000", func(c *userpool.Client) { c.HideUserExistence = hidden })
		for range 20 {
			if _, err := w.passwordSignIn(c, "bob", "guess"); err == nil {
				t.Fatal("a guess signed in")
			}
		}
		if n := len(l.events); n > 6 {
			t.Errorf("hidden %v: the other directory was asked %d times", hidden, n)
		}
	}
}

// TestMigrationTakesNobodyOver: the function cannot lead a name to a user who is here.
func TestMigrationTakesNobodyOver(t *testing.T) {
	w, l := signingIn(t, "UserMigration")
	l.answers("UserMigration", `{"userAttributes":{"username":"alice","email":"eve@example.com"},"finalUserStatus":"CONFIRMED"}`)
	w.client = w.addClient("openclient0000000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	set, err := w.passwordSignIn(w.client, "eve", "evil")
	if set != nil || err == nil || !strings.Contains(err.Error(), "User account already exists") {
		t.Fatal(set, err)
	}
	if _, err := w.passwordSignIn(w.client, "alice", password); err != nil {
		t.Error(err)
	}
}
