package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// attributePrefix stands before attribute names in challenge responses.
const attributePrefix = "userAttributes."

// askNewPassword challenges a user whose password is temporary.
func (a *Auth) askNewPassword(p *Pool, c *Client, u *User) (*Step, error) {
	shown := map[string]string{}
	for name, value := range u.Attributes {
		if c.Readable(name) {
			shown[name] = value
		}
	}
	attributes, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}
	missing := []string{}
	for _, name := range p.missing(u.Attributes) {
		missing = append(missing, attributePrefix+name)
	}
	required, err := json.Marshal(missing)
	if err != nil {
		return nil, err
	}
	session, err := a.sealSession(a.newSession(c, u), challengeNewPassword)
	if err != nil {
		return nil, err
	}
	return &Step{Challenge: &Challenge{Name: challengeNewPassword, Session: session, Params: map[string]string{
		"USER_ID_FOR_SRP":    u.Username,
		"userAttributes":     string(attributes),
		"requiredAttributes": string(required),
	}}}, nil
}

// missing returns the required attributes that are not among attributes.
func (p *Pool) missing(attributes map[string]string) []string {
	var out []string
	for _, s := range p.Schema {
		if s.Required && s.Name != "sub" && attributes[s.Name] == "" {
			out = append(out, s.Name)
		}
	}
	return out
}

func (a *Auth) respondNewPassword(ctx context.Context, c *Client, in map[string]string, text string) (*Step, error) {
	if err := require(in, "USERNAME", "NEW_PASSWORD"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	s, err := a.openSession(c, challengeNewPassword, text)
	if err != nil {
		return nil, err
	}
	u, err := a.sessionUser(ctx, c, s, in["USERNAME"])
	if err != nil {
		return nil, err
	}
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	attributes := map[string]string{}
	for name, value := range in {
		if rest, ok := strings.CutPrefix(name, attributePrefix); ok {
			attributes[rest] = value
		}
	}
	if u, err = a.ChangeForcedPassword(ctx, pool, c, u, in["NEW_PASSWORD"], attributes); err != nil {
		return nil, err
	}
	return a.proceed(ctx, pool, c, u, proof{source: TokensNewPassword})
}

// sessionUser returns the user of a session, whom the answer must name, as long
// as the password that led to the session still stands.
func (a *Auth) sessionUser(ctx context.Context, c *Client, s *session, name string) (*User, error) {
	u, err := a.Store.User(ctx, c.Pool, name)
	if errors.Is(err, ErrUserNotFound) {
		return nil, errSession
	}
	if err != nil {
		return nil, err
	}
	switch {
	case u.Sub != s.Sub:
		return nil, errSession
	case u.Status != ForceChangePassword || u.PasswordChanged.UnixMicro() != s.Changed:
		return nil, errSessionUsed
	case !u.Enabled:
		return nil, errUserDisabled
	}
	return u, nil
}

// ChangeForcedPassword replaces the temporary password of u, who just gave it, and
// fills in the attributes that were still required; it returns the user as
// confirmed. Of many callers one wins; a temporary password that was replaced
// meanwhile is ErrNotAuthorized. A refused password or attribute changes nothing.
func (a *Auth) ChangeForcedPassword(ctx context.Context, p *Pool, c *Client, u *User, password string, attributes map[string]string) (*User, error) {
	if err := p.checkCompletion(c, u, attributes); err != nil {
		return nil, err
	}
	set, err := a.passwords().through(c, OnPasswordChange).Prepare(ctx, p, u, password, true)
	if err != nil {
		return nil, err
	}
	return a.Store.UpdateUser(ctx, p.ID, u.Username, func(now *User) error {
		if now.Status != ForceChangePassword || !now.PasswordChanged.Equal(u.PasswordChanged) {
			return errSessionUsed
		}
		if !now.Enabled {
			return errUserDisabled
		}
		set(now)
		factors := p.Factors(now)
		now.setAttributes(attributes)
		p.keepFactors(now, factors)
		now.Status = Confirmed
		return nil
	})
}

// checkCompletion validates the attributes that complete a user's profile at the
// first sign-in. They do not move the second factor: its address is none that who
// knows the password alone may choose.
func (p *Pool) checkCompletion(c *Client, u *User, attributes map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		s := p.Attribute(name)
		fixed := s != nil && (s.Required || !s.Mutable) || slices.Contains(p.VerifyBeforeUpdate, name)
		if fixed && u.Attributes[name] != "" || p.movesFactor(u, name, attributes[name]) {
			return Fail(ErrNotAuthorized, "Cannot modify an already provided "+name)
		}
	}
	if err := p.checkWrite(writer{client: c, creating: true}, attributes); err != nil {
		return err
	}
	complete := map[string]string{}
	maps.Copy(complete, attributes)
	maps.Copy(complete, u.Attributes)
	if missing := p.missing(complete); len(missing) > 0 {
		return Fail(ErrInvalidParameter, "Invalid attributes given, "+missing[0]+" is missing")
	}
	return nil
}

func (a *Auth) passwords() PasswordSetter {
	return a.service().passwords()
}
