package userpool

import "context"

// Finished says how a sign-in went.
type Finished struct {
	NewDevice bool // the first from this device
}

// Finish ends a sign-in that has proved everything, before it leads to tokens or to
// a browser session. An error withholds both.
func (a *Auth) Finish(ctx context.Context, p *Pool, c *Client, u *User, how Finished) error {
	return a.Triggers.PostAuthentication(ctx, p, c, u, how.NewDevice)
}
