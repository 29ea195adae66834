package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"
)

var (
	errCannotReset = Fail(ErrNotAuthorized, "User password cannot be reset in the current state.")
	errNoRecovery  = invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
)

// recoveryTarget returns the verified address that a code for a new password goes
// to, in the order of the pool; empty for none. An address that proves the user's
// second factor cannot replace the first as well. Only an administrator can start
// the recovery in a pool whose mechanism is admin_only.
func (p *Pool) recoveryTarget(u *User, byAdmin bool) string {
	order := p.Recovery
	if len(order) == 0 || byAdmin && slices.Contains(order, "admin_only") {
		order = []string{"verified_phone_number", "verified_email"}
	}
	for _, mechanism := range order {
		if a, ok := strings.CutPrefix(mechanism, "verified_"); ok && u.Verified(a) && !p.secondFactor(u, a) {
			return a
		}
	}
	return ""
}

// secondFactor reports whether codes of the second factor go to an attribute.
func (p *Pool) secondFactor(u *User, attribute string) bool {
	factor := FactorEmail
	if attribute == "phone_number" {
		factor = FactorSMS
	}
	return slices.Contains(p.Factors(u), factor)
}

// recoverable says why a user cannot reset the password.
func (p *Pool) recoverable(u *User) error {
	switch {
	case u.Status == ForceChangePassword || u.Status == ExternalProvider || u.linkedOnly():
		return errCannotReset
	case p.recoveryTarget(u, false) == "":
		return errNoRecovery
	}
	return nil
}

// ForgotPassword sends a code for a new password. A client that hides who exists
// gets the same answer for users who cannot reset theirs, and for no user.
func (s *Service) ForgotPassword(ctx context.Context, c *Client, name string) (*Delivery, error) {
	p, u, h, err := s.clientUserOrMigrated(ctx, c, name)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, h, "ForgotPassword", 5); err != nil {
		return nil, err
	}
	if u != nil {
		if err := p.recoverable(u); err != nil && !c.HideUserExistence {
			return nil, err
		} else if err != nil {
			u = nil
		}
	}
	if u == nil {
		if err := s.issueFakeCode(ctx, h, codeForgot, forgotCodeLife); err != nil {
			return nil, err
		}
		return s.fakeDelivery(ctx, p, "forgot", name)
	}
	a := p.recoveryTarget(u, false)
	code, err := s.issueCode(ctx, h, codeForgot, a, u.Attributes[a], forgotCodeLife)
	if err != nil {
		return nil, err
	}
	d, err := s.sendCode(ctx, notice{p, c.ID, u, "forgot", "ForgotPassword"}, a, u.Attributes[a], code)
	return quietly(c, d, err)
}

// fakeDelivery is where a code would have gone, the same at every call. A name
// that is an address is answered as its owner would be.
func (s *Service) fakeDelivery(ctx context.Context, p *Pool, kind, name string) (*Delivery, error) {
	switch {
	case validEmail(name):
		return s.fakeCode(ctx, p, kind, "email", name)
	case validPhone(name):
		return s.fakeCode(ctx, p, kind, "phone_number", name)
	case p.fakeByPhone():
		return s.fakeCode(ctx, p, kind, "phone_number", name)
	}
	return s.fakeCode(ctx, p, kind, "email", name)
}

// fakeCode is fakeDelivery to an attribute of the user of a name.
func (s *Service) fakeCode(ctx context.Context, p *Pool, kind, attribute, name string) (*Delivery, error) {
	switch {
	case attribute == "email" && validEmail(name), attribute == "phone_number" && validPhone(name):
		return s.pretendCode(ctx, p, kind, attribute, name), nil
	}
	key, err := s.Keys.Secret(ctx, "userpool-fake-users")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(string(p.ID) + "\x00" + p.Fold(name)))
	sum := mac.Sum(nil)
	if attribute == "phone_number" {
		return s.pretendCode(ctx, p, kind, attribute, "+1555"+number(sum[:4])), nil
	}
	letter := func(b byte) string { return string(lowerLetters[int(b)%len(lowerLetters)]) }
	return s.pretendCode(ctx, p, kind, attribute, letter(sum[0])+"@"+letter(sum[1])), nil
}

// fakeByPhone reports whether codes of the pool usually go to phones.
func (p *Pool) fakeByPhone() bool {
	if len(p.AutoVerified) > 0 {
		return !slices.Contains(p.AutoVerified, "email")
	}
	return len(p.Recovery) > 0 && p.Recovery[0] == "verified_phone_number"
}

func number(raw []byte) string {
	text := ""
	for _, b := range raw {
		text += string(digits[int(b)%10])
	}
	return text
}

// ConfirmForgotPassword sets a new password with the code that ForgotPassword
// sent. The code is used up only by a password that the pool accepts. It ends
// every sign-in of the user: an account is recovered because somebody else may
// be in it.
func (s *Service) ConfirmForgotPassword(ctx context.Context, c *Client, name, code, password string) error {
	p, u, h, err := s.clientUser(ctx, c, name, textUnknown)
	if err != nil {
		return err
	}
	if err := p.PasswordPolicy.CheckPassword(password, false); err != nil {
		return err
	}
	if err := s.limit(ctx, h, "ConfirmForgotPassword", 10); err != nil {
		return err
	}
	r, err := s.matchCode(ctx, h, codeForgot, code)
	if err != nil {
		return err
	}
	if u == nil || !u.Verified(r.Attribute) || u.Attributes[r.Attribute] != r.Value {
		return errCodeExpired // the address is no longer the user's
	}
	if p.secondFactor(u, r.Attribute) {
		return errCodeExpired // the address became the other factor meanwhile
	}
	if u.PasswordChanged.After(r.Expires.Add(-forgotCodeLife)) {
		return errCodeExpired // the password that it was to replace is gone
	}
	set, err := s.passwords().through(c, OnPasswordChange).Prepare(ctx, p, u, password, false)
	if err != nil {
		return err
	}
	if err := s.spendCode(ctx, h, codeForgot, r); err != nil {
		return err
	}
	u, err = s.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		set(u)
		u.Status, u.SignedOut = Confirmed, u.PasswordChanged // whoever knew the old password is out
		return nil
	})
	if err != nil {
		return namedUser(err)
	}
	return s.Triggers.postConfirmation(ctx, p, c, u, postForgotPassword)
}
