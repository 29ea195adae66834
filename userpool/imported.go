package userpool

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"time"
)

// An ImportedUser is a user of another pool, to be made here with the same names.
type ImportedUser struct {
	Username, Sub string
	Status        Status
	Enabled       bool
	Created       time.Time
	Attributes    map[string]string // without sub
}

// A UserRefusal says why a user was not imported.
type UserRefusal struct{ Username, Reason string }

var subForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// ImportUsers adds users as they are elsewhere: no function runs and no message
// goes out. Users that exist already are skipped, those that break a rule of the
// pool refused. Their passwords stay with the pool's PasswordSource.
func (s *Service) ImportUsers(ctx context.Context, pool PoolID, users []ImportedUser) (imported, skipped int, refused []UserRefusal, err error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return 0, 0, nil, err
	}
	for _, in := range users {
		u, err := s.importedUser(p, in)
		if err == nil {
			err = s.Store.CreateUser(ctx, u)
		}
		var f *Fault
		var alias *AliasError
		switch {
		case err == nil:
			imported++
		case errors.Is(err, ErrUserExists):
			skipped++
		case errors.As(err, &alias):
			refused = append(refused, UserRefusal{in.Username, "Another user has this " + alias.Attribute + "."})
		case errors.As(err, &f):
			refused = append(refused, UserRefusal{in.Username, f.Text})
		default:
			return imported, skipped, refused, err
		}
	}
	return imported, skipped, refused, nil
}

// importedUser checks what a user is to be made of, by the rules of an
// administrator who makes one. A temporary password begins anew here.
func (s *Service) importedUser(p *Pool, in ImportedUser) (*User, error) {
	if !subForm.MatchString(in.Sub) {
		return nil, invalid("The sub is not a UUID.")
	}
	switch {
	case len(p.UsernameAttributes) == 0:
		if err := p.checkUsername(in.Username); err != nil {
			return nil, err
		}
	case in.Username != in.Sub:
		return nil, invalid("The username is not the sub, as in a pool whose users sign in by an address.")
	}
	if err := p.checkWrite(writer{admin: true, creating: true}, in.Attributes); err != nil {
		return nil, err
	}
	u := &User{Pool: p.ID, Username: in.Username, Sub: in.Sub, Status: in.Status, Enabled: in.Enabled,
		Created: in.Created, Modified: s.now(), Attributes: maps.Clone(in.Attributes)}
	switch in.Status {
	case Confirmed, Unconfirmed, ForceChangePassword:
		u.Password, u.PasswordChanged = passwordElsewhere, s.now()
	case ResetRequired:
	default:
		return nil, invalid("Users in the state %s cannot be imported.", in.Status)
	}
	return u, nil
}
