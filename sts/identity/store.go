package identity

import (
	"context"
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
	// DeletePool deletes a pool, or returns ErrNotFound. It and its identities are
	// nowhere to be found afterwards but among Doomed and EmptyPools.
	DeletePool(ctx context.Context, id PoolID) error
	// Doomed returns up to limit identities of deleted pools, without their logins.
	Doomed(ctx context.Context, limit int) ([]*Identity, error)
	// EmptyPools returns deleted pools that have no identities left.
	EmptyPools(ctx context.Context) ([]PoolID, error)
	// ErasePool removes what is left of a deleted pool.
	ErasePool(ctx context.Context, id PoolID) error
	// Pools returns up to limit pools by ID after the token, and the next token.
	Pools(ctx context.Context, after string, limit int) (pools []*Pool, next string, err error)

	// CreateIdentity adds an identity without logins.
	CreateIdentity(ctx context.Context, i *Identity) error
	// Identity returns an identity with its logins, or ErrNotFound.
	Identity(ctx context.Context, id ID) (*Identity, error)
	// Link makes one identity of a pool the owner of all logins of l, as one atomic
	// step. See Linking for how it is chosen; a login that somebody else links at
	// the same time has one owner afterwards. The others involved are disabled, and
	// they and all that were merged into them before name the owner. Each of them is
	// among MergesDue from Linking.Due on until SettleMerge.
	Link(ctx context.Context, l *Linking) (*Linked, error)
	// MergesDue returns up to limit identities that were merged away and are due by
	// now, the first first, without their logins.
	MergesDue(ctx context.Context, now time.Time, limit int) ([]*Identity, error)
	// PostponeMerge makes one of them due at another time, SettleMerge never again.
	PostponeMerge(ctx context.Context, id ID, due time.Time) error
	SettleMerge(ctx context.Context, id ID) error
	// Unlink removes logins from an identity; those that it does not have are no
	// error. Without its last login the identity is disabled: as a guest anybody
	// could be it.
	Unlink(ctx context.Context, id ID, logins []Login, now time.Time) error
	// Owner returns the identity that a login belongs to, or ErrNotFound.
	Owner(ctx context.Context, pool PoolID, login Login) (*Identity, error)
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
