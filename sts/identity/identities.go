package identity

import (
	"context"
	"errors"
	"maps"
	"slices"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// GetID returns the identity that logins belong to, and makes one where they are
// new. Several logins are linked by that. Without logins every call makes a
// guest; source, the client's address, bounds how many.
func (s *Service) GetID(ctx context.Context, pool PoolID, logins map[string]string, source string) (ID, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return "", err
	}
	if err := s.allow(ctx, p.ID, source); err != nil {
		return "", err
	}
	if len(logins) == 0 {
		return s.newGuest(ctx, p, source)
	}
	proofs, err := s.prove(ctx, p, logins)
	if err != nil {
		return "", err
	}
	i, err := s.link(ctx, &Linking{Pool: p.ID, Logins: loginsOf(proofs)})
	if err != nil {
		return "", err
	}
	return i.ID, nil
}

func (s *Service) newGuest(ctx context.Context, p *Pool, source string) (ID, error) {
	if !p.Settings.AllowUnauthenticated {
		return "", errNoGuests
	}
	if err := s.allowGuest(ctx, p.ID, source); err != nil {
		return "", err
	}
	now := s.now()
	i := &Identity{ID: ID(s.newID()), Pool: p.ID, Created: now, Modified: now}
	return i.ID, s.Store.CreateIdentity(ctx, i)
}

// link gives logins one owner, and tells those who keep data of identities.
func (s *Service) link(ctx context.Context, l *Linking) (*Identity, error) {
	l.Fresh, l.Now = ID(s.newID()), s.now()
	out, err := s.Store.Link(ctx, l)
	if err != nil {
		return nil, err
	}
	for _, id := range out.Merged {
		s.merged(ctx, l.Pool, id, out.Owner.ID)
	}
	return out.Owner, nil
}

// conflicting gives too many logins the kind that all operations declare; only
// GetId knows the limit.
func conflicting(err error) error {
	if errors.Is(err, ErrLimitExceeded) {
		return fail(ErrConflict, manyLogins)
	}
	return err
}

// Identity returns an identity, or ErrNotFound.
func (s *Service) Identity(ctx context.Context, id ID) (*Identity, error) {
	i, err := s.Store.Identity(ctx, id)
	return i, named(err, errIdentity(id))
}

// Identities lists the identities of a pool.
func (s *Service) Identities(ctx context.Context, q Listing) ([]*Identity, string, error) {
	if _, err := s.Pool(ctx, q.Pool); err != nil {
		return nil, "", err
	}
	return s.Store.Identities(ctx, q)
}

// DeleteIdentity deletes an identity and what is kept of it elsewhere. One that is
// not there is no error.
func (s *Service) DeleteIdentity(ctx context.Context, id ID) error {
	i, err := s.Store.Identity(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.deleteIdentity(ctx, i)
}

func (s *Service) deleteIdentity(ctx context.Context, i *Identity) error {
	if s.Datasets != nil { // first, so that a failure can be tried again
		if err := s.clear(ctx, i); err != nil {
			return err
		}
	}
	return s.Store.DeleteIdentity(ctx, i.ID)
}
