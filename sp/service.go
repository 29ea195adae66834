package sp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds users. userpool.Store has all of it.
type Store interface {
	UserByIdentity(ctx context.Context, pool userpool.PoolID, key userpool.IdentityKey) (*userpool.User, error)
	Users(ctx context.Context, pool userpool.PoolID, f userpool.UserFilter, after string, limit int) ([]*userpool.User, string, error)
	User(ctx context.Context, pool userpool.PoolID, name string) (*userpool.User, error)
}

// Accounts makes and changes users. *userpool.Service does.
type Accounts interface {
	Join(ctx context.Context, p *userpool.Pool, c *userpool.Client, in *userpool.Newcomer) (*userpool.User, error)
	SyncArrival(ctx context.Context, p *userpool.Pool, provider *userpool.Provider, u *userpool.User, arrived map[string]string) (*userpool.User, error)
	SetUpstreamGroups(ctx context.Context, p *userpool.Pool, provider *userpool.Provider, u *userpool.User, groups []string) error
	LinkArrival(ctx context.Context, provider *userpool.Provider, u *userpool.User, subject string) error
}

// SignIns admits and finishes sign-ins. *userpool.Auth does.
type SignIns interface {
	AdmitNetwork(ctx context.Context, p *userpool.Pool, c *userpool.Client) error
	AdmitFederated(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User) error
	FinishFederated(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User, first bool) error
}

// A Service makes users of pools of those who arrive from providers.
type Service struct {
	Upstreams Upstreams
	Store     Store
	Accounts  Accounts
	SignIns   SignIns
	Functions *userpool.Triggers
	Now       func() time.Time
	Log       *slog.Logger
}

// Speaks reports whether providers of that type can be asked.
func (s *Service) Speaks(kind string) bool { return s.Upstreams[kind] != nil }

// Depart asks a provider to sign somebody in.
func (s *Service) Depart(ctx context.Context, ask *Ask) (*Departure, error) {
	up := s.Upstreams[ask.Provider.Type]
	if up == nil {
		return nil, fmt.Errorf("%w: providers of type %s are not supported", ErrUnusable, ask.Provider.Type)
	}
	return up.Depart(ctx, ask)
}

// Arrive judges a provider's answer.
func (s *Service) Arrive(ctx context.Context, answer *Answer) (*Arrival, error) {
	up := s.Upstreams[answer.Provider.Type]
	if up == nil {
		return nil, fmt.Errorf("%w: providers of type %s are not supported", ErrUnusable, answer.Provider.Type)
	}
	a, err := up.Arrive(ctx, answer)
	if err != nil {
		return nil, err
	}
	return a, s.usable(a)
}

// usable refuses an arrival that nothing can be made of.
func (s *Service) usable(a *Arrival) error {
	switch {
	case a.Subject == "" || len(a.Subject) > maxSubject || !isText(a.Subject):
		return fmt.Errorf("%w: it names no usable subject", ErrInvalid)
	case !a.Ends.IsZero() && !s.Now().Before(a.Ends):
		return fmt.Errorf("%w: the session is over", ErrInvalid)
	}
	return nil
}

// An Outcome is what a sign-in through a provider came to: User is signed in, or Proof
// has to be given first.
type Outcome struct {
	User  *userpool.User
	Proof *userpool.User // whom the person seems to be, and must sign in as
	Rest  *Arrival       // what Link takes once they have
}

// An entry is a sign-in through a provider that is under way.
type entry struct {
	pool       *userpool.Pool
	client     *userpool.Client
	provider   *userpool.Provider
	arrival    *Arrival
	claims     Claims
	name       string // of a newcomer
	attributes map[string]string
}

// SignIn makes a user of an arrival: the one that it is, or a new one. The functions of
// the pool run in Cognito's order; what they and the pool's rules refuse is a
// *userpool.Fault.
func (s *Service) SignIn(ctx context.Context, p *userpool.Pool, c *userpool.Client, provider *userpool.Provider, a *Arrival) (*Outcome, error) {
	if err := s.SignIns.AdmitNetwork(ctx, p, c); err != nil {
		return nil, err
	}
	e, err := s.receive(ctx, p, c, provider, a)
	if err != nil {
		return nil, err
	}
	u, err := s.find(ctx, e)
	if errors.Is(err, userpool.ErrUserNotFound) {
		return s.stranger(ctx, e)
	}
	if err != nil {
		return nil, err
	}
	return s.admit(ctx, e, u)
}

// receive asks the function of the pool what to take over, and maps it.
func (s *Service) receive(ctx context.Context, p *userpool.Pool, c *userpool.Client, provider *userpool.Provider, a *Arrival) (*entry, error) {
	e := &entry{pool: p, client: c, provider: provider, arrival: a, claims: Claims(a.Claims)}
	written, err := s.Functions.InboundFederation(ctx, p, c, userpool.Inbound{Provider: provider.Name, Type: provider.Type,
		Username: userpool.FederatedName(provider.Name, a.Subject), Attributes: a.Inbound})
	if err != nil {
		return nil, err
	}
	if written != nil {
		e.claims = ClaimsOf(written) // that the pool's function lets through
	}
	return s.mapped(ctx, e), nil
}

// mapped applies the provider's rules. An expression that fails leaves its attribute
// out: where that is a required one, nobody new gets in.
func (s *Service) mapped(ctx context.Context, e *entry) *entry {
	e.claims = e.claims.readable()
	m := mapped(ctx, e.pool, e.provider, e.arrival, e.claims)
	for _, p := range m.problems {
		s.Log.WarnContext(ctx, "an expression gave no value", "pool", e.pool.ID, "provider", e.provider.Name, "attribute", p.Attribute, "error", p.Err)
	}
	e.name, e.attributes = m.name, m.attributes
	return e
}

