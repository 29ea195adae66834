package userpool

import (
	"context"
	"slices"
)

// A FactorSetting changes one factor of a user: whether it is on, and whether
// it is the preferred one.
type FactorSetting struct {
	Factor             string
	Enabled, Preferred bool
}

// SetMFAPreference changes the second factors of a user. Those that are not
// among the settings stay as they are. A factor that the user could not prove in
// this pool cannot be turned on.
func (s *Service) SetMFAPreference(ctx context.Context, u *User, settings []FactorSetting) error {
	return s.setMFAPreference(ctx, u, settings, false)
}

// AdminSetMFAPreference is SetMFAPreference for an administrator, who in turning
// TOTP off also forgets the device: a lost one must not keep its owner out.
func (s *Service) AdminSetMFAPreference(ctx context.Context, pool PoolID, name string, settings []FactorSetting) error {
	u, err := s.User(ctx, pool, name)
	if err != nil {
		return err
	}
	return s.setMFAPreference(ctx, u, settings, true)
}

func (s *Service) setMFAPreference(ctx context.Context, u *User, settings []FactorSetting, admin bool) error {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return err
	}
	if err := onePreferred(settings); err != nil {
		return err
	}
	_, err = s.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		for _, f := range settings {
			if f.Enabled && !(p.asksFor(f.Factor) && u.able(f.Factor)) {
				return invalid("User does not have delivery config set to turn on %s", f.Factor)
			}
			u.MFA.set(f)
			if admin && f.Factor == FactorTOTP && !f.Enabled {
				u.MFA.Secret, u.MFA.Pending, u.MFA.TOTPName, u.MFA.TOTPStep = nil, nil, "", 0
			}
		}
		u.Modified = s.now()
		return nil
	})
	return namedUser(err)
}

func onePreferred(settings []FactorSetting) error {
	isPreferred := func(f FactorSetting) bool { return f.Preferred }
	i := slices.IndexFunc(settings, isPreferred)
	if i < 0 {
		return nil
	}
	if !settings[i].Enabled {
		return invalid("A factor that is not enabled cannot be preferred: %s", settings[i].Factor)
	}
	if slices.ContainsFunc(settings[i+1:], isPreferred) {
		return invalid("Only one factor can be preferred.")
	}
	return nil
}

func (m *MFA) set(f FactorSetting) {
	switch f.Factor {
	case FactorSMS:
		m.SMS = f.Enabled
	case FactorTOTP:
		m.TOTP = f.Enabled
	case FactorEmail:
		m.Email = f.Enabled
	case FactorPasskey:
		m.Passkey = f.Enabled
	}
	switch {
	case f.Preferred:
		m.Preferred = f.Factor
	case m.Preferred == f.Factor:
		m.Preferred = ""
	}
}
