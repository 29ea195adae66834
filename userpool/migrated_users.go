package userpool

import (
	"context"
	"errors"
	"maps"
)

// Migrate makes a user of whom a function finds in another directory under a name
// that nobody has here. It returns nil where it is to stay nobody's: the pool has
// no such function or, for a client that hides who exists, nobody was found. A
// user in the state ResetRequired has no password.
func (s *Service) Migrate(ctx context.Context, p *Pool, c *Client, source, typed, password string) (*User, error) {
	m, err := s.Triggers.Migrate(ctx, p, c, source, typed, password)
	if m == nil || err != nil {
		return nil, err
	}
	u, err := s.storeMigrated(ctx, p, m, typed, password)
	var f *Fault
	switch {
	case err == nil:
		s.welcome(ctx, p, u, m)
		return u, nil
	case !errors.As(err, &f):
		return nil, err
	}
	s.Log.WarnContext(ctx, "user not migrated", "pool", p.ID, "error", err)
	if errors.Is(err, ErrUserExists) && !c.HideUserExistence {
		return nil, err
	}
	return nil, notMigrated(c)
}

// storeMigrated adds a migrated user. A name that the function gives is a new
// user's or none: it never leads to one who is here.
func (s *Service) storeMigrated(ctx context.Context, p *Pool, m *Migration, typed, password string) (*User, error) {
	attributes, name := maps.Clone(m.Attributes), typed
	if given := attributes["username"]; given != "" {
		name = given
	}
	delete(attributes, "username")
	u, err := s.newUser(p, name, attributes, writer{admin: true, creating: true})
	if err != nil {
		return nil, err
	}
	if u.Status = m.Status; m.SMSMFA {
		if !p.asksFor(FactorSMS) || !u.able(FactorSMS) {
			return nil, invalid("The migrated user cannot have SMS as a second factor.")
		}
		u.MFA.set(FactorSetting{Factor: FactorSMS, Enabled: true, Preferred: true})
	}
	if m.Status == Confirmed && password != "" {
		set, err := s.passwords().take(ctx, p, u, password)
		if err != nil {
			return nil, err
		}
		set(u)
	}
	return u, s.store(ctx, p, u, m.ForceAlias, true)
}

// welcome tells a migrated user of the account, unless the function says not to.
// That a message does not go out stops nobody from signing in.
func (s *Service) welcome(ctx context.Context, p *Pool, u *User, m *Migration) {
	if m.MessageAction == messageSuppress {
		return
	}
	n := notice{pool: p, user: u, kind: "welcome"}
	_ = s.courier().carry(ctx, letter{notice: n, text: textWelcome, to: u.reached(m.Mediums)}) // logged where it failed
}

// clientUserOrMigrated is clientUser for somebody who forgot a password, perhaps
// one of another directory. How often a name can be asked about is limited.
func (s *Service) clientUserOrMigrated(ctx context.Context, c *Client, name string) (*Pool, *User, holder, error) {
	p, u, h, err := s.clientUser(ctx, c, name, textUnknownClient)
	unknown := errors.Is(err, ErrUserNotFound) || err == nil && u == nil
	if !unknown {
		return p, u, h, err
	}
	pool, failed := s.Pool(ctx, c.Pool)
	if failed != nil {
		return nil, nil, h, failed
	}
	if _, ok := pool.Trigger(triggerMigration); !ok || err == nil && h != pool.nobody(name) {
		return p, u, h, err // no function, or a disabled user who looks like nobody
	}
	if failed := s.limit(ctx, pool.nobody(name), "UserMigration", 5); failed != nil {
		return nil, nil, h, failed
	}
	found, failed := s.Migrate(ctx, pool, c, MigrateForgotPassword, name, "")
	if failed != nil {
		return nil, nil, h, failed
	}
	if found == nil {
		return p, u, h, err
	}
	return pool, found, holderOf(found), nil
}
