package userpool

import (
	"context"
	"errors"
	"slices"
)

// change updates a user that is named by username, alias or sub.
func (s *Service) change(ctx context.Context, pool PoolID, name string, fn func(*User) error) (*User, error) {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return nil, err
	}
	u, err = s.Store.UpdateUser(ctx, pool, u.Username, func(u *User) error {
		u.Modified = s.now()
		return fn(u)
	})
	return u, namedUser(err)
}

// AdminSetPassword gives a user a password, permanent or temporary, and ends
// every sign-in that the old one led to.
func (s *Service) AdminSetPassword(ctx context.Context, pool PoolID, name, password string, permanent bool) error {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return err
	}
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	set, err := s.passwords().Prepare(ctx, p, u, password, true)
	if err != nil {
		return err
	}
	_, err = s.Store.UpdateUser(ctx, pool, u.Username, func(u *User) error {
		set(u)
		u.Status, u.SignedOut = ForceChangePassword, u.PasswordChanged
		if permanent {
			u.Status = Confirmed
		}
		return nil
	})
	return namedUser(err)
}

// AdminUpdateAttributes sets attributes, or deletes those with an empty value, and
// sends codes to new addresses as UpdateAttributes does. An administrator may also say
// that an address is verified: that takes the place of a code.
func (s *Service) AdminUpdateAttributes(ctx context.Context, pool PoolID, name string, attributes map[string]string) error {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return err
	}
	if err := p.checkWrite(writer{admin: true}, attributes); err != nil {
		return err
	}
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	now, waiting := p.splitWaiting(u, attributes)
	_, err = s.Store.UpdateUser(ctx, pool, u.Username, func(u *User) error {
		if err := p.keepsAddress(u, now); err != nil {
			return err
		}
		u.setAttributes(now)
		u.Modified = s.now()
		return nil
	})
	if err != nil {
		return namedUser(err)
	}
	_, err = s.sendNewCodes(ctx, p, nil, u, now, waiting)
	if errors.Is(err, ErrCodeDelivery) {
		return nil // the change is made, and the failure is in the logs
	}
	return err
}

// keepsAddress refuses to delete the last address that is a user's username.
func (p *Pool) keepsAddress(u *User, attributes map[string]string) error {
	deleted, kept := false, false
	for _, a := range p.UsernameAttributes {
		value, given := attributes[a]
		deleted = deleted || given && value == ""
		kept = kept || value != "" || !given && u.Attributes[a] != ""
	}
	if deleted && !kept && u.Status != ExternalProvider {
		return invalid("A user must keep the address that is the username.")
	}
	return nil
}

// AdminDeleteAttributes deletes attributes.
func (s *Service) AdminDeleteAttributes(ctx context.Context, pool PoolID, name string, names []string) error {
	return s.AdminUpdateAttributes(ctx, pool, name, deletions(names))
}

func deletions(names []string) map[string]string {
	attributes := make(map[string]string, len(names))
	for _, n := range names {
		attributes[n] = ""
	}
	return attributes
}

// AdminDeleteUser deletes a user.
func (s *Service) AdminDeleteUser(ctx context.Context, pool PoolID, name string) error {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	return s.DeleteUser(ctx, u)
}

// DeleteUser deletes a user. Tokens die with their user.
func (s *Service) DeleteUser(ctx context.Context, u *User) error {
	return namedUser(s.Store.DeleteUser(ctx, u.Pool, u.Username))
}

// AdminSetEnabled lets a user sign in or not. Disabling revokes their tokens.
func (s *Service) AdminSetEnabled(ctx context.Context, pool PoolID, name string, enabled bool) error {
	_, err := s.change(ctx, pool, name, func(u *User) error {
		if u.Enabled = enabled; !enabled {
			u.SignedOut = s.now()
		}
		return nil
	})
	return err
}

// AdminSignOut revokes all tokens of a user.
func (s *Service) AdminSignOut(ctx context.Context, pool PoolID, name string) error {
	_, err := s.change(ctx, pool, name, func(u *User) error {
		u.SignedOut = s.now()
		return nil
	})
	return err
}

// AdminConfirmSignUp confirms a user without a code.
func (s *Service) AdminConfirmSignUp(ctx context.Context, pool PoolID, name string) error {
	u, err := s.change(ctx, pool, name, (*User).confirm)
	if err != nil {
		return err
	}
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return err
	}
	return s.Triggers.postConfirmation(ctx, p, nil, u, postSignUp)
}

// confirm makes an unconfirmed user a confirmed one.
func (u *User) confirm() error {
	if u.Status != Unconfirmed {
		return Fail(ErrNotAuthorized, "User cannot be confirmed. Current status is "+string(u.Status))
	}
	u.Status = Confirmed
	return nil
}

// AdminResetPassword makes a user choose a new password, for which they get a
// code, and ends every sign-in.
func (s *Service) AdminResetPassword(ctx context.Context, pool PoolID, name string) error {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return err
	}
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	if !slices.Contains([]Status{Confirmed, ResetRequired}, u.Status) {
		return errCannotReset
	}
	attribute := p.recoveryTarget(u, true)
	if attribute == "" {
		return errNoRecovery
	}
	_, err = s.Store.UpdateUser(ctx, pool, u.Username, func(u *User) error {
		u.Status, u.Modified = ResetRequired, s.now()
		u.SignedOut = u.Modified
		return nil
	})
	if err != nil {
		return namedUser(err)
	}
	code, err := s.issueCode(ctx, holderOf(u), codeForgot, attribute, u.Attributes[attribute], forgotCodeLife)
	if err != nil {
		return err
	}
	_, err = s.sendCode(ctx, notice{p, "", u, "reset", "ForgotPassword"}, attribute, u.Attributes[attribute], code)
	return err
}