// keys are what may lead to a user, the surest first: the subject, then what an
// administrator may have linked by. A claim of several values tells nobody apart.
func (e *entry) keys() []userpool.IdentityKey {
	list := []userpool.IdentityKey{{Provider: e.provider.Name, Attribute: userpool.IdentitySubject, Value: e.arrival.Subject}}
	seen := map[string]bool{}
	for _, claim := range e.provider.Mapping {
		if v := e.claims.single(claim); v != "" && len(v) <= maxSubject && !seen[claim] {
			seen[claim] = true
			list = append(list, userpool.IdentityKey{Provider: e.provider.Name, Attribute: claim, Value: v})
		}
	}
	return list
}

// find returns whom an arrival signs in as, else userpool.ErrUserNotFound. One that is
// linked to several users by its claims is nobody's.
func (s *Service) find(ctx context.Context, e *entry) (found *userpool.User, err error) {
	for i, key := range e.keys() {
		u, err := s.Store.UserByIdentity(ctx, e.pool.ID, key)
		switch {
		case errors.Is(err, userpool.ErrUserNotFound):
			continue
		case err != nil:
			return nil, err
		case i == 0:
			return u, nil
		case found != nil && found.Sub != u.Sub:
			return nil, fmt.Errorf("%w: its claims are linked to several users", ErrInvalid)
		}
		found = u
	}
	if found == nil {
		return nil, userpool.ErrUserNotFound
	}
	return found, nil
}

// admit signs in somebody who was here before.
func (s *Service) admit(ctx context.Context, e *entry, u *userpool.User) (*Outcome, error) {
	if err := s.SignIns.AdmitFederated(ctx, e.pool, e.client, u); err != nil {
		return nil, err
	}
	u, err := s.Accounts.SyncArrival(ctx, e.pool, e.provider, u, e.attributes)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, e, u, false)
}

func (s *Service) finish(ctx context.Context, e *entry, u *userpool.User, first bool) (*Outcome, error) {
	if err := s.Accounts.SetUpstreamGroups(ctx, e.pool, e.provider, u, groups(e.provider, e.claims)); err != nil {
		return nil, err
	}
	if err := s.SignIns.FinishFederated(ctx, e.pool, e.client, u, first); err != nil {
		return nil, err
	}
	return &Outcome{User: u}, nil
}

// stranger makes a user of somebody whom nothing leads to, or finds that they have an
// account by the address that they come with.
func (s *Service) stranger(ctx context.Context, e *entry) (*Outcome, error) {
	owner, err := s.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	switch {
	case owner != nil && e.provider.Settings.Link == userpool.LinkProof:
		rest := *e.arrival
		rest.Claims, rest.Inbound = e.claims, nil // the function has had its say
		return &Outcome{Proof: owner, Rest: &rest}, nil
	case owner != nil:
		return s.link(ctx, e, owner)
	}
	u, err := s.Accounts.Join(ctx, e.pool, e.client, &userpool.Newcomer{Provider: e.provider, Subject: e.arrival.Subject, Keys: e.keys(),
		Name: e.name, Attributes: e.attributes})
	if errors.Is(err, userpool.ErrAliasExists) { // they arrived twice at a time, or were linked meanwhile
		if u, err = s.find(ctx, e); err == nil {
			return s.admit(ctx, e, u)
		}
	}
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, e, u, true)
}

// Link makes an Outcome's rest one with a user who has just signed in here, and has to
// be the one whose proof it waited for. It writes what the provider says of them.
func (s *Service) Link(ctx context.Context, p *userpool.Pool, c *userpool.Client, provider *userpool.Provider, a *Arrival, u *userpool.User) error {
	e := s.mapped(ctx, &entry{pool: p, client: c, provider: provider, arrival: a, claims: a.Claims})
	owner, err := s.owner(ctx, e)
	if err != nil {
		return err
	}
	if owner == nil || owner.Sub != u.Sub {
		return userpool.Fail(userpool.ErrNotAuthorized, "The account cannot be linked.")
	}
	return s.join(ctx, e, u)
}

// link makes an arrival one with the owner of its address, whom the provider's word is
// enough for.
func (s *Service) link(ctx context.Context, e *entry, u *userpool.User) (*Outcome, error) {
	if err := s.SignIns.AdmitFederated(ctx, e.pool, e.client, u); err != nil {
		return nil, err
	}
	if err := s.join(ctx, e, u); err != nil {
		return nil, err
	}
	if err := s.SignIns.FinishFederated(ctx, e.pool, e.client, u, false); err != nil {
		return nil, err
	}
	return &Outcome{User: u}, nil
}

func (s *Service) join(ctx context.Context, e *entry, u *userpool.User) error {
	if err := s.Accounts.LinkArrival(ctx, e.provider, u, e.arrival.Subject); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "a user is linked to a provider", "pool", e.pool.ID, "provider", e.provider.Name, "sub", u.Sub, "mode", e.provider.Settings.Link)
	u, err := s.Accounts.SyncArrival(ctx, e.pool, e.provider, u, e.attributes)
	if err != nil {
		return err
	}
	return s.Accounts.SetUpstreamGroups(ctx, e.pool, e.provider, u, groups(e.provider, e.claims))
}
