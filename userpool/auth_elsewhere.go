package userpool

import (
	"context"
	"errors"
)

// errSourceSilent is no verdict: the attempt does not count, and the user keeps
// both the account and the way in.
var errSourceSilent = Fail(ErrTooManyRequests, "The password cannot be checked now: the user directory that has it gives no answer. Try again later.")

// verify reports whether a password is the user's, who may be unknown. A user whose
// password is elsewhere has it here afterwards.
func (a *Auth) verify(ctx context.Context, p *Pool, u *User, password string) (*User, bool, error) {
	if u == nil {
		ok, err := a.Hasher.Verify(ctx, "", password)
		return nil, ok, err
	}
	if u.Password != passwordElsewhere || p.PasswordSource == nil || barred(u) != nil {
		ok, err := a.Hasher.Verify(ctx, u.Password, password)
		return u, ok, err
	}
	v, err := a.askSource(ctx, p, u, password)
	if err != nil || !v.Right {
		return u, false, err
	}
	return a.bringPassword(ctx, p, u, password, v)
}

// askSource asks for a verdict. A user of the same name who is somebody else, made
// there after the import, has no say over this one.
func (a *Auth) askSource(ctx context.Context, p *Pool, u *User, password string) (*PasswordVerdict, error) {
	from := p.PasswordSource
	q := PasswordQuestion{Endpoint: from.Endpoint, Region: from.Region, Client: from.Client, Secret: from.Secret, Username: u.Username, Password: password}
	if a.Passwords == nil {
		return nil, errSourceSilent
	}
	v, err := a.Passwords.Ask(ctx, q)
	switch {
	case err != nil:
		a.Log.WarnContext(ctx, "password source gave no verdict", "pool", p.ID, "endpoint", from.Endpoint, "error", err)
		return nil, errSourceSilent
	case v.ResetRequired:
		return nil, Fail(ErrPasswordResetRequired, "Password reset required for the user")
	case v.Right && v.Sub != "" && v.Sub != u.Sub:
		return &PasswordVerdict{}, nil
	}
	return v, nil
}

// bringPassword gives a user the password that the source found right. One that was
// set here meanwhile stays, and is what counts.
func (a *Auth) bringPassword(ctx context.Context, p *Pool, u *User, password string, v *PasswordVerdict) (*User, bool, error) {
	set, err := a.passwords().take(ctx, p, u, password)
	if err != nil {
		return nil, false, err
	}
	changed, err := a.Store.UpdateUser(ctx, p.ID, u.Username, func(u *User) error {
		if u.Password != passwordElsewhere {
			return errNoTurn
		}
		u.Password = "" // the mark is no former password
		set(u)
		if u.Status = Confirmed; v.Temporary {
			u.Status = ForceChangePassword
		}
		if v.SMS && p.asksFor(FactorSMS) && u.able(FactorSMS) {
			u.MFA.set(FactorSetting{Factor: FactorSMS, Enabled: true, Preferred: true})
		}
		return nil
	})
	if !errors.Is(err, errNoTurn) {
		return changed, err == nil, err
	}
	now, err := a.Store.UserBySub(ctx, p.ID, u.Sub)
	if err != nil {
		return nil, false, err
	}
	ok, err := a.Hasher.Verify(ctx, now.Password, password)
	return now, ok, err
}
