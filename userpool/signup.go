package userpool

import (
	"context"
	"errors"
	"slices"
)

// A SignUp is what a stranger says of themselves.
type SignUp struct {
	Username   string
	Password   string
	Attributes map[string]string
}

// SignUp makes an unconfirmed user and sends a code to the address that the pool
// verifies. Delivery is nil where it verifies none that the user has.
func (s *Service) SignUp(ctx context.Context, c *Client, in SignUp) (*User, *Delivery, error) {
	p, err := s.Pool(ctx, c.Pool)
	if err != nil {
		return nil, nil, err
	}
	if p.AllowAdminCreateOnly {
		return nil, nil, Fail(ErrNotAuthorized, "SignUp is not permitted for this user pool")
	}
	u, err := s.newUser(p, in.Username, in.Attributes, writer{creating: true, client: c})
	if err != nil {
		return nil, nil, err
	}
	u.Status = Unconfirmed
	if err := p.checkFirstPassword(u, in.Password); err != nil {
		return nil, nil, err
	}
	if err := s.nameFree(ctx, p, u, in.Username, false); err != nil {
		return nil, nil, err
	}
	verified, err := s.preSignUp(ctx, p, c, u, in.Attributes)
	if err != nil {
		return nil, nil, err
	}
	if err := s.limitSignUps(ctx, p, u); err != nil {
		return nil, nil, err
	}
	if in.Password != "" {
		set, err := s.passwords().through(c, OnSignUp).Prepare(ctx, p, u, in.Password, false)
		if err != nil {
			return nil, nil, err
		}
		set(u)
	}
	if err := s.store(ctx, p, u, verified, false); err != nil {
		return nil, nil, err
	}
	if u.Status == Confirmed {
		return u, nil, s.Triggers.postConfirmation(ctx, p, c, u, postSignUp)
	}
	d, err := s.sendSignUpCode(ctx, p, c, u, "SignUp")
	return u, d, err
}

// checkFirstPassword checks the password of a new user, who may do without one where
// a code can stand for it.
func (p *Pool) checkFirstPassword(u *User, password string) error {
	if password != "" || !p.passwordless() {
		return p.PasswordPolicy.CheckPassword(password, false)
	}
	for _, f := range []string{challengeEmailOTP, challengeSMSOTP} {
		if p.allowsFirst(f) && u.Attributes[otpAttribute(f)] != "" {
			return nil
		}
	}
	return invalid("A user without a password needs an address that the user pool sends sign-in codes to.")
}

// maxSignUps is how many sign-ups in an hour may send a code to one address: under
// ever new names, a stranger could fill somebody's mailbox otherwise.
const maxSignUps = 5

func (s *Service) limitSignUps(ctx context.Context, p *Pool, u *User) error {
	a := p.verifyTarget(u)
	if a == "" || u.Status == Confirmed {
		return nil
	}
	return s.limit(ctx, holder{p.ID, "address/" + FoldCase(u.Attributes[a])}, "SignUp", maxSignUps)
}

// verifyTarget returns the address that the pool verifies at sign-up: the phone
// number before the e-mail address; empty for none.
func (p *Pool) verifyTarget(u *User) string {
	for _, a := range []string{"phone_number", "email"} {
		if slices.Contains(p.AutoVerified, a) && u.Attributes[a] != "" {
			return a
		}
	}
	return ""
}

func (s *Service) sendSignUpCode(ctx context.Context, p *Pool, c *Client, u *User, why string) (*Delivery, error) {
	a := p.verifyTarget(u)
	if a == "" {
		return nil, nil
	}
	code, err := s.issueCode(ctx, holderOf(u), codeSignUp, a, u.Attributes[a], verifyCodeLife)
	if err != nil {
		return nil, err
	}
	n := notice{p, c.ID, u, "signup", why}
	if p.VerifyByLink && a == "email" {
		return s.sendLink(ctx, n, u.Attributes[a], code)
	}
	return s.sendCode(ctx, n, a, u.Attributes[a], code)
}

// clientUser finds the user of a public request. With hidden existence u is nil
// for a name that nobody has and for disabled users, else such names are errors.
func (s *Service) clientUser(ctx context.Context, c *Client, name, unknown string) (p *Pool, u *User, h holder, err error) {
	if p, err = s.Pool(ctx, c.Pool); err != nil {
		return nil, nil, h, err
	}
	u, err = s.Store.User(ctx, p.ID, name)
	switch {
	case errors.Is(err, ErrUserNotFound) && c.HideUserExistence:
		return p, nil, p.nobody(name), nil
	case errors.Is(err, ErrUserNotFound):
		return nil, nil, h, Fail(ErrUserNotFound, unknown)
	case err != nil:
		return nil, nil, h, err
	case !u.Enabled && c.HideUserExistence:
		return p, nil, holderOf(u), nil
	case !u.Enabled:
		return nil, nil, h, Fail(ErrNotAuthorized, "User is disabled.")
	}
	return p, u, holderOf(u), nil
}

