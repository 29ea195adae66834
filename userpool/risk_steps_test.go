package userpool_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func origin(ctx context.Context, ip, agent string) context.Context {
	return userpool.WithOrigin(ctx, userpool.Origin{IP: ip, UserAgent: agent})
}

// A client's own configuration is the whole of it.
func TestClientOverridesPool(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskBlock))
	own := w.addClient("ownriskclient0000000000000", func(*userpool.Client) {})
	w.check(w.store.PutRiskConfiguration(t.Context(), &userpool.RiskConfiguration{Pool: worldPool, Client: own.ID,
		Exceptions: &userpool.RiskExceptions{Blocked: []string{"10.66.0.0/16"}}}))
	w.atHome()
	same(t, "by the pool's", outcome(w.from(abroad, chrome)), textOut)
	same(t, "by the client's", outcome(w.fromIn(own, abroad, chrome)), "in")
	w.Advance(24 * time.Hour)
	same(t, "network, by the client's", outcome(w.fromIn(own, "10.66.0.1", firefox)), textOut)
	same(t, "network, by the pool's", outcome(w.from("10.66.0.1", firefox)), "in")
}

// Whatever proves the first factor, the risk is judged.
func TestEveryFlowIsJudged(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskBlock))
	w.atHome()
	ctx := origin(t.Context(), abroad, chrome)
	admin, err := w.auth.Initiate(ctx, w.client, "ADMIN_USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": password}, "", true)
	same(t, "by a back end", outcome(admin, err), textOut)
	half, ch := w.srpChallenge(w.client, "alice")
	step, err := w.auth.Respond(ctx, w.client, "PASSWORD_VERIFIER", w.srpAnswer(half, ch, password), "", false)
	same(t, "by SRP", outcome(step, err), textOut)
	step, err = w.auth.Initiate(ctx, w.client, "USER_AUTH", map[string]string{"USERNAME": "alice", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password}, "", false)
	same(t, "by choice", outcome(step, err), textOut)
	_, err = w.auth.CheckPassword(ctx, w.readPool(), w.client, "alice", password)
	wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	_, _, err = w.auth.SecondFactor(ctx, w.readPool(), w.client, w.alice)
	wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	err = w.auth.Finish(ctx, w.readPool(), w.client, w.alice, userpool.Finished{})
	wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	same(t, "events that say so", strings.Count(w.risks(), "false false {Decision:Block"), 6)
}

func (w *world) readPool() *userpool.Pool {
	w.Helper()
	p, err := w.store.Pool(w.Context(), worldPool)
	w.check(err)
	return p
}

// A wrong password is answered as ever: only who knows the password learns of the
// risk.
func TestWrongPasswordsLookTheSame(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskBlock))
	w.atHome()
	_, err := w.auth.Initiate(origin(t.Context(), abroad, chrome), w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": "wrong"}, "", false)
	wantFault(t, err, userpool.ErrNotAuthorized, "Incorrect username or password.")
}

// Who got a temporary password into their hands cannot make it their own elsewhere.
func TestTemporaryPasswordAtRisk(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskMFARequired))
	w.atHome()
	w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.ForceChangePassword })
	same(t, "in the API", outcome(w.from(abroad, chrome)), textOut)
	_, err := w.auth.CheckPassword(origin(t.Context(), abroad, chrome), w.readPool(), w.client, "alice", password)
	wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	same(t, "at home", outcome(w.from(home, firefox)), "NEW_PASSWORD_REQUIRED")
}

