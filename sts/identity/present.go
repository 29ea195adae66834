package identity

import (
	"context"
	"errors"
	"slices"
)

// A Visitor is who asks, without a signature, in the name of an identity.
type Visitor struct {
	Identity ID
	Logins   map[string]string // provider → token
	Source   string            // the client's address
}

// A presence is an identity that somebody has shown to be, and how.
type presence struct {
	pool     *Pool
	identity *Identity
	proofs   []*proof   // none for a guest, nor where there is a token
	token    *poolToken // that the app's backend has got for the identity, or nil
}

func (p *presence) guest() bool { return len(p.proofs) == 0 && p.token == nil }

// identified returns the identity that a visitor names, and its pool. Who comes with
// a login does not learn whether there is an identity in a pool that is not theirs.
func (s *Service) identified(ctx context.Context, v Visitor) (*Identity, *Pool, error) {
	i, err := s.Store.Identity(ctx, v.Identity)
	switch {
	case errors.Is(err, ErrNotFound) && len(v.Logins) > 0:
		return nil, nil, errProvider
	case err != nil:
		return nil, nil, named(err, errIdentity(v.Identity))
	}
	if err := s.allow(ctx, i.Pool, v.Source); err != nil {
		return nil, nil, err
	}
	p, err := s.Pool(ctx, i.Pool)
	return i, p, err
}

// present finds out who a request with an identity and logins is. An identity
// with logins needs one of them; new ones beside it are linked, and may merge it
// into another identity.
func (s *Service) present(ctx context.Context, v Visitor) (*presence, error) {
	i, p, err := s.identified(ctx, v)
	if err != nil {
		return nil, err
	}
	if len(v.Logins) == 0 {
		return s.presentGuest(p, i)
	}
	proofs, err := s.prove(ctx, p, v.Logins)
	if err != nil {
		return nil, err
	}
	if i.Disabled {
		return nil, errForbidden(i.ID)
	}
	logins := loginsOf(proofs)
	if len(i.Logins) > 0 && !i.hasAny(logins) {
		return nil, errMismatch
	}
	if !i.hasAll(logins) { // Shown: a guest can have become somebody else since it was read
		if i, err = s.link(ctx, &Linking{Pool: p.ID, Given: i.ID, Logins: logins, Shown: true}); err != nil {
			return nil, conflicting(err)
		}
	}
	return &presence{pool: p, identity: i, proofs: proofs}, nil
}

func (s *Service) presentGuest(p *Pool, i *Identity) (*presence, error) {
	switch {
	case i.Disabled || len(i.Logins) > 0:
		return nil, errForbidden(i.ID)
	case !p.Settings.AllowUnauthenticated:
		return nil, errNoGuests
	}
	return &presence{pool: p, identity: i}, nil
}

func (i *Identity) hasAny(logins []Login) bool {
	return slices.ContainsFunc(logins, func(l Login) bool { return slices.Contains(i.Logins, l) })
}

func (i *Identity) hasAll(logins []Login) bool {
	return !slices.ContainsFunc(logins, func(l Login) bool { return !slices.Contains(i.Logins, l) })
}

// amr returns how somebody authenticated: the amr claim of a pool token and the
// condition key of the same name.
func (p *presence) amr() []string {
	if p.token != nil {
		return p.token.AMR
	}
	if p.guest() {
		return []string{RoleUnauthenticated}
	}
	return append([]string{RoleAuthenticated}, methods(p.proofs)...)
}

// methods names providers, and users of them, as amr does.
func methods(proofs []*proof) (out []string) {
	for _, one := range proofs {
		out = append(out, one.Provider, one.Provider+":"+one.method.how()+":"+one.Subject)
	}
	return out
}

// providers returns the names of those who vouched for somebody.
func (p *presence) providers() []string {
	var out []string
	for _, one := range p.proofs {
		out = append(out, one.Provider)
	}
	if p.token != nil {
		out = []string{p.pool.Settings.DeveloperProvider}
	}
	return out
}

// Unlink removes logins of an identity from it, by the names of their providers. The
// visitor must have one of its logins.
func (s *Service) Unlink(ctx context.Context, v Visitor, remove []string) error {
	who, err := s.present(ctx, v)
	if err != nil {
		return err
	}
	if len(who.proofs) == 0 || who.identity.ID != v.Identity {
		return errMismatch
	}
	var logins []Login
	for _, name := range remove {
		provider, _ := s.canonical(name)
		for _, l := range who.identity.Logins {
			if l.Provider == provider && !l.Developer {
				logins = append(logins, l)
			}
		}
	}
	return s.Store.Unlink(ctx, v.Identity, logins, s.now())
}