const (
	textUnknown       = "User does not exist."
	textUnknownClient = "Username/client id combination not found."
)

// ConfirmSignUp confirms a user and the address that the code went to. With
// force an alias that another user holds moves here.
func (s *Service) ConfirmSignUp(ctx context.Context, c *Client, name, code string, force bool) error {
	p, u, h, err := s.clientUser(ctx, c, name, textUnknown)
	if err != nil {
		return err
	}
	if err := s.limit(ctx, h, "ConfirmSignUp", 15); err != nil {
		return err
	}
	switch {
	case u == nil || u.Status != Unconfirmed && c.HideUserExistence:
		return errCodeExpired
	case u.Status != Unconfirmed:
		return u.confirm()
	}
	r, err := s.matchCode(ctx, h, codeSignUp, code)
	if err != nil {
		return err
	}
	if r.Value != u.Attributes[r.Attribute] {
		return errCodeExpired // it went to an address that is no longer the user's
	}
	if err := s.aliasFree(ctx, p, u, r.Attribute, r.Value, force); err != nil {
		return err
	}
	if err := s.spendCode(ctx, h, codeSignUp, r); err != nil {
		return err
	}
	u, err = s.verify(ctx, u, force, func(u *User) error {
		if u.Attributes[r.Attribute] != r.Value {
			return errCodeExpired
		}
		u.Attributes[r.Attribute+"_verified"] = "true"
		return u.confirm()
	})
	if err != nil {
		return err
	}
	return s.Triggers.postConfirmation(ctx, p, c, u, postSignUp)
}

// aliasFree refuses an alias that another user holds before the code is spent,
// so that the same code can be sent again with force.
func (s *Service) aliasFree(ctx context.Context, p *Pool, u *User, attribute, value string, force bool) error {
	if force || !slices.Contains(p.AliasAttributes, attribute) {
		return nil
	}
	owner, err := s.Store.User(ctx, p.ID, value)
	switch {
	case errors.Is(err, ErrUserNotFound) || err == nil && owner.Sub == u.Sub:
		return nil
	case err != nil:
		return err
	}
	return &AliasError{attribute}
}

// verify updates a user who proved to own an address.
func (s *Service) verify(ctx context.Context, u *User, force bool, fn func(*User) error) (*User, error) {
	update := s.Store.UpdateUser
	if force {
		update = s.Store.UpdateUserTaking
	}
	u, err := update(ctx, u.Pool, u.Username, func(u *User) error {
		u.Modified = s.now()
		return fn(u)
	})
	return u, namedUser(err)
}

// ResendCode sends the sign-up code again.
func (s *Service) ResendCode(ctx context.Context, c *Client, name string) (*Delivery, error) {
	p, u, h, err := s.clientUser(ctx, c, name, textUnknownClient)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, h, "ResendConfirmationCode", 5); err != nil {
		return nil, err
	}
	if len(p.AutoVerified) == 0 {
		return nil, Fail(ErrNotAuthorized, "Cannot resend codes. Auto verification not turned on.")
	}
	if u == nil || c.HideUserExistence && (u.Status != Unconfirmed || p.verifyTarget(u) == "") {
		if err := s.issueFakeCode(ctx, h, codeSignUp, verifyCodeLife); err != nil {
			return nil, err
		}
		return s.fakeDelivery(ctx, p, "signup", name)
	}
	if u.Status != Unconfirmed {
		return nil, invalid("User is already confirmed.")
	}
	d, err := s.sendSignUpCode(ctx, p, c, u, "ResendCode")
	if err == nil && d == nil {
		err = Fail(ErrNotAuthorized, "Cannot resend codes. Auto verification not turned on.")
	}
	return quietly(c, d, err)
}

// quietly drops the error of a message that did not go out, or whose text a
// function refused to write, where the client hides who exists: nobody else could
// get it. The log has it.
func quietly(c *Client, d *Delivery, err error) (*Delivery, error) {
	hidden := func(kind error) bool { return errors.Is(err, kind) }
	if c.HideUserExistence && slices.ContainsFunc([]error{ErrCodeDelivery, ErrUserLambda, ErrUnexpectedLambda, ErrInvalidLambdaResponse}, hidden) {
		return d, nil
	}
	return d, err
}
