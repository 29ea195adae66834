package sts

import "context"

// A Store keeps what an account's administrators make.
//
// Implementations must be safe for concurrent use, keep every row under its
// account, hand out values that the caller may change, and pass
// ststest.TestStore.
type Store interface {
	Roles() Collection[Role]
	Users() Collection[User]
	AccessKeys() Collection[AccessKey]
	Policies() Collection[ManagedPolicy]
	SAMLProviders() Collection[SAMLProvider]
	OIDCProviders() Collection[OIDCProvider]
}

// A Collection keeps the entities of one kind, each under its account and name.
// Names of roles, users, policies and SAML providers are the same if they differ
// only by case; IDs of access keys and URLs of OIDC providers are exact.
type Collection[T any] interface {
	// Create adds an entity, or returns ErrExists for a taken name.
	Create(ctx context.Context, entity *T) error

	// Get returns an entity, or ErrNotFound.
	Get(ctx context.Context, account, name string) (*T, error)

	// Update replaces an entity with the result of fn, as one atomic step. fn may
	// run more than once and must have no side effects. If fn returns an error,
	// nothing is written and Update returns that error.
	Update(ctx context.Context, account, name string, fn func(*T) error) (*T, error)

	// Delete removes an entity if check agrees to the one found; check's error
	// is returned and nothing is removed. Both are one atomic step.
	Delete(ctx context.Context, account, name string, check func(*T) error) error

	// List returns up to limit entities by name after the token, and the token of
	// the next page, empty on the last.
	List(ctx context.Context, account, after string, limit int) (entities []*T, next string, err error)
}
