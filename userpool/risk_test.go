package userpool_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"

// watch turns threat protection on.
func (w *world) watch() {
	w.auth.Risk = &userpool.Risk{Store: w.store, Ephemeral: w.auth.Ephemeral, Now: w.Now, Log: slog.New(slog.DiscardHandler)}
	w.mfa(userpool.MFAOff, func(p *userpool.Pool) { p.Tier, p.ThreatProtection = userpool.TierPlus, userpool.ThreatsAudit })
}

// history is what the user's events say, the newest first.
func (w *world) history(u *userpool.User) string {
	w.Helper()
	events, _, err := w.store.Events(w.Context(), worldPool, u.Sub, "", 10)
	w.check(err)
	out := ""
	for _, e := range events {
		out += fmt.Sprintf("%s %t %v %s %s\n", e.Type, e.Passed, e.Challenges, e.IP, e.Device)
	}
	return out
}

func TestSignInEvents(t *testing.T) {
	w := newWorld(t)
	w.watch()
	ctx := userpool.WithOrigin(t.Context(), userpool.Origin{IP: "192.0.2.9", UserAgent: firefox})
	for _, given := range []string{"wrong", password} {
		w.Advance(time.Second)
		_, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": given}, "", false)
		if (err == nil) != (given == password) {
			t.Fatal(given, err)
		}
	}
	_, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "nobody", "PASSWORD": "x"}, "", false)
	if !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Fatal(err)
	}
	const want = "SignIn true [{Password true}] 192.0.2.9 Firefox, Windows\nSignIn false [{Password false}] 192.0.2.9 Firefox, Windows\n"
	if got := w.history(w.alice); got != want {
		t.Fatalf("events\n%swant\n%s", got, want)
	}
}

func TestSecondFactorEvents(t *testing.T) {
	w := newWorld(t)
	w.watch()
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	for _, code := range []string{"000000", w.totp(0)} {
		step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password)
		w.check(err)
		if w.history(w.alice) != "" && code == "000000" {
			t.Fatal("an event before the end")
		}
		_, err = w.auth.Respond(t.Context(), w.client, step.Challenge.Name,
			map[string]string{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": code}, step.Challenge.Session, false)
		if (err == nil) != (code != "000000") {
			t.Fatal(code, err)
		}
		w.Advance(time.Second)
	}
	const want = "SignIn true [{Password true} {Mfa true}]  \nSignIn false [{Password true} {Mfa false}]  \n"
	if got := w.history(w.alice); got != want {
		t.Fatalf("events\n%swant\n%s", got, want)
	}
}

func TestNoEventsUnasked(t *testing.T) {
	w := newWorld(t)
	w.watch()
	w.mfa(userpool.MFAOff, func(p *userpool.Pool) { p.ThreatProtection = userpool.ThreatsOff })
	_, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password)
	w.check(err)
	if got := w.history(w.alice); got != "" {
		t.Fatal(got)
	}
}

func TestFeedbackTokens(t *testing.T) {
	w := newWorld(t)
	w.watch()
	s := &userpool.Service{Store: w.store, Keys: w.auth.Keys, Now: w.Now}
	bob := w.addUser("bob", func(*userpool.User) {})
	event := func(u *userpool.User, id string) *userpool.Event {
		e := &userpool.Event{Pool: worldPool, Sub: u.Sub, ID: id, Created: w.Now()}
		w.check(w.store.AddEvent(t.Context(), e))
		return e
	}
	one := event(w.alice, "one")
	event(w.alice, "two")
	event(bob, "one")
	token, err := s.FeedbackToken(one)
	w.check(err)
	for _, bad := range []struct{ name, event, token string }{
		{"bob", "one", token}, {"alice", "two", token}, {"alice", "one", token + "A"}, {"alice", "one", "x"}, {"alice", "one", ""}} {
		if err := s.GiveOwnFeedback(t.Context(), worldPool, bad.name, bad.event, bad.token, false); !errors.Is(err, userpool.ErrNotAuthorized) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	w.check(s.GiveOwnFeedback(t.Context(), worldPool, "alice", "one", token, false))
	events, _, err := s.AuthEvents(t.Context(), worldPool, "alice", "", 10)
	w.check(err)
	for _, e := range events {
		if e.ID == "one" && (e.Feedback == nil || e.Feedback.Valid || e.Feedback.Provider != "User") || e.ID == "two" && e.Feedback != nil {
			t.Fatalf("event %+v", e)
		}
	}
	w.Advance(7 * 24 * time.Hour)
	if err := s.GiveOwnFeedback(t.Context(), worldPool, "alice", "one", token, true); !errors.Is(err, userpool.ErrNotAuthorized) {
		t.Fatal("after a week", err)
	}
}
