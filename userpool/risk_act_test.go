package userpool_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

const (
	chrome  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	textOut = "Unable to login because of security reasons."
)

// places are where addresses of tests are, by their first byte.
type places struct{}

// protect turns threat protection on, with a configuration of the pool.
func (w *world) protect(mode string, c userpool.RiskConfiguration) {
	w.Helper()
	w.watch()
	w.auth.Risk.Places, w.auth.Risk.Breaches = places{}, breached{}
	w.changePool(func(p *userpool.Pool) { p.ThreatProtection = mode })
	c.Pool = worldPool
	w.check(w.store.PutRiskConfiguration(w.Context(), &c))
}

// from signs alice in from an address by a program.
func (w *world) from(ip, agent string) (*userpool.Step, error) {
	return w.fromIn(w.client, ip, agent)
}

func (w *world) fromIn(c *userpool.Client, ip, agent string) (*userpool.Step, error) {
	ctx := userpool.WithOrigin(w.Context(), userpool.Origin{IP: ip, UserAgent: agent})
	return w.auth.Initiate(ctx, c, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": password}, "", false)
}

// atHome lets alice sign in at home for the first time.
func (w *world) atHome() {
	w.Helper()
	if step, err := w.from(home, firefox); err != nil || step.Result == nil {
		w.Fatal("at home", step, err)
	}
	w.Advance(24 * time.Hour)
}

// outcome says how a sign-in went.
func outcome(step *userpool.Step, err error) string {
	var f *userpool.Fault
	switch {
	case errors.As(err, &f):
		return f.Text
	case err != nil:
		return err.Error()
	case step.Challenge != nil:
		return step.Challenge.Name
	}
	return "in"
}

// risks is what the events of alice say of their risk, the newest first.
func (w *world) risks() string {
	w.Helper()
	events, _, err := w.store.Events(w.Context(), worldPool, w.alice.Sub, "", 10)
	w.check(err)
	out := ""
	for _, e := range events {
		out += fmt.Sprintf("%t %t %+v; ", e.Passed, e.Pending, *e.Risk)
	}
	return strings.TrimSuffix(out, "; ")
}

// Addresses of tests, see places.
const (
	home    = "10.1.1.1"
	work    = "10.9.1.1" // another network of the same country
	abroad  = "20.1.1.1"
	far     = "30.1.1.1" // in the country of home, half a world away
	nowhere = "40.1.1.1" // in no country
)

func allLevels(action string) userpool.RiskConfiguration {
	a := &userpool.RiskAction{Action: action}
	return userpool.RiskConfiguration{Takeover: &userpool.TakeoverRules{Low: a, Medium: a, High: a}}
}

// Every action at every level, for users with a second factor and without.
func TestRiskActions(t *testing.T) {
	levels := []struct{ name, ip, agent string }{
		{"none", home, firefox}, {"Low", home, chrome}, {"Medium", abroad, firefox}, {"High", abroad, chrome},
	}
	for _, tt := range []struct {
		action              string
		with, without       string // a second factor, at any level
		decision, decision2 string
	}{
		{userpool.RiskBlock, textOut, textOut, "Block", "Block"},
		{userpool.RiskMFARequired, "SOFTWARE_TOKEN_MFA", textOut, "AccountTakeover", "Block"},
		{userpool.RiskMFAIfConfigured, "SOFTWARE_TOKEN_MFA", "in", "AccountTakeover", "AccountTakeover"},
		{userpool.RiskNoAction, "SOFTWARE_TOKEN_MFA", "in", "AccountTakeover", "AccountTakeover"},
	} {
		for _, mode := range []string{userpool.ThreatsEnforced, userpool.ThreatsAudit} {
			for _, able := range []bool{true, false} {
				for _, l := range levels {
					t.Run(fmt.Sprintln(tt.action, mode, able, l.name), func(t *testing.T) {
						w := newWorld(t)
						w.protect(mode, allLevels(tt.action))
						w.atHome()
						want, decision := "in", "NoRisk"
						if able {
							w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
							w.changeUser("alice", withTOTP)
							want = "SOFTWARE_TOKEN_MFA"
						}
						if l.name != "none" && mode == userpool.ThreatsEnforced {
							if want = tt.without; able {
								want = tt.with
							}
						}
						if l.name != "none" {
							if decision = tt.decision; !able && mode == userpool.ThreatsEnforced {
								decision = tt.decision2
							}
						}
						got := outcome(w.from(l.ip, l.agent))
						if got != want {
							t.Fatalf("%q, want %q", got, want)
						}
						events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 10)
						w.check(err)
						if got == "SOFTWARE_TOKEN_MFA" {
							return
						}
						e := events[0]
						level := strings.TrimPrefix(l.name, "none")
						if *e.Risk != (userpool.EventRisk{Decision: decision, Level: level}) || e.Passed != (got == "in") {
							t.Fatalf("event %+v %+v", e, e.Risk)
						}
					})
				}
			}
		}
	}
}
