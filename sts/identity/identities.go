package identity

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"
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
	if len(logins) == 0 {
		return s.newGuest(ctx, p, source)
	}
	proofs, err := s.prove(ctx, p, logins)
	if err != nil {
		return "", err
	}
	i, err := s.link(ctx, p, "", proofs)
	if err != nil {
		return "", err
	}
	return i.ID, nil
}

func (s *Service) newGuest(ctx context.Context, p *Pool, source string) (ID, error) {
	if !p.Settings.AllowUnauthenticated {
		return "", errNoGuests
	}
	now := s.now()
	minute := strconv.FormatInt(now.Unix()/60, 10)
	n, err := s.Ephemeral.Count(ctx, "identity-guests", string(p.ID)+"/"+network(source)+"/"+minute, 1, 2*time.Minute)
	if err != nil {
		return "", err
	}
	limit := s.GuestsPerMinute
	if limit == 0 {
		limit = 300
	}
	if n > limit {
		return "", errManyRequest
	}
	i := &Identity{ID: ID(s.newID()), Pool: p.ID, Created: now, Modified: now}
	return i.ID, s.Store.CreateIdentity(ctx, i)
}

// network returns what one client can be told by: its address, or the /64 network of
// an IPv6 one, since its users choose the rest of that freely.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil || a.Unmap().Is4() {
		return source
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return source
	}
	return p.String()
}

func (s *Service) link(ctx context.Context, p *Pool, given ID, proofs []*proof) (*Identity, error) {
	l := &Linking{Pool: p.ID, Given: given, Fresh: ID(s.newID()), Now: s.now()}
	for _, one := range proofs {
		l.Logins = append(l.Logins, one.Login)
	}
	return s.Store.Link(ctx, l)
}

// A presence is an identity that somebody has shown to be, and how.
type presence struct {
	pool     *Pool
	identity *Identity
	proofs   []*proof // none for a guest
}

// present finds out who a request with an identity and logins is. An identity
// with logins needs one of them; new ones beside it are linked, and may merge it
// into another identity.
func (s *Service) present(ctx context.Context, id ID, logins map[string]string) (*presence, error) {
	i, err := s.Store.Identity(ctx, id)
	if err != nil {
		return nil, named(err, errIdentity(id))
	}
	p, err := s.Pool(ctx, i.Pool)
	if err != nil {
		return nil, err
	}
	if len(logins) == 0 {
		return s.presentGuest(p, i)
	}
	proofs, err := s.prove(ctx, p, logins)
	if err != nil {
		return nil, err
	}
	if i.Disabled {
		return nil, errForbidden(id)
	}
	if len(i.Logins) > 0 && !slices.ContainsFunc(proofs, func(one *proof) bool { return slices.Contains(i.Logins, one.Login) }) {
		return nil, errMismatch
	}
	if !i.hasAll(proofs) {
		if i, err = s.link(ctx, p, id, proofs); err != nil {
			return nil, err
		}
	}
	return &presence{p, i, proofs}, nil
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

func (i *Identity) hasAll(proofs []*proof) bool {
	for _, one := range proofs {
		if !slices.Contains(i.Logins, one.Login) {
			return false
		}
	}
	return true
}

// amr returns how somebody authenticated: the amr claim of a pool token and the
// condition key of the same name.
func (p *presence) amr() []string {
	if len(p.proofs) == 0 {
		return []string{RoleUnauthenticated}
	}
	amr := []string{RoleAuthenticated}
	for _, one := range p.proofs {
		how := "OIDC"
		if one.method.userPool != "" {
			how = "CognitoSignIn"
		}
		amr = append(amr, one.Provider, one.Provider+":"+how+":"+one.Subject)
	}
	return amr
}

// Unlink removes logins of an identity from it. logins must hold one of them.
func (s *Service) Unlink(ctx context.Context, id ID, logins map[string]string, remove []string) error {
	who, err := s.present(ctx, id, logins)
	if err != nil {
		return err
	}
	if len(who.proofs) == 0 || who.identity.ID != id {
		return errMismatch
	}
	providers := make([]string, len(remove))
	for n, name := range remove {
		providers[n], _ = s.canonical(name)
	}
	return s.Store.Unlink(ctx, id, providers, s.now())
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
