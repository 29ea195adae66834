package identity

import (
	"context"
	"slices"
)

// A Lookup asks for the users of the app's backend that belong to an identity. One of
// Identity and User is given, or both.
type Lookup struct {
	Pool     PoolID
	Identity ID
	User     string
	After    string
	Limit    int
}

// LookupDeveloper returns an identity and the users of the backend that it has.
func (s *Service) LookupDeveloper(ctx context.Context, q Lookup) (id ID, users []string, next string, err error) {
	p, err := s.developerPool(ctx, q.Pool, "")
	if err != nil {
		return "", nil, "", err
	}
	i, err := s.lookedUp(ctx, p, &q)
	if err != nil {
		return "", nil, "", err
	}
	if q.Identity != "" && q.User != "" {
		if !slices.Contains(i.developerUsers(), q.User) {
			return "", nil, "", fail(ErrConflict, "The identity and the developer user identifier do not belong together.")
		}
		return i.ID, []string{q.User}, "", nil
	}
	users = i.developerUsers()
	users = users[firstAfter(users, q.After):]
	if q.Limit > 0 && len(users) > q.Limit {
		users = users[:q.Limit]
		next = users[q.Limit-1]
	}
	return i.ID, users, next, nil
}

func firstAfter(sorted []string, after string) int {
	i, found := slices.BinarySearch(sorted, after)
	if found {
		i++
	}
	return i
}

func (s *Service) lookedUp(ctx context.Context, p *Pool, q *Lookup) (*Identity, error) {
	switch {
	case q.Identity != "":
		i, err := s.Store.Identity(ctx, q.Identity)
		if err == nil && i.Pool != p.ID {
			err = ErrNotFound
		}
		return i, named(err, errIdentity(q.Identity))
	case q.User != "":
		i, err := s.Store.Owner(ctx, p.ID, Login{p.Settings.DeveloperProvider, q.User, true})
		return i, named(err, errUser(q.User))
	}
	return nil, fail(ErrInvalidParameter, "IdentityId or DeveloperUserIdentifier is required.")
}

func errUser(user string) error {
	return fail(ErrNotFound, "Developer user identifier '"+user+"' not found.")
}

// developerUsers returns the users of the backend, in order.
func (i *Identity) developerUsers() (out []string) {
	for _, l := range i.Logins {
		if l.Developer {
			out = append(out, l.Subject)
		}
	}
	slices.Sort(out)
	return out
}

// developerPool returns a pool that has a developer provider, of that name where one
// is given.
func (s *Service) developerPool(ctx context.Context, id PoolID, provider string) (*Pool, error) {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	if have := p.Settings.DeveloperProvider; have == "" || provider != "" && provider != have {
		return nil, fail(ErrInvalidParameter, "Please provide a valid developer provider: this identity pool has no other.")
	}
	return p, nil
}

// MergeDevelopers makes one identity of those of two users of the backend: that of
// the destination, which has all logins afterwards.
func (s *Service) MergeDevelopers(ctx context.Context, pool PoolID, provider, source, destination string) (ID, error) {
	p, err := s.developerPool(ctx, pool, provider)
	if err != nil {
		return "", err
	}
	from, onto := Login{p.Settings.DeveloperProvider, source, true}, Login{p.Settings.DeveloperProvider, destination, true}
	for _, l := range []Login{from, onto} {
		if _, err := s.Store.Owner(ctx, pool, l); err != nil {
			return "", named(err, errUser(l.Subject))
		}
	}
	i, err := s.link(ctx, &Linking{Pool: pool, Logins: slices.Compact([]Login{from, onto}), Existing: true, Onto: onto})
	if err != nil {
		return "", conflicting(err)
	}
	return i.ID, nil
}

// UnlinkDeveloper takes a user of the backend from an identity. Without its last
// login the identity is disabled.
func (s *Service) UnlinkDeveloper(ctx context.Context, pool PoolID, id ID, provider, user string) error {
	p, err := s.developerPool(ctx, pool, provider)
	if err != nil {
		return err
	}
	i, err := s.lookedUp(ctx, p, &Lookup{Pool: pool, Identity: id})
	if err != nil {
		return err
	}
	l := Login{p.Settings.DeveloperProvider, user, true}
	if !slices.Contains(i.Logins, l) {
		if _, err := s.Store.Owner(ctx, pool, l); err != nil {
			return named(err, errUser(user))
		}
		return fail(ErrConflict, "The developer user identifier belongs to another identity.")
	}
	return s.Store.Unlink(ctx, id, []Login{l}, s.now())
}
