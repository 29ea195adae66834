package userpool

import (
	"context"
	"errors"
	"slices"
)

// The steps of a sign-up that ends in a sign-in. A session of the first is worth
// nothing until it is exchanged for one of the second by whoever has the code:
// otherwise who signed up with somebody else's address would get in when its owner
// follows a link.
const (
	stepSignUp   = "sign-up"
	stepSignedUp = "signed-up"
)

// SignUpSession returns the session of a user who has just signed up, for the first
// sign-in; empty where the client has no flow for it.
func (a *Auth) SignUpSession(c *Client, u *User) (string, error) {
	if !c.enabled(flowChoice) {
		return "", nil
	}
	step := stepSignUp
	if u.Status == Confirmed {
		step = stepSignedUp
	}
	return a.sealSession(a.newSession(c, u), step)
}

// CheckSignUpSession refuses a session that ConfirmedSession would.
func (a *Auth) CheckSignUpSession(ctx context.Context, c *Client, name, text string) error {
	_, err := a.signUpSession(ctx, c, stepSignUp, name, text)
	return err
}

// ConfirmedSession exchanges the session of a sign-up, once, for that of a first
// sign-in. The user of that name has just been confirmed.
func (a *Auth) ConfirmedSession(ctx context.Context, c *Client, name, text string) (string, error) {
	s, err := a.signUpSession(ctx, c, stepSignUp, name, text)
	if err != nil {
		return "", err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return "", err
	}
	return a.sealSession(s.next(), stepSignedUp)
}

// CodeSession returns the session of a first sign-in to who has just confirmed the
// user of that name by a code and showed no session of the sign-up: Amplify keeps it
// to itself. It is empty unless such a code can begin a sign-in to the pool in any
// case; elsewhere whoever read one mail would need no password.
func (a *Auth) CodeSession(ctx context.Context, c *Client, name string) (string, error) {
	if !c.enabled(flowChoice) {
		return "", nil
	}
	p, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return "", err
	}
	u, err := a.Store.User(ctx, c.Pool, name)
	if err != nil {
		return "", err
	}
	factors := p.firstFactors(u)
	if !slices.Contains(factors, challengeEmailOTP) && !slices.Contains(factors, challengeSMSOTP) {
		return "", nil
	}
	return a.sealSession(a.newSession(c, u), stepSignedUp)
}

func (a *Auth) signUpSession(ctx context.Context, c *Client, step, name, text string) (*session, error) {
	s, err := a.openSession(c, step, text)
	if err != nil {
		return nil, err
	}
	u, err := a.Store.User(ctx, c.Pool, name)
	switch {
	case errors.Is(err, ErrUserNotFound):
		return nil, errSession
	case err != nil:
		return nil, err
	case u.Sub != s.Sub:
		return nil, errSession
	}
	return s, nil
}

// signInAfterSignUp is the first sign-in of a user, who has just signed up and
// confirmed to own the address. That is one factor: a second one is asked for like
// after every other.
func (a *Auth) signInAfterSignUp(ctx context.Context, c *Client, name, text string) (*Step, error) {
	s, err := a.signUpSession(ctx, c, stepSignedUp, name, text)
	if err != nil {
		return nil, err
	}
	pool, u, err := a.heldBy(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := pool.requireTier(TierEssentials, "Passwordless Sign-In"); err != nil {
		return nil, err
	}
	if err := a.Triggers.PreAuthentication(ctx, pool, c, u, name); err != nil {
		return nil, err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	return a.proceed(ctx, pool, c, u, proof{})
}
