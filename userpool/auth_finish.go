package userpool

import "context"

// Finished says how a sign-in went.
type Finished struct {
	NewDevice bool // the first from this device
	MFA       bool // a second factor was proved
}

// Finish ends a sign-in that has proved everything, before it leads to tokens or to
// a browser session. An error withholds both.
func (a *Auth) Finish(ctx context.Context, p *Pool, c *Client, u *User, how Finished) error {
	if err := a.Triggers.PostAuthentication(ctx, p, c, u, how.NewDevice); err != nil {
		return err
	}
	a.Risk.passed(ctx, p, u, how.MFA)
	return nil
}
