package identity

import (
	"slices"
	"time"
)

// A Linking asks for one owner of several logins.
type Linking struct {
	Pool   PoolID
	Given  ID // the identity that the client sent; empty where it sent none
	Logins []Login
	Fresh  ID // the new identity's, where no login has an owner and none was given
	Now    time.Time

	// Shown says that Given, where it has logins by now, must have one of Logins, else
	// ErrNotAuthorized: whoever links is its owner, and not a client with its name.
	Shown bool
	// Existing says that each login must have an owner already, else ErrNotFound.
	Existing bool
	// Onto is the login whose identity is to own all; zero for the usual choice.
	Onto Login
}

// Due is when what is left of the data of those merged away is settled.
func (l *Linking) Due() time.Time { return l.Now.Add(settleAfter) }

// A Linked is the outcome of a Linking.
type Linked struct {
	Owner  *Identity
	Merged []ID // identities that were disabled by it, in order
}

// Owner chooses among the identities that are involved, which have their logins:
// the one that has Onto, else the given one where it has logins, else the oldest
// that has some, else the given one. nil means that a new identity is to be made.
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
	case l.Onto != Login{} && slices.Contains(a.Logins, l.Onto) != slices.Contains(b.Logins, l.Onto):
		return slices.Contains(a.Logins, l.Onto)
	case (len(a.Logins) > 0) != (len(b.Logins) > 0):
		return len(a.Logins) > 0
	case (a.ID == l.Given) != (b.ID == l.Given):
		return a.ID == l.Given
	}
	return a.Created.Before(b.Created) || a.Created.Equal(b.Created) && a.ID < b.ID
}

// Union returns the logins that the owner has after the link. Two users of one
// provider are ErrConflict, too many logins ErrLimitExceeded. A login that the
// app's backend vouches for never takes a given identity to another one: that is
// ErrDeveloperUser.
func (l *Linking) Union(involved []*Identity) ([]Login, error) {
	union := slices.Clone(l.Logins)
	for _, i := range involved {
		if l.Shown && i.ID == l.Given && len(i.Logins) > 0 && !i.hasAny(l.Logins) {
			return nil, errMismatch
		}
		if l.Given != "" && i.ID != l.Given && slices.ContainsFunc(l.Logins, func(x Login) bool { return x.Developer && slices.Contains(i.Logins, x) }) {
			return nil, errRegistered
		}
		for _, login := range i.Logins {
			if !slices.Contains(union, login) {
				union = append(union, login)
			}
		}
	}
	providers := map[string]bool{}
	for _, login := range union {
		if !login.Developer && providers[login.Provider] {
			return nil, errTwoOfOne
		}
		providers[login.Provider] = providers[login.Provider] || !login.Developer
	}
	if len(union) > maxLogins {
		return nil, errManyLogins
	}
	return union, nil
}