// A sign-in that begins where it is no risk and goes on where it is one is judged
// again, and one that was asked for a second factor is not over without it.
func TestStepsFromElsewhere(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskBlock))
	w.atHome()
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	step, err := w.from(home, firefox)
	w.check(err)
	step, err = w.auth.Respond(origin(t.Context(), abroad, chrome), w.client, step.Challenge.Name,
		map[string]string{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": w.totp(0)}, step.Challenge.Session, false)
	same(t, "the code from abroad", outcome(step, err), textOut)

	w.check(w.store.PutRiskConfiguration(t.Context(), &userpool.RiskConfiguration{Pool: worldPool, Takeover: allLevels(userpool.RiskMFAIfConfigured).Takeover}))
	err = w.auth.Finish(origin(t.Context(), abroad, chrome), w.readPool(), w.client, w.user("alice"), userpool.Finished{})
	wantFault(t, err, userpool.ErrNotAuthorized, textOut)
	w.check(w.auth.Finish(origin(t.Context(), abroad, chrome), w.readPool(), w.client, w.user("alice"), userpool.Finished{Both: true}))
}

func (w *world) user(name string) *userpool.User {
	w.Helper()
	u, err := w.store.User(w.Context(), worldPool, name)
	w.check(err)
	return u
}

// A sign-in that was asked for a second factor because of its risk is in progress
// until it is given; then the same event says so.
func TestPendingEvents(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskMFARequired))
	w.atHome()
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	const first = "; true false {Decision:NoRisk Level: Compromised:false}"
	step, err := w.from(abroad, chrome)
	w.check(err)
	same(t, "asked", w.risks(), "false true {Decision:AccountTakeover Level:High Compromised:false}"+first)
	w.Advance(time.Second)
	step, err = w.auth.Respond(origin(t.Context(), abroad, chrome), w.client, step.Challenge.Name,
		map[string]string{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": w.totp(0)}, step.Challenge.Session, false)
	same(t, "answered", outcome(step, err), "in")
	same(t, "given", w.risks(), "true false {Decision:AccountTakeover Level:High Compromised:false}"+first)
	same(t, "the next", outcome(w.from(abroad, chrome)), "SOFTWARE_TOKEN_MFA")
	same(t, "which is no risk", strings.Count(w.risks(), ";"), 1)
}

// A remembered device does not stand for the second factor that a risk asks for.
func TestRememberedDeviceAtRisk(t *testing.T) {
	for action, want := range map[string]string{userpool.RiskMFAIfConfigured: "SOFTWARE_TOKEN_MFA", userpool.RiskNoAction: "DEVICE_SRP_AUTH"} {
		w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(action))
		w.atHome()
		w.mfa(userpool.MFAOptional, func(p *userpool.Pool) { p.Devices = userpool.DeviceRules{Track: true, Challenge: true} })
		w.changeUser("alice", withTOTP)
		w.check(w.store.CreateDevice(t.Context(), &userpool.Device{Pool: worldPool, Sub: w.alice.Sub, Key: "us-east-1_device", Remembered: true,
			Salt: []byte{1}, Verifier: []byte{2}, Created: w.Now()}))
		in := map[string]string{"USERNAME": "alice", "PASSWORD": password, "DEVICE_KEY": "us-east-1_device"}
		step, err := w.auth.Initiate(origin(t.Context(), home, firefox), w.client, "USER_PASSWORD_AUTH", in, "", false)
		same(t, "no risk", outcome(step, err), "DEVICE_SRP_AUTH")
		step, err = w.auth.Initiate(origin(t.Context(), abroad, chrome), w.client, "USER_PASSWORD_AUTH", in, "", false)
		same(t, action, outcome(step, err), want)
	}
}

// Custom sign-ins may have a mode of their own.
func TestCustomMode(t *testing.T) {
	for _, tt := range []struct{ mode, want string }{{"", textOut}, {userpool.ThreatsEnforced, textOut}, {userpool.ThreatsAudit, ""}} {
		w := newRiskWorld(t, userpool.ThreatsEnforced, allLevels(userpool.RiskBlock))
		w.atHome()
		w.changePool(func(p *userpool.Pool) { p.CustomThreats = tt.mode })
		err := w.auth.Finish(origin(t.Context(), abroad, chrome), w.readPool(), w.client, w.alice, userpool.Finished{Custom: true})
		got := ""
		if err != nil {
			got = outcome(nil, err)
		}
		same(t, "custom "+tt.mode, got, tt.want)
	}
}

// service is what users and administrators do beside signing in, on the same store.
func (w *world) service() *userpool.Service {
	return &userpool.Service{Store: w.store, Ephemeral: w.auth.Ephemeral, Keys: w.auth.Keys, Hasher: w.hasher, Risk: w.auth.Risk, Now: w.Now, Log: w.auth.Log}
}

// The second factor that a risk asked for still counts when the device has proved
// itself after it.
func TestSecondFactorAndThenTheDevice(t *testing.T) {
	w, s := tracking(t)
	w.protect(userpool.ThreatsEnforced, allLevels(userpool.RiskMFARequired))
	d, _ := w.knownDevice(s)
	w.mfa(userpool.MFAOptional, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	w.Advance(time.Second)
	ctx := origin(t.Context(), abroad, chrome)
	step, err := w.auth.Initiate(ctx, w.client, "USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": password, "DEVICE_KEY": d.Key}, "", false)
	same(t, "first", outcome(step, err), "SOFTWARE_TOKEN_MFA")
	step, err = w.auth.Respond(ctx, w.client, "SOFTWARE_TOKEN_MFA",
		map[string]string{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": w.totp(0), "DEVICE_KEY": d.Key}, step.Challenge.Session, false)
	same(t, "then", outcome(step, err), "DEVICE_SRP_AUTH")
	answer, err := w.proof(d, devicePassword)
	w.check(err)
	step, err = w.auth.Respond(ctx, w.client, "DEVICE_PASSWORD_VERIFIER", answer, "", false)
	same(t, "at last", outcome(step, err), "in")
	events, _, err := w.store.Events(t.Context(), worldPool, w.alice.Sub, "", 1)
	w.check(err)
	same(t, "challenges", len(events[0].Challenges), 2)
}
