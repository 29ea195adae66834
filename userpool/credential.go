package userpool

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A PasswordSetter checks new passwords and prepares them for storage.
type PasswordSetter struct {
	Clients ClientStore
	Hasher  *Hasher
	Risk    *Risk // knows compromised passwords; nil knows none
	Now     func() time.Time

	client *Client // that the user sets the password through; nil for an administrator
	event  string  // OnSignUp; OnPasswordChange where empty
}

// through returns ps for a password that a user sets.
func (ps PasswordSetter) through(c *Client, event string) PasswordSetter {
	ps.client, ps.event = c, event
	return ps
}

// Prepare checks a new password of u against the pool's policy, the user's former
// passwords and those that are known from breaches, hashes it, and returns a function that gives it to the user
// in a store's update. byAdmin selects the words of a refusal.
//
// The SRP verifier is kept, sealed, unless the pool has clients and none of them
// can use SRP: a verifier is cheaper to guess offline than the password's hash.
// A pool without clients keeps it, because its first client may need it.
func (ps PasswordSetter) Prepare(ctx context.Context, p *Pool, u *User, password string, byAdmin bool) (set func(*User), err error) {
	if err := p.PasswordPolicy.CheckPassword(password, byAdmin); err != nil {
		return nil, err
	}
	if err := ps.unused(ctx, p, u, password); err != nil {
		return nil, err
	}
	if err := ps.Risk.checkNew(ctx, p, ps.client, password, cmp.Or(ps.event, OnPasswordChange)); err != nil {
		return nil, err
	}
	return ps.take(ctx, p, u, password)
}

// take is Prepare for a password that nothing is asked of: one that another
// directory has accepted.
func (ps PasswordSetter) take(ctx context.Context, p *Pool, u *User, password string) (set func(*User), err error) {
	srp, err := ps.srpUsed(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	phc, err := ps.Hasher.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	var salt, verifier []byte
	if srp {
		salt, verifier = NewVerifier(p.ID, u.Username, password)
	}
	now := ps.Now().UTC()
	return func(u *User) {
		u.remember(p.PasswordPolicy.History)
		u.Password, u.SRPSalt, u.SRPVerifier = phc, salt, verifier
		u.PasswordChanged, u.Modified = now, now
	}, nil
}

// unused refuses the current password and those of the policy's history.
func (ps PasswordSetter) unused(ctx context.Context, p *Pool, u *User, password string) error {
	n := p.PasswordPolicy.History
	if n == 0 {
		return nil
	}
	former := append([]string{u.Password}, u.PasswordHistory...)
	for _, phc := range former[:min(n, len(former))] {
		if phc == "" {
			continue
		}
		same, err := ps.Hasher.Verify(ctx, phc, password)
		if err != nil {
			return err
		}
		if same {
			return historyFault(n)
		}
	}
	return nil
}

// remember moves the current password to the history, which with the next one
// holds n passwords.
func (u *User) remember(n int) {
	if n <= 1 {
		u.PasswordHistory = nil
		return
	}
	if u.Password != "" {
		u.PasswordHistory = append([]string{u.Password}, u.PasswordHistory...)
	}
	u.PasswordHistory = u.PasswordHistory[:min(n-1, len(u.PasswordHistory))]
}

func (ps PasswordSetter) srpUsed(ctx context.Context, pool PoolID) (bool, error) {
	for after, first := "", true; ; first = false {
		clients, next, err := ps.Clients.Clients(ctx, pool, after, 20)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(clients, (*Client).mayUseSRP) || first && len(clients) == 0 {
			return true, nil
		}
		if next == "" {
			return false, nil
		}
		after = next
	}
}

// mayUseSRP reports whether any flow of the client can begin with SRP.
func (c *Client) mayUseSRP() bool {
	return c.enabled(flowSRP) || c.enabled(flowCustom) || c.enabled(flowChoice)
}

func (s *Service) passwords() PasswordSetter {
	return PasswordSetter{Clients: s.Store, Hasher: s.Hasher, Risk: s.Risk, Now: s.now}
}
