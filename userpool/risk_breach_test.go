package userpool_test

import (
	"errors"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// compromised is a configuration about compromised passwords.
func compromised(action string, events ...string) userpool.RiskConfiguration {
	return userpool.RiskConfiguration{Compromised: &userpool.CompromisedRules{Events: events, Action: action}}
}

const textLeaked = "Provided password cannot be used for security reasons."

// leak makes alice's password the one that is known.
func (w *world) leak() {
	w.Helper()
	phc, err := w.hasher.Hash(w.Context(), leaked)
	w.check(err)
	w.changeUser("alice", func(u *userpool.User) {
		u.Password = phc
		u.SRPSalt, u.SRPVerifier = userpool.NewVerifier(u.Pool, u.Username, leaked)
	})
}

func TestCompromisedAtSignIn(t *testing.T) {
	for _, tt := range []struct {
		name, mode string
		config     userpool.RiskConfiguration
		want       string
		event      string
	}{
		{"block", userpool.ThreatsEnforced, compromised(userpool.RiskBlock), "Password reset required for the user", "false false {Decision:Block Level: Compromised:true}"},
		{"block at sign-in", userpool.ThreatsEnforced, compromised(userpool.RiskBlock, userpool.OnSignIn), "Password reset required for the user", "false false {Decision:Block Level: Compromised:true}"},
		{"block elsewhere", userpool.ThreatsEnforced, compromised(userpool.RiskBlock, userpool.OnSignUp, userpool.OnPasswordChange), "in", "true false {Decision:NoRisk Level: Compromised:false}"},
		{"no action", userpool.ThreatsEnforced, compromised(userpool.RiskNoAction), "in", "true false {Decision:NoRisk Level: Compromised:true}"},
		{"audit", userpool.ThreatsAudit, compromised(userpool.RiskBlock), "in", "true false {Decision:NoRisk Level: Compromised:true}"},
		{"nothing set", userpool.ThreatsEnforced, userpool.RiskConfiguration{}, "in", "true false {Decision:NoRisk Level: Compromised:false}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newRiskWorld(t, tt.mode, tt.config)
			w.leak()
			step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", leaked)
			same(t, "outcome", outcome(step, err), tt.want)
			same(t, "event", w.risks(), tt.event)
			want := userpool.Confirmed
			if tt.want != "in" {
				want = userpool.ResetRequired
			}
			same(t, "status", w.user("alice").Status, want)
		})
	}
}

// A network that is not judged is not asked for compromised passwords either.
func TestCompromisedFromASkippedNetwork(t *testing.T) {
	config := compromised(userpool.RiskBlock)
	config.Exceptions = &userpool.RiskExceptions{Skipped: []string{"10.0.0.0/8"}}
	w := newRiskWorld(t, userpool.ThreatsEnforced, config)
	w.leak()
	for ip, want := range map[string]string{home: "in", abroad: "Password reset required for the user"} {
		step, err := w.auth.Initiate(origin(t.Context(), ip, firefox), w.client, "ADMIN_USER_PASSWORD_AUTH", map[string]string{"USERNAME": "alice", "PASSWORD": leaked}, "", true)
		same(t, ip, outcome(step, err), want)
		w.changeUser("alice", func(u *userpool.User) { u.Status = userpool.Confirmed })
	}
}

// The blocked sign-in ends those that the password began before, and the password
// opens nothing any more; a wrong one tells nothing.
func TestCompromisedPasswordIsDead(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	w.leak()
	set, err := w.passwordSignIn(w.client, "alice", leaked)
	w.check(err)
	w.check(w.store.PutRiskConfiguration(t.Context(), &userpool.RiskConfiguration{Pool: worldPool, Compromised: compromised(userpool.RiskBlock).Compromised}))
	for range 2 {
		_, err = w.passwordSignIn(w.client, "alice", leaked)
		wantFault(t, err, userpool.ErrPasswordResetRequired, "Password reset required for the user")
	}
	_, err = w.passwordSignIn(w.client, "alice", "wrong")
	wantFault(t, err, userpool.ErrNotAuthorized, "Incorrect username or password.")
	if _, err := w.tokens.RefreshFrom(t.Context(), w.client, set.RefreshToken, ""); err == nil {
		t.Error("the sign-in goes on")
	}
}

