package userpool

import (
	"context"
	"errors"
	"maps"
	"strings"
	"unicode/utf8"
)

// The values of MessageAction.
const (
	messageResend   = "RESEND"
	messageSuppress = "SUPPRESS"
)

var errUser = Fail(ErrUserNotFound, "User does not exist.")

func namedUser(err error) error {
	if errors.Is(err, ErrUserNotFound) {
		return errUser
	}
	return err
}

// User finds a user by username, alias or sub.
func (s *Service) User(ctx context.Context, pool PoolID, name string) (*User, error) {
	u, err := s.Store.User(ctx, pool, name)
	if errors.Is(err, ErrUserNotFound) {
		if _, err := s.Pool(ctx, pool); err != nil {
			return nil, err
		}
		return nil, errUser
	}
	return u, err
}

// A NewUser is what an administrator says of a user to be made.
type NewUser struct {
	Username          string
	Attributes        map[string]string
	TemporaryPassword string   // made at random if empty
	MessageAction     string   // empty to invite, RESEND, SUPPRESS
	Mediums           []string // EMAIL, SMS
	ForceAlias        bool     // take verified aliases from their owners
}

// AdminCreateUser makes a user with a temporary password and sends it to them,
// or, with RESEND, does the latter again. Where users can do without a password, one
// for whom none is given has none, and there is nothing to send.
func (s *Service) AdminCreateUser(ctx context.Context, pool PoolID, in NewUser) (*User, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	if in.MessageAction == messageResend {
		return s.resendInvitation(ctx, p, in)
	}
	if in.TemporaryPassword == "" && !p.passwordless() {
		in.TemporaryPassword = p.PasswordPolicy.temporaryPassword()
	}
	u, err := s.newUser(p, in.Username, in.Attributes, writer{admin: true, creating: true})
	if err != nil {
		return nil, err
	}
	if err := s.nameFree(ctx, p, u, in.Username, true); err != nil {
		return nil, err
	}
	if _, err := s.Triggers.preSignUp(ctx, p, nil, "PreSignUp_AdminCreateUser", u.Username, given(u, in.Attributes)); err != nil {
		return nil, err
	}
	if u.Status = Confirmed; in.TemporaryPassword != "" {
		set, err := s.passwords().Prepare(ctx, p, u, in.TemporaryPassword, true)
		if err != nil {
			return nil, err
		}
		set(u)
		u.Status = ForceChangePassword
	}
	if err := s.store(ctx, p, u, in.ForceAlias, true); err != nil {
		return nil, err
	}
	if in.MessageAction == messageSuppress || in.TemporaryPassword == "" {
		return u, nil
	}
	return u, s.invite(ctx, p, u, in.TemporaryPassword, in.Mediums)
}

func (s *Service) resendInvitation(ctx context.Context, p *Pool, in NewUser) (*User, error) {
	if in.TemporaryPassword == "" {
		in.TemporaryPassword = p.PasswordPolicy.temporaryPassword()
	}
	u, err := s.User(ctx, p.ID, in.Username)
	if err != nil {
		return nil, err
	}
	invited := func(u *User) error {
		if u.Status != ForceChangePassword {
			return Fail(ErrUnsupportedState, "Resend not possible. User status is not FORCE_CHANGE_PASSWORD")
		}
		return nil
	}
	if err := invited(u); err != nil {
		return nil, err
	}
	set, err := s.passwords().Prepare(ctx, p, u, in.TemporaryPassword, true)
	if err != nil {
		return nil, err
	}
	u, err = s.Store.UpdateUser(ctx, p.ID, u.Username, func(u *User) error {
		if err := invited(u); err != nil {
			return err
		}
		set(u)
		return nil
	})
	if err != nil {
		return nil, namedUser(err)
	}
	return u, s.invite(ctx, p, u, in.TemporaryPassword, in.Mediums)
}

// newUser checks what a user is to be made of. In a pool whose usernames are
// addresses the name becomes an attribute, and the sub the username.
func (s *Service) newUser(p *Pool, name string, attributes map[string]string, w writer) (*User, error) {
	attributes = maps.Clone(attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	sub := newTokenID()
	username := name
	if len(p.UsernameAttributes) > 0 {
		kind, err := p.addressKind(name)
		if err != nil {
			return nil, err
		}
		if given := attributes[kind]; given != "" && given != name {
			return nil, invalid("The %s attribute does not match the username.", kind)
		}
		attributes[kind], username = name, sub
	} else if err := p.checkUsername(name); err != nil {
		return nil, err
	}
	if err := p.checkWrite(w, attributes); err != nil {
		return nil, err
	}
	if err := p.checkRequired(attributes); err != nil {
		return nil, err
	}
	now := s.now()
	u := &User{Pool: p.ID, Username: username, Sub: sub, Enabled: true, Created: now, Modified: now, Attributes: map[string]string{}}
	u.setAttributes(attributes)
	return u, nil
}

// addressKind returns the attribute that a username is, in a pool whose
// usernames are addresses.
func (p *Pool) addressKind(name string) (string, error) {
	wanted := strings.Join(p.UsernameAttributes, " ")
	switch {
	case validEmail(name) && strings.Contains(wanted, "email"):
		return "email", nil
	case validPhone(name) && strings.Contains(wanted, "phone_number"):
		return "phone_number", nil
	case wanted == "email":
		return "", invalid("Username should be an email.")
	case wanted == "phone_number":
		return "", invalid("Username should be a phone number.")
	}
	return "", invalid("Username should be either an email or a phone number.")
}

// checkUsername keeps usernames apart from aliases.
func (p *Pool) checkUsername(name string) error {
	for _, a := range p.AliasAttributes {
		switch {
		case a == "email" && validEmail(name):
			return invalid("Username cannot be of email format, since user pool is configured for email alias.")
		case a == "phone_number" && validPhone(name):
			return invalid("Username cannot be of phone number format, since user pool is configured for phone number alias.")
		}
	}
	if name == "" || !utf8.ValidString(name) || len([]rune(name)) > 128 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return invalid("Username is empty, too long, or has control characters.")
	}
	return nil
}

// exists is the error for a username that is taken.
func (p *Pool) exists(u *User, byAdmin bool) error {
	for _, a := range p.UsernameAttributes {
		if u.Attributes[a] != "" && !byAdmin {
			return Fail(ErrUserExists, "An account with the given "+a+" already exists.")
		}
	}
	if byAdmin {
		return Fail(ErrUserExists, "User account already exists")
	}
	return Fail(ErrUserExists, "User already exists")
}

// nameFree refuses a taken name before its password costs a hash.
func (s *Service) nameFree(ctx context.Context, p *Pool, u *User, name string, byAdmin bool) error {
	_, err := s.Store.User(ctx, p.ID, name)
	switch {
	case errors.Is(err, ErrUserNotFound):
		return nil
	case err != nil:
		return err
	}
	return p.exists(u, byAdmin)
}

// store adds a user.
func (s *Service) store(ctx context.Context, p *Pool, u *User, take, byAdmin bool) error {
	create := s.Store.CreateUser
	if take {
		create = s.Store.CreateUserTaking
	}
	err := create(ctx, u)
	var alias *AliasError
	switch {
	case errors.Is(err, ErrUserExists):
		return p.exists(u, byAdmin)
	case errors.As(err, &alias):
		return Fail(ErrUserExists, "An account with the given "+alias.Attribute+" already exists.")
	}
	return namedPool(err, p.ID)
}
