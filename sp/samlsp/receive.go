package samlsp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Logout is a message of a provider about a sign-out, after it was verified. It is
// an answer to Leave where Request is nil.
type Logout struct {
	Provider string // its name

	// State is what Leave was given; Done says that the provider's session has ended.
	State string
	Done  bool

	Request *Ended // what a provider tells of its own accord
}

// An Ended is a session at a provider that is over, or all those of somebody.
type Ended struct {
	Entity  string      // of the provider
	Name    saml.NameID // whose
	Indexes []string    // of the sessions; none stands for all

	ID         string // of the request
	RelayState string
	Silent     bool // the provider wants no answer
}

// Is reports whether a session here, by what sp.Arrival had of it, came of one that
// has ended.
func (e *Ended) Is(kept []byte) bool {
	if len(kept) == 0 {
		return false
	}
	s, err := readSession(kept)
	return err == nil && s.is(e.Entity, &e.Name, e.Indexes)
}

// maxForeignState bounds what a provider may have carried along, in bytes. The
// standard says 80; many send more.
const maxForeignState = 4 << 10

// Receive judges a logout message that came to a pool: by HTTP-POST where form is not
// nil, else by HTTP-Redirect in the query as it was sent. Both have to be signed, by
// the provider that they come from; a request counts once. What fails is
// sp.ErrInvalid.
func (s *Service) Receive(ctx context.Context, pool *userpool.Pool, query string, form url.Values) (*Logout, error) {
	in, err := samlxml.LogoutByRedirect(query)
	if form != nil {
		in, err = samlxml.LogoutByPost(form)
	}
	if err == nil && len(in.RelayState) > maxForeignState {
		err = errors.New("samlsp: the RelayState is too long")
	}
	if err != nil {
		return nil, invalid(err)
	}
	p, err := s.sender(ctx, pool.ID, in)
	if err != nil {
		return nil, err
	}
	if err := s.current(pool, in, skew(p)); err != nil {
		return nil, invalid(err)
	}
	if in.Response != nil {
		return s.answered(ctx, p, in)
	}
	return s.ended(ctx, p, in)
}

// sender returns the provider that signed a message.
func (s *Service) sender(ctx context.Context, pool userpool.PoolID, in *samlxml.Logout) (*userpool.Provider, error) {
	named, err := s.byEntity(ctx, pool, in.Envelope().Issuer)
	if err != nil {
		return nil, err
	}
	failure := errors.New("samlsp: a logout message of a stranger")
	for _, p := range named {
		m, err := s.idp(ctx, p)
		if err != nil {
			return nil, err
		}
		if failure = in.VerifyBy(policy(p, m, nil)); failure == nil {
			return p, nil
		}
	}
	return nil, invalid(failure)
}

// current judges when a message was made and for whom: at one of the pool's addresses.
func (s *Service) current(pool *userpool.Pool, in *samlxml.Logout, skew time.Duration) (err error) {
	for _, here := range s.addresses(pool, logoutPath) {
		if err = in.Current(here, s.Now(), skew); !errors.Is(err, samlxml.ErrDestination) {
			return err
		}
	}
	return err
}

// answered reads the answer to a request of ours.
func (s *Service) answered(ctx context.Context, p *userpool.Provider, in *samlxml.Logout) (*Logout, error) {
	l, err := s.left(ctx, p.Pool, in.Response.InResponseTo)
	if err != nil {
		return nil, err
	}
	if l.Provider != p.Name {
		return nil, invalid(fmt.Errorf("samlsp: %q answers what %q was asked", p.Name, l.Provider))
	}
	return &Logout{Provider: p.Name, State: l.State, Done: in.Response.Status.Code == saml.StatusSuccess}, nil
}

const nsEnded = "saml-sp-ended"

// ended reads a request, once.
func (s *Service) ended(ctx context.Context, p *userpool.Provider, in *samlxml.Logout) (*Logout, error) {
	keys, err := s.decrypting(ctx, p.Pool)
	if err != nil {
		return nil, err
	}
	r := in.Request
	if err := r.Decrypt(&samlxml.Policy{Keys: keys, CBC: p.Settings.SAML.CBC}); err != nil {
		return nil, invalid(err)
	}
	first, err := s.Ephemeral.Claim(ctx, nsEnded, string(p.Pool)+"\n"+r.Issuer+"\n"+r.ID, in.Until(skew(p)))
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, invalid(errors.New("samlsp: the logout request was used before"))
	}
	return &Logout{Provider: p.Name, Request: &Ended{Entity: r.Issuer, Name: *r.NameID, Indexes: slices.Clone(r.SessionIndexes),
		ID: r.ID, RelayState: in.RelayState, Silent: r.Asynchronous}}, nil
}
