package userpool

import (
	"context"
	"slices"
)

// Breaches knows passwords that were published after a breach.
type Breaches interface {
	// Contains reports whether a password is among them; now and then it says so of
	// one that is not.
	Contains(password string) (bool, error)
}

// errCompromised refuses a new password that is known from a breach, in AWS's words.
var errCompromised = Fail(ErrInvalidPassword, "Provided password cannot be used for security reasons.")

func (r *Risk) knowsBreaches() bool { return r != nil && r.Breaches != nil }

// compromised reports whether a password is known from a breach. That it could not
// be looked for is logged: it is a sign, not a proof.
func (r *Risk) compromised(ctx context.Context, password string) bool {
	known, err := r.Breaches.Contains(password)
	if err != nil {
		r.Log.ErrorContext(ctx, "compromised passwords could not be read", "error", err)
	}
	return known && err == nil
}

// covers reports whether passwords are looked for at an event.
func (c *CompromisedRules) covers(event string) bool {
	return c != nil && (len(c.Events) == 0 || slices.Contains(c.Events, event))
}

// checkNew refuses a new password that is known from a breach, where the pool says
// so. event is OnSignUp or OnPasswordChange; c is nil where an administrator sets it.
func (r *Risk) checkNew(ctx context.Context, p *Pool, c *Client, password, event string) error {
	if !r.knowsBreaches() || p.ThreatProtection != ThreatsEnforced {
		return nil
	}
	config, err := r.configuration(ctx, p, idOf(c))
	if err != nil {
		return err
	}
	if rules := config.Compromised; rules.covers(event) && rules.Action == RiskBlock && r.compromised(ctx, password) {
		return errCompromised
	}
	return nil
}

// checkUsed looks for the password that u has just signed in with. Where such ones
// are blocked the user must reset it, and whoever else used it is out. A password
// that is temporary is about to be replaced.
func (a *Auth) checkUsed(ctx context.Context, p *Pool, c *Client, u *User, password string) error {
	if !a.Risk.watches(p) || !a.Risk.knowsBreaches() || u.Status != Confirmed {
		return nil
	}
	j, err := a.Risk.judge(ctx, p, c, u, false)
	if err != nil {
		return err
	}
	rules := j.config.Compromised
	if j.skipped || !rules.covers(OnSignIn) || !a.Risk.compromised(ctx, password) {
		return nil
	}
	if !j.enforced || rules.Action != RiskBlock {
		a.Risk.putPending(ctx, u, func(s *pending) { s.Compromised = true })
		return nil
	}
	e := a.Risk.event(ctx, u, j, proved(false))
	e.Risk.Decision, e.Risk.Compromised = decisionBlock, true
	a.Risk.add(ctx, p, u, e)
	return a.requireReset(ctx, u)
}

// requireReset makes a user choose another password, and says so.
func (a *Auth) requireReset(ctx context.Context, u *User) error {
	now := a.Now().UTC()
	_, err := a.Store.UpdateUser(ctx, u.Pool, u.Username, func(stored *User) error {
		if stored.PasswordChanged.Equal(u.PasswordChanged) { // else it was another password
			stored.Status, stored.SignedOut, stored.Modified = ResetRequired, now, now
		}
		return nil
	})
	if err != nil {
		return err
	}
	return Fail(ErrPasswordResetRequired, "Password reset required for the user")
}
