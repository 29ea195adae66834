package userpool

import "context"

// Finished says how a sign-in went.
type Finished struct {
	NewDevice bool // the first from this device
	MFA       bool // a second factor was proved
	Both      bool // the first factor stood for both: a passkey that knows its user
	Custom    bool // a function decided about the first factor
}

// Finish ends a sign-in that has proved everything, before it leads to tokens or to
// a browser session. An error withholds both.
func (a *Auth) Finish(ctx context.Context, p *Pool, c *Client, u *User, how Finished) error {
	strong := how.MFA || how.Both
	ctx, j, err := a.weigh(ctx, p, c, u, how.Custom, strong)
	if err != nil {
		return err
	}
	if j.asks() && !strong && len(p.Factors(u)) > 0 {
		return a.block(ctx, p, c, u, j, false) // it came from elsewhere when it began
	}
	if err := a.Triggers.PostAuthentication(ctx, p, c, u, how.NewDevice); err != nil {
		return err
	}
	a.pass(ctx, p, c, u, j, how.MFA)
	return nil
}