// SRP does not show the password: it is not found.
func TestCompromisedBySRP(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, compromised(userpool.RiskBlock))
	w.leak()
	half, ch := w.srpChallenge(w.client, "alice")
	step, err := w.verify(w.client, w.srpAnswer(half, ch, leaked))
	same(t, "outcome", outcome(step, err), "in")
}

// A second factor between the two pages of a sign-in does not lose what was found.
func TestCompromisedWithSecondFactor(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, compromised(userpool.RiskNoAction))
	w.leak()
	u, err := w.auth.CheckPassword(t.Context(), w.readPool(), w.client, "alice", leaked)
	w.check(err)
	w.check(w.auth.Finish(t.Context(), w.readPool(), w.client, u, userpool.Finished{MFA: true}))
	same(t, "event", w.risks(), "true false {Decision:NoRisk Level: Compromised:true}")
	w.Advance(time.Second)
	w.check(w.auth.Finish(t.Context(), w.readPool(), w.client, u, userpool.Finished{MFA: true}))
	same(t, "the next", w.risks()[:len("true false {Decision:NoRisk Level: Compromised:false}")], "true false {Decision:NoRisk Level: Compromised:false}")
}

// unreadable is a list that cannot be read.
type unreadable struct{}

func (unreadable) Contains(string) (bool, error) { return true, errors.New("disk on fire") }

// A list that cannot be read keeps nobody out.
func TestUnreadableList(t *testing.T) {
	w := newRiskWorld(t, userpool.ThreatsEnforced, compromised(userpool.RiskBlock))
	w.auth.Risk.Breaches = unreadable{}
	w.mustSignIn()
}

// guarded is an estate whose pool blocks compromised passwords at some events.
func guarded(t *testing.T, mode string, config userpool.RiskConfiguration) (*estate, *userpool.Pool, *userpool.Client) {
	t.Helper()
	e := newEstate(t)
	e.Risk = &userpool.Risk{Store: e.Store, Ephemeral: e.Ephemeral, Breaches: breached{}, Now: e.clock.Now, Log: e.Service.Log}
	p := e.newPool(func(p *userpool.Pool) { p.Tier, p.ThreatProtection = userpool.TierPlus, mode })
	c := e.newClient(p, nil)
	config.Pool = p.ID
	e.ok(e.Store.PutRiskConfiguration(t.Context(), &config))
	return e, p, c
}

func TestCompromisedAtSignUp(t *testing.T) {
	for _, tt := range []struct {
		mode   string
		config userpool.RiskConfiguration
		block  bool
	}{
		{userpool.ThreatsEnforced, compromised(userpool.RiskBlock), true},
		{userpool.ThreatsEnforced, compromised(userpool.RiskBlock, userpool.OnSignUp), true},
		{userpool.ThreatsEnforced, compromised(userpool.RiskBlock, userpool.OnPasswordChange), false},
		{userpool.ThreatsEnforced, compromised(userpool.RiskNoAction), false},
		{userpool.ThreatsAudit, compromised(userpool.RiskBlock), false},
	} {
		e, _, c := guarded(t, tt.mode, tt.config)
		_, _, err := e.Service.SignUp(t.Context(), c, userpool.SignUp{Username: "bob", Password: leaked, Attributes: map[string]string{"email": "bob@example.com"}})
		if tt.block {
			e.refused(err, userpool.ErrInvalidPassword, textLeaked)
			continue
		}
		e.ok(err)
	}
}

// Every way to a new password asks the list, and leaves the user as they were.
func TestCompromisedAtPasswordChange(t *testing.T) {
	e, p, c := guarded(t, userpool.ThreatsEnforced, compromised(userpool.RiskBlock, userpool.OnPasswordChange))
	u := e.member(c, "bob")
	auth := &userpool.Auth{Store: e.Store, Ephemeral: e.Ephemeral, Keys: e.Keys, Hasher: e.Hasher, Risk: e.Risk, Now: e.Now, Log: e.Service.Log}
	_, err := e.ForgotPassword(t.Context(), c, "bob")
	e.ok(err)
	code := e.code("bob@example.com")
	_, createErr := e.AdminCreateUser(t.Context(), p.ID, userpool.NewUser{Username: "new", TemporaryPassword: leaked, MessageAction: "SUPPRESS"})
	_, forcedErr := auth.ChangeForcedPassword(t.Context(), p, c, u, leaked, nil)
	for name, err := range map[string]error{
		"ChangePassword":        e.ChangePassword(t.Context(), c, u, password, leaked),
		"ConfirmForgotPassword": e.ConfirmForgotPassword(t.Context(), c, "bob", code, leaked),
		"AdminSetUserPassword":  e.AdminSetPassword(t.Context(), p.ID, "bob", leaked, true),
		"AdminCreateUser":       createErr,
		"NEW_PASSWORD_REQUIRED": forcedErr,
	} {
		if !errors.Is(err, userpool.ErrInvalidPassword) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e.refused(err, userpool.ErrInvalidPassword, textLeaked)
	}
	same(t, "the password", e.accepts(p.ID, "bob", password), true)
	e.ok(e.ConfirmForgotPassword(t.Context(), c, "bob", code, newPassword)) // the code is not used up
}

