package userpool

import "context"

// AdmitFederated decides whether somebody may sign in whom a provider vouches for, and
// who was here before. It is what the password flows do before the password.
func (a *Auth) AdmitFederated(ctx context.Context, p *Pool, c *Client, u *User) error {
	if err := a.AdmitNetwork(ctx, p, c); err != nil {
		return err
	}
	if err := barred(u); err != nil {
		return err
	}
	return a.Triggers.PreAuthentication(ctx, p, c, u, u.Username)
}

// AdmitNetwork refuses a sign-in from a network that is always refused.
func (a *Auth) AdmitNetwork(ctx context.Context, p *Pool, c *Client) error {
	return a.Risk.refuseNetwork(ctx, p, c)
}

// FinishFederated ends a sign-in through a provider, and writes it down. A second
// factor is the provider's affair, and so is the risk: no adaptive rule applies, as
// with Cognito. first says that the user was made by it, which PostConfirmation has
// been told of.
func (a *Auth) FinishFederated(ctx context.Context, p *Pool, c *Client, u *User, first bool) error {
	if !first {
		if err := a.Triggers.PostAuthentication(ctx, p, c, u, false); err != nil {
			return err
		}
	}
	if a.Risk.records(p) {
		e := a.Risk.event(ctx, u, nil, nil)
		e.Passed = true
		a.Risk.add(ctx, p, u, e)
	}
	return nil
}
