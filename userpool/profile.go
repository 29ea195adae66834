package userpool

import (
	"context"
	"maps"
	"slices"
)

// UpdateAttributes changes a user's own attributes and sends codes to new
// addresses that the pool verifies. Where the pool wants an address verified
// before it counts, the old one stays until then.
func (s *Service) UpdateAttributes(ctx context.Context, c *Client, u *User, attributes map[string]string) ([]*Delivery, error) {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return nil, err
	}
	if err := p.checkWrite(writer{client: c}, attributes); err != nil {
		return nil, err
	}
	now, waiting := p.splitWaiting(u, attributes)
	if err := s.limitNewCodes(ctx, p, u, attributes); err != nil {
		return nil, err
	}
	_, err = s.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if err := p.keepsAddress(u, now); err != nil {
			return err
		}
		u.setAttributes(now)
		u.Modified = s.now()
		return nil
	})
	if err != nil {
		return nil, namedUser(err)
	}
	return s.sendNewCodes(ctx, p, c, u, now, waiting)
}

// splitWaiting parts the addresses that have to be verified first from what is
// set at once.
func (p *Pool) splitWaiting(u *User, attributes map[string]string) (now, waiting map[string]string) {
	now, waiting = maps.Clone(attributes), map[string]string{}
	for _, a := range p.VerifyBeforeUpdate {
		if v := now[a]; v != "" && v != u.Attributes[a] && now[a+"_verified"] != "true" {
			waiting[a] = v
			delete(now, a)
			delete(now, a+"_verified") // it is said of the new one
		}
	}
	return now, waiting
}

// newAddresses are the addresses among attributes that need a code. An administrator
// can say that one needs none.
func (p *Pool) newAddresses(u *User, attributes map[string]string) []string {
	var changed []string
	for _, a := range []string{"email", "phone_number"} {
		if v := attributes[a]; v != "" && v != u.Attributes[a] && slices.Contains(p.AutoVerified, a) && attributes[a+"_verified"] != "true" {
			changed = append(changed, a)
		}
	}
	return changed
}

func (s *Service) limitNewCodes(ctx context.Context, p *Pool, u *User, attributes map[string]string) error {
	if len(p.newAddresses(u, attributes)) == 0 {
		return nil
	}
	return s.limit(ctx, holderOf(u), "GetUserAttributeVerificationCode", 5)
}

// sendNewCodes sends a code to each new address. u is the user before the change.
func (s *Service) sendNewCodes(ctx context.Context, p *Pool, c *Client, u *User, now, waiting map[string]string) ([]*Delivery, error) {
	all := maps.Clone(now)
	maps.Copy(all, waiting)
	var sent []*Delivery
	for _, a := range p.newAddresses(u, all) {
		d, err := s.sendAttributeCode(ctx, notice{p, idOf(c), u, "attribute", "UpdateUserAttribute"}, a, all[a])
		if err != nil {
			return nil, err
		}
		sent = append(sent, d)
	}
	return sent, nil
}

func (s *Service) sendAttributeCode(ctx context.Context, n notice, attribute, to string) (*Delivery, error) {
	code, err := s.issueCode(ctx, holderOf(n.user), codeAttribute+"/"+attribute, attribute, to, verifyCodeLife)
	if err != nil {
		return nil, err
	}
	return s.sendCode(ctx, n, attribute, to, code)
}

// DeleteAttributes deletes a user's own attributes.
func (s *Service) DeleteAttributes(ctx context.Context, c *Client, u *User, names []string) error {
	_, err := s.UpdateAttributes(ctx, c, u, deletions(names))
	return err
}

// AttributeCode sends a code that verifies the user's e-mail address or phone
// number.
func (s *Service) AttributeCode(ctx context.Context, c *Client, u *User, attribute string) (*Delivery, error) {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return nil, err
	}
	if attribute != "email" && attribute != "phone_number" || u.Attributes[attribute] == "" {
		return nil, invalid("User does not have an attribute %s that can be verified.", attribute)
	}
	if err := s.limit(ctx, holderOf(u), "GetUserAttributeVerificationCode", 5); err != nil {
		return nil, err
	}
	return s.sendAttributeCode(ctx, notice{p, idOf(c), u, "attribute", "VerifyUserAttribute"}, attribute, u.Attributes[attribute])
}

// VerifyAttribute verifies an address with its code. A value that waited for the
// code takes the place of the old one.
func (s *Service) VerifyAttribute(ctx context.Context, u *User, attribute, code string) error {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return err
	}
	h := holderOf(u)
	if err := s.limit(ctx, h, "VerifyUserAttribute", 15); err != nil {
		return err
	}
	purpose := codeAttribute + "/" + attribute
	r, err := s.matchCode(ctx, h, purpose, code)
	if err != nil {
		return err
	}
	current := func(u *User) error {
		if u.Attributes[attribute] != r.Value && !slices.Contains(p.VerifyBeforeUpdate, attribute) {
			return errCodeExpired // it went to an address that is no longer the user's
		}
		return nil
	}
	if err := current(u); err != nil {
		return err
	}
	if err := s.aliasFree(ctx, p, u, attribute, r.Value, false); err != nil {
		return err
	}
	if err := s.spendCode(ctx, h, purpose, r); err != nil {
		return err
	}
	_, err = s.verify(ctx, u, false, func(u *User) error {
		if err := current(u); err != nil {
			return err
		}
		u.Attributes[attribute] = r.Value
		u.Attributes[attribute+"_verified"] = "true"
		return nil
	})
	return err
}

// ChangePassword replaces a user's own password. Their tokens stay valid.
func (s *Service) ChangePassword(ctx context.Context, c *Client, u *User, previous, proposed string) error {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return err
	}
	if err := p.PasswordPolicy.CheckPassword(proposed, false); err != nil {
		return err
	}
	if err := s.limit(ctx, holderOf(u), "ChangePassword", 5); err != nil {
		return err
	}
	ok, err := s.Hasher.Verify(ctx, u.Password, previous)
	if err != nil {
		return err
	}
	if !ok {
		return Fail(ErrNotAuthorized, "Incorrect username or password.")
	}
	set, err := s.passwords().through(c, OnPasswordChange).Prepare(ctx, p, u, proposed, false)
	if err != nil {
		return err
	}
	_, err = s.Store.UpdateUser(ctx, u.Pool, u.Username, func(stored *User) error {
		if stored.Password != u.Password {
			return Fail(ErrNotAuthorized, "Incorrect username or password.") // changed meanwhile
		}
		set(stored)
		return nil
	})
	return namedUser(err)
}