// The client's own configuration decides about its users' passwords, the pool's
// about an administrator's.
func TestCompromisedByClient(t *testing.T) {
	e, p, c := guarded(t, userpool.ThreatsEnforced, compromised(userpool.RiskBlock))
	u := e.member(c, "bob")
	own := compromised(userpool.RiskNoAction)
	own.Pool, own.Client = p.ID, c.ID
	e.ok(e.Store.PutRiskConfiguration(t.Context(), &own))
	e.refused(e.AdminSetPassword(t.Context(), p.ID, "bob", leaked, true), userpool.ErrInvalidPassword, textLeaked)
	e.ok(e.ChangePassword(t.Context(), c, u, password, leaked))
}

// What cannot be done is not stored.
func TestRefusedRiskConfigurations(t *testing.T) {
	e, p, c := guarded(t, userpool.ThreatsEnforced, userpool.RiskConfiguration{})
	set := func(config userpool.RiskConfiguration) error {
		config.Pool = p.ID
		_, err := e.SetRiskConfiguration(t.Context(), &config)
		return err
	}
	e.ok(set(compromised(userpool.RiskBlock)))
	e.Risk.Breaches = nil
	e.refused(set(compromised(userpool.RiskBlock)), userpool.ErrInvalidParameter, "which this server was not given")
	e.ok(set(compromised(userpool.RiskNoAction)))
	many := make([]string, 201)
	for i := range many {
		many[i] = "10.0.0.0/8"
	}
	for _, list := range [][]string{{"10.0.0.1"}, {"10.0.0.0/33"}, {"example.com"}, {""}, {"::ffff:10.0.0.0/90"}, {"fe80::%eth0/64"}, many} {
		e.refused(set(userpool.RiskConfiguration{Exceptions: &userpool.RiskExceptions{Blocked: list}}), userpool.ErrInvalidParameter, "BlockedIPRangeList")
		e.refused(set(userpool.RiskConfiguration{Exceptions: &userpool.RiskExceptions{Skipped: list}}), userpool.ErrInvalidParameter, "SkippedIPRangeList")
	}
	loud := notifying(userpool.RiskBlock, userpool.NotifyRules{Block: &userpool.NotifyMail{Subject: "x"}})
	e.refused(set(loud), userpool.ErrInvalidParameter, "HtmlBody or TextBody")
	loud.Takeover.Notify = nil
	e.refused(set(loud), userpool.ErrInvalidParameter, "NotifyConfiguration")
	other := e.newClient(e.newPool(nil), nil)
	_, err := e.SetRiskConfiguration(t.Context(), &userpool.RiskConfiguration{Pool: p.ID, Client: other.ID})
	e.refused(err, userpool.ErrClientNotFound, "")
	_, err = e.SetRiskConfiguration(t.Context(), &userpool.RiskConfiguration{Pool: other.Pool, Client: other.ID})
	e.refused(err, userpool.ErrAddOnNotEnabled, "")
	_, err = e.RiskConfiguration(t.Context(), other.Pool, "")
	e.refused(err, userpool.ErrAddOnNotEnabled, "")
	got, err := e.RiskConfiguration(t.Context(), p.ID, c.ID)
	e.ok(err)
	same(t, "of a client without", *got, userpool.RiskConfiguration{Pool: p.ID, Client: c.ID})
}

// breached knows one password.
type breached struct{}

const leaked = "Leaked-Horse1"

func (breached) Contains(p string) (bool, error) { return p == leaked, nil }
