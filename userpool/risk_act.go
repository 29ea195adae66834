package userpool

import "context"

// errRisk answers whom the risk of a sign-in keeps out. Whoever reads it knows the
// password, or calls from a network that is always refused.
var errRisk = Fail(ErrNotAuthorized, "Unable to login because of security reasons.")

// weigh judges a sign-in whose first factor is proved, and refuses it where its risk
// says so. strong says that both factors are proved. All sign-ins come by here before
// their second factor, and again before their end. The context that it returns
// carries the judgement to the rest of the same request.
func (a *Auth) weigh(ctx context.Context, p *Pool, c *Client, u *User, custom, strong bool) (context.Context, *judgement, error) {
	j, err := a.Risk.judge(ctx, p, c, u, custom)
	if j == nil || err != nil {
		return ctx, nil, err
	}
	if j.blocks(strong || len(p.Factors(u)) > 0) {
		return ctx, nil, a.block(ctx, p, c, u, j, strong)
	}
	return j.keep(ctx), j, nil
}

// refuseNetwork refuses to begin a sign-in from a network that is always refused.
// Nothing is written down: anybody may call, and a list is not for strangers to fill.
func (r *Risk) refuseNetwork(ctx context.Context, p *Pool, c *Client) error {
	if r == nil || p.ThreatProtection != ThreatsEnforced {
		return nil
	}
	config, err := r.configuration(ctx, p, idOf(c))
	if err != nil {
		return err
	}
	if e := config.Exceptions; e != nil && inRanges(e.Blocked, originOf(ctx).address()) {
		return errRisk
	}
	return nil
}

// block refuses a sign-in, writes it down and tells the user.
func (a *Auth) block(ctx context.Context, p *Pool, c *Client, u *User, j *judgement, strong bool) error {
	e := a.Risk.event(ctx, u, j, proved(strong))
	e.Risk.Decision = decisionBlock
	a.Risk.add(ctx, p, u, e)
	a.tell(ctx, p, c, u, j, e, mailBlocked)
	return errRisk
}

// askSecond is secondFactor for a sign-in that was judged. One that is asked because
// of its risk is written down at once: it may end here.
func (a *Auth) askSecond(ctx context.Context, p *Pool, c *Client, u *User, s session, j *judgement) (*Challenge, error) {
	ch, err := a.secondFactor(ctx, p, u, s)
	if ch == nil || err != nil || !j.asks() {
		return ch, err
	}
	e := a.Risk.event(ctx, u, j, proved(false))
	e.Pending = true
	if a.Risk.add(ctx, p, u, e) {
		a.Risk.putPending(ctx, u, func(s *pending) { s.Event = e.ID })
	}
	a.tell(ctx, p, c, u, j, e, mailChallenged)
	return ch, nil
}

// pass ends a sign-in: it is written down and, where it was judged, where it came
// from is the user's habit.
func (a *Auth) pass(ctx context.Context, p *Pool, c *Client, u *User, j *judgement, mfa bool) {
	r := a.Risk
	if !r.records(p) {
		return
	}
	e := r.event(ctx, u, j, proved(mfa))
	e.Passed = true
	if j == nil {
		r.add(ctx, p, u, e)
		return
	}
	s := r.takePending(ctx, u)
	e.Risk.Compromised = s.Compromised
	if !r.finish(ctx, p, u, e, s.Event) {
		r.add(ctx, p, u, e)
	}
	err := r.Store.UpdateHabits(ctx, u.Pool, u.Sub, func(h *Habits) error {
		h.come(j.trace, r.Now().UTC())
		return nil
	})
	if err != nil {
		r.Log.ErrorContext(ctx, "habits were not written", "pool", p.ID, "error", err)
	}
	if !j.asks() || !mfa { // else the user was told when it began
		a.tell(ctx, p, c, u, j, e, mailAllowed)
	}
}
