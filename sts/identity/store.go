package identity

import (
	"context"
	"slices"
	"time"
)

// A Store keeps pools and identities.
//
// Implementations must be safe for concurrent use, return errors that match this
// package's Err values under errors.Is, hand out values that the caller may
// change, and pass identitytest.TestStore.
type Store interface {
	// CreatePool adds p, or returns ErrConflict for a taken ID.
	CreatePool(ctx context.Context, p *Pool) error
	// Pool returns a pool, or ErrNotFound.
	Pool(ctx context.Context, id PoolID) (*Pool, error)
	// UpdatePool replaces the pool with the result of fn, as one atomic step. fn
	// may run more than once. If it returns an error, nothing is written.
	UpdatePool(ctx context.Context, id PoolID, fn func(*Pool) error) (*Pool, error)
	// DeletePool deletes a pool and all its identities, or returns ErrNotFound.
	DeletePool(ctx context.Context, id PoolID) error
	// Pools returns up to limit pools by ID after the token, and the next token.
	Pools(ctx context.Context, after string, limit int) (pools []*Pool, next string, err error)

	// CreateIdentity adds an identity without logins.
	CreateIdentity(ctx context.Context, i *Identity) error
	// Identity returns an identity with its logins, or ErrNotFound.
	Identity(ctx context.Context, id ID) (*Identity, error)
	// Link makes one identity of a pool the owner of all logins of l, as one atomic
	// step, and returns it. See Linking for how it is chosen; a login that somebody
	// else links at the same time has one owner afterwards.
	Link(ctx context.Context, l *Linking) (*Identity, error)
	// Unlink removes the logins of some providers from an identity. Without its
	// last login the identity is disabled: as a guest anybody could be it.
	Unlink(ctx context.Context, id ID, providers []string, now time.Time) error
	// Identities returns up to limit identities of a pool by ID after the token.
	Identities(ctx context.Context, q Listing) (identities []*Identity, next string, err error)
	// DeleteIdentity deletes an identity; an absent one is no error.
	DeleteIdentity(ctx context.Context, id ID) error
}

// A Listing selects identities of a pool.
type Listing struct {
	Pool         PoolID
	HideDisabled bool
	After        string
	Limit        int
}

// A Linking asks for one owner of several logins.
type Linking struct {
	Pool   PoolID
	Given  ID // the identity that the client sent; empty where it sent none
	Logins []Login
	Fresh  ID // the new identity's, where no login has an owner and none was given
	Now    time.Time
}

// Owner chooses among the identities that are involved, which have their logins:
// the given one where it has logins, else the oldest that has some, else the
// given one. nil means that a new identity is to be made.
func (l *Linking) Owner(involved []*Identity) *Identity {
	var best *Identity
	for _, i := range involved {
		if best == nil || l.before(i, best) {
			best = i
		}
	}
	return best
}

func (l *Linking) before(a, b *Identity) bool {
	switch {
	case (len(a.Logins) > 0) != (len(b.Logins) > 0):
		return len(a.Logins) > 0
	case (a.ID == l.Given) != (b.ID == l.Given):
		return a.ID == l.Given
	}
	return a.Created.Before(b.Created) || a.Created.Equal(b.Created) && a.ID < b.ID
}

// Union returns the logins that the owner has after the link. Two users of one
// provider are ErrConflict, too many logins ErrLimitExceeded.
func (l *Linking) Union(involved []*Identity) ([]Login, error) {
	union := slices.Clone(l.Logins)
	for _, i := range involved {
		for _, login := range i.Logins {
			if !slices.Contains(union, login) {
				union = append(union, login)
			}
		}
	}
	providers := map[string]bool{}
	for _, login := range union {
		if providers[login.Provider] {
			return nil, errTwoOfOne
		}
		providers[login.Provider] = true
	}
	if len(union) > maxLogins {
		return nil, errManyLogins
	}
	return union, nil
}
